"""Triggers over HTTP: accept, preview, and what became of them (reference 3)."""

import re

from starlette.responses import JSONResponse, Response

from handbill.contract.app import triggers as contract
from handbill.contract.audience import check
from handbill.contract.limits import ERRORS_MAX
from handbill.errors import Fault, InvalidInput, quoted
from handbill.workspace import preview, ways
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.idempotency import REPLAYED
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import stopping, triggers
from handbill.workspace.store.idempotency import HEADER

_TRIGGER_ID = re.compile(r"(?:([1-9]\d{0,15})-)?([1-9]\d{0,15})", re.ASCII)


@serves(contract.TRIGGER_BROADCAST)
async def trigger(call: Call) -> Response:
    body = call.body.model_dump()
    if faults := check(body):
        raise InvalidInput(*faults)
    workspace = call.workspace
    accepted = await workspace.database.write(
        triggers.accept,
        call.number("broadcast_id"),
        body,
        lacking=ways.lacking(workspace.settings),
        time=workspace.clock.time(),
        via=call.via,
        anew=HEADER in call.request.headers,  # whoever has keys says by them what is the same call
    )
    if accepted.faults:
        raise InvalidInput(*(_told(fault, accepted.id) for fault in accepted.faults))
    workspace.bell.set()
    headers = REPLAYED if accepted.repeated else None
    return JSONResponse(contract.Triggered(id=accepted.id).model_dump(), headers=headers)


def _told(fault: Fault, trigger_id: int) -> Fault:
    """The fault, with where its details are kept (reference 3.3)."""
    return Fault(fault.field, f"{fault.message} More detail at the errors endpoint of trigger {trigger_id}.")


@serves(contract.PREVIEW)
async def preview_(call: Call) -> contract.Preview:
    return await preview.preview(
        call.workspace, call.number("broadcast_id"), call.body.model_dump(), min(call.query.samples, 20)
    )


@serves(contract.LIST)
async def list_(call: Call) -> contract.Triggers:
    found = await call.workspace.database.read(triggers.list_, call.number("broadcast_id"))
    return contract.Triggers(triggers=found)


@serves(contract.GET, contract.GET_UNDER_BROADCASTS)
async def get(call: Call) -> contract.Trigger:
    return await call.workspace.database.read(triggers.get, call.number("broadcast_id"), _number(call))


@serves(contract.PROGRESS)
async def progress(call: Call) -> contract.Progress:
    return await call.workspace.database.read(triggers.progress, call.number("broadcast_id"), _number(call))


@serves(contract.ERRORS)
async def errors(call: Call) -> contract.TriggerErrors:
    limit, start = call.limit(ERRORS_MAX), call.query.start
    found = await call.workspace.database.read(
        triggers.errors, call.number("broadcast_id"), _number(call), start, limit + 1
    )
    more = len(found) > limit
    return contract.TriggerErrors(errors=found[:limit], next=start + limit if more else 0)


@serves(contract.STOP)
async def stop(call: Call) -> contract.AllStopped:
    broadcast, number = call.number("broadcast_id"), _number(call)
    await call.workspace.database.read(triggers.row, broadcast, number)
    return await _stop(call, broadcast=broadcast, trigger=number)


@serves(contract.STOP_BROADCAST)
async def stop_broadcast(call: Call) -> contract.AllStopped:
    await call.workspace.database.read(triggers.broadcast, call.number("broadcast_id"))
    return await _stop(call, broadcast=call.number("broadcast_id"))


@serves(contract.STOP_EVERYTHING)
async def stop_everything(call: Call) -> contract.AllStopped:
    return await _stop(call)


async def _stop(call: Call, **which: int) -> contract.AllStopped:
    now = call.workspace.clock.now()
    rows = await call.workspace.database.write(stopping.stop, call.via, now, **which)
    return contract.AllStopped(stopped=[contract.Stopped(**dict(row)) for row in rows])


def _number(call: Call) -> int:
    """`456`, or `5-456` when the broadcast is 5 (reference 3.5)."""
    text = call.path["trigger_id"]
    match = _TRIGGER_ID.fullmatch(text)
    if not match:
        raise BadRequest.of("trigger_id", f"trigger_id must look like 456 or 5-37; got {quoted(text)}.")
    broadcast = call.number("broadcast_id")
    if match[1] and int(match[1]) != broadcast:
        raise BadRequest.of("trigger_id", f"trigger_id {text} belongs to broadcast {match[1]}, not {broadcast}.")
    return int(match[2])
