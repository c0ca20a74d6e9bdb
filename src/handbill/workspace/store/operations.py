"""Operations: people and events as the Track API brings them, any number in one transaction (reference 12, 13)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from handbill.contract.events import TYPES
from handbill.errors import InvalidInput
from handbill.workspace.store import events, people
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.identifiers import IdType

Operation = Mapping[str, Any]


def apply(tx: Transaction, operations: Iterable[tuple[int, Operation]], now: int) -> dict[int, InvalidInput]:
    """Do checked operations in their order; those that cannot be done are returned by their number, undone."""
    batch = _Batch(tx, now)
    for number, operation in operations:
        [(kind, name)] = operation["identifiers"].items()
        if operation["action"] in TYPES:
            batch.waiting.append((number, kind, str(name), operation))
        else:
            batch.write_events()
            with batch.taking(number):
                batch.change(kind, str(name), operation)
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

    def change(self, kind: IdType, name: str, operation: Operation) -> None:
        match operation["action"]:
            case "identify":
                given = dict(operation.get("attributes") or {})
                if operation.get("timestamp"):
                    given["_timestamp"] = operation["timestamp"]
                people.identify(self.tx, kind, name, given, self.now)
            case "suppress":
                people.suppress(self.tx, kind, name, self.now)
            case "unsuppress":
                people.unsuppress(self.tx, kind, name)
            case "delete":
                people.delete_named(self.tx, kind, name)
            case "add_device":
                put_device(self.tx, kind, name, operation["device"], self.now)
            case _:
                delete_device(self.tx, kind, name, operation["device"]["token"])


def person_named(tx: Transaction, kind: IdType, name: str, now: int) -> int | None:
    """The person an event or device is for, made if need be; None for an unknown cio_id or a blocked name."""
    person = people.find(tx, kind, name)
    return people.identify(tx, kind, name, {}, now).person if person is None else person


def event_row(person: int, type_: str, event: Operation, data: object, now: int) -> dict[str, Any]:
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


def put_device(tx: Transaction, kind: IdType, name: str, device: Operation, now: int) -> None:
    """Add or update a device of a person, who is made if need be."""
    person = person_named(tx, kind, name, now)
    if person is not None:
        people.put_device(tx, person, device)


def delete_device(tx: Transaction, kind: IdType, name: str, token: str) -> None:
    """Remove a device; nothing happens when it or the person is not there."""
    person = people.find(tx, kind, name)
    if person is not None:
        people.delete_device(tx, person, token)
