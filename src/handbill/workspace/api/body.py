"""The one reader of request bodies: whatever arrives, it is JSON that can be stored, or Unreadable."""

import json
import re
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request

from handbill.contract.filters import got
from handbill.contract.limits import JSON_DEPTH, REQUEST_BYTES
from handbill.errors import InvalidInput, TooLarge, Unreadable, quoted

_BIGGEST_INTEGER = 2**63 - 1
_ESCAPED_COLON = re.compile(rb"\\u003[aA]")


async def read(request: Request) -> bytes:
    """The whole body, however often it is asked for. Raises TooLarge as soon as it is more than 25 MB."""
    if not hasattr(request.state, "body"):
        request.state.body = await _received(request)
    raw: bytes = request.state.body
    return raw


async def _received(request: Request) -> bytes:
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > REQUEST_BYTES:
                raise TooLarge(
                    f"The request is larger than {REQUEST_BYTES // 1024**2} MB. Put people in a data file."
                )
            chunks.append(chunk)
    except ClientDisconnect:
        raise Unreadable("The connection ended before the request did.") from None
    return b"".join(chunks)


async def read_within(request: Request, most: int) -> bytes:
    """The whole body, of at most so many bytes. Raises TooLarge."""
    raw = await read(request)
    if len(raw) > most:
        raise TooLarge(too_large("The request", len(raw), most))
    return raw


def too_large(what: str, size: int, most: int) -> str:
    return f"{what} is {size} bytes; the limit is {most}."


def parse(raw: bytes) -> Any:
    """JSON in UTF-8 without NaN, NUL, lone surrogates, numbers over 64 bits, keys given twice, or nesting over 50."""
    if not raw or raw.isspace():
        raise Unreadable("The request has no body; a JSON object is needed.")
    try:
        value = msgspec.json.decode(raw)
        if _colons(value) != raw.count(b":") or _ESCAPED_COLON.search(raw):
            json.loads(raw, object_pairs_hook=_each_key_once, parse_int=str)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Unreadable(f"The body is not JSON in UTF-8: {error}.") from None
    return value


def parse_object(raw: bytes) -> dict[str, Any]:
    """`parse`, for bodies that are objects: all of them. Raises InvalidInput for anything else."""
    value = parse(raw)
    if not isinstance(value, dict):
        raise InvalidInput.of("body", f"The body must be a JSON object; got {got(value)}.")
    return value


def _colons(value: Any) -> int:
    """How many colons wrote `value`, on the way through which all else is checked.

    The decoder keeps the last of two keys that are alike. Its colon is then missing here, which is how that is seen
    without a slower decoder; only where a colon is escaped, which nobody does, the count says nothing.
    Level by level, which is quicker than going down each branch, and cannot run out of stack.
    """
    colons, level = 0, [value]
    for _ in range(JSON_DEPTH + 1):
        texts, inside = [], []
        for item in level:
            kind = type(item)
            if kind is str:
                texts.append(item)
            elif kind is dict:
                colons += len(item)
                texts += item
                inside += item.values()
            elif kind is list:
                inside += item
            elif kind is int and not -_BIGGEST_INTEGER <= item <= _BIGGEST_INTEGER:
                raise Unreadable("The body holds a whole number beyond 64 bits; write it as text.")
        text = "".join(texts)
        if "\0" in text:
            raise Unreadable("The body holds a NUL character, which cannot be stored.")
        colons += text.count(":")
        if not inside:
            return colons
        level = inside
    raise _too_deep()


def _each_key_once(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise Unreadable(f"The body has the key {quoted(key)} twice in one object; give it once.")
        seen.add(key)


def _too_deep() -> Unreadable:
    return Unreadable(f"The body is nested too deep; the limit is {JSON_DEPTH}.")
