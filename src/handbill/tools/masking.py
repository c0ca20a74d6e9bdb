"""People's data kept from whoever calls the tools (`pii = "masked"`): one place that knows which values are theirs.

Addresses and phone numbers are masked wherever they stand, in errors too. Attributes, the data of events, tokens of
devices and what was written to one person are left out whole. Ids stay, for further calls: an id that is an address
itself is masked like one, and `cio_` ids do for it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from handbill.errors import Fault, HandbillError, InvalidInput

HIDDEN = "…"
OWN = frozenset(["attributes", "data", "subject", "body", "text", "url"])
"""Fields whose values are a person's, or made with them."""
IDS = frozenset(["id", "cio_id", "customer_id", "delivery_id"])
"""Of such values those that further calls need."""
PLAIN = frozenset(["workspace", "next"])

_ADDRESS = re.compile(r"([^\s@<>\"'(),;:…])[^\s@<>\"'(),;:]*@([\w\-]+(?:\.[\w\-]+)+)")
_PHONE = re.compile(r"\+[0-9][0-9 ()./\-]{5,20}[0-9]")

T = TypeVar("T", bound=BaseModel)


def mask(answer: T) -> T:
    """The answer without what identifies people: `a…@shop.example`, `+…23`, `…`."""
    told = {name: value if name in PLAIN else _masked(name, value) for name, value in answer}
    return answer.model_copy(update=told)


@contextmanager
def errors(pii: Literal["full", "masked"]) -> Iterator[None]:
    """Errors of the block name nobody, if that is the rule."""
    try:
        yield
    except HandbillError as error:
        if pii == "masked":
            error.args = tuple(_text(part) if isinstance(part, str) else part for part in error.args)
        if pii == "masked" and isinstance(error, InvalidInput):
            error.faults = [Fault(fault.field, _text(fault.message)) for fault in error.faults]
        raise


def _masked(name: str, value: Any, within: str = "") -> Any:
    if isinstance(value, BaseModel):
        return value.model_copy(update={field: _masked(field, inner, name) for field, inner in value})
    if isinstance(value, list):
        return [_masked(name, inner, within) for inner in value]
    if name in OWN or (within, name) == ("devices", "id"):
        return _hidden(value)
    if isinstance(value, dict):
        return {key: _masked(key, inner, name) for key, inner in value.items()}
    if name == "recipient" and value and "@" not in value:
        return HIDDEN
    return _text(value) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    """Nothing but which fields there are, and ids."""
    if isinstance(value, dict):
        return {key: inner if key in IDS else _hidden(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return value if value in (None, "") else HIDDEN


def _text(text: str) -> str:
    """Free text with its addresses and phone numbers masked."""
    return _PHONE.sub(lambda found: f"+{HIDDEN}{found[0][-2:]}", _ADDRESS.sub(rf"\1{HIDDEN}@\2", text))
