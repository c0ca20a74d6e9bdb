"""A film rental shop, imported whole: segments count what the raw files say.

The reckoning here reads the files itself and shares nothing with the workspace but the files.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handbill.workspace import definitions, imports
from handbill.workspace.store import segments
from handbill.workspace.workspace import Workspace

PAGILA = Path(__file__).parents[2] / "shared" / "data" / "pagila"
DAY = 86_400

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not PAGILA.exists(), reason="shared/data/pagila is not beside the repository"),
]


def raw_people() -> dict[str, dict[str, str]]:
    with (PAGILA / "people.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def raw_events() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PAGILA / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def midnight(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


def times(events: Iterable[dict[str, Any]], name: str, until: str, days: int) -> Counter[str]:
    """How often each customer did something in the days before a date."""
    end = midnight(until)
    return Counter(
        event["customer_id"]
        for event in events
        if event["name"] == name and end - days * DAY <= event["timestamp"] < end
    )


def at_least(least: int, until: str, days: int) -> Callable[[list[dict[str, Any]]], set[str]]:
    return lambda events: {who for who, n in times(events, "film_rented", until, days).items() if n >= least}


def in_country(country: str) -> set[str]:
    return {who for who, row in raw_people().items() if row["country"] == country}


def rented(least: int, until: str) -> dict[str, Any]:
    return {"event": {"name": "film_rented", "at_least": least, "within_days": 90, "before": until}}


def country(name: str) -> dict[str, Any]:
    return {"attribute": {"field": "country", "operator": "eq", "value": name}}


SEGMENTS: dict[str, tuple[dict[str, Any], Callable[[list[dict[str, Any]]], set[str]]]] = {
    "canada": (country("Canada"), lambda events: in_country("Canada")),
    "nowhere": (country("Atlantis"), lambda events: set()),
    "rented": (rented(1, "2022-08-23"), at_least(1, "2022-08-23", 90)),
    "regulars": (rented(25, "2022-08-23"), at_least(25, "2022-08-23", 90)),
    "early": (rented(3, "2022-06-16"), at_least(3, "2022-06-16", 90)),
    "before_the_data": (rented(1, "2006-02-15"), at_least(1, "2006-02-15", 90)),
    "regulars_in_india": (
        {"and": [country("India"), rented(25, "2022-08-23")]},
        lambda events: in_country("India") & at_least(25, "2022-08-23", 90)(events),
    ),
    "not_regulars": (
        {"not": rented(25, "2022-08-23")},
        lambda events: raw_people().keys() - at_least(25, "2022-08-23", 90)(events),
    ),
    "sometimes": (
        {"event": {"name": "film_rented", "at_least": 20, "at_most": 24, "within_days": 90, "before": "2022-08-23"}},
        lambda events: {who for who, n in times(events, "film_rented", "2022-08-23", 90).items() if 20 <= n <= 24},
    ),
    "comedies": (
        {
            "event": {
                "name": "film_rented",
                "at_least": 4,
                "where": {
                    "and": [
                        {"attribute": {"field": "category", "operator": "eq", "value": "Comedy"}},
                        {"attribute": {"field": "rate", "operator": "lt", "value": 4}},
                    ]
                },
            }
        },
        lambda events: {
            who
            for who, n in Counter(
                event["customer_id"]
                for event in events
                if event["name"] == "film_rented"
                and event["data"]["category"] == "Comedy"
                and event["data"]["rate"] < 4
            ).items()
            if n >= 4
        },
    ),
}


@pytest.fixture
async def shop(workspace: Workspace) -> Workspace:
    assert await imports.run(workspace, "people", PAGILA / "people.csv") == imports.Report(imported=599)
    assert await imports.run(workspace, "events", PAGILA / "events.jsonl") == imports.Report(imported=47_954)
    return workspace


async def test_segments_hold_the_people_the_raw_files_say(shop: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "segments"
    folder.mkdir()
    for name, (conditions, _) in SEGMENTS.items():
        (folder / f"{name}.yaml").write_text(json.dumps({"name": name, "conditions": conditions}), encoding="utf-8")
    ids = {each.name: each.id for each in await definitions.apply(shop, tmp_path)}

    events = raw_events()
    for name, (_, reckon) in SEGMENTS.items():
        number, expected = ids[name], reckon(events)
        assert number is not None
        now = shop.clock.now()
        members = await shop.database.read(segments.membership, number, now, 0, 1000)
        assert {row["id"] for row in members} == expected, name
        assert await shop.database.read(segments.count, number, now) == len(expected)
    everyone = len(raw_people())
    assert not at_least(1, "2006-02-15", 90)(events)
    assert 0 < len(at_least(25, "2022-08-23", 90)(events)) < len(at_least(1, "2022-08-23", 90)(events)) <= everyone


async def test_everything_in_the_files_is_in_the_workspace(shop: Workspace) -> None:
    def stored(tx: Any) -> list[tuple[str, str, int, Any]]:
        rows = tx._connection.execute("SELECT p.id, name, timestamp, data FROM events JOIN people p USING (person)")
        return [(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    expected = [(each["customer_id"], each["name"], each["timestamp"], each["data"]) for each in raw_events()]
    found = await shop.database.read(stored)
    assert sorted(map(repr, found)) == sorted(map(repr, expected))
