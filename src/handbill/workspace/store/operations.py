"""Operations: what the Track API brings about people, objects and deliveries, any number in one transaction.

Reference 12, 13.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from handbill.contract.events import TYPES
from handbill.errors import InvalidInput, quoted
from handbill.workspace import delivery_ids
from handbill.workspace.store import activities, anonymous, events, merging, objects, people, reports
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.identifiers import IdType

Operation = Mapping[str, Any]


def apply(tx: Transaction, operations: Iterable[tuple[int, Operation]], now: int) -> dict[int, InvalidInput]:
    """Do checked operations in their order; those that cannot be done are returned by their number, undone."""
    batch = _Batch(tx, now)
    for number, operation in operations:
        if operation["type"] == "person" and operation["action"] in TYPES:
            batch.waiting.append((number, *_named(operation["identifiers"]), operation))
        else:
            batch.write_events()
            with batch.taking(number):
                _DO[operation["type"]](tx, operation, now)
    batch.write_events()
    return batch.refused


@dataclass(slots=True)
class _Batch:
    """Gathers events that follow one another: their people are found and their rows written in one statement each."""

    tx: Transaction
    now: int
    waiting: list[tuple[int, IdType, str, Operation]] = field(default_factory=list)
    refused: dict[int, InvalidInput] = field(default_factory=dict)

    @contextmanager
    def taking(self, number: int) -> Iterator[None]:
        """Note what cannot be done under its operation's number."""
        try:
            with self.tx.part():
                yield
        except InvalidInput as error:
            self.refused[number] = error

    def write_events(self) -> None:
        if self.waiting:
            events.add(self.tx, list(self.rows()), self.now)
            self.waiting.clear()

    def rows(self) -> Iterator[dict[str, Any]]:
        known = people.numbers(self.tx, [name for _, kind, name, _ in self.waiting if kind == "id"])
        for number, kind, name, operation in self.waiting:
            person = known.get(name) if kind == "id" else None
            if person is None:
                with self.taking(number):
                    person = person_named(self.tx, kind, name, self.now)
            if person is not None:
                yield event_row(person, operation["action"], operation, operation.get("attributes"), self.now)


def _person(tx: Transaction, operation: Operation, now: int) -> None:
    action = operation["action"]
    if action == "merge":
        merging.merge(tx, _named(operation["primary"]), _named(operation["secondary"]), now)
        return
    kind, name = _named(operation["identifiers"])
    match action:
        case "identify":
            given = dict(operation.get("attributes") or {})
            if operation.get("timestamp"):
                given["_timestamp"] = operation["timestamp"]
            related = {"action": "add_relationships", "relationships": operation.get("cio_relationships")}
            identify(tx, kind, name, {**given, "cio_relationships": related}, now)
        case "suppress":
            people.suppress(tx, kind, name, now)
        case "unsuppress":
            people.unsuppress(tx, kind, name)
        case "delete":
            people.delete_named(tx, kind, name, now)
        case "add_device":
            put_device(tx, kind, name, operation["device"], now)
        case "delete_device":
            delete_device(tx, kind, name, operation["device"]["token"], now)
        case _:
            _relate(tx, _person_end(tx, kind, name, action, now), action, operation["cio_relationships"], now)


def identify(tx: Transaction, kind: IdType, name: str, given: Operation, now: int) -> None:
    """Make or change a person; `cio_relationships` holds `action` and `relationships` (reference 12)."""
    person = people.identify(tx, kind, name, given, now).person
    if related := given.get("cio_relationships"):
        _relate(tx, person, related["action"], related["relationships"] or [], now)


def _relate(tx: Transaction, person: int | None, action: str, relationships: Iterable[Operation], now: int) -> None:
    for each in relationships if person is not None else []:
        _change_relationship(tx, action, _object_end(tx, each["identifiers"], {}, action, now), person, each, now)


def _object(tx: Transaction, operation: Operation, now: int) -> None:
    action, named = operation["action"], operation["identifiers"]
    if action == "delete":
        objects.delete(tx, named, now)
        return
    object_ = _object_end(tx, named, operation.get("attributes") or {}, action, now)
    for each in operation.get("cio_relationships") or [] if object_ is not None else []:
        if action == "identify_anonymous":
            anonymous.relate(tx, object_, each, now)
        else:
            person = _person_end(tx, *_named(each["identifiers"]), action, now)
            _change_relationship(tx, action, object_, person, each, now)


def _person_end(tx: Transaction, kind: IdType, name: str, action: str, now: int) -> int | None:
    """The person of a relationship, made if need be when it is to be added."""
    return people.find(tx, kind, name) if action == "delete_relationships" else person_named(tx, kind, name, now)


def _object_end(tx: Transaction, named: Operation, given: Operation, action: str, now: int) -> int | None:
    """The object of a relationship, made or changed likewise."""
    if action != "delete_relationships":
        return objects.identify(tx, named, given, now)
    row = objects.find(tx, named)
    return None if row is None else int(row["object"])


def _change_relationship(
    tx: Transaction, action: str, object_: int | None, person: int | None, relationship: Operation, now: int
) -> None:
    """Nothing happens when one of the ends is not there."""
    if object_ is None or person is None:
        return
    if action == "delete_relationships":
        objects.unrelate(tx, object_, person, now)
    else:
        objects.relate(tx, object_, person, relationship.get("relationship_attributes") or {}, now)


def _delivery(tx: Transaction, operation: Operation, now: int) -> None:
    id_ = operation["identifiers"]["id"]
    delivery = delivery_ids.unseal(bytes.fromhex(tx.value("workspace.get", {"key": "secret"})), id_)
    if delivery is None:
        raise InvalidInput.of("identifiers.id", f"identifiers.id {quoted(id_)} is no delivery of this workspace.")
    at = operation.get("timestamp") or now
    reports.told(tx, delivery, operation["name"], at, now, operation.get("attributes") or {})


def _anonymous(tx: Transaction, operation: Operation, now: int) -> None:
    add_anonymous_event(tx, {**operation, "type": operation["action"], "data": operation["attributes"]}, now)


def _content(tx: Transaction, operation: Operation, now: int) -> None:
    """Content that nobody in particular saw or clicked: only the activity tells it."""
    at = operation["timestamp"] or now
    activities.add(tx, [{"type": operation["name"], "timestamp": at, "data": operation["attributes"]}])


_DO: dict[str, Callable[[Transaction, Operation, int], None]] = {
    "person": _person,
    "object": _object,
    "delivery": _delivery,
    "anonymous": _anonymous,
    "content": _content,
}
"""By type; the last two are Pipelines' alone."""


def _named(identifiers: Mapping[IdType, Any]) -> tuple[IdType, str]:
    """The one identifier of a person in a checked operation; numbers are their digits."""
    [(kind, name)] = identifiers.items()
    return kind, str(name)


def person_named(tx: Transaction, kind: IdType, name: str, now: int) -> int | None:
    """The person an event or device is for, made if need be; None for an unknown cio_id or a blocked name."""
    person = people.find(tx, kind, name)
    return people.identify(tx, kind, name, {}, now).person if person is None else person


def event_row(person: int | None, type_: str, event: Operation, data: object, now: int) -> dict[str, Any]:
    """A checked event as the table takes it: its name trimmed, without a timestamp happening now (reference 12)."""
    return {
        "id": event.get("id"),
        "person": person,
        "name": event["name"].strip(),
        "type": type_,
        "timestamp": now if event.get("timestamp") is None else event["timestamp"],
        "data": msgspec.json.encode(data or {}).decode(),
    }


def add_event(tx: Transaction, kind: IdType, name: str, event: Operation, now: int) -> None:
    """One event as v1 brings it, with `data` and `type`."""
    person = person_named(tx, kind, name, now)
    if person is not None:
        events.add(tx, [event_row(person, event.get("type", "event"), event, event.get("data"), now)], now)


def add_anonymous_event(tx: Transaction, event: Operation, now: int) -> None:
    """One event of somebody not known yet, as v1 brings it."""
    row = event_row(None, event.get("type", "event"), event, event.get("data"), now)
    anonymous.add_event(tx, row | {"anonymous_id": event.get("anonymous_id")})


def put_device(tx: Transaction, kind: IdType, name: str, device: Operation, now: int) -> None:
    """Add or update a device of a person, who is made if need be."""
    person = person_named(tx, kind, name, now)
    if person is not None:
        people.put_device(tx, person, device, now)


def delete_device(tx: Transaction, kind: IdType, name: str, token: str, now: int) -> None:
    """Remove a device; nothing happens when it or the person is not there."""
    person = people.find(tx, kind, name)
    if person is not None:
        people.delete_device(tx, person, token, now)
