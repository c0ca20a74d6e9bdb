"""Reporting webhooks over HTTP: which endpoints are told what. Reference 10."""

from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.responses import Response

from handbill.contract.app import reporting_webhooks as contract
from handbill.errors import Fault, quoted
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.route import Call, serves
from handbill.workspace.fetch import check_url
from handbill.workspace.store import reporting_webhooks
from handbill.workspace.store.database import Row


@serves(contract.LIST)
async def listed(call: Call) -> contract.Webhooks:
    rows = await call.workspace.database.read(reporting_webhooks.listed)
    return contract.Webhooks(reporting_webhooks=[_webhook(row) for row in rows])


@serves(contract.CREATE)
async def create(call: Call) -> contract.Webhook:
    now = call.workspace.clock.now()
    return _webhook(await call.workspace.database.write(reporting_webhooks.create, _checked(call), now))


@serves(contract.GET)
async def get(call: Call) -> contract.Webhook:
    return _webhook(await call.workspace.database.read(reporting_webhooks.get, call.number("webhook_id")))


@serves(contract.UPDATE)
async def update(call: Call) -> contract.Webhook:
    number, now = call.number("webhook_id"), call.workspace.clock.now()
    return _webhook(await call.workspace.database.write(reporting_webhooks.update, number, _checked(call), now))


@serves(contract.DELETE)
async def delete(call: Call) -> Response:
    await call.workspace.database.write(reporting_webhooks.delete, call.number("webhook_id"))
    return Response()


def _checked(call: Call) -> dict[str, Any]:
    """The body's values. Raises BadRequest, naming every fault."""
    wanted: contract.NewWebhook = call.body
    if faults := list(_faults(wanted, call.workspace.settings.private_hosts)):
        raise BadRequest(*faults)
    return wanted.model_dump()


def _faults(wanted: contract.NewWebhook, private_hosts: frozenset[str]) -> Iterator[Fault]:
    if not wanted.name.strip():
        yield Fault("name", "name must not be empty.")
    yield from check_url(wanted.endpoint, "endpoint", private_hosts)
    if not wanted.events:
        yield Fault("events", "events must name at least one event, such as email_sent.")
    for place, event in enumerate(wanted.events):
        if event not in contract.EVENTS:
            field = f"events[{place}]"
            yield Fault(field, f"{field} must be a channel and its metric, such as email_sent; got {quoted(event)}.")


def _webhook(row: Row) -> contract.Webhook:
    return contract.Webhook.model_validate({**dict(row), "events": msgspec.json.decode(row["events"])})
