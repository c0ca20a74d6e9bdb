"""Broadcasts and their actions. Reference 8.1; their deliveries are in messages.py, their metrics in metrics.py."""

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


@serves(contract.ACTIONS)
async def actions(call: Call) -> contract.Actions:
    rows = await call.workspace.database.read(broadcasts.actions, call.number("broadcast_id"))
    return contract.Actions(actions=[_action(row) for row in rows])


@serves(contract.ACTION)
async def action(call: Call) -> contract.OneAction:
    broadcast_id, action_id = call.number("broadcast_id"), call.number("action_id")
    row = await call.workspace.database.read(broadcasts.action, broadcast_id, action_id)
    return contract.OneAction(action=_action(row))


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


def _action(row: Row) -> contract.Action:
    own = {
        "id": row["id"],
        "broadcast_id": row["broadcast_id"],
        "deduplicate_id": f"{row['id']}:{row['updated']}",
        "name": row["name"],
        "created": row["created"],
        "updated": row["updated"],
        "type": row["type"],
        "sending_state": row["sending_state"],
        "language": row["language"],
        "layout": row["layout"] or "",
        "headers": row["headers"],
        "from_id": row["from_id"],
        "reply_to_id": row["reply_to_id"],
    }
    return contract.Action.model_validate({**msgspec.json.decode(row["fields"]), **own})
