"""Transactional mails: calls of `POST /v1/send/email` accepted a second, and mails sent a second over SMTP.

    .venv/bin/python -m benchmarks.sends [--mails 3000]

Every accepted call is committed before its answer. The peer is a loop of python-liquid and aiosmtplib into the same
sink, which records nothing; both handle ten mails at once.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.broadcast import CONNECTIONS, a_loop, fill, sink
from benchmarks.mail import DATA

from handbill.connections import Connection, connect
from handbill.settings import Settings
from handbill.workspace.store.database import Transaction

ROUNDS = 3
CALLERS = 10


async def ours(home: Path, port: int, count: int) -> tuple[float, float]:
    """Calls accepted a second, and mails sent a second from the first call to the last record."""
    smtp = f"smtp://127.0.0.1:{port}?tls=none&connections={CONNECTIONS}"
    tracked = {"HANDBILL_BASE_URL": "https://mail.film.example"}
    async with connect(Settings.load({"HANDBILL_SMTP": smtp, **tracked}, home)) as connection:
        await connection.workspace.database.write(fill, count)
        await connection.workspace.database.write(as_template)
        todo, began = iter(range(count)), time.perf_counter()
        await asyncio.gather(*(call(connection, todo) for _ in range(CALLERS)))
        accepted = time.perf_counter() - began
        while (done := await connection.workspace.database.read(sent)) < count:
            assert time.perf_counter() - began < 600, done
            await asyncio.sleep(0.05)
        return count / accepted, count / (time.perf_counter() - began)


async def call(connection: Connection, todo: Iterator[int]) -> None:
    for number in todo:
        to = {"to": f"u{number}@film.example", "identifiers": {"id": f"u{number}"}}
        await connection.client.sends.email({"transactional_message_id": 1, "message_data": DATA, **to})


def as_template(tx: Transaction) -> None:
    """The broadcast's mail as a transactional message."""
    run = tx._connection.execute
    run("INSERT INTO transactional (id, name, created, updated) VALUES (1, 'Restock', 1, 1)")
    run("UPDATE contents SET broadcast_id = NULL, transactional_id = 1")


def sent(tx: Transaction) -> int:
    return int(tx._connection.execute("SELECT count(*) FROM deliveries WHERE sent IS NOT NULL").fetchone()[0])


def main(count: int) -> None:
    rounds = []
    with sink() as port:
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as home:
                rounds.append((*asyncio.run(ours(Path(home), port, count)), asyncio.run(a_loop(port, count // 5))))
    accepted, finished, loop = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"accepted {accepted:,.0f} calls/s, sent {finished:,.0f} mails/s; python-liquid + aiosmtplib {loop:,.0f}/s")
    ratios = [each[1] / each[2] for each in rounds]
    print(f"handbill sends {statistics.median(ratios):.2f} x the loop ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=3000)
    main(parser.parse_args().mails)
