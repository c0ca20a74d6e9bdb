"""Clicks on tracked links, answered by `handbill serve` when they are committed.

    .venv/bin/python -m benchmarks.clicks [--clicks 5000]

The peer is the same server program with a redirect that it knows by heart and writes nothing. Many readers ask at
once, each on a connection of its own; one asks alone too, which shows the wait for one commit. Aim: 1,000 a second.
"""

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.broadcast import EVERYBODY, fill
from benchmarks.mail import DATA

from handbill.connections import connect
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.workspace import delivery_ids
from handbill.workspace.store import sending
from handbill.workspace.store.database import Transaction

READERS = 50
ROUNDS = 3
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PLAIN = """
import socket

import uvicorn
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route


async def click(request):
    return RedirectResponse("https://film.example/book", 302)


with socket.create_server(("127.0.0.1", 0)) as sock:
    print(f"http://127.0.0.1:{sock.getsockname()[1]}:", flush=True)
    app = Starlette(routes=[Route("/e/c/{delivery}/{number}", click)])
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([sock])
"""


async def sent(home: Path, count: int) -> list[str]:
    """Paths of the first link of `count` captured mails, one to each person."""
    async with connect(Settings.load({}, home)) as connection:
        await connection.workspace.database.write(capturing, count)
        trigger = await connection.client.triggers.create(5, {**EVERYBODY, "data": DATA})
        while (progress := await connection.client.triggers.progress(5, trigger.id)).state != "finished":
            assert progress.state != "failed", progress.note
            await asyncio.sleep(0.1)
        secret = connection.workspace.secret
        return [f"/e/c/{delivery_ids.seal(secret, number + 1)}/0" for number in range(count)]


def capturing(tx: Transaction, count: int) -> None:
    fill(tx, count)
    sending.put(tx, Policy(mode="sandbox"))


@contextlib.contextmanager
def server(*arguments: str) -> Iterator[int]:
    """A server in a process of its own; its port, which its first line tells."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline().split(":")[2])
        finally:
            process.terminate()


async def follow(port: int, paths: Iterator[str], waits: list[float]) -> None:
    """Ask for one after the other on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in paths:
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {AGENT}\r\n\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 302"), answer
        waits.append(time.perf_counter() - began)
    writer.close()


async def measure(port: int, paths: list[str], readers: int) -> tuple[float, float]:
    """Clicks a second, and the median wait for an answer in milliseconds."""
    waits: list[float] = []
    todo, began = iter(paths), time.perf_counter()
    await asyncio.gather(*(follow(port, todo, waits) for _ in range(readers)))
    return len(paths) / (time.perf_counter() - began), statistics.median(waits) * 1000


async def main(count: int) -> None:
    figures: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as home:
            paths = await sent(Path(home), count)
            for name, arguments in {
                "handbill": ("-m", "handbill", "--home", home, "serve", "--port", "0", "--no-limits"),
                "a redirect known by heart": ("-c", PLAIN),
            }.items():
                with server(*arguments) as port:
                    alone, together = paths[: count // 10], paths[count // 10 :]
                    for readers, theirs in ((READERS, together), (1, alone)):
                        measured = await measure(port, theirs, readers)
                        figures.setdefault(f"{name}, readers at once: {readers}", []).append(measured)
    for name, rounds in figures.items():
        rate, wait = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name:50} {rate:7,.0f} clicks/s   median wait {wait:6.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--clicks", type=int, default=5000)
    asyncio.run(main(parser.parse_args().clicks))
