"""The one reader of request bodies: whatever arrives, it is JSON that can be stored, or Unreadable."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request

from handbill.contract.limits import JSON_DEPTH, REQUEST_BYTES
from handbill.errors import TooLarge, Unreadable

_BIGGEST_INTEGER = 2**63 - 1


async def read(request: Request) -> bytes:
    """The whole body. Raises TooLarge as soon as it is more than 25 MB."""
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


def parse(raw: bytes) -> Any:
    """JSON in UTF-8, without NaN, NUL, lone surrogates, numbers beyond 64 bits or nesting over 50 deep."""
    if not raw or raw.isspace():
        raise Unreadable("The request has no body; a JSON object is needed.")
    try:
        value = msgspec.json.decode(raw)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Unreadable(f"The body is not JSON in UTF-8: {error}.") from None
    _check(value)
    return value


def _check(value: Any) -> None:
    """Level by level, which is quicker than going down each branch, and cannot run out of stack."""
    level = [value]
    for _ in range(JSON_DEPTH + 1):
        for item in level:
            if isinstance(item, str):
                if "\0" in item:
                    raise Unreadable("The body holds a NUL character, which cannot be stored.")
            elif isinstance(item, int) and not -_BIGGEST_INTEGER <= item <= _BIGGEST_INTEGER:
                raise Unreadable("The body holds a whole number beyond 64 bits; write it as text.")
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not level:
            return
    raise _too_deep()


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return chain(value, value.values()) if isinstance(value, dict) else value


def _too_deep() -> Unreadable:
    return Unreadable(f"The body is nested too deep; the limit is {JSON_DEPTH}.")
