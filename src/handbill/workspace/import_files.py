"""Files to import: CSV and JSON Lines, plain or gzip, as numbered lines that are right or say what is wrong."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

import msgspec

from handbill.contract.audience import json_faults
from handbill.contract.conditions import unix_seconds
from handbill.contract.filters import got, short
from handbill.contract.limits import JSON_DEPTH, PERSON_DATA_BYTES
from handbill.errors import Fault, Unreadable, quoted
from handbill.workspace.data_file import BOM, LONG_NUMBER, ZEROS

Kind = Literal["people", "events", "objects", "relationships"]
File = BufferedReader | gzip.GzipFile

EVENT_KEYS = ("customer_id", "id", "email", "name", "type", "timestamp")
"""The columns of a CSV file of events that are not part of the event's data."""

_GZIP = b"\x1f\x8b"
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank, by its number from 1; `fault` says why it could not be read."""

    number: int
    values: dict[str, Any]
    fault: str = ""


def said(faults: Sequence[Fault]) -> str:
    """What is wrong with a line, as one sentence."""
    return "; ".join(fault.message.rstrip(".") for fault in faults)


def read(file: BufferedReader, path: Path, kind: Kind) -> Iterator[Line]:
    """The lines of a CSV or JSON Lines file, plain or gzip. Raises Unreadable."""
    zipped = file.peek(2).startswith(_GZIP)
    try:
        yield from _read(gzip.GzipFile(fileobj=file) if zipped else file, path, kind)
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise Unreadable(f"{path} is not a whole gzip file.") from None


def _read(file: File, path: Path, kind: Kind) -> Iterator[Line]:
    start = file.peek(512)[:512]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"{path} is UTF-16 text; save it as UTF-8.")
    begin = start.removeprefix(BOM).lstrip()
    if begin.startswith(b"["):
        raise Unreadable(f"{path} is one JSON array; it must be one JSON object per line.")
    ending = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"][-1:]
    if (ending and ending[0] in _JSON_ENDINGS) or (ending != [".csv"] and begin.startswith(b"{")):
        yield from _json_lines(file)
    else:
        yield from _csv_lines(file, path, kind)


def _texts(file: File) -> Iterator[bytes]:
    """Each line as bytes, the first without a byte order mark; of an endless one only the beginning."""
    first = True
    while line := file.readline(PERSON_DATA_BYTES + 1):
        end = line
        while len(end) > PERSON_DATA_BYTES and not end.endswith(b"\n"):
            end = file.readline(PERSON_DATA_BYTES + 1)
        yield line.removeprefix(BOM) if first else line
        first = False


def _json_lines(file: File) -> Iterator[Line]:
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
        return Line(number, value, next((fault.message for fault in json_faults("line", value)), "").rstrip("."))
    return Line(number, value)


def _csv_lines(file: File, path: Path, kind: Kind) -> Iterator[Line]:
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


_NEEDED = {
    "people": ("id", "email"),
    "events": ("customer_id", "id", "email"),
    "objects": ("object_id",),
    "relationships": ("object_id",),
}
"""Columns of which a file has one at least."""


def _check_header(names: Sequence[str], path: Path, kind: Kind) -> None:
    needed = _NEEDED[kind]
    if not any(name in names for name in needed):
        raise Unreadable(f"{path} needs a column {' or '.join(needed)}; its first line is {quoted(','.join(names))}.")
    if repeated := {name for name in names if names.count(name) > 1}:
        raise Unreadable(f"{path} has the column {short(min(repeated))} more than once.")


def _csv_line(number: int, names: Sequence[str], row: Sequence[str], kind: Kind) -> Line:
    if len(row) != len(names):
        return Line(number, {}, f"{len(row)} cells, but the first line has {len(names)}")
    text = "".join(row)
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        return Line(number, {}, "not UTF-8")
    if "\0" in text:
        return Line(number, {}, "a NUL character, which cannot be stored")
    values: dict[str, Any] = {name: cell for name, cell in zip(names, row, strict=True) if cell}
    time = "timestamp" if kind == "events" else "created_at"
    if time in values:
        values[time] = _seconds(values[time])
    if kind != "events":
        return Line(number, _truth(values) if kind == "people" else values)
    data = {name: values.pop(name) for name in names if name not in EVENT_KEYS and name in values}
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
