"""A broadcast over SMTP to a sink on this machine: everything from the trigger to the last record.

    .venv/bin/python benchmarks/broadcast.py [--people 20000]

The peers, into the same sink in the same run: a straightforward loop of python-liquid and aiosmtplib, and, where
Debian's postfix is installed, its `smtp-source` (C, one constant message of the same size); medians over rounds that
alternate.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import liquid
from benchmarks.mail import BODY, DATA, SUBJECT, person

from handbill.connections import connect
from handbill.policy import ANYONE, Policy
from handbill.settings import Settings
from handbill.workspace.store import people, sending
from handbill.workspace.store.database import Transaction

CONNECTIONS = 10
EVERYBODY = {"recipients": {"attribute": {"field": "id", "operator": "exists"}}}


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """The mail server, in a process of its own; answers with its port."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.sink"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def fill(tx: Transaction, count: int) -> None:
    for number in range(count):
        people.identify(tx, "id", f"u{number}", person(number), 1)
    run = tx._connection.execute
    run("INSERT INTO broadcasts (id, name, created, updated) VALUES (5, 'Restock', 1, 1)")
    fields = {"from": "Film Club <news@film.example>", "subject": SUBJECT, "body": BODY}
    insert = "INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (5, 'Mail', json(?), 1, 1)"
    run(insert, [json.dumps(fields)])
    # As by a person who lets everything go; and nobody writes to half of all people without being asked.
    sending.put(tx, Policy(mode="live", auto_send_max=ANYONE, daily_max=10**9))
    numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
    run(f"{numbers} INSERT INTO people (email, created) SELECT i || '@crowd.example', 1 FROM n", [count])


async def ours(home: Path, port: int, count: int) -> float:
    """Messages per second from the trigger's answer to `finished`; their links and openings are tracked."""
    smtp = f"smtp://127.0.0.1:{port}?tls=none&connections={CONNECTIONS}"
    tracked = {"HANDBILL_BASE_URL": "https://mail.film.example"}
    settings = Settings.load({"HANDBILL_SMTP": smtp, **tracked}, home)
    async with connect(settings) as connection:
        if not await connection.workspace.database.read(lambda tx: tx.value("audience.everyone")):
            await connection.workspace.database.write(fill, count)
        await connection.workspace.database.write(again)
        began = time.perf_counter()
        trigger = await connection.client.triggers.create(5, {**EVERYBODY, "data": DATA})
        while (progress := await connection.client.triggers.progress(5, trigger.id)).state != "finished":
            if progress.state == "failed":
                raise SystemExit(progress.note)
            await asyncio.sleep(0.02)
        assert progress.counts.sent == count, progress
        return count / (time.perf_counter() - began)


def again(tx: Transaction) -> None:
    """Forget the 10 s since the last round, and that the same was asked for then."""
    tx._connection.execute("UPDATE broadcasts SET triggered_at = 0")
    tx._connection.execute("UPDATE triggers SET digest = x''")


async def a_loop(port: int, count: int) -> float:
    """What one writes in an afternoon: render, build and send on ten connections; nothing is recorded."""
    subject, body = liquid.parse(SUBJECT), liquid.parse(BODY)
    numbers = iter(range(count))

    async def sender() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as smtp:
            for number in numbers:
                customer = person(number)
                message = EmailMessage()
                message["From"], message["To"] = "Film Club <news@film.example>", customer["email"]
                message["Subject"] = subject.render(customer=customer, trigger=DATA)
                message.set_content("Please read the HTML part.")
                message.add_alternative(body.render(customer=customer, trigger=DATA), subtype="html")
                await smtp.send_message(message)

    began = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - began)


def smtp_source(port: int, count: int, size: int) -> float:
    """Postfix's own load generator: a constant message, in C."""
    program = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
    command = [program, "-s", str(CONNECTIONS), "-m", str(count), "-l", str(size), "-c", "-d"]
    addresses = ["-f", "a@film.example", "-t", "b@film.example", f"inet:127.0.0.1:{port}"]
    began = time.perf_counter()
    subprocess.run([*command, *addresses], check=True, capture_output=True)
    return count / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    figures: dict[str, list[float]] = {}
    with sink() as port, tempfile.TemporaryDirectory() as home:
        for _ in range(given.rounds):
            note(figures, "handbill", asyncio.run(ours(Path(home), port, given.people)))
            note(figures, "python-liquid + aiosmtplib", asyncio.run(a_loop(port, given.people // 10)))
            with contextlib.suppress(FileNotFoundError):
                note(figures, "smtp-source (C, constant)", smtp_source(port, given.people, 8000))
    ours_median = statistics.median(figures["handbill"])
    for name, rates in figures.items():
        median = statistics.median(rates)
        print(f"{name:28} {median:9,.0f} messages/s   handbill is {ours_median / median:.2f} x")
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"memory: {own // 1024} MB, largest render process {children // 1024} MB")


def note(figures: dict[str, list[float]], name: str, rate: float) -> None:
    figures.setdefault(name, []).append(rate)


if __name__ == "__main__":
    main()
