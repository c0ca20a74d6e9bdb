"""The rows of a collection behind a URL: CSV or JSON, by content type, then by ending, else JSON. Reference 10."""

import csv
import io
from typing import Any
from urllib.parse import urlsplit

from handbill.contract.app.collections import Content
from handbill.contract.limits import COLLECTION_BYTES
from handbill.errors import HandbillError, InvalidInput, quoted
from handbill.workspace import fetch
from handbill.workspace.api import body, values

LIMITS = fetch.Limits(total=60, size=COLLECTION_BYTES)


async def read(url: str, allowed_hosts: frozenset[str]) -> list[dict[str, Any]] | dict[str, Any]:
    """The rows behind `url`. Raises InvalidInput with one fault for `url`."""
    raw, kind = await fetch.read_url(url, allowed_hosts=allowed_hosts, field="url", limits=LIMITS)
    text = raw.removeprefix(b"\xef\xbb\xbf")
    return _csv(text) if _is_csv(kind.lower(), url) else _json(text)


def _is_csv(kind: str, url: str) -> bool:
    if "csv" in kind or "json" in kind:
        return "csv" in kind
    return urlsplit(url).path.lower().endswith(".csv")


def _json(text: bytes) -> list[dict[str, Any]] | dict[str, Any]:
    try:
        return values.model(Content, body.parse(text)).root
    except HandbillError as error:
        raise _unfit(f"is no list of objects: {str(error).split('. ')[0].rstrip('.')}") from None


def _csv(text: bytes) -> list[dict[str, Any]]:
    try:
        rows = csv.reader(io.StringIO(text.decode(), newline=""), strict=True)
        names = next(rows, [])
        if not all(names) or len({*names}) != len(names) or not names:
            raise _unfit(f"needs a first line of different names; it is {quoted(','.join(names))}")
        return [_row(names, row, rows.line_num) for row in rows if row]
    except UnicodeDecodeError:
        raise _unfit("is not UTF-8 text") from None
    except csv.Error as error:
        raise _unfit(f"is no CSV: {error}") from None


def _row(names: list[str], row: list[str], line: int) -> dict[str, Any]:
    if len(row) != len(names):
        raise _unfit(f"has {len(row)} cells in line {line}, but {len(names)} names in the first")
    if "\0" in "".join(row):
        raise _unfit(f"has a NUL character in line {line}, which cannot be stored")
    return dict(zip(names, row, strict=True))


def _unfit(what: str) -> InvalidInput:
    return InvalidInput.of("url", f"What url leads to {what}.")
