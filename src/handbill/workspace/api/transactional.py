"""Transactional messages: templates for one person at a time. Reference 7.1."""

import msgspec

from handbill.contract.app import transactional as contract
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import transactional
from handbill.workspace.store.database import Row


@serves(contract.LIST)
async def listed(call: Call) -> contract.TransactionalMessages:
    rows = await call.workspace.database.read(transactional.listed)
    return contract.TransactionalMessages(messages=[_message(row) for row in rows])


@serves(contract.GET)
async def get(call: Call) -> contract.OneTransactionalMessage:
    row = await call.workspace.database.read(transactional.get, call.number("transactional_id"))
    return contract.OneTransactionalMessage(message=_message(row))


def _message(row: Row) -> contract.TransactionalMessage:
    own = {"created_at": row["created"], "updated_at": row["updated"]}
    named = {"id": row["id"], "name": row["name"], "description": row["description"]}
    return contract.TransactionalMessage.model_validate({**msgspec.json.decode(row["settings"]), **named, **own})
