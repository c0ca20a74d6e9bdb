"""Takes in the files of imports: fetched, counted, then taken in batch by batch as calls of the Track API would be.

How far an import is, is committed with the rows themselves: who stops, or is killed, goes on behind them.
"""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import msgspec

from handbill.contract import operations as contract
from handbill.errors import InvalidInput, Unreadable
from handbill.workspace import fetch, import_files
from handbill.workspace.import_files import Kind, Line, said
from handbill.workspace.store import imports as store
from handbill.workspace.store import objects, operations, people
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.workspace import Workspace

BATCH = 500
"""Rows taken in one transaction: short enough that the sending does not wait for it."""
CHUNK = 20_000
"""Rows counted at a time."""

_KINDS: dict[str, Kind] = {
    "people": "people",
    "event": "events",
    "object": "objects",
    "relationship": "relationships",
}

Wanted = dict[str, Any]
Operation = dict[str, Any]


async def take(workspace: Workspace, number: int, stopping: asyncio.Event) -> None:
    """Bring one import to its end, or as far as `stopping` lets it come."""
    row = await workspace.database.read(store.get, number)
    wanted = msgspec.json.decode(row["wanted"], type=Wanted)
    file = Path(f"{workspace.database.path}.imports") / str(number)
    try:
        if row["state"] == "preprocessing":
            await _fetch(workspace, row, wanted["data_file_url"], file)
        await _count(workspace, row, wanted, file)
        await _take(workspace, row, wanted, file, stopping)
    except (InvalidInput, Unreadable, OSError) as error:
        reason = f"The file could not be kept: {error.strerror}." if isinstance(error, OSError) else str(error)
        await workspace.database.write(store.move, number, "failed", workspace.clock.now(), reason)
    if not stopping.is_set():
        for done in (file, file.with_suffix(".part")):
            done.unlink(missing_ok=True)


async def _fetch(workspace: Workspace, row: Row, url: str, file: Path) -> None:
    """The file, whole or not at all."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    draft = file.with_suffix(".part")
    with draft.open("wb") as target:
        async with fetch.open_url(url, allowed_hosts=workspace.settings.private_hosts) as body:
            async for piece in body:
                await asyncio.to_thread(target.write, piece)
    draft.replace(file)
    await workspace.database.write(store.move, row["id"], "preprocessed", workspace.clock.now())


async def _count(workspace: Workspace, row: Row, wanted: Wanted, file: Path) -> None:
    """Whether the file can be read, and how many rows it has."""
    if row["state"] in ("validated", "importing"):
        return
    await workspace.database.write(store.move, row["id"], "validating", workspace.clock.now())
    rows = 0
    with file.open("rb") as source:
        lines = import_files.read(source, _named(wanted), _KINDS[row["type"]])
        while found := await asyncio.to_thread(_drop, lines, CHUNK):
            rows += found
    await workspace.database.write(store.counted, row["id"], rows, workspace.clock.now())


def _drop(lines: Iterator[Line], most: int) -> int:
    return sum(1 for _ in islice(lines, most))


def _named(wanted: Wanted) -> Path:
    """The file as its address calls it, which says what it holds; faults say this name."""
    return Path(PurePosixPath(urlsplit(wanted["data_file_url"]).path).name or "data_file_url")


async def _take(workspace: Workspace, row: Row, wanted: Wanted, file: Path, stopping: asyncio.Event) -> None:
    with file.open("rb") as source:
        lines = import_files.read(source, _named(wanted), _KINDS[row["type"]])
        await asyncio.to_thread(_drop, lines, row["rows_read"])
        while not stopping.is_set():
            batch = await asyncio.to_thread(lambda: list(islice(lines, BATCH)))
            if not batch:
                await workspace.database.write(store.finish, row["id"], workspace.clock.now())
                return
            await workspace.database.write(_take_batch, row, wanted, batch, workspace.clock.now())


def _take_batch(tx: Transaction, row: Row, wanted: Wanted, lines: Sequence[Line], now: int) -> None:
    """Do what the lines say; how far that is and what was wrong goes into the same transaction."""
    errors = {line.number: line.fault for line in lines if line.fault}
    checked: list[tuple[int, Operation]] = []
    for line in lines:
        if not line.fault:
            operation = _OPERATIONS[row["type"]](line.values, wanted)
            if faults := contract.check(operation):
                errors[line.number] = said(faults)
            else:
                checked.append((line.number, operation))
    taken, refused = _apply(tx, checked, wanted["data_to_process"], now)
    errors |= {number: said(error.faults) for number, error in refused.items()}
    store.took(tx, row["id"], len(lines), taken - len(refused), sorted(errors.items()), now)


def _apply(
    tx: Transaction, checked: Sequence[tuple[int, Operation]], process: str, now: int
) -> tuple[int, dict[int, InvalidInput]]:
    """How many rows were meant, and which were refused."""
    if process == "all":
        return len(checked), operations.apply(tx, checked, now)
    taken = 0
    refused: dict[int, InvalidInput] = {}
    for number, operation in checked:  # one by one, since a row may be what makes the next one's person
        if _is_there(tx, operation) == (process == "only_existing"):
            refused |= operations.apply(tx, [(number, operation)], now)
            taken += 1
    return taken, refused


def _is_there(tx: Transaction, operation: Operation) -> bool:
    """Whether the person, object or relationship is there already."""
    named = operation["identifiers"]
    if operation["type"] == "object":
        return objects.find(tx, named) is not None
    [(kind, name)] = named.items()
    person = people.find(tx, kind, str(name))
    if person is None or operation["action"] != "add_relationships":
        return person is not None
    owner = objects.find(tx, operation["cio_relationships"][0]["identifiers"])
    return owner is not None and objects.related(tx, owner["object"], person)


# What a row says, as an operation (reference 13)


def _person(values: Operation, wanted: Wanted) -> Operation:
    kind = wanted["identifier"]
    named = {kind: values.get(kind)}
    attributes = {name: value for name, value in values.items() if name != kind}
    return {"type": "person", "action": "identify", "identifiers": named, "attributes": attributes}


def _event(values: Operation, wanted: Wanted) -> Operation:
    """`customer_id` names the person if it is there: `id` beside it, or beside an email, is the event's own."""
    key = "email" if wanted["identifier"] == "email" else "customer_id" if "customer_id" in values else "id"
    event = {
        "type": "person",
        "action": values.get("type", "event"),
        "identifiers": {wanted["identifier"]: values.get(key)},
        "name": values.get("name"),
        "timestamp": values.get("timestamp"),
        "attributes": values.get("data"),
    }
    return event if key == "id" else event | {"id": values.get("id")}


def _object(values: Operation, wanted: Wanted) -> Operation:
    attributes = {name: value for name, value in values.items() if name != "object_id"}
    return {"type": "object", "action": "identify", "identifiers": _key(values, wanted), "attributes": attributes}


def _relationship(values: Operation, wanted: Wanted) -> Operation:
    kind = wanted["identifier"]
    attributes = {name: value for name, value in values.items() if name not in (kind, "object_id")}
    related = {"identifiers": _key(values, wanted), "relationship_attributes": attributes}
    named = {kind: values.get(kind)}
    return {"type": "person", "action": "add_relationships", "identifiers": named, "cio_relationships": [related]}


def _key(values: Operation, wanted: Wanted) -> Operation:
    return {"object_type_id": wanted["object_type_id"], "object_id": values.get("object_id")}


_OPERATIONS = {"people": _person, "event": _event, "object": _object, "relationship": _relationship}
