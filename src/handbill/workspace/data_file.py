"""Reads the people of a data file: JSON Lines behind a URL, judged line by line (reference 3.1, data file)."""

import json
import re
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import msgspec

from handbill.contract.audience import BIGGEST_INTEGER, is_address, json_faults, kind
from handbill.contract.limits import IDENTIFIER_BYTES, JSON_DEPTH, PERSON_DATA_BYTES
from handbill.errors import InvalidInput, quoted
from handbill.workspace import fetch

FIELD = "data_file_url"
BOM = b"\xef\xbb\xbf"


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line that is not blank. `number` counts from 1; `data` is a JSON object as it stands in the file.

    When `fault` says what is wrong, the rest is empty.
    """

    number: int
    id: str | None = None
    email: str | None = None
    data: bytes = b"{}"
    fault: str | None = None


async def read_lines(
    url: str,
    *,
    allowed_hosts: frozenset[str] = frozenset(),
    limits: fetch.Limits = fetch.LIMITS,
    line_bytes: int = PERSON_DATA_BYTES,
) -> AsyncGenerator[Line, None]:
    """The lines of the file behind `url`, as they arrive; memory is bounded by one line.

    Raises InvalidInput when it cannot be fetched, is no JSON Lines, is empty, or has a line over `line_bytes`.
    Whoever may stop early closes it: `async with contextlib.aclosing(read_lines(url)) as lines`.
    """
    splitter = _Splitter(line_bytes)
    async with fetch.open_url(url, allowed_hosts=allowed_hosts, field=FIELD, limits=limits) as body:
        async for block in body:
            for number, text in splitter.split(block):
                yield _line(number, text)
    for number, text in splitter.split(b"\n"):
        yield _line(number, text)
    if not splitter.begun:
        raise _unfit("is empty")


def _unfit(what: str) -> InvalidInput:
    return InvalidInput.of(FIELD, f"{FIELD} {what}; it must be one JSON object per line.")


class _Splitter:
    """Cuts blocks of bytes into numbered lines, without the blank ones."""

    def __init__(self, line_bytes: int) -> None:
        self.begun = False
        """Whether anything but blank lines has come."""
        self._limit = line_bytes
        self._number = 0
        self._rest = bytearray()

    def split(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """The lines that end in `block`; what follows them waits for the next block."""
        first, *others = block.split(b"\n")
        self._rest += first
        if others:
            yield from self._lines(bytes(self._rest), *others[:-1])
            self._rest = bytearray(others[-1])
        if len(self._rest) > self._limit:
            yield from self._lines(bytes(self._rest))

    def _lines(self, *lines: bytes) -> Iterator[tuple[int, bytes]]:
        for line in lines:
            self._number += 1
            text = line if self._number > 1 else line.removeprefix(BOM)
            if text and (len(text) > self._limit or not text.isspace()):
                self._check(text)
                yield self._number, text

    def _check(self, text: bytes) -> None:
        if not self.begun:
            self.begun = True
            _check_kind(text.strip())
        if len(text) > self._limit:
            raise InvalidInput.of(
                FIELD,
                f"{FIELD} has more than {self._limit / 2**20:g} MB in line {self._number}, the limit per person.",
            )


_KINDS = {
    re.compile(rb"\xff\xfe|\xfe\xff|.{0,3}\0", re.DOTALL): "UTF-16 text, not UTF-8",
    re.compile(rb"<"): "an HTML page",
    re.compile(rb"\["): "one JSON array",
    re.compile(rb"\{\Z"): "JSON spread over several lines",
    re.compile(rb"PK\x03\x04"): "a ZIP archive",
    re.compile(rb"[^{].*[,;\t]"): "CSV",
}
"""What a first line shows about the whole file."""


def _check_kind(first: bytes) -> None:
    for pattern, name in _KINDS.items():
        if pattern.match(first):
            raise _unfit(f"is {name}")


class _Entry(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: str | None = None
    email: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


_decode = msgspec.json.Decoder(_Entry).decode
_decode_data = msgspec.json.Decoder(dict[str, Any]).decode


def _line(number: int, text: bytes) -> Line:
    """The line judged. Only what the quick decoder refuses is read once more, to say why."""
    try:
        entry = _decode(text)
        data = bytes(entry.data)
        fault = _person_fault(entry) or _data_fault(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Line(number, fault=_reading_fault(text))
    if fault:
        return Line(number, fault=fault)
    return Line(number, entry.id, entry.email, b"{}" if data == b"null" else data)


def _person_fault(entry: _Entry) -> str | None:
    if entry.email is None:
        return "neither id nor email" if entry.id is None else _id_fault(entry.id)
    if entry.id is not None:
        return "both id and email"
    if is_address(entry.email.strip(" ")):
        return None
    return f"email is not one plain address: {quoted(entry.email)}"


def _id_fault(value: str) -> str | None:
    if not value.strip():
        return "id is empty"
    if _CONTROL.search(value):
        return "id has a control character"
    return f"id is longer than {IDENTIFIER_BYTES} bytes" if len(value.encode()) > IDENTIFIER_BYTES else None


def _data_fault(data: bytes) -> str | None:
    """What is wrong with `data`; also raises what the decoder raises.

    The decoder allows more than json_faults does: a quick search finds what might be that, json_faults decides.
    """
    if data == b"null":
        return None
    if not data.startswith(b"{"):
        return "data must be an object"
    _decode_data(data)
    deep = data.count(b"{") + data.count(b"[") >= JSON_DEPTH
    if deep or b"\\u0000" in data or LONG_NUMBER in data.translate(ZEROS):
        return next(_json_faults(json.loads(data)), None)
    return None


def _reading_fault(text: bytes) -> str:
    """Why `text` is not an object with id or email, and data."""
    try:
        entry = json.loads(text.decode())
    except UnicodeDecodeError as error:
        return f"not UTF-8 (column {len(text[: error.start].decode()) + 1})"
    except json.JSONDecodeError as error:
        return f"not JSON (column {error.pos + 1})"
    except RecursionError:
        return f"nested deeper than {JSON_DEPTH}"
    except ValueError:
        return NOT_ALLOWED
    return next(_shape_faults(entry), NOT_ALLOWED)


def _shape_faults(entry: object) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"not an object with id or email, and data, but {kind(entry)}"
        return
    yield from (f"{quoted(key)} is not known; use id or email, and data" for key in entry if key not in _KEYS)
    for key in ("id", "email"):
        if not isinstance(entry.get(key), str | None):
            yield f"{key} must be text; got {kind(entry[key])}"
    yield from _json_faults(entry.get("data"))


def _json_faults(data: object) -> Iterator[str]:
    return (fault.message.rstrip(".") for fault in json_faults("data", data))


NOT_ALLOWED = "a number or text that JSON does not allow"
_KEYS = ("id", "email", "data")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
ZEROS = bytes.maketrans(b"123456789", b"000000000")
LONG_NUMBER = b"0" * len(str(BIGGEST_INTEGER))
"""A number as long as the biggest, once its digits are zeros."""
