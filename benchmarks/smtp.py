"""How fast mail leaves: our client beside others, into `sink.py` in a process of its own.

`python benchmarks/smtp.py` prints messages per second and client CPU per message: medians over interleaved rounds,
and their ratio to ours. aiosmtplib and postfix's smtp-source take part where they are installed.
"""

import asyncio
import contextlib
import importlib
import importlib.util
import resource
import shutil
import smtplib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import uvloop

from handbill.workspace.channels.mime import Mail, build
from handbill.workspace.channels.smtp import Smtp, SmtpSettings

CONNECTIONS = 10
ROUNDS = 5
SENDER, RECIPIENT = "news@example.com", "ann@example.org"
LINE = '<tr><td style="padding:4px">Film number {} is shown at the club tonight</td></tr>\n'
MAIL = Mail(
    SENDER, RECIPIENT, "Tonight", "<table>" + "".join(map(LINE.format, range(50))) + "</table>", text="Tonight"
)
MESSAGE = build(MAIL, message_id="1@example.com", date=1_790_000_000)

Client = Callable[[int, int], None]


def handbill(port: int, messages: int) -> None:
    async def run() -> None:
        channel = Smtp(SmtpSettings("127.0.0.1", port, tls="none", connections=CONNECTIONS))
        todo = iter(range(messages))

        async def sender() -> None:
            for _ in todo:
                await channel.send(SENDER, [RECIPIENT], MESSAGE)

        await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))
        await channel.close()

    uvloop.run(run())


def stdlib(port: int, messages: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        for _ in range(messages):
            client.sendmail(SENDER, [RECIPIENT], MESSAGE)


def aiosmtplib(port: int, messages: int) -> None:
    client_class = importlib.import_module("aiosmtplib").SMTP

    async def run() -> None:
        todo = iter(range(messages))

        async def sender() -> None:
            async with client_class(hostname="127.0.0.1", port=port, start_tls=False) as client:
                for _ in todo:
                    await client.sendmail(SENDER, [RECIPIENT], MESSAGE)

        await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))

    uvloop.run(run())


def smtp_source(port: int, messages: int) -> None:
    size = f"-d -s {CONNECTIONS} -m {messages} -l {len(MESSAGE)} -f {SENDER} -t {RECIPIENT} 127.0.0.1:{port}"
    subprocess.run(["smtp-source", *size.split()], check=True)


@contextlib.contextmanager
def sink() -> Iterator[int]:
    script = Path(__file__).with_name("sink.py")
    with subprocess.Popen([sys.executable, script, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def cpu() -> float:
    """Seconds of processor time of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def measured(client: Client, port: int, messages: int) -> tuple[float, float]:
    """Messages per second, and microseconds of CPU for each."""
    wall, processor = time.perf_counter(), cpu()
    client(port, messages)
    return messages / (time.perf_counter() - wall), (cpu() - processor) / messages * 1e6


def main() -> None:
    clients: dict[str, tuple[Client | None, int]] = {
        f"handbill, {CONNECTIONS} connections": (handbill, 5000),
        "smtplib, 1 connection": (stdlib, 1000),
        f"aiosmtplib, {CONNECTIONS} connections": (
            aiosmtplib if importlib.util.find_spec("aiosmtplib") else None,
            1000,
        ),
        f"smtp-source, {CONNECTIONS} connections": (smtp_source if shutil.which("smtp-source") else None, 5000),
    }
    present = {name: (client, count) for name, (client, count) in clients.items() if client}
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in present}
    with sink() as port:
        for _ in range(ROUNDS):
            for name, (client, count) in present.items():
                rounds[name].append(measured(client, port, count))
    print(
        f"{len(MESSAGE):,} bytes each, median of {ROUNDS} rounds\n{'':30}{'msg/s':>9}{'CPU µs':>9}{'CPU / ours':>12}"
    )
    ours = statistics.median(processor for _, processor in next(iter(rounds.values())))
    for name in clients:
        if name not in rounds:
            print(f"{name:30}{'not installed':>18}")
            continue
        speed, processor = (statistics.median(column) for column in zip(*rounds[name], strict=True))
        print(f"{name:30}{speed:9,.0f}{processor:9.1f}{processor / ours:11.2f}x")


if __name__ == "__main__":
    main()
