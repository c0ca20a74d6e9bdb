"""Segments over many people, as a multiple of the bare SQL that a person would write for the same question.

    python benchmarks/segments.py [people]

Aim: at most 1.2 for three conditions over a million people. The best of several rounds counts, for both sides.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from handbill.workspace.store import people
from handbill.workspace.store.conditions import of_conditions
from handbill.workspace.store.database import Database, Transaction

ROUNDS = 5
START = 1_650_000_000
COUNTRIES = ("Canada", "Japan", "India", "United States", "Brazil")


def attribute(field: str, operator: str, value: object) -> dict[str, Any]:
    return {"attribute": {"field": field, "operator": operator, "value": value}}


def questions(now: int) -> dict[str, tuple[dict[str, Any], str]]:
    """Conditions, and the SQL for them."""
    rented = {"event": {"name": "film_rented", "at_least": 2, "within_days": 90}}
    canada = attribute("country", "eq", "Canada")
    return {
        "attribute, event, segment": (
            {"and": [canada, rented, {"not": {"segment": {"id": 1}}}]},
            f"""json_extract(attributes, '$.country') = 'Canada'
                AND person IN (
                  SELECT person FROM events
                  WHERE name = 'film_rented' AND timestamp BETWEEN {now - 90 * 86_400} AND {now}
                  GROUP BY person HAVING count(*) >= 2)
                AND person NOT IN (SELECT person FROM segment_people WHERE segment = 1)""",
        ),
        "three attributes": (
            {"and": [canada, attribute("active", "eq", True), attribute("created_at", "gt", START + 1000)]},
            f"""json_extract(attributes, '$.country') = 'Canada' AND json_extract(attributes, '$.active') = 1
                AND json_extract(attributes, '$.created_at') > {START + 1000}""",
        ),
    }


def fill(tx: Transaction, count: int) -> None:
    run, chance = tx._connection, random.Random(1)
    kept = {
        "first_name": "Mary",
        "address": "1913 Hanoi Way",
        "city": "Sasebo",
        "postal_code": "35200",
        "active": True,
    }
    changing = ({"country": chance.choice(COUNTRIES), "created_at": START + i} for i in range(count))
    attributes = (json.dumps(kept | each) for each in changing)
    run.executemany("INSERT INTO people (attributes, created) VALUES (?, 0)", ((each,) for each in attributes))
    names = ("film_rented", "film_returned", "payment_made")
    run.executemany(
        "INSERT INTO events (person, name, timestamp) VALUES (?, ?, ?)",
        ((chance.randrange(count) + 1, chance.choice(names), START + i * 10) for i in range(2 * count)),
    )
    run.execute("INSERT INTO segments (name, created, updated) VALUES ('VIP', 0, 0)")
    chosen = {chance.randrange(count) + 1 for _ in range(count // 10)}
    run.executemany("INSERT INTO segment_people VALUES (1, ?)", ((each,) for each in chosen))


def compare(tx: Transaction, now: int) -> None:
    for name, (conditions, sql) in questions(now).items():
        query = f"SELECT count(*) FROM people WHERE {sql}"
        bare = partial(first, tx, query)
        ours = partial(members, tx, conditions, now)
        assert bare() == ours()
        seconds = [(timed(bare), timed(ours)) for _ in range(ROUNDS)]
        best_bare, best_ours = min(each[0] for each in seconds), min(each[1] for each in seconds)
        print(f"{name:28} bare {best_bare:.3f} s   segment {best_ours:.3f} s   ratio {best_ours / best_bare:.2f}")


def first(tx: Transaction, query: str) -> int:
    return int(tx._connection.execute(query).fetchone()[0])


def members(tx: Transaction, conditions: dict[str, Any], now: int) -> int:
    return people.count(tx, of_conditions(tx, conditions, now))


def timed(work: Callable[[], int]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="handbill-segments-") as folder:
        database = await Database.open(Path(folder) / "workspace.db")
        await database.write(fill, count)
        print(f"{count:,} people, {2 * count:,} events")
        await database.read(compare, START + 20 * count)
        await database.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
