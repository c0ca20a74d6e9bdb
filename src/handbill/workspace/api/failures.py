"""Errors as answers, in the four envelopes of Customer.io. Reference 2.1."""

import secrets
from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from handbill.contract.endpoint import Endpoint, ErrorShape
from handbill.errors import (
    HTTP_STATUS,
    Fault,
    HandbillError,
    InvalidInput,
    RateLimited,
    SendingRefused,
    TooLarge,
    Unreadable,
)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class BadRequest(InvalidInput):
    """A path, query or body that cannot be what the endpoint takes: always 400."""


def reference() -> str:
    """A token that ties an answer to a line of the log; it looks like a ULID."""
    return "01" + "".join(secrets.choice(_ALPHABET) for _ in range(24))


def answer(error: HandbillError, endpoint: Endpoint, mark: str) -> Response:
    """`error` in the envelope of its endpoint. `mark` is a `reference`."""
    status = _status(error, endpoint)
    wait = error.retry_after if isinstance(error, RateLimited) else None
    headers = {"Retry-After": str(wait)} if wait is not None else None
    return JSONResponse(_BODIES[endpoint.errors](error, status, mark), status, headers)


def _status(error: HandbillError, endpoint: Endpoint) -> int:
    if isinstance(error, BadRequest):
        return 400
    if isinstance(error, TooLarge) and endpoint.errors is ErrorShape.B:
        return 413
    return endpoint.unfit if isinstance(error, InvalidInput | TooLarge) else HTTP_STATUS[error.code]


def _body_a(error: HandbillError, status: int, mark: str) -> dict[str, Any]:
    common = {"status": str(status), "code": error.code}
    faults = [
        {"detail": fault.message, **common, "field": fault.field, "source": {"pointer": fault.pointer}}
        for fault in _faults(error)
    ]
    return {"errors": faults or [{"detail": f"{error} (reference {mark})", **common}]}


def _body_b(error: HandbillError, status: int, mark: str) -> dict[str, Any]:
    """As published, and for the one refusal that Customer.io does not know, its code."""
    ours = {"code": error.code} if isinstance(error, SendingRefused) else {}
    return {"meta": {"error": str(error), **ours}}


def _body_c(error: HandbillError, status: int, mark: str) -> dict[str, Any]:
    return {"meta": {"errors": [fault.message for fault in _faults(error)] or [str(error)]}}


def _body_d(error: HandbillError, status: int, mark: str) -> dict[str, Any]:
    faults = _faults(error) or [Fault("", str(error))]
    return {"errors": [{"reason": error.code, "field": fault.field, "message": fault.message} for fault in faults]}


def _faults(error: HandbillError) -> Sequence[Fault]:
    if isinstance(error, Unreadable | TooLarge):
        return [Fault("body", str(error))]
    return error.faults if isinstance(error, InvalidInput) else ()


_BODIES = {ErrorShape.A: _body_a, ErrorShape.B: _body_b, ErrorShape.C: _body_c, ErrorShape.D: _body_d}
