"""Segments: groups of people, kept by hand (manual) or by conditions (dynamic). Reference 5, 12.4."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from handbill.errors import Conflict, InvalidInput, NotFound
from handbill.workspace.store import people
from handbill.workspace.store.conditions import of_segment
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import IdType, email_key, person_of

_NAMED = {
    "id": "id IN (SELECT value FROM json_each(:values))",
    "email": "email_key IN (SELECT value FROM json_each(:values))",
    "cio_id": "person IN (SELECT value FROM json_each(:values))",
}


def listed(tx: Transaction) -> list[Row]:
    """Every segment: id, name, description, conditions (JSON, NULL when manual), tags (JSON), created, updated."""
    return tx.all("segments.list")


def get(tx: Transaction, segment_id: int) -> Row:
    """One segment's row. Raises NotFound."""
    row = tx.one("segments.get", {"id": segment_id})
    if row is None:
        raise NotFound(f"There is no segment {segment_id}.")
    return row


def count(tx: Transaction, segment_id: int, now: int) -> int:
    """How many people are in it now. Raises NotFound."""
    return people.count(tx, of_segment(tx, segment_id, now))


def membership(
    tx: Transaction, segment_id: int, now: int, after: int | None, limit: int, *, newest: bool = False
) -> list[Row]:
    """One page of its people: person, id, email; see `people.search`. Raises NotFound."""
    return people.search(tx, of_segment(tx, segment_id, now), after, limit, newest=newest)


def of_person(tx: Transaction, person: int, now: int) -> list[Row]:
    """The segments a person is in now."""
    return [row for row in listed(tx) if people.matches(tx, person, of_segment(tx, row["id"], now))]


def create(tx: Transaction, name: str, description: str, now: int) -> Row:
    """A new manual segment, empty."""
    return get(tx, tx.value("segments.create", {"name": name, "description": description, "now": now}))


def delete(tx: Transaction, segment_id: int) -> None:
    """Delete a manual segment. Raises NotFound, InvalidInput for a dynamic one, Conflict for one in use."""
    _manual(tx, segment_id)
    users = [f"{kind} {number}" for kind, numbers in used_by(tx, segment_id).items() for number in numbers]
    if users:
        raise Conflict(f"Segment {segment_id} is used by {', '.join(users[:5])}; change that first.")
    tx.run("segments.delete", {"id": segment_id})


def _manual(tx: Transaction, segment_id: int) -> None:
    if get(tx, segment_id)["conditions"] is not None:
        raise InvalidInput.of(
            "segment_id", f"Segment {segment_id} has conditions; only manual segments are kept by hand."
        )


def add(tx: Transaction, segment_id: int, id_type: IdType, values: Sequence[str]) -> int:
    """Add people to a manual segment; unknown identifiers are passed over. How many were new.

    Raises NotFound, and InvalidInput for a dynamic segment.
    """
    return _change(tx, "segments.add", segment_id, id_type, values)


def remove(tx: Transaction, segment_id: int, id_type: IdType, values: Sequence[str]) -> int:
    """Take people out of a manual segment; how many were in it. Raises as `add` does."""
    return _change(tx, "segments.remove", segment_id, id_type, values)


def _change(tx: Transaction, query: str, segment_id: int, id_type: IdType, values: Sequence[str]) -> int:
    _manual(tx, segment_id)
    keys: dict[str, Any] = {
        "id": list(values),
        "email": [email_key(value) for value in values],
        "cio_id": [person_of(value) for value in values],
    }
    named = msgspec.json.encode(keys[id_type]).decode()
    return tx.run(query, {"segment": segment_id, "values": named}, named=_NAMED[id_type])


def used_by(tx: Transaction, segment_id: int) -> dict[str, list[int]]:
    """The ids of broadcasts, campaigns, newsletters sent and not sent, and segments that name this segment."""
    kinds = ("broadcasts", "campaigns", "sent_newsletters", "draft_newsletters", "segments")
    users: dict[str, list[int]] = {kind: [] for kind in kinds}
    for row in tx.all("segments.used_by"):
        kind = row["kind"]
        if kind == "newsletters":
            kind = "draft_newsletters" if row["sent_at"] is None else "sent_newsletters"
        if segment_id in within(msgspec.json.decode(row["tree"])):
            users[kind].append(row["id"])
    return users


def within(tree: Any) -> Iterator[int]:
    """The ids of the segments that a checked filter or condition names."""
    for key, inner in tree.items():
        if key == "segment":
            yield inner["id"]
        for each in inner if key in ("and", "or") else [inner] if key == "not" else []:
            yield from within(each)
