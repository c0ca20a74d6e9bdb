"""Definitions in the database: all of them read as the models that files have, and one of them written."""

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.contract.definitions import (
    KINDS,
    Broadcast,
    Definition,
    Message,
    Newsletter,
    Segment,
    Topic,
    Transactional,
    Written,
)
from handbill.contract.fields import NAMES
from handbill.workspace.store import senders
from handbill.workspace.store.database import Row, Transaction

PARENT = {"broadcasts": "broadcast_id", "newsletters": "newsletter_id", "transactional": "transactional_id"}


def read(tx: Transaction) -> dict[str, list[Definition]]:
    """Everything defined, by kind."""
    return {kind.kind: [_of_row(tx, kind, row) for row in tx.all(f"definitions.{kind.kind}")] for kind in KINDS}


def _of_row(tx: Transaction, kind: type[Definition], row: Row) -> Definition:
    given: dict[str, Any] = dict(row)
    for column in {"tags", "audience", "conditions", "settings", "goal"} & given.keys():
        given[column] = msgspec.json.decode(given[column]) if given[column] else None
    if kind is Topic:
        given["subscribed_by_default"] = bool(given["subscribed_by_default"])
    if kind is Segment:
        given["manual"] = given["conditions"] is None
    if kind is Transactional:
        given |= given.pop("settings")
    if issubclass(kind, Written):
        contents = tx.all("definitions.contents", {"id": row["id"]}, parent=PARENT[kind.kind])
        given["messages"] = [_message(content) for content in contents]
    return kind.model_validate(given)


def _message(row: Row) -> Message:
    given = {name: row[name] for name in ("name", "type", "sending_state", "language", "layout")}
    fields = msgspec.json.decode(row["fields"])
    return Message.model_validate(given | fields | {"headers": msgspec.json.decode(row["headers"])})


def write(tx: Transaction, definition: Definition, now: int) -> int | None:
    """Make or change one definition; the id it has."""
    values = {"now": now, **_columns(definition)}
    number = tx.value(f"definitions.put_{definition.kind}", values)
    if isinstance(definition, Written):
        _write_messages(tx, definition, number, now)
    return number if number is None else int(number)


def _columns(definition: Definition) -> dict[str, Any]:
    """The values of a definition's row."""
    given = definition.model_dump(exclude={"messages", "manual"})
    match definition:
        case Transactional():
            flags = {name: given.pop(name) for name in list(given) if name not in ("id", "name", "description")}
            return {**given, "settings": _json(flags)}
        case Segment():
            conditions = None if definition.manual else _json(definition.conditions)
            return {**given, "conditions": conditions, "tags": _json(definition.tags)}
        case Broadcast() | Newsletter():
            goal = _json(given["goal"]) if given["goal"] else None
            return {**given, "audience": _json(definition.audience), "tags": _json(definition.tags), "goal": goal}
    return given


def _write_messages(tx: Transaction, definition: Written, number: int, now: int) -> None:
    """The messages in their order; one that was there keeps its id, and what is left over goes."""
    parent = PARENT[definition.kind]
    there = [row["id"] for row in tx.all("definitions.contents", {"id": number}, parent=parent)]
    kept = dict(enumerate(there))
    for position, message in enumerate(definition.messages):
        values = {"id": kept.get(position), "parent": number, "now": now, **_message_columns(message)}
        senders.note(tx, tx.value("definitions.put_content", values, parent=parent), now)
    for old in there[len(definition.messages) :]:
        tx.run("definitions.delete_content", {"id": old})


def _message_columns(message: Message) -> Mapping[str, Any]:
    given = message.model_dump(by_alias=True)
    texts = {name: given[name] for name in NAMES if given[name]}
    return {
        "name": message.name,
        "type": message.type,
        "sending_state": message.sending_state,
        "language": message.language,
        "fields": _json(texts),
        "headers": _json(given["headers"]),
        "layout": message.layout,
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
