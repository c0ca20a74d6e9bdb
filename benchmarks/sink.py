"""A mail server that accepts everything at once: `python benchmarks/sink.py --port 0 --log accepted.txt`.

It prints its port as its first line. The log gets a line `<recipient> <message-id>` for each message before its 250
is written, so that whatever a client knows as accepted is in it.
"""

import argparse
import asyncio
import os
import re
import signal
from typing import cast

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 52428800\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Sink(asyncio.Protocol):
    """One connection; commands and bodies may come in any pieces."""

    transport: asyncio.Transport

    def __init__(self, log: int | None = None) -> None:
        self._log = log
        self._rest = b""
        self._in_body = False
        self._recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._rest = self._rest + data if self._rest else data
        answers, accepted = b"", b""
        while True:
            head, end, rest = self._rest.partition(b"\r\n.\r\n" if self._in_body else b"\r\n")
            if not end:
                break
            self._rest = rest
            if self._in_body:
                accepted += self._accepted(head)
                answers += b"250 accepted\r\n"
                self._in_body = False
            else:
                answers += self._answer(head)
        if accepted and self._log is not None:
            os.write(self._log, accepted)
        if answers:
            self.transport.write(answers)

    def _answer(self, command: bytes) -> bytes:
        verb = command[:4].upper()
        if verb == b"RCPT":
            self._recipient = command[command.index(b"<") + 1 : command.index(b">")]
        self._in_body = verb == b"DATA"
        return ANSWERS.get(verb, b"250 ok\r\n")

    def _accepted(self, message: bytes) -> bytes:
        if self._log is None:
            return b""
        found = MESSAGE_ID.search(message)
        return b"%b %b\n" % (self._recipient, found[1] if found else b"-")


async def serve(port: int, log: int | None) -> None:
    """Accept mail until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopped.set)
    server = await loop.create_server(lambda: Sink(log), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", help="append a line for each accepted message")
    given = parser.parse_args()
    log = os.open(given.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644) if given.log else None
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(given.port, log))
    else:
        uvloop.run(serve(given.port, log))


if __name__ == "__main__":
    main()
