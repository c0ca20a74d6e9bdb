"""A fresh workspace is filled: the definitions of the demo's shop, its people, and what they did."""

from collections.abc import Sequence
from importlib.resources import as_file, files

import msgspec

from handbill.demo import shop
from handbill.workspace import definitions
from handbill.workspace.store import events, people, segments
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

TRIAL_GARDENERS = 5
"""The manual segment; a file defines it, but who is in it is data."""


async def fill(workspace: Workspace) -> tuple[int, int]:
    """Put the shop into `workspace`; how many people and events that is."""
    with as_file(files("handbill.demo") / "workspace") as folder:
        await definitions.apply(workspace, folder)
    now = workspace.clock.now()
    town = shop.people(now)
    return len(town), await workspace.database.write(_add, town, now)


def _add(tx: Transaction, town: Sequence[shop.Person], now: int) -> int:
    added = 0
    for each in town:
        person = people.identify(tx, "id", each.id, each.attributes, now).person
        added += events.add(tx, (_row(person, event) for event in each.events), now)
    segments.add(tx, TRIAL_GARDENERS, "id", [each.id for each in town[::40]])
    return added


def _row(person: int | None, event: shop.Event) -> dict[str, object]:
    return {
        "id": None,
        "person": person,
        "name": event.name,
        "type": "event",
        "timestamp": event.timestamp,
        "data": msgspec.json.encode(event.data).decode(),
    }
