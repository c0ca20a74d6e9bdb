"""Writing: contents found, changed, translated and put into test groups. Reference 6.1, 7.1, 8.2."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from handbill.contract.fields import FIELDS
from handbill.contract.limits import BIGGEST_ID
from handbill.errors import Conflict, InvalidInput, NotFound, quoted
from handbill.workspace.store import senders
from handbill.workspace.store.contents import Parent
from handbill.workspace.store.database import Row, Transaction

PARENTS: Mapping[Parent, tuple[str, str]] = {
    "broadcast_id": ("broadcasts", "broadcast"),
    "campaign_id": ("campaigns", "campaign"),
    "newsletter_id": ("newsletters", "newsletter"),
    "transactional_id": ("transactional", "transactional message"),
}
"""Whose a content, a delivery or a counter may be: the column that says so, its table and its name in sentences."""

ACTIONS = ("broadcast_id", "campaign_id")
"""Their contents are actions: a translation is shown under the number of what it translates."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which content is meant: of whom, and by number, by language, or by both."""

    parent: Parent
    number: int
    content: int | None = None
    test_group: int | None = None
    language: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        named = {"content": self.content, "test_group": self.test_group, "language": self.language}
        return {"number": self.number, "base": self.parent in ACTIONS, **named}


def check(tx: Transaction, place: Place) -> None:
    """That all the numbers are there. Raises NotFound."""
    table, noun = PARENTS[place.parent]
    if not tx.one("writing.parent", place.values, table=table):
        raise NotFound(f"There is no {noun} {place.number}.")
    if place.content and not tx.one("writing.has_content", place.values, parent=place.parent):
        kind = "action" if place.parent in ACTIONS else "content"
        raise NotFound(f"{noun.capitalize()} {place.number} has no {kind} {place.content}.")
    if place.test_group and not tx.one("writing.has_group", place.values):
        raise NotFound(f"{noun.capitalize()} {place.number} has no test group {place.test_group}.")


def listed(tx: Transaction, place: Place, after: int = 0, limit: int = BIGGEST_ID) -> list[Row]:
    """Up to `limit` contents from the one behind `after`; of actions, without translations. Raises NotFound."""
    check(tx, place)
    return tx.all("writing.list", {**place.values, "after": after, "limit": limit}, parent=place.parent)


def get(tx: Transaction, place: Place) -> Row:
    """The content. Raises NotFound, or InvalidInput for a language it has no translation into (reference 6.1)."""
    check(tx, place)
    row = tx.one("writing.get", place.values, parent=place.parent)
    if row is None:
        language = quoted(place.language or "")
        raise InvalidInput.of("language", f"bad request: there is no translation into the language {language}.")
    return row


def shown_as(tx: Transaction, content: int) -> list[int]:
    """The contents that are shown under this number: an action, with its translations."""
    return list(tx.column("writing.shown_as", {"content": content})) or [content]


# Changes


def update(tx: Transaction, place: Place, changes: Mapping[str, Any], now: int) -> Row:
    """Change what `changes` names, None empties it; the content as it is then. Raises as `get` does."""
    return _write(tx, get(tx, place), changes, now)


def _write(tx: Transaction, row: Row, changes: Mapping[str, Any], now: int) -> Row:
    fields = msgspec.json.decode(row["fields"], type=dict[str, str])
    fields |= {name: changes[name] or "" for name in FIELDS[row["type"]] if name in changes}
    for name in ("from", "reply_to"):
        if (field := f"{name}_id") in changes:
            fields[name] = senders.named(tx, field, changes[field]) if changes[field] else ""
    headers = changes["headers"] or [] if "headers" in changes else msgspec.json.decode(row["headers"])
    values = {
        "id": row["id"],
        "sending_state": changes.get("sending_state") or row["sending_state"],
        "fields": msgspec.json.encode({name: text for name, text in fields.items() if text}).decode(),
        "headers": msgspec.json.encode(headers).decode(),
        "now": now,
    }
    tx.run("writing.update", values)
    senders.note(tx, row["id"], now)
    return _row(tx, row["id"])


def _row(tx: Transaction, number: int) -> Row:
    row = tx.one("writing.row", {"id": number})
    assert row
    return row


def translate(tx: Transaction, place: Place, changes: Mapping[str, Any], now: int) -> Row:
    """Add the translation into `place.language`, a copy of what it translates with `changes`.

    Raises NotFound, and Conflict when it is there already.
    """
    check(tx, replace(place, language=None))
    if tx.one("writing.get", place.values, parent=place.parent):
        raise Conflict(f"There is a translation into {quoted(place.language or '')} already; change it with PUT.")
    base = tx.one("writing.base", place.values, parent=place.parent)
    if base is None:
        raise InvalidInput.of("language", "There is nothing to translate yet.")
    number = _copy(tx, base, base["id"], base["test_group_id"], place.language or "", now)
    return _write(tx, _row(tx, number), changes, now)


def _copy(tx: Transaction, row: Row, base: int | None, test_group: int | None, language: str, now: int) -> int:
    values = {
        "content": row["id"],
        "translation_of": base,
        "test_group": test_group,
        "language": language,
        "now": now,
    }
    return int(tx.value("writing.copy", values))


def delete_translation(tx: Transaction, place: Place) -> None:
    """Raises as `get` does, and Conflict for a text that is no translation."""
    row = get(tx, place)
    if row["translation_of"] is None:
        raise Conflict(f"{quoted(row['language'])} is the language that others are translated from; it stays.")
    tx.run("writing.delete", {"id": row["id"]})


def test_groups(tx: Transaction, place: Place) -> list[Row]:
    """A newsletter's A/B groups; `content_ids` is JSON. Raises NotFound."""
    check(tx, place)
    return tx.all("writing.groups", place.values)


def add_test_group(tx: Transaction, place: Place, name: str | None, label: str | None, now: int) -> None:
    """Add a group whose contents are copies of the first one's; what was written without a group becomes the first.

    Groups without a name are A, B, and so on. Raises NotFound, and Conflict for a name that one has.
    """
    groups = test_groups(tx, place)
    if name in [group["name"] for group in groups]:
        raise Conflict(f"There is a test group {quoted(name or '')} already.")
    if not groups:
        first = _new_group(tx, place, 0, None, None)
        tx.run("writing.join_group", {**place.values, "test_group": first})
        groups = test_groups(tx, place)
    number = _new_group(tx, place, len(groups), name, label)
    base = tx.one("writing.base", {**place.values, "test_group": groups[0]["id"]}, parent=place.parent)
    if base is None:
        return
    copy = _copy(tx, base, None, number, base["language"], now)
    for row in tx.all("writing.translations", {"content": base["id"]}):
        _copy(tx, row, copy, number, row["language"], now)


def _new_group(tx: Transaction, place: Place, position: int, name: str | None, label: str | None) -> int:
    named = {"name": name or chr(ord("A") + position % 26), "label": label or f"test {position + 1}"}
    return int(tx.value("writing.add_group", {**place.values, **named}))
