"""What people did before they were known, kept by their `anonymous_id` until an identify call names it.

Reference 12 (events), 13 (`identify_anonymous`).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.contract.limits import ANONYMOUS_DAYS
from handbill.workspace.store import activities, events, objects
from handbill.workspace.store.attributes import text
from handbill.workspace.store.database import Transaction

_DAY = 86_400


def add_event(tx: Transaction, event: Mapping[str, Any]) -> None:
    """Keep an event as `events.add` takes it, with an `anonymous_id` (None: nobody will ever be found)."""
    tx.run("anonymous.add_event", event)


def relate(tx: Transaction, object_: int | None, relationship: Mapping[str, Any], now: int) -> None:
    """Keep that somebody belongs to an object, by a checked relationship."""
    name = str(relationship["identifiers"]["anonymous_id"])
    attributes = text(relationship.get("relationship_attributes") or {})
    tx.run("anonymous.relate", {"anonymous_id": name, "object": object_, "attributes": attributes, "created": now})


def claim(tx: Transaction, person: int, anonymous_id: str, now: int) -> None:
    """Give a person the events of the last ANONYMOUS_DAYS, and the relationships, that wait under `anonymous_id`."""
    values = {"anonymous_id": anonymous_id, "since": now - ANONYMOUS_DAYS * _DAY}
    found, related = tx.all("anonymous.events", values), tx.all("anonymous.relationships", values)
    if not found and not related:
        return
    activities.add(tx, [{"type": "anon_merge", "timestamp": now, "person": person, "data": {"events": len(found)}}])
    events.add(tx, [{**row, "person": person} for row in found], now)
    for row in related:
        objects.relate(tx, row["object"], person, msgspec.json.decode(row["attributes"]), now)
    tx.run("anonymous.forget_events", values)
    tx.run("anonymous.forget_relationships", values)
