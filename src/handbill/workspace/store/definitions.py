"""Definitions in the database: all of them read as the models that files have, and one of them written."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from handbill.contract.definitions import (
    KINDS,
    Broadcast,
    Campaign,
    Definition,
    Message,
    Newsletter,
    Segment,
    Topic,
    Transactional,
    Written,
    translated,
)
from handbill.contract.fields import NAMES
from handbill.workspace.store import senders
from handbill.workspace.store.database import Row, Transaction

PARENT = {
    "broadcasts": "broadcast_id",
    "campaigns": "campaign_id",
    "newsletters": "newsletter_id",
    "transactional": "transactional_id",
}


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
    given = {name: row[name] for name in ("name", "type", "sending_state", "language", "layout", "test_group")}
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
        case Broadcast() | Campaign() | Newsletter():
            goal = _json(given["goal"]) if given["goal"] else None
            return {**given, "audience": _json(definition.audience), "tags": _json(definition.tags), "goal": goal}
    return given


def _write_messages(tx: Transaction, definition: Written, number: int, now: int) -> None:
    """The messages in their order; one that was there keeps its id, and what is left over goes."""
    parent, groups = PARENT[definition.kind], _groups(tx, definition, number)
    rows = tx.all("definitions.contents", {"id": number}, parent=parent)
    kept = dict(zip(_places((row["translation_of"], row["language"]) for row in rows), rows, strict=True))
    bases = translated((message.language, message.test_group) for message in definition.messages)
    places = _places(zip(bases, (message.language for message in definition.messages), strict=True))
    ids: list[int] = []
    for place, base, message in zip(places, bases, definition.messages, strict=True):
        values = {
            "id": kept.pop(place)["id"] if place in kept else None,
            "parent": number,
            "translation_of": None if base is None else ids[base],
            "test_group_id": groups.get(message.test_group),
            "now": now,
            **_message_columns(message),
        }
        ids.append(tx.value("definitions.put_content", values, parent=parent))
        senders.note(tx, ids[-1], now)
    tx.many("definitions.delete_content", [{"id": row["id"]} for row in kept.values()])
    if isinstance(definition, Newsletter):
        tx.run("definitions.delete_groups", {"id": number, "kept": _json(list(groups.values()))})


def _places(messages: Iterable[tuple[int | None, str]]) -> list[tuple[int, str]]:
    """Where each message stands, given what it translates and its language: the same there is the same message.

    That is its number among those that translate none, and the language of a translation.
    """
    places, base = [], -1
    for translates, language in messages:
        base += translates is None
        places.append((base, "" if translates is None else language))
    return places


def _groups(tx: Transaction, definition: Written, number: int) -> dict[str, int]:
    """The ids of the test groups that the messages name; those that are new are made."""
    names = dict.fromkeys(message.test_group for message in definition.messages if message.test_group)
    known = {row["name"]: row["id"] for row in tx.all("writing.groups", {"number": number})} if names else {}
    for position, name in enumerate(names):
        label = {"number": number, "name": name, "label": f"test {position + 1}"}
        if name not in known:
            known[name] = tx.value("writing.add_group", label)
    return {name: known[name] for name in names}


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
