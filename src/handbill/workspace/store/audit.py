"""The audit log: every decision about sending, append-only, each entry sealed with the hash of the one before it."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from handbill.workspace.store.database import Transaction

START = ""
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What was decided (`action`), about which connection and by whom (`via`). `facts` never are people's data."""

    connection: str
    action: str
    via: str
    facts: dict[str, Any] = field(default_factory=dict)


class Record(msgspec.Struct, frozen=True):
    """An entry as it is kept; `hash` is hex SHA-256 over the hash before it and everything here."""

    entry: int
    at: int
    connection: str
    action: str
    via: str
    facts: dict[str, Any]
    hash: str = ""


def record(tx: Transaction, entry: Entry, now: int) -> None:
    """Append an entry, in the transaction that does what it says."""
    number = int(tx.value("audit.next"))
    kept = Record(number, now, entry.connection, entry.action, entry.via, entry.facts)
    facts = msgspec.json.encode(entry.facts, order="sorted").decode()
    row = {**msgspec.structs.asdict(kept), "facts": facts, "hash": sealed(kept, tx.value("audit.last") or START)}
    tx.run("audit.add", row)


def sealed(record: Record, before: str) -> str:
    """The hash that `record` must have when `before` is the hash of the entry before it."""
    content = [before, record.entry, record.at, record.connection, record.action, record.via, record.facts]
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def read(tx: Transaction, after: int = 0, limit: int = 1000) -> list[Record]:
    """Entries in their order, behind the entry `after`."""
    rows = tx.all("audit.all", {"after": after, "limit": limit})
    return [Record(**{**dict(row), "facts": msgspec.json.decode(row["facts"])}) for row in rows]


def whole(tx: Transaction) -> Iterator[Record]:
    """All entries in their order; they are read a thousand at a time."""
    page = read(tx)
    while page:
        yield from page
        page = read(tx, after=page[-1].entry)


def last(tx: Transaction) -> int:
    """The number of the newest entry there has ever been: fewer are there when the end was cut off."""
    return int(tx.value("audit.next")) - 1


def faults(records: Iterable[Record], last: int) -> Iterator[str]:
    """What is wrong with the whole log, a sentence each; nothing when it is as it was written."""
    before, number = START, 0
    for number, found in enumerate(records, 1):
        if found.entry != number:
            yield f"Entry {number} is missing."
            return
        if found.hash != sealed(found, before):
            yield f"Entry {number} is not as it was written, or one before it was changed."
            return
        before = found.hash
    if number < last:
        yield f"The end is missing: entries {number + 1} to {last}."
