"""Workspaces: this one, counted. Reference 10."""

from handbill.contract.app import workspaces as contract
from handbill.workspace import periods
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store.database import Row, Transaction

NAME = "Handbill"


@serves(contract.LIST)
async def listed(call: Call) -> contract.Workspaces:
    [month] = periods.last("months", 1, call.workspace.clock.now()).begins
    row = await call.workspace.database.read(_counts, month)
    return contract.Workspaces(workspaces=[contract.Workspace(id=1, name=NAME, **dict(row))])


def _counts(tx: Transaction, since: int) -> Row:
    row = tx.one("workspaces.counts", {"since": since})
    assert row
    return row
