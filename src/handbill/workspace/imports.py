"""Imports: people and events from CSV and JSON Lines files, all of a file or, with `skip_bad`, its good lines.

A file is read once, inside one transaction of the workspace: each line is judged and written, and a bad one takes
everything back in the end, when all bad lines are known. Memory is bounded by a batch of lines.
"""

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from handbill.contract import attributes as people_contract
from handbill.contract import events as events_contract
from handbill.contract.audience import json_faults
from handbill.contract.conditions import unix_seconds
from handbill.contract.filters import got, listed, short
from handbill.contract.limits import JSON_DEPTH, PERSON_DATA_BYTES
from handbill.errors import Fault, InvalidInput, Unreadable, quoted
from handbill.workspace.data_file import BOM, LONG_NUMBER, ZEROS
from handbill.workspace.store import events, people
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.operations import event_row
from handbill.workspace.workspace import Workspace

Kind = Literal["people", "events"]
Progress = Callable[[int], None]
"""Told how many bytes of the file have been read."""

SHOWN = 100
_BATCH = 1000
_GZIP = b"\x1f\x8b"
_EVENT_KEYS = ("customer_id", "id", "email", "name", "type", "timestamp")


@dataclass(slots=True)
class Report:
    """What became of a file. `skipped` lines are wrong, the first hundred of them stand in `errors`; `repeated` events
    were there already by their id. Nothing is imported when lines are wrong, unless they were to be skipped.
    """

    imported: int = 0
    skipped: int = 0
    repeated: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    """`{"line", "reason"}`, by line."""

    def refuse(self, line: int, reason: str) -> None:
        self.skipped += 1
        if len(self.errors) < SHOWN:
            self.errors.append({"line": line, "reason": reason})


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, by its number from 1; `fault` says why it could not be read."""

    number: int
    values: dict[str, Any]
    fault: str = ""


class _Refused(Exception):
    """Takes the transaction back; nobody sees it."""


async def run(
    workspace: Workspace, kind: Kind, path: Path, *, skip_bad: bool = False, progress: Progress | None = None
) -> Report:
    """Import a file of people or events. Raises Unreadable for a file that cannot hold any."""
    report = Report()
    try:
        await workspace.database.write(
            _import, kind, path, report, workspace.clock.now(), skip_bad, progress or _silent
        )
    except _Refused:
        report.imported = report.repeated = 0
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from None
    return report


def _silent(_: int) -> None:
    """Nobody watches."""


def _import(
    tx: Transaction, kind: Kind, path: Path, report: Report, now: int, skip_bad: bool, progress: Progress
) -> None:
    take = {"people": _take_people, "events": _take_events}[kind]
    with path.open("rb") as raw:
        lines = read(raw, path, kind)
        while batch := list(islice(lines, _BATCH)):
            take(tx, batch, report, now)
            progress(raw.tell())
    if report.skipped and not skip_bad:
        raise _Refused


# Reading: a file becomes lines.


def read(raw: IO[bytes], path: Path, kind: Kind) -> Iterator[Line]:
    """The lines of a CSV or JSON Lines file, plain or gzip. Raises Unreadable."""
    zipped = raw.read(2) == _GZIP
    raw.seek(0)
    file = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if zipped else raw  # type: ignore[arg-type]
    try:
        yield from _read(file, path, kind)
    except (gzip.BadGzipFile, EOFError):
        raise Unreadable(f"{path} is not a whole gzip file.") from None


def _read(file: IO[bytes], path: Path, kind: Kind) -> Iterator[Line]:
    start = io.BufferedReader.peek(file, 512)[:512] if isinstance(file, io.BufferedReader) else b""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"{path} is UTF-16 text; save it as UTF-8.")
    start = start.removeprefix(BOM).lstrip()
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if start.startswith(b"["):
        raise Unreadable(f"{path} is one JSON array; it must be one JSON object per line.")
    as_json = suffixes[-1:] in ([".jsonl"], [".ndjson"], [".json"]) or (
        suffixes[-1:] != [".csv"] and start.startswith(b"{")
    )
    yield from _json_lines(file) if as_json else _csv_lines(file, path, kind)


def _texts(file: IO[bytes]) -> Iterator[bytes]:
    """Each line as bytes, the first without a byte order mark; of an endless one only the beginning."""
    first = True
    while line := file.readline(PERSON_DATA_BYTES + 1):
        end = line
        while len(end) > PERSON_DATA_BYTES and not end.endswith(b"\n"):
            end = file.readline(PERSON_DATA_BYTES + 1)
        yield line.removeprefix(BOM) if first else line
        first = False


def _json_lines(file: IO[bytes]) -> Iterator[Line]:
    for number, text in enumerate(_texts(file), 1):
        if not text.isspace() and text:
            yield _json_line(number, text)


def _json_line(number: int, text: bytes) -> Line:
    if len(text) > PERSON_DATA_BYTES:
        return Line(number, {}, f"longer than {PERSON_DATA_BYTES} bytes")
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return Line(number, {}, f"not JSON: {str(error).rstrip('.')}")
    if not isinstance(value, dict):
        return Line(number, {}, f"not a JSON object but {got(value)}")
    deep = text.count(b"{") + text.count(b"[") >= JSON_DEPTH
    if deep or b"\\u0000" in text or LONG_NUMBER in text.translate(ZEROS):
        return Line(number, value, _said([*json_faults("line", value)]))
    return Line(number, value)


def _csv_lines(file: IO[bytes], path: Path, kind: Kind) -> Iterator[Line]:
    """Rows by the number of the line they end on. Bytes that are no UTF-8 survive as half surrogates until judged."""
    rows = csv.reader(text.decode("utf-8", "surrogateescape") for text in _texts(file))
    header = next(rows, [])
    names = [name.strip() for name in header]
    _check_header(names, path, kind)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(rows.line_num, {}, f"not CSV: {error}")
            continue
        if row:
            yield _csv_line(rows.line_num, names, row, kind)


def _check_header(names: Sequence[str], path: Path, kind: Kind) -> None:
    needed = ("id", "email") if kind == "people" else ("customer_id", "id", "email")
    if not any(name in names for name in needed):
        raise Unreadable(f"{path} needs a column {' or '.join(needed)}; its first line is {quoted(','.join(names))}.")
    if repeated := {name for name in names if names.count(name) > 1}:
        raise Unreadable(f"{path} has the column {short(sorted(repeated)[0])} more than once.")


def _csv_line(number: int, names: Sequence[str], row: Sequence[str], kind: Kind) -> Line:
    if len(row) != len(names):
        return Line(number, {}, f"{len(row)} cells, but the first line has {len(names)}")
    text = "".join(row)
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        return Line(number, {}, "not UTF-8")
    if "\0" in text:
        return Line(number, {}, "a NUL character, which cannot be stored")
    values: dict[str, Any] = {name: cell for name, cell in zip(names, row, strict=True) if cell}
    for name in ("created_at", "timestamp")[kind == "events" :]:
        if name in values:
            values[name] = _seconds(values[name])
    if kind == "people":
        return Line(number, _truth(values))
    data = {name: values.pop(name) for name in names if name not in _EVENT_KEYS and name in values}
    return Line(number, {**values, "data": data})


def _seconds(cell: str) -> int | str:
    """A time in a cell as Unix seconds; anything else stays as it is, to be refused by name."""
    if cell.isascii() and cell.isdigit():
        return int(cell)
    moment = unix_seconds(cell)
    return cell if moment is None else moment


def _truth(values: dict[str, Any]) -> dict[str, Any]:
    if "unsubscribed" in values:
        cell = values["unsubscribed"].lower()
        values["unsubscribed"] = {"1": "true", "0": "false"}.get(cell, cell)
    return values


# Judging and writing.


def _take_people(tx: Transaction, lines: Sequence[Line], report: Report, now: int) -> None:
    for line in lines:
        fault = line.fault or _person(tx, line.values, now)
        if fault:
            report.refuse(line.number, fault)
        else:
            report.imported += 1


def _person(tx: Transaction, values: Mapping[str, Any], now: int) -> str:
    """Make or change one person; what is wrong with the line, or nothing."""
    kind: Literal["id", "email"] = "id" if values.get("id") not in (None, "") else "email"
    if values.get(kind) in (None, ""):
        return "neither id nor email"
    faults = people_contract.check(values) + people_contract.moment(values.get("created_at") or None, "created_at")
    if faults:
        return _said(faults)
    try:
        done = people.identify(tx, kind, str(values[kind]), values, now, strict=True)
    except InvalidInput as error:
        return _said(error.faults)
    return "" if done.person else "this person is suppressed, or not to be made"


def _take_events(tx: Transaction, lines: Sequence[Line], report: Report, now: int) -> None:
    known = _Known(tx, people.numbers(tx, [name for line in lines if (name := _customer(line.values)[1])]))
    rows = []
    for line in lines:
        fault = line.fault or _event_fault(line.values)
        person = None if fault else known.person(*_customer(line.values))
        if person is None:
            report.refuse(line.number, fault or _unknown(*_customer(line.values)))
        else:
            rows.append(_row(person, line.values, now))
    added = events.add(tx, rows) if rows else 0
    report.imported += added
    report.repeated += len(rows) - added


def _customer(values: Mapping[str, Any]) -> tuple[str, str]:
    """Whose event it is: `customer_id`, else `email`, else `id`, which beside one of those is the event's own."""
    for key in ("customer_id", "email", "id"):
        if isinstance(values.get(key), str | int) and not isinstance(values[key], bool):
            return key, str(values[key])
    return "", ""


def _unknown(key: str, name: str) -> str:
    return f"no person with {'email' if key == 'email' else 'id'} {quoted(name)}; import people first"


@dataclass(slots=True)
class _Known:
    """People by the names that the events of a batch use."""

    tx: Transaction
    ids: dict[str, int]
    emails: dict[str, int | None] = field(default_factory=dict)

    def person(self, key: str, name: str) -> int | None:
        if key != "email":
            return self.ids.get(name)
        if name not in self.emails:
            found = people.by_email(self.tx, name)
            self.emails[name] = found[0] if len(found) == 1 else None
        return self.emails[name]


def _event_fault(values: Mapping[str, Any]) -> str:
    key, _ = _customer(values)
    if not key:
        return "nobody is named: customer_id or email is needed"
    own = values if key != "id" else {name: value for name, value in values.items() if name != "id"}
    faults = events_contract.check(own, values.get("type", "event"))
    if values.get("timestamp") is None:
        faults.append(Fault("timestamp", "timestamp is required"))
    known = (*_EVENT_KEYS, "data")
    faults += [
        Fault(name, f"{short(name)} is not known; use {listed(known)}") for name in values if name not in known
    ]
    return _said(faults)


def _row(person: int, values: Mapping[str, Any], now: int) -> dict[str, Any]:
    row = event_row(person, values.get("type", "event"), values, values.get("data"), now)
    return row | {"id": None} if _customer(values)[0] == "id" else row


def _said(faults: Sequence[Fault]) -> str:
    return "; ".join(fault.message.rstrip(".") for fault in faults)
