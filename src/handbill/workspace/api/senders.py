"""Sender identities: who messages are from. Reference 10."""

from handbill.contract.app import senders as contract
from handbill.contract.app.segments import UsedBy
from handbill.contract.limits import SENDERS_MAX
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import senders
from handbill.workspace.store.database import Row


@serves(contract.LIST)
async def listed(call: Call) -> contract.Senders:
    limit, after, query = call.limit(SENDERS_MAX), call.position(), call.query
    rows = await call.workspace.database.read(
        senders.page, query.sort, query.hidden, after[0] if after else None, limit + 1
    )
    shown, following = call.page(rows, limit, "id")
    return contract.Senders(sender_identities=[_sender(row) for row in shown], next=following)


@serves(contract.GET)
async def get(call: Call) -> contract.OneSender:
    row = await call.workspace.database.read(senders.get, call.number("sender_id"))
    return contract.OneSender(sender_identity=_sender(row))


@serves(contract.USED_BY)
async def used_by(call: Call) -> UsedBy:
    return UsedBy.model_validate(await call.workspace.database.read(senders.used_by, call.number("sender_id")))


def _sender(row: Row) -> contract.Sender:
    return contract.Sender(
        id=row["id"],
        deduplicate_id=f"{row['id']}:{row['updated']}",
        name=row["name"],
        address=senders.written(row),
        template_type=row["template_type"],
        hidden=row["hidden"],
        **{row["template_type"]: row["address"]},
    )
