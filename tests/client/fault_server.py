"""A server on this machine that answers as Customer.io was seen to, and that can break off anywhere.

with fault_server() as server:
    server.on("POST /v1/campaigns/5/triggers", RESET)           # taken in whole, then the connection is reset
    server.on("GET /v1/segments", limited(1), ok({"segments": []}))  # one after another, the last for ever
    ...
    assert server.made("POST /v1/campaigns/5/triggers") == 1

Sockets and threads, so that it serves synchronous and asynchronous tests, and other processes, alike. What nobody
wrote an answer for gets Customer.io's page for a path it does not have.
"""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does with one request."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    read: bool = True
    """False: the connection is reset before the request is read."""
    cut: int | None = None
    """After so many bytes of the answer, its head included, the connection is reset; 0: no answer at all."""
    drip: float = 0.0
    """Seconds before each byte; 0: all at once."""
    silent: bool = False
    """The request is taken in, and nothing comes back as long as the server runs."""
    close: bool = False
    """The connection is closed behind the answer, without the header that says so."""

    @property
    def content(self) -> bytes:
        """The answer as it goes over the wire."""
        given = {"Content-Length": str(len(self.body)), **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        return f"HTTP/1.1 {self.status} Played\r\n{lines}\r\n".encode() + self.body


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as far as it was read."""

    line: str
    """Method and path without the query, such as `GET /v1/segments`."""
    query: str
    headers: Mapping[str, str]
    """By names in lower case."""
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


# Answers


def ok(data: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(data).encode())


def refused(status: int, detail: str, **more: Any) -> Reply:
    """Envelope A (reference 2.1)."""
    return ok({"errors": [{"detail": detail, "status": str(status), **more}]}, status)


def limited(seconds: int | str | None) -> Reply:
    """Too soon: with the seconds, or the date, to wait for; None: a day's quota is used up (reference 2.2)."""
    wait = {} if seconds is None else {"Retry-After": str(seconds)}
    answer = refused(429, "rate limited to 10 requests per 1s (reference a1b2c3)")
    return replace(answer, headers=JSON | wait)


def zipped(data: Any, *, cut: int | None = None) -> Reply:
    """Compressed; `cut`: only so many bytes of it, said to be all."""
    body = gzip.compress(json.dumps(data).encode())[:cut]
    return Reply(body=body, headers=JSON | {"Content-Encoding": "gzip"})


def redirect(to: str, status: int = 307) -> Reply:
    return Reply(status, b"", {"Location": to})


UNAUTHORIZED = refused(401, "unauthorized", code="invalid_credentials")
SEND_UNAUTHORIZED = ok({"meta": {"error": "Unauthorized request"}}, 401)
"""LIVE (reference 1.1)."""
TRACK_UNAUTHORIZED = replace(
    SEND_UNAUTHORIZED, headers=JSON | {"WWW-Authenticate": 'Basic realm="Customer.io edge event collection"'}
)
"""LIVE (reference 1.1)."""
NO_SUCH_PAGE = Reply(
    404,
    b"<!DOCTYPE html><html><head><title>Page not found</title></head><body>%s</body></html>" % (b"." * 3734),
    {"Content-Type": "text/html; charset=utf-8"},
)
"""LIVE: 3,817 bytes of HTML, for a path or method that there is not (reference 2.1)."""
BROKEN = Reply(500, b"", {"Content-Type": "text/plain"})
GATEWAY = Reply(502, b"<html><body>502 Bad Gateway</body></html>", {"Content-Type": "text/html"})
UNREAD = Reply(read=False)
RESET = Reply(cut=0)
SILENT = Reply(silent=True)


# The server


class FaultServer:
    """Where it is, what it was sent, and what it answers."""

    def __init__(self, listening: socket.socket) -> None:
        self.host = f"127.0.0.1:{listening.getsockname()[1]}"
        self.url = f"http://{self.host}"
        self.requests: list[Received] = []
        """Everything that was read, in the order it came."""
        self.connections = 0
        self._listening = listening
        self._stopping = threading.Event()
        self._answers: dict[str, list[Reply]] = {}
        self._talks: list[tuple[socket.socket, threading.Thread]] = []
        self._lock = threading.Lock()

    def on(self, line: str, *replies: Reply) -> None:
        """Answer `line` (`GET /v1/segments`; `*` is every other one) with these in turn, and the last for ever."""
        self._answers[line] = list(replies)

    def received(self, line: str) -> Sequence[Received]:
        return [each for each in self.requests if each.line == line]

    def made(self, line: str) -> int:
        """How often it came."""
        return len(self.received(line))

    def serve(self) -> None:
        """Take connections until `stop`."""
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                talk = threading.Thread(target=self._talk, args=(connection,), daemon=True)
                self._talks.append((connection, talk))
                talk.start()

    def hung_up(self) -> None:
        """Return when the server has closed every connection there was."""
        for _, talk in self._talks:
            talk.join()

    def stop(self) -> None:
        """No more connections; what arrived is read to its end."""
        self._stopping.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection, talk in self._talks:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
            talk.join()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as stream:
            while line := stream.readline().decode("latin-1"):
                method, target, _ = line.split()
                path, _, query = target.partition("?")
                reply = self._next(f"{method} {path}")
                if reply.read:
                    headers = dict(_headers(stream))
                    body = stream.read(int(headers.get("content-length", 0)))
                    self.requests.append(Received(f"{method} {path}", query, headers, body))
                if not self._answer(connection, reply):
                    return

    def _next(self, line: str) -> Reply:
        with self._lock:
            replies = self._answers.get(line) or self._answers.get("*") or [NO_SUCH_PAGE]
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def _answer(self, connection: socket.socket, reply: Reply) -> bool:
        """False when the connection is over."""
        if reply.silent:
            self._stopping.wait()
            return False
        content = reply.content if reply.read else b""
        for piece in _pieces(content[: reply.cut], reply.drip):
            if reply.drip and self._stopping.wait(reply.drip):
                return False
            connection.sendall(piece)
        if reply.cut is not None or not reply.read:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        return not reply.close


def _headers(stream: Any) -> Iterator[tuple[str, str]]:
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


def _pieces(content: bytes, drip: float) -> Sequence[bytes]:
    return [content[at : at + 1] for at in range(len(content))] if drip else [content]


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    """A server on a free port of this machine, until the block ends; `requests` is complete behind it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = FaultServer(listening)
        thread = threading.Thread(target=server.serve, name="fault server", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()
