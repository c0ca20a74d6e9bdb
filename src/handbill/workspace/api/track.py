"""The Track API's handlers: check, change in one transaction, answer `{}`. Reference 12, 13."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
from starlette.responses import JSONResponse, Response

from handbill.contract import attributes, events, operations, relationships, track
from handbill.contract.endpoint import Model, Nothing
from handbill.contract.filters import got
from handbill.contract.limits import BATCH_BYTES, OPERATION_BYTES, REQUEST_BYTES
from handbill.errors import Fault, InvalidInput, quoted
from handbill.workspace import delivery_ids
from handbill.workspace.api import body
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import forms, people, reports, segments
from handbill.workspace.store import operations as store
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.identifiers import kind

_MEMBERS_MAX = 1000
_TOLD = ("recipient", "reason", "href", "device_id")
"""What a report may say beside its metric."""


@serves(track.REGION)
async def region(call: Call) -> Model:
    url = str(call.request.base_url).rstrip("/")
    return track.Region(url=url, region="us", environment_id=1)


@serves(track.IDENTIFY)
async def identify(call: Call) -> Model:
    given = await _body(call)
    faults = attributes.check(given)
    if related := given.get("cio_relationships"):
        faults += relationships.of_identify(related, "cio_relationships")
    _refuse(faults)
    return await _write(call, store.identify, given, call.workspace.clock.now())


@serves(track.DELETE)
async def delete(call: Call) -> Model:
    return await _write(call, people.delete_named, call.workspace.clock.now())


@serves(track.SUPPRESS)
async def suppress(call: Call) -> Model:
    return await _write(call, people.suppress, call.workspace.clock.now())


@serves(track.UNSUPPRESS)
async def unsuppress(call: Call) -> Model:
    return await _write(call, people.unsuppress)


@serves(track.EVENT)
async def event(call: Call) -> Model:
    given = await _body(call)
    _refuse(events.check(given, given.get("type", "event")))
    return await _write(call, store.add_event, given, call.workspace.clock.now())


@serves(track.ANONYMOUS_EVENT)
async def anonymous_event(call: Call) -> Model:
    given = await _body(call)
    faults = events.check(given, given.get("type", "event"))
    if given.get("anonymous_id") is not None:
        faults += attributes.identifier("anonymous_id", given["anonymous_id"], "anonymous_id")
    _refuse(faults)
    await call.workspace.database.write(store.add_anonymous_event, given, call.workspace.clock.now())
    return Nothing()


@serves(track.MERGE)
async def merge(call: Call) -> Model:
    given = await _body(call)
    _refuse(operations.merge(given))
    return await _apply(call, given | {"type": "person", "action": "merge"})


@serves(track.METRIC)
async def metric(call: Call) -> Model:
    return await _report(call, "metric", sorted(set(chain(*track.METRICS.values()))))


@serves(track.PUSH_EVENT, track.PUSH_EVENT_AT_ROOT)
async def push_event(call: Call) -> Model:
    return await _report(call, "event", track.PUSH_METRICS)


async def _report(call: Call, key: str, metrics: Sequence[str]) -> Model:
    """What somebody outside says of a delivery; its id is all that opens the door, since nobody can guess one."""
    given = await _body(call, OPERATION_BYTES)
    _refuse(track.report(given, key, metrics))
    delivery = delivery_ids.unseal(call.workspace.secret, given["delivery_id"])
    if delivery is None:
        text = quoted(given["delivery_id"])
        raise InvalidInput.of("delivery_id", f"delivery_id {text} is no delivery of this workspace.")
    now, data = call.workspace.clock.now(), {name: given[name] for name in _TOLD if given.get(name)}
    at = given.get("timestamp") or now
    await call.workspace.database.write(reports.told, delivery, given[key], at, now, data)
    return Nothing()


@serves(track.FORM)
async def form(call: Call) -> Model:
    """A form is known from its first submission on, even where its person cannot be found in it."""
    data: Any = (await _body(call)).get("data")
    _refuse(attributes.identifier("form_id", call.path["form_id"], "form_id") + track.form(data))
    now = call.workspace.clock.now()
    if not await call.workspace.database.write(forms.submit, call.path["form_id"], data, now):
        raise InvalidInput.of("data", "data must hold the id or email of the person who sent the form.")
    return Nothing()


@serves(track.PUT_DEVICE)
async def put_device(call: Call) -> Model:
    given: Any = (await _body(call)).get("device")
    _refuse(operations.device(given, "device", "id", whole=True))
    return await _write(call, store.put_device, given | {"token": given["id"]}, call.workspace.clock.now())


@serves(track.DELETE_DEVICE)
async def delete_device(call: Call) -> Model:
    return await _write(call, store.delete_device, call.path["device_id"], call.workspace.clock.now())


@serves(track.ADD, track.REMOVE)
async def change_members(call: Call) -> Model:
    segment, ids = call.number("segment_id"), (await _body(call)).get("ids")
    if (
        not isinstance(ids, list)
        or not 1 <= len(ids) <= _MEMBERS_MAX
        or not all(isinstance(each, str) for each in ids)
    ):
        raise InvalidInput.of("ids", f"ids must be a list of 1 to {_MEMBERS_MAX} texts.")
    change = segments.add if call.endpoint is track.ADD else segments.remove
    await call.workspace.database.write(change, segment, call.query.id_type, ids)
    return Nothing()


@serves(track.ENTITY)
async def entity(call: Call) -> Model:
    operation = await _body(call, OPERATION_BYTES)
    _refuse(operations.check(operation))
    return await _apply(call, operation)


async def _apply(call: Call, operation: dict[str, Any]) -> Model:
    refused = await call.workspace.database.write(store.apply, [(0, operation)], call.workspace.clock.now())
    if refused:
        raise refused[0]
    return Nothing()


@serves(track.BATCH)
async def batch(call: Call) -> Model | Response:
    raw = await body.read_within(call.request, BATCH_BYTES)
    given = body.parse_object(raw).get("batch")
    if not isinstance(given, list) or not given:
        raise InvalidInput.of("batch", f"batch must be a list of operations; got {got(given)}.")
    faults = _faults(given, raw)
    good = [(number, operation) for number, operation in enumerate(given) if number not in faults]
    refused = await call.workspace.database.write(store.apply, good, call.workspace.clock.now())
    return _partly(faults | {number: error.faults for number, error in refused.items()})


def _faults(given: Sequence[Any], raw: bytes) -> dict[int, Sequence[Fault]]:
    """What is wrong with each operation that cannot be taken, by its number."""
    faults = {number: operations.check(operation) for number, operation in enumerate(given)}
    if len(raw) > OPERATION_BYTES:
        for number, operation in enumerate(msgspec.json.decode(raw, type=_RawBatch).batch):
            if len(operation) > OPERATION_BYTES:
                faults[number] = [Fault("batch", body.too_large("This operation", len(operation), OPERATION_BYTES))]
    return {number: found for number, found in faults.items() if found}


class _RawBatch(msgspec.Struct):
    """A batch whose operations stay JSON text, so that each can be measured as it came."""

    batch: list[msgspec.Raw]


def _partly(faults: Mapping[int, Sequence[Fault]]) -> Model | Response:
    """All taken: `{}`. Otherwise 207 with what was wrong; the rest is in (reference 13)."""
    errors = [
        {"batch_index": number, "reason": InvalidInput.code, "field": fault.field, "message": fault.message}
        for number, found in sorted(faults.items())
        for fault in found
    ]
    return JSONResponse({"errors": errors}, 207) if errors else Nothing()


async def _write(call: Call, work: Callable[..., Any], *args: Any) -> Model:
    """Run `work(tx, id_type, identifier, …)` for the identifier in the path, whose kind its shape tells."""
    identifier = call.path["identifier"]
    _refuse(attributes.identifier("email" if "@" in identifier else "id", identifier, "identifier"))

    def on_person(tx: Transaction) -> None:
        work(tx, kind(identifier, people.emails_identify(tx)), identifier, *args)

    await call.workspace.database.write(on_person)
    return Nothing()


async def _body(call: Call, most: int = REQUEST_BYTES) -> dict[str, Any]:
    return body.parse_object(await body.read_within(call.request, most))


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise InvalidInput(*faults)
