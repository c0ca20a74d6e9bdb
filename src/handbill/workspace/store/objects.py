"""Objects: what people belong to, such as companies or courses, by type; and the relationships (reference 9, 13)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from handbill.contract.limits import OBJECT_BYTES
from handbill.contract.relationships import type_number
from handbill.errors import InvalidInput, NotFound
from handbill.workspace.store import activities
from handbill.workspace.store.attributes import Changes, merge, text
from handbill.workspace.store.conditions import Where
from handbill.workspace.store.database import Row, Transaction

_CIO_OBJECT_ID = re.compile(r"ob([0-9a-f]{6,16})", re.ASCII)


def types(tx: Transaction) -> list[Row]:
    """Every type: id, name, singular_name, enabled."""
    return tx.all("objects.types")


def cio_object_id(object_: int) -> str:
    """An object's internal number as it is shown."""
    return f"ob{object_:06x}"


def identifiers(row: Row) -> dict[str, str]:
    """`{object_id, cio_object_id}` as every answer shows them."""
    return {"object_id": row["object_id"], "cio_object_id": cio_object_id(row["object"])}


def find(tx: Transaction, named: Mapping[str, Any]) -> Row | None:
    """The object with these checked identifiers: object, type_id, object_id, attributes and timestamps (JSON)."""
    if "cio_object_id" in named:
        match = _CIO_OBJECT_ID.fullmatch(str(named["cio_object_id"]))
        number = int(match[1], 16) if match else 0
        return tx.one("objects.by_number", {"object": number if number < 2**63 else 0})
    key = {"type_id": type_number(named["object_type_id"]), "object_id": str(named["object_id"])}
    return tx.one("objects.by_id", key)


def get(tx: Transaction, named: Mapping[str, Any]) -> Row:
    """As `find`. Raises NotFound."""
    row = find(tx, named)
    if row is None:
        raise NotFound("There is no such object.")
    return row


def search(tx: Transaction, type_id: int, where: Where, after: int, limit: int) -> list[Row]:
    """One page of objects of a type: object and object_id, in the order of their numbers."""
    values = {**where.values, "type_id": type_id, "after": after, "limit": limit}
    return tx.all("objects.search", values, where=where.sql)


def people_of(tx: Transaction, object_: int, after: int, limit: int) -> list[Row]:
    """One page of the people of an object: person, id, email."""
    return tx.all("objects.people_of", {"object": object_, "after": after, "limit": limit})


def of_person(tx: Transaction, person: int, after: int, limit: int) -> list[Row]:
    """One page of a person's objects, with the relationship's own attributes and timestamps (JSON)."""
    return tx.all("objects.of_person", {"person": person, "after": after, "limit": limit})


def for_liquid(tx: Transaction, people: Iterable[int]) -> dict[int, str]:
    """The Liquid root `objects` of each of these people, as JSON: `{plural: [object, ...]}` (reference 16.3)."""
    roots: dict[int, dict[str, list[dict[str, Any]]]] = {person: {} for person in people}
    for row in tx.all("objects.newest", {"people": text(list(roots))}):
        told = msgspec.json.decode(row["attributes"], type=dict[str, msgspec.Raw])
        shown = {**told, **identifiers(row), "relationship": msgspec.Raw(row["relationship"].encode())}
        roots[row["person"]].setdefault(_plural(row["plural"]), []).append(shown)
    return {person: text(root) for person, root in roots.items()}


def _plural(name: str) -> str:
    """A type's name as Liquid has it: `Online Classes` is `online_classes`."""
    return re.sub(r"\W+", "_", name.strip()).lower()


def identify(tx: Transaction, named: Mapping[str, Any], given: Mapping[str, Any], now: int) -> int | None:
    """Make or change the object with these identifiers; None for a `cio_object_id` that is not there.

    A type comes into being with its first object. Raises InvalidInput for more than OBJECT_BYTES of attributes.
    """
    row = find(tx, named)
    if row is None and "cio_object_id" in named:
        return None
    kept, times = _decoded(row)
    changes = merge(kept, times, given, now)
    values = {"attributes": _fitting(kept), "timestamps": text(times)}
    if row is None:
        return _create(tx, named, values, now)
    if changes:
        tx.run("objects.change", values | {"object": row["object"]})
        _note(tx, row, "attribute_change", now, changes)
    return int(row["object"])


def _create(tx: Transaction, named: Mapping[str, Any], values: dict[str, str], now: int) -> int:
    type_id = type_number(named["object_type_id"])
    tx.run("objects.add_type", {"id": type_id, "name": f"Type {type_id}", "now": now})
    key = {"type_id": type_id, "object_id": str(named["object_id"]), "created": now}
    row = tx.one("objects.add", values | key)
    assert row
    _note(tx, row, "create", now, _said(row))
    return int(row["object"])


def delete(tx: Transaction, named: Mapping[str, Any], now: int) -> None:
    """Remove an object and its relationships; nothing happens when it is not there."""
    row = find(tx, named)
    if row is not None:
        tx.run("objects.note_unrelated", {"object": row["object"], "now": now, "data": text(_said(row))})
        tx.run("objects.delete", {"object": row["object"]})
        _note(tx, row, "delete", now, _said(row))


def relate(tx: Transaction, object_: int, person: int, given: Mapping[str, Any], now: int) -> None:
    """Make or change a relationship, whose own attributes are `given`."""
    owner, row = _by_number(tx, object_), tx.one("objects.relationship", {"object": object_, "person": person})
    kept, times = _decoded(row)
    changes = merge(kept, times, given, now)
    values = {"attributes": _fitting(kept), "timestamps": text(times), "object": object_, "person": person}
    if row is None:
        tx.run("objects.relate", values | {"created": now})
        _note_both(tx, owner, person, "add_relationship", now)
    elif changes:
        tx.run("objects.change_relationship", values)
        activity = {"timestamp": now, "object": object_, "data": changes}
        ours = {"type": "relationship_attribute_change", "person": person}
        activities.add(tx, [activity | ours, activity | {"type": f"_r:{owner['type_id']}:attribute_change"}])


def related(tx: Transaction, object_: int, person: int) -> bool:
    """Whether a person belongs to an object."""
    return tx.one("objects.relationship", {"object": object_, "person": person}) is not None


def unrelate(tx: Transaction, object_: int, person: int, now: int) -> None:
    """Take a person out of an object; nothing happens when they do not belong together."""
    if tx.run("objects.unrelate", {"object": object_, "person": person}):
        _note_both(tx, _by_number(tx, object_), person, "delete_relationship", now)


def _by_number(tx: Transaction, object_: int) -> Row:
    row = tx.one("objects.by_number", {"object": object_})
    assert row
    return row


def _decoded(row: Row | None) -> tuple[dict[str, Any], dict[str, int]]:
    if row is None:
        return {}, {}
    return msgspec.json.decode(row["attributes"]), msgspec.json.decode(row["timestamps"])


def _fitting(kept: Mapping[str, Any]) -> str:
    attributes = text(kept)
    if len(attributes.encode()) > OBJECT_BYTES:
        raise InvalidInput.of("attributes", f"The attributes would be more than {OBJECT_BYTES} bytes together.")
    return attributes


def _said(row: Row) -> dict[str, str]:
    """Which object, for the data of an activity."""
    return {"object_type_id": str(row["type_id"]), **identifiers(row)}


def _note(tx: Transaction, row: Row, what: str, now: int, data: Changes | dict[str, str]) -> None:
    kind = f"_o:{row['type_id']}:{what}"
    activities.add(tx, [{"type": kind, "timestamp": now, "object": row["object"], "data": data}])


def _note_both(tx: Transaction, row: Row, person: int, what: str, now: int) -> None:
    """One activity of the person, one of the object."""
    ours = {"type": what, "timestamp": now, "person": person, "object": row["object"], "data": _said(row)}
    activities.add(tx, [ours])
    _note(tx, row, what, now, _said(row))
