"""Collections: small tables that messages look things up in. Reference 10."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from handbill.contract.limits import COLLECTION_BYTES, COLLECTION_ROW_BYTES
from handbill.errors import InvalidInput, NotFound, quoted
from handbill.workspace.store.database import Row, Transaction

Data = Sequence[Mapping[str, Any]] | Mapping[str, Any]


def columns(data: Data, field: str) -> dict[str, Any]:
    """What is stored of a collection's rows. Raises InvalidInput naming `field` when they are over a limit."""
    rows = [data] if isinstance(data, Mapping) else data
    for position, row in enumerate(rows):
        size = len(msgspec.json.encode(row))
        if size > COLLECTION_ROW_BYTES:
            limit = f"a row may have at most {COLLECTION_ROW_BYTES:,} bytes"
            raise InvalidInput.of(f"{field}[{position}]", f"{field}[{position}] has {size:,} bytes; {limit}.")
    text = msgspec.json.encode(data)
    if len(text) > COLLECTION_BYTES:
        limit = f"a collection may have at most {COLLECTION_BYTES:,}"
        raise InvalidInput.of(field, f"{field} has {len(text):,} bytes; {limit}.")
    schema = sorted({key for row in rows for key in row})
    return {
        "data": text.decode(),
        "bytes": len(text),
        "rows": len(rows),
        "schema": msgspec.json.encode(schema).decode(),
    }


def listed(tx: Transaction) -> list[Row]:
    """Every collection: id, name, bytes, rows, schema (JSON), created, updated."""
    return tx.all("collections.list")


def get(tx: Transaction, collection_id: int) -> Row:
    """One collection, as `listed` has it. Raises NotFound."""
    row = tx.one("collections.get", {"id": collection_id})
    if row is None:
        raise NotFound(f"There is no collection {collection_id}.")
    return row


def content(tx: Transaction, collection_id: int) -> str:
    """Its rows as JSON. Raises NotFound."""
    get(tx, collection_id)
    return str(tx.value("collections.content", {"id": collection_id}))


def create(tx: Transaction, name: str, stored: Mapping[str, Any], now: int) -> Row:
    """A new collection of what `columns` made. Raises InvalidInput when the name is taken."""
    _free(tx, name, 0)
    return get(tx, tx.value("collections.create", {"name": name, "now": now, **stored}))


def update(tx: Transaction, collection_id: int, name: str | None, stored: Mapping[str, Any], now: int) -> Row:
    """Rename a collection, or replace its rows with what `columns` made; what is empty stays as it is.

    Raises NotFound, and InvalidInput when the name is taken.
    """
    name = name or get(tx, collection_id)["name"]
    _free(tx, name, collection_id)
    kept: dict[str, Any] = dict.fromkeys(("data", "bytes", "rows", "schema"))
    tx.run("collections.update", {"id": collection_id, "name": name, "now": now, **kept, **stored})
    return get(tx, collection_id)


def delete(tx: Transaction, collection_id: int) -> None:
    """Delete a collection. Raises NotFound."""
    get(tx, collection_id)
    tx.run("collections.delete", {"id": collection_id})


def _free(tx: Transaction, name: str, collection_id: int) -> None:
    owner = tx.value("collections.of_name", {"name": name})
    if owner not in (None, collection_id):
        raise InvalidInput.of("name", f"name {quoted(name)} is collection {owner}'s already.")
