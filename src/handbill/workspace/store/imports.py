"""Imports: what is to be imported, how far that is, and which lines were wrong. Reference 10."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from handbill.errors import NotFound
from handbill.workspace.store import exports
from handbill.workspace.store.database import Row, Transaction


def get(tx: Transaction, number: int) -> Row:
    """One import. Raises NotFound."""
    row = tx.one("imports.get", {"id": number})
    if row is None:
        raise NotFound(f"There is no import {number}.")
    return row


def create(tx: Transaction, name: str, description: str, type_: str, wanted: Mapping[str, Any], now: int) -> Row:
    kept = msgspec.json.encode(wanted).decode()
    values = {"name": name, "description": description, "type": type_, "wanted": kept, "now": now}
    return get(tx, tx.value("imports.create", values))


def due(tx: Transaction, now: int) -> list[int]:
    """The import that is to go on."""
    return list(tx.column("imports.due"))


def move(tx: Transaction, number: int, state: str, now: int, error: str = "") -> None:
    tx.run("imports.move", {"id": number, "state": state, "error": error, "now": now})


def counted(tx: Transaction, number: int, rows: int, now: int) -> None:
    """The file can be read, and has so many rows."""
    tx.run("imports.counted", {"id": number, "rows": rows, "now": now})


def took(tx: Transaction, number: int, read: int, imported: int, errors: Iterable[tuple[int, str]], now: int) -> None:
    """So many rows more are dealt with; `errors` are the lines that were wrong and why."""
    tx.many("imports.add_error", ({"import": number, "line": line, "error": error} for line, error in errors))
    tx.run("imports.took", {"id": number, "read": read, "imported": imported, "now": now})


def finish(tx: Transaction, number: int, now: int) -> None:
    """All is dealt with; the lines that were wrong become an export."""
    if tx.one("imports.has_errors", {"id": number}):
        made = exports.create(tx, "import_errors", f"Errors of import {number}", {"import": number}, now)
        tx.run("imports.reported", {"id": number, "export": made["id"]})
    move(tx, number, "imported", now)


def errors(tx: Transaction, number: int, after: int, limit: int) -> list[Row]:
    """The next wrong lines behind the line `after`: line and error."""
    return tx.all("imports.errors", {"id": number, "after": after, "limit": limit})
