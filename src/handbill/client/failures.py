"""Answers that say no, in any of Customer.io's four envelopes, as our errors. Reference 2.1."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import msgspec

from handbill.errors import (
    Conflict,
    Fault,
    HandbillError,
    InvalidInput,
    NotFound,
    RateLimited,
    ReadOnly,
    SendingRefused,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unreadable,
)

_LONGEST_TEXT = 500
_REFERENCE = re.compile(r"(?:(?<=\.)|(?<=\ds)) \(reference \w+\)$")
"""What support would ask for: of no use behind a whole sentence, which says itself what is wrong."""

_BY_CODE: Mapping[str, type[HandbillError]] = {
    error.code: error for error in (Unreadable, NotFound, Conflict, TooLarge, SendingRefused, ReadOnly, Unavailable)
}
_BY_STATUS: Mapping[int, type[HandbillError]] = {403: Unauthorized, 404: NotFound, 409: Conflict, 413: TooLarge}


def failure(status: int, content: bytes, retry_after: str | None) -> HandbillError:
    """The error that an answer with this status (400 and up) means."""
    entries = _entries(content)
    text = " ".join(_text(entry) for entry in entries) or f"{status} {httpx2.codes.get_reason_phrase(status)}".strip()
    if status == 401:
        return Unauthorized()
    if status == 429:
        return _too_soon(text, _seconds(retry_after or ""))
    if kind := _BY_CODE.get(next((str(entry["code"]) for entry in entries if entry.get("code")), "")):
        return kind(text)
    if status in (400, 422):
        return InvalidInput(*(Fault(_field(entry), _text(entry)) for entry in entries or [{"detail": text}]))
    return _BY_STATUS.get(status, Unavailable if status >= 500 else HandbillError)(text)


def _entries(content: bytes) -> Sequence[Mapping[str, Any]]:
    """What is wrong, one mapping each; none when the body is not one of the envelopes."""
    try:
        body = msgspec.json.decode(content, type=dict[str, Any])
    except (ValueError, RecursionError):
        return []
    meta = body.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    found = body.get("errors") or meta.get("errors") or meta.get("error")
    entries = found if isinstance(found, list) else [found]
    shared = {"code": meta.get("code")}
    return [shared | (entry if isinstance(entry, dict) else {"detail": entry}) for entry in entries if entry]


def _too_soon(text: str, seconds: int | None) -> RateLimited:
    if seconds is None:
        return RateLimited(f"{text}. No time to wait is named, so what one day allows is used up.", None)
    return RateLimited(text, seconds)


def _seconds(retry_after: str) -> int | None:
    """How long to wait: the header holds whole seconds, or the moment as HTTP writes it; without it a day's over."""
    if retry_after.isascii() and retry_after.isdecimal():
        return int(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(math.ceil(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time()), 0)


def _text(entry: Mapping[str, Any]) -> str:
    """The sentence, without anything invisible: it may be shown to an agent."""
    words = str(entry.get("detail") or entry.get("message") or entry.get("reason") or "")
    words = _REFERENCE.sub("", words)
    return "".join(c for c in words if c.isprintable())[:_LONGEST_TEXT]


def _field(entry: Mapping[str, Any]) -> str:
    source = entry.get("source")
    pointer = source.get("pointer") if isinstance(source, dict) else ""
    return str(entry.get("field") or "") or str(pointer or "").rpartition("/")[2] or "request"
