"""Events in through `/api/v2/batch`, as a share of bare SQLite inserts of the same rows into the same table.

    python benchmarks/ingest.py [events]

Both sides write the same rows, with the same indexes and settings, in transactions of the same size; only one of them
reads HTTP and JSON, checks every field and finds every person. Aim: at least 25 %.
"""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import httpx2

from handbill.settings import Settings
from handbill.workspace.app import create_app
from handbill.workspace.store.database import Database, Transaction
from handbill.workspace.workspace import Workspace

Event = tuple[str, int, str, str, int, str]
"""id, person, name, type, timestamp, data."""
PEOPLE = 10_000
BATCH = 2_000
ROUNDS = 3
BARE = "INSERT INTO events (id, person, name, type, timestamp, data) VALUES (?, ?, ?, ?, ?, ?)"


def rows(count: int) -> list[Event]:
    """Events of about 200 bytes as JSON."""
    data = json.dumps({"film_id": 445, "title": "Hyde Doctor", "category": "Sci-Fi", "rate": 2.99})
    return [
        (f"01KAPT4C7D8E9F0G{i:08d}QZ", i * 7919 % PEOPLE + 1, "film_rented", "event", 1_700_000_000 + i, data)
        for i in range(count)
    ]


def requests(events: list[Event]) -> list[bytes]:
    """The same events as bodies of `/api/v2/batch`."""
    operations = [
        {
            "type": "person",
            "action": "event",
            "identifiers": {"id": f"u{person}"},
            "id": id_,
            "name": name,
            "timestamp": timestamp,
            "attributes": json.loads(data),
        }
        for id_, person, name, _, timestamp, data in events
    ]
    return [
        json.dumps({"batch": operations[i : i + BATCH]}, separators=(",", ":")).encode()
        for i in range(0, len(operations), BATCH)
    ]


def add_people(tx: Transaction) -> None:
    ids = ((f"u{i + 1}",) for i in range(PEOPLE))
    tx._connection.executemany("INSERT INTO people (id, created) VALUES (?, 0)", ids)


def insert(tx: Transaction, part: list[Event]) -> None:
    tx._connection.executemany(BARE, part)


async def bare(folder: Path, events: list[Event]) -> float:
    database = await Database.open(folder / "bare.db")
    await database.write(add_people)
    started = time.perf_counter()
    for i in range(0, len(events), BATCH):
        await database.write(insert, events[i : i + BATCH])
    seconds = time.perf_counter() - started
    await database.close()
    return seconds


async def through_the_api(folder: Path, bodies: list[bytes]) -> float:
    async with Workspace.open(Settings.load({}, folder / "home")) as workspace:
        await workspace.database.write(add_people)
        auth = httpx2.BasicAuth(workspace.keys.site_id, workspace.keys.track_key)
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with httpx2.AsyncClient(transport=transport, base_url="http://workspace", auth=auth) as client:
            started = time.perf_counter()
            for body in bodies:
                answer = await client.post("/api/v2/batch", content=body)
                assert answer.content == b"{}", answer.text
            return time.perf_counter() - started


async def main(count: int) -> None:
    events = rows(count)
    bodies = requests(events)
    print(f"{count} events in batches of {BATCH} ({max(map(len, bodies)) // 1000} KB)")
    for _ in range(ROUNDS):
        folder = Path(tempfile.mkdtemp(prefix="handbill-ingest-"))
        try:
            plain, api = await bare(folder, events), await through_the_api(folder, bodies)
        finally:
            shutil.rmtree(folder)
        print(f"bare {count / plain:9,.0f}/s   api {count / api:9,.0f}/s   ratio {plain / api:.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000))
