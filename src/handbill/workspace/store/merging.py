"""Merging: of two people who are one, the primary takes what the secondary has; the secondary goes (reference 12)."""

from typing import Any

import msgspec

from handbill.workspace.store import activities, people
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import IdType

_MOVES = (
    "events",
    "devices",
    "segments",
    "relationships",
    "optouts",
    "named",
    "deliveries",
    "journeys",
    "activities",
)
"""What moves, by the name of its statement; what the primary has already stays as it is."""


def merge(tx: Transaction, primary: tuple[IdType, str], secondary: tuple[IdType, str], now: int) -> None:
    """Make one person of two; nothing happens when one is not there, or they are the same.

    Raises InvalidInput when both together have more than ATTRIBUTES attributes.
    """
    stays, goes = people.find(tx, *primary), people.find(tx, *secondary)
    if stays is None or goes is None or stays == goes:
        return
    row, other = people.get(tx, stays), people.get(tx, goes)
    assert row
    assert other
    for moved in _MOVES:
        tx.run(f"merging.{moved}", {"primary": stays, "secondary": goes})
    tx.run("people.delete", {"person": goes})
    data = {"primary": people.identifiers(row), "secondary": people.identifiers(other)}
    activities.add(tx, [{"type": "profile_merge", "timestamp": now, "person": stays, "data": data}])
    names: dict[IdType, str] = {
        kind: other[kind] for kind in ("id", "email") if row[kind] is None and other[kind] is not None
    }
    people.save(tx, dict(row), names, _lacking(row, other), now)


def _lacking(row: Row, other: Row) -> dict[str, Any]:
    """The attributes of the secondary that the primary has not, `unsubscribed` among them."""
    kept, theirs = msgspec.json.decode(row["attributes"]), msgspec.json.decode(other["attributes"])
    silent = "unsubscribed" not in msgspec.json.decode(row["timestamps"])
    said = {"unsubscribed": True} if silent and other["unsubscribed"] else {}
    return said | {name: value for name, value in theirs.items() if name not in kept}
