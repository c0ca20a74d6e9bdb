"""Broadcasts. Reference 8.1; actions are in contents.py, deliveries in messages.py, metrics in metrics.py."""

import msgspec

from handbill.contract.app import broadcasts as contract
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import broadcasts
from handbill.workspace.store.database import Row


@serves(contract.LIST)
async def listed(call: Call) -> contract.Broadcasts:
    rows = await call.workspace.database.read(broadcasts.listed)
    return contract.Broadcasts(broadcasts=[_broadcast(row) for row in rows])


@serves(contract.GET)
async def get(call: Call) -> contract.OneBroadcast:
    row = await call.workspace.database.read(broadcasts.get, call.number("broadcast_id"))
    return contract.OneBroadcast(broadcast=_broadcast(row))


def _broadcast(row: Row) -> contract.Broadcast:
    refs = msgspec.json.decode(row["actions"])
    return contract.Broadcast(
        id=row["id"],
        deduplicate_id=f"{row['id']}:{row['updated']}",
        name=row["name"],
        created=row["created"],
        updated=row["updated"],
        active=row["state"] == "running",
        state=row["state"],
        actions=refs,
        msg_template_ids=refs,
        first_started=row["first_started"],
        tags=msgspec.json.decode(row["tags"]),
    )
