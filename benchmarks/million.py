"""A trigger for a million people: how long the answer takes, and what the whole broadcast needs in memory.

    .venv/bin/python -m benchmarks.million [--people 1000000]

The messages are captured. The answer is timed over HTTP-in-process calls while the broadcast before is being sent.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from handbill.connections import Connection, connect
from handbill.settings import Settings
from handbill.workspace.store.database import Transaction

ROUNDS = 20
EVERYBODY = {"recipients": {"attribute": {"field": "plan", "operator": "exists"}}}
FIELDS = {
    "from": "Film Club <news@film.example>",
    "subject": "Hello {{ customer.first_name }}",
    "body": "<p>Dear {{ customer.first_name }}, you are {{ customer.plan }}.</p>" * 10,
}


def fill(tx: Transaction, count: int) -> None:
    """People straight into the table: how they get in is another benchmark's."""
    run = tx._connection.execute
    run(
        """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
        INSERT INTO people (id, email, email_key, attributes, created)
        SELECT 'u' || i, 'u' || i || '@film.example', 'u' || i || '@film.example',
          '{"first_name":"Name' || i || '","plan":"' || (i % 3) || '"}', 1 FROM n""",
        [count],
    )
    for broadcast in range(1, ROUNDS + 2):
        run("INSERT INTO broadcasts (id, name, created, updated) VALUES (?, 'B', 1, 1)", [broadcast])
        insert = "INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (?, 'M', ?, 1, 1)"
        run(insert, [broadcast, json.dumps(FIELDS)])


def resident() -> int:
    """Memory of this process and its children, in bytes (Linux)."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            told = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
        own = str(Path("/proc/self").resolve().name)
        if told["Pid"] == own or told["PPid"] == own:
            total += int(told.get("VmRSS", "0 kB").split()[0]) * 1024
    return total


async def measure(connection: Connection, count: int) -> None:
    client = connection.client
    began = time.perf_counter()
    first = await client.triggers.create(1, EVERYBODY)
    answers, peak, rate = [time.perf_counter() - began], 0, 0.0
    while (progress := await client.triggers.progress(1, first.id)).state in ("accepted", "preparing"):
        await asyncio.sleep(0.05)
        peak = max(peak, resident())
    print(f"audience of {progress.recipients:,} written out in {time.perf_counter() - began:.1f} s")
    for broadcast in range(2, ROUNDS + 2):
        started = time.perf_counter()
        await client.triggers.create(broadcast, {"ids": [f"u{broadcast}"]})
        answers.append(time.perf_counter() - started)
        await asyncio.sleep(0.2)
    while (progress := await client.triggers.progress(1, first.id)).state == "sending":
        await asyncio.sleep(0.5)
        peak = max(peak, resident())
    rate = count / (time.perf_counter() - began)
    middle, worst = statistics.median(answers) * 1000, max(answers) * 1000
    print(f"answer to a trigger: median {middle:.1f} ms, worst {worst:.1f} ms")
    print(f"captured {progress.counts.sent:,} messages, {rate:,.0f} a second; peak memory {peak / 2**20:.0f} MB")


async def run(home: Path, count: int) -> None:
    async with connect(Settings.load({}, home)) as connection:
        await connection.workspace.database.write(fill, count)
        await measure(connection, count)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(run(Path(home), count))
        size = (Path(home) / "workspace.db").stat().st_size
        print(f"database: {size / count:,.0f} bytes for each person and message")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=1_000_000)
    main(parser.parse_args().people)
