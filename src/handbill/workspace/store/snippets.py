"""Snippets: pieces of Liquid that messages share. Reference 10."""

from collections.abc import Iterator

import msgspec

from handbill.contract.limits import SNIPPETS_BYTES
from handbill.errors import InvalidInput, NotFound, TooLarge, quoted
from handbill.workspace.liquid import Dialect, LiquidSyntaxFault
from handbill.workspace.store.database import Row, Transaction


def listed(tx: Transaction) -> list[Row]:
    """Every snippet by name: name, value, updated."""
    return tx.all("snippets.list")


def create(tx: Transaction, name: str, value: str, now: int) -> None:
    """A new snippet. Raises InvalidInput when there is one of this name, and as `put` does."""
    if tx.one("snippets.get", {"name": name}):
        raise InvalidInput.of("name", "A snippet with that name already exists; PUT changes it.")
    put(tx, name, value, now)


def put(tx: Transaction, name: str, value: str, now: int) -> None:
    """Make or change a snippet. Raises TooLarge when all of them were over the limit."""
    tx.run("snippets.put", {"name": name, "value": value, "now": now})
    if tx.value("snippets.bytes") > SNIPPETS_BYTES:
        raise TooLarge(f"All snippets together must be at most {SNIPPETS_BYTES:,} bytes; delete or shorten some.")


def delete(tx: Transaction, name: str) -> None:
    """Delete a snippet. Raises NotFound, and InvalidInput when a message, layout or other snippet uses it."""
    if not tx.one("snippets.get", {"name": name}):
        raise NotFound(f"There is no snippet {quoted(name)}.")
    dialect = Dialect()
    if any(_uses(dialect, text, name) for text in _texts(tx, name)):
        raise InvalidInput.of("snippet_name", "unable to delete snippet in use")
    tx.run("snippets.delete", {"name": name})


def _texts(tx: Transaction, name: str) -> Iterator[str]:
    """What may ask for the snippet `name`: other snippets, layouts, messages' fields and headers."""
    yield from tx.column("snippets.texts", {"name": name})
    for row in tx.all("snippets.contents"):
        yield from msgspec.json.decode(row["fields"], type=dict[str, str]).values()
        yield from (header["value"] for header in msgspec.json.decode(row["headers"]))


def _uses(dialect: Dialect, text: str, name: str) -> bool:
    if "snippets" not in text:
        return False
    try:
        asked = dialect.snippets_in(text)
    except LiquidSyntaxFault:  # it cannot be sent either
        return False
    return name in asked or None in asked
