"""The Pipelines API: what is right is done, what is not is dropped, or in strict mode refused. Reference 14."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from handbill.contract import pipelines
from handbill.contract.endpoint import Model, Nothing
from handbill.contract.filters import got
from handbill.contract.limits import BATCH_BYTES, OPERATION_BYTES
from handbill.errors import Fault, HandbillError, InvalidInput
from handbill.workspace.api import body
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import pipelines as store

log = logging.getLogger(__name__)

Numbered = tuple[int, str, Mapping[str, Any]]


@serves(*(endpoint for endpoint in pipelines.endpoints() if endpoint is not pipelines.BATCH))
async def one(call: Call) -> Model:
    try:
        given = body.parse_object(await body.read_within(call.request, OPERATION_BYTES))
        type_ = call.endpoint.path.rpartition("/")[2]
        if faults := pipelines.check(given, type_):
            raise InvalidInput(*faults)
        await _do(call, [(0, type_, given)])
    except HandbillError as error:
        _dropped(call, error)
    return Nothing()


@serves(pipelines.BATCH)
async def batch(call: Call) -> Model:
    """Each call for itself; in strict mode nothing is done when one of them is not right."""
    try:
        raw = body.parse_object(await body.read_within(call.request, BATCH_BYTES))
        given = raw.get("batch")
        if not isinstance(given, list) or not given:
            raise InvalidInput.of("batch", f"batch must be a list of calls, each with its type; got {got(given)}.")
        common = {"context": raw["context"]} if raw.get("context") else {}
        calls = [common | each if isinstance(each, dict) else each for each in given]
        faults = [_faults(number, given[number], each) for number, each in enumerate(calls)]
        if found := [fault for each in faults for fault in each]:
            _dropped(call, InvalidInput(*found))
        await _do(call, [(n, each["type"], each) for n, each in enumerate(calls) if not faults[n]])
    except HandbillError as error:
        _dropped(call, error)
    return Nothing()


def _faults(number: int, given: object, call: Any) -> Sequence[Fault]:
    """What is wrong with one call of a batch, as it was given and with what is common to all."""
    within = f"batch[{number}]"
    if (size := len(msgspec.json.encode(given))) > OPERATION_BYTES:
        return [Fault(within, body.too_large(within, size, OPERATION_BYTES))]
    found = pipelines.check(call, call.get("type") if isinstance(call, dict) else None)
    return [Fault(f"{within}.{fault.field}", f"{within}.{fault.message}") for fault in found]


async def _do(call: Call, calls: Sequence[Numbered]) -> None:
    refused = await call.workspace.database.write(store.apply, calls, call.workspace.clock.now())
    for error in refused.values():
        _dropped(call, error)


def _dropped(call: Call, error: HandbillError) -> None:
    """A line in the log and 200, as Customer.io has it; with `X-Strict-Mode: 1` the error itself."""
    if call.request.headers.get("x-strict-mode") == "1":
        raise error
    log.warning("%s: dropped, and answered 200 as Customer.io does: %s", call.endpoint.name, error)
