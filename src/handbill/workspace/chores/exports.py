"""Makes the files of exports: CSV, written batch by batch, so that a million people take no more memory than some."""

import asyncio
import csv
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import msgspec

from handbill.errors import HandbillError, Unavailable
from handbill.workspace import delivery_ids
from handbill.workspace.store import audience, imports, messages, people
from handbill.workspace.store import exports as store
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import cio_id
from handbill.workspace.workspace import Workspace

log = logging.getLogger(__name__)

BATCH = 1000
"""Rows read, and then written, at a time."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: its columns, its entries in batches, and the cells of an entry."""

    columns: Sequence[str]
    batches: AsyncIterator[Sequence[Any]]
    cells: Callable[[Any], Sequence[object]]


def path(workspace: Workspace, export: int) -> Path:
    """Where an export's file is. The folder lies beside the database, where every process finds it."""
    return Path(f"{workspace.database.path}.exports") / f"{export}.csv"


async def make(workspace: Workspace, export: int, stopping: asyncio.Event) -> None:
    """Make an export's file. A stop leaves the export waiting: it is begun again."""
    row = await workspace.database.read(store.get, export)
    try:
        table = await _TABLES[row["type"]](workspace, msgspec.json.decode(row["wanted"]))
        total = await _write(path(workspace, export), table, stopping)
    except Unavailable:
        raise
    except (HandbillError, OSError) as error:
        log.warning("Export %d failed: %s", export, error)
        await workspace.database.write(store.finish, export, "failed", 0, workspace.clock.now())
        return
    if not stopping.is_set():
        await workspace.database.write(store.finish, export, "done", total, workspace.clock.now())


async def _write(target: Path, table: Table, stopping: asyncio.Event) -> int:
    """Write the file, whole or not at all; how many entries it has."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    draft, total = target.with_suffix(".part"), 0
    with draft.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(table.columns)
        async for batch in table.batches:
            if stopping.is_set():
                return 0
            await asyncio.to_thread(_write_batch, file, table, batch)
            total += len(batch)
        await asyncio.to_thread(_flush, file)
    draft.replace(target)
    return total


def _write_batch(file: TextIO, table: Table, batch: Sequence[Any]) -> None:
    csv.writer(file).writerows(table.cells(entry) for entry in batch)


def _flush(file: TextIO) -> None:
    file.flush()
    os.fsync(file.fileno())


# People


async def _customers(workspace: Workspace, wanted: Mapping[str, Any]) -> Table:
    """Everybody a filter matches now, eight bytes each; a column for each attribute that one of them has."""
    matching = await workspace.database.read(audience.matching, wanted["filters"], workspace.clock.now())
    names: dict[str, None] = {}
    for numbers in _batches(matching):
        names.update(dict.fromkeys(await workspace.database.read(store.attribute_names, numbers)))
    columns = ["id", "email", "cio_id", "unsubscribed", *sorted(names)]

    def cells(row: Row) -> list[object]:
        known = people.attributes(row)
        return [known.get(column) for column in columns]

    return Table(columns, _people(workspace, matching), cells)


async def _people(workspace: Workspace, matching: Sequence[int]) -> AsyncIterator[Sequence[Row]]:
    for numbers in _batches(matching):
        yield await workspace.database.read(store.people, numbers)


def _batches(numbers: Sequence[int]) -> list[Sequence[int]]:
    return [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]


# Deliveries

_PARENTS = ("campaign_id", "broadcast_id", "newsletter_id", "transactional_id", "trigger_id", "content_id")
_METRICS = ("created", *messages.TIMES)
_PERSON = ("customer_id", "email", "cio_id")
_MESSAGE = ("type", "recipient", "subject", "failure_message")

Delivery = tuple[Row, Row | None]
"""A delivery and its person, if there."""


async def _deliveries(workspace: Workspace, wanted: Mapping[str, Any]) -> Table:
    extra: list[str] = wanted["attributes"]

    def cells(delivery: Delivery) -> list[object]:
        row, person = delivery
        known = people.attributes(person) if person and extra else {}
        return [
            delivery_ids.seal(workspace.secret, row["delivery"]),
            *(row[column] for column in _PARENTS),
            row["id"],
            row["email"],
            cio_id(row["person"]),
            *(row[column] for column in (*_MESSAGE, *_METRICS)),
            *(known.get(name) for name in extra),
        ]

    columns = ["delivery_id", *_PARENTS, *_PERSON, *_MESSAGE, *_METRICS, *extra]
    return Table(columns, _found(workspace, wanted), cells)


async def _found(workspace: Workspace, wanted: Mapping[str, Any]) -> AsyncIterator[Sequence[Delivery]]:
    after, now = 0, workspace.clock.now()
    while found := await workspace.database.read(_page, wanted, after, now):
        after = found[-1][0]["delivery"]
        yield found


def _page(tx: Transaction, wanted: Mapping[str, Any], after: int, now: int) -> list[Delivery]:
    rows = store.deliveries(tx, wanted, after, BATCH, now)
    numbers = {row["person"] for row in rows} if wanted["attributes"] else ()
    known = {row["person"]: row for row in store.people(tx, list(numbers))}
    return [(row, known.get(row["person"])) for row in rows]


# Lines of an import that were wrong


async def _import_errors(workspace: Workspace, wanted: Mapping[str, Any]) -> Table:
    return Table(("line", "error"), _errors(workspace, wanted["import"]), tuple)


async def _errors(workspace: Workspace, number: int) -> AsyncIterator[Sequence[Row]]:
    after = 0
    while found := await workspace.database.read(imports.errors, number, after, BATCH):
        after = found[-1]["line"]
        yield found


_TABLES = {"customers": _customers, "deliveries": _deliveries, "import_errors": _import_errors}
