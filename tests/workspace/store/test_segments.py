"""Segments of segments: who is in them, who asks for them, and what may be done to them."""

import json
from typing import Any

import pytest

from handbill.errors import Conflict, InvalidInput, NotFound
from handbill.workspace.store import people, segments
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

CANADA = {"attribute": {"field": "country", "operator": "eq", "value": "Canada"}}


def dynamic(tx: Transaction, name: str, conditions: dict[str, Any], now: int) -> int:
    number: int = segments.create(tx, name, "", now)["id"]
    tx._connection.execute("UPDATE segments SET conditions = ? WHERE id = ?", (json.dumps(conditions), number))
    return number


@pytest.fixture
async def shop(workspace: Workspace) -> Workspace:
    """Segment 1 by hand with u1 and u2, 2 for Canada with u2 and u3, 3 for 2 without 1."""

    def fill(tx: Transaction) -> None:
        now = workspace.clock.now()
        for name, country in (("u1", "Norway"), ("u2", "Canada"), ("u3", "Canada"), ("u4", "Norway")):
            people.identify(tx, "id", name, {"country": country}, now)
        segments.create(tx, "VIP", "by hand", now)
        segments.add(tx, 1, "id", ["u1", "u2"])
        dynamic(tx, "Canada", CANADA, now)
        dynamic(tx, "Rest", {"and": [{"segment": {"id": 2}}, {"not": {"segment": {"id": 1}}}]}, now)

    await workspace.database.write(fill)
    return workspace


@pytest.mark.parametrize(("segment", "expected"), [(1, ["u1", "u2"]), (2, ["u2", "u3"]), (3, ["u3"])])
async def test_a_segment_may_ask_for_others(shop: Workspace, segment: int, expected: list[str]) -> None:
    now = shop.clock.now()
    assert [row["id"] for row in await shop.database.read(segments.membership, segment, now, 0, 10)] == expected
    assert await shop.database.read(segments.count, segment, now) == len(expected)


@pytest.mark.parametrize(("person", "expected"), [(1, [1]), (2, [1, 2]), (3, [2, 3]), (4, [])])
async def test_a_person_is_in_the_segments_that_hold_them(shop: Workspace, person: int, expected: list[int]) -> None:
    found = await shop.database.read(segments.of_person, person, shop.clock.now())
    assert [row["id"] for row in found] == expected


async def test_membership_goes_on_after_a_page(shop: Workspace) -> None:
    [first] = await shop.database.read(segments.membership, 1, 0, 0, 1)
    [second] = await shop.database.read(segments.membership, 1, 0, first["person"], 1)
    assert (first["id"], second["id"]) == ("u1", "u2")
    assert await shop.database.read(segments.membership, 1, 0, second["person"], 1) == []


async def test_a_deleted_person_leaves_the_segment(shop: Workspace) -> None:
    await shop.database.write(people.delete, 2, 1)
    assert await shop.database.read(segments.count, 1, 0) == 1


async def test_a_segment_that_others_ask_for_is_not_deleted(shop: Workspace) -> None:
    used = await shop.database.read(segments.used_by, 1)
    assert used == {
        "broadcasts": [],
        "campaigns": [],
        "sent_newsletters": [],
        "draft_newsletters": [],
        "segments": [3],
    }
    with pytest.raises(Conflict, match="Segment 1 is used by segments 3; change that first"):
        await shop.database.write(segments.delete, 1)


async def test_conditions_alone_say_who_is_in_a_dynamic_segment(shop: Workspace) -> None:
    for change in (segments.add, segments.remove):
        with pytest.raises(InvalidInput, match="Segment 2 has conditions"):
            await shop.database.write(change, 2, "id", ["u1"])
    with pytest.raises(InvalidInput, match="Segment 2 has conditions"):
        await shop.database.write(segments.delete, 2)


@pytest.mark.parametrize("read", [segments.get, segments.delete])
async def test_a_segment_that_is_not_there_is_named(shop: Workspace, read: Any) -> None:
    with pytest.raises(NotFound, match=r"There is no segment 99\."):
        await shop.database.write(read, 99)
