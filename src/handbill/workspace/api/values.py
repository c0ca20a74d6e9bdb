"""What a request says, as the endpoint's models; what is wrong with it, as sentences that name the field."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ValidationError

from handbill.contract.limits import BIGGEST_ID
from handbill.errors import Fault, quoted
from handbill.workspace.api.failures import BadRequest

M = TypeVar("M", bound=BaseModel)

_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not known",
    "string_type": "must be text",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of at most 16 digits",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
}
"""Pydantic's kinds of faults, in our words."""


def unquoted(name: str, value: str) -> str:
    """A path parameter without its percent-encoding; the router leaves it in, so that `%2F` stays inside."""
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise BadRequest.of(name, f"bad request: {name} must be percent-encoded UTF-8.") from None


def query(kind: type[M], given: Mapping[str, str]) -> M:
    """The query as a model; unknown parameters are ignored (reference 2.3). Raises BadRequest."""
    parsed = model(kind, dict(given))
    numbers = [(name, value) for name, value in parsed if isinstance(value, int) and not 0 <= value <= BIGGEST_ID]
    if numbers:
        raise BadRequest(
            *(Fault(name, f"{name} must be 0 to {BIGGEST_ID}; got {quoted(str(value))}.") for name, value in numbers)
        )
    return parsed


def model(kind: type[M], value: Any, *, strict: bool = False) -> M:
    """`value` as a model. Raises BadRequest with a fault for each field that is wrong, or unknown when `strict`."""
    try:
        return kind.model_validate(value, extra="forbid" if strict else None)
    except ValidationError as error:
        raise BadRequest(*(_fault(fault) for fault in error.errors(include_url=False))) from None


def _fault(error: Mapping[str, Any]) -> Fault:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    field = path.lstrip(".") or "body"
    expected = error.get("ctx", {}).get("expected")
    rule = f"must be {expected}" if expected else _WORDS.get(error["type"], error["msg"].lower())
    got = "" if error["type"] in ("missing", "extra_forbidden") else f"; got {quoted(error['input'])}"
    return Fault(field, f"{field} {rule}{got}.")
