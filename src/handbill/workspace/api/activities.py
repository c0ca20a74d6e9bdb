"""Activities: everything that happened, listed for the workspace or for one person. Reference 9."""

from typing import Any

import msgspec

from handbill.contract.app import activities as contract
from handbill.contract.app.segments import Identifiers
from handbill.contract.limits import ACTIVITIES_MAX
from handbill.errors import NotFound
from handbill.workspace import delivery_ids
from handbill.workspace.api import customers
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import activities, people
from handbill.workspace.store.activities import Filters
from handbill.workspace.store.database import Row
from handbill.workspace.ulids import ulid

_DELIVERY_TYPES = {"email": "email", "twilio": "phone", "whatsapp": "phone"}


@serves(contract.LIST)
async def listed(call: Call) -> contract.Activities:
    person = None
    if call.query.customer_id is not None:
        try:
            person = await call.workspace.database.read(customers.found, call.query.id_type, call.query.customer_id)
        except NotFound:
            return contract.Activities(activities=[])
    return await _page(call, person, call.query.deleted)


@serves(contract.OF_CUSTOMER)
async def of_customer(call: Call) -> contract.Activities:
    person = await call.workspace.database.read(customers.found, call.query.id_type, call.path["customer_id"])
    return await _page(call, person)


async def _page(call: Call, person: int | None, deleted: bool = False) -> contract.Activities:
    limit, before = call.limit(ACTIVITIES_MAX), call.position()
    filters = Filters(person=person, type=call.query.type, name=call.query.name, deleted=deleted)
    rows = await call.workspace.database.read(activities.page, filters, before[0] if before else None, limit + 1)
    shown, following = call.page(rows, limit, "activity")
    return contract.Activities(activities=[_activity(call.workspace.secret, row) for row in shown], next=following)


def _activity(secret: bytes, row: Row) -> contract.Activity:
    sealed = None if row["delivery"] is None else delivery_ids.seal(secret, row["delivery"])
    own: dict[str, Any] = msgspec.json.decode(row["data"] or row["event_data"] or "{}")
    return contract.Activity(
        id=ulid(row["timestamp"], row["activity"]),
        type=row["type"],
        timestamp=row["timestamp"],
        customer_id=row["id"],
        customer_identifiers=None if row["person"] is None else Identifiers(**people.identifiers(row)),
        delivery_id=sealed,
        delivery_type=_delivery_type(row),
        name=row["name"],
        url=_url(row, own),
        data=own if sealed is None else own | _of_message(sealed, row),
    )


def _delivery_type(row: Row) -> Any:
    """Where a message went; a push to several platforms names none."""
    if row["delivery_type"] != "push":
        return _DELIVERY_TYPES.get(row["delivery_type"])
    platforms = {device["device_platform"] for device in msgspec.json.decode(row["devices"] or "[]")}
    return platforms.pop() if len(platforms) == 1 else None


def _of_message(sealed: str, row: Row) -> dict[str, Any]:
    """`opened` is unknown, and so null, until the message was delivered or opened."""
    reached = row["delivered"] or row["opened"]
    return {
        "delivery_id": sealed,
        "delivered": row["delivered"],
        "opened": bool(row["opened"]) if reached else None,
    }


def _url(row: Row, data: dict[str, Any]) -> str | None:
    """Of a page: its address, which Track calls its name and Pipelines a property."""
    if row["type"] != "page":
        return None
    url = data.get("url")
    return url if isinstance(url, str) else row["name"]
