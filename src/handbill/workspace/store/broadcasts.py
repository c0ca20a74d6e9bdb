"""Broadcasts and their actions. Reference 8.1."""

from handbill.errors import NotFound
from handbill.workspace.store.database import Row, Transaction


def listed(tx: Transaction) -> list[Row]:
    """Every broadcast; `actions` is JSON: `[{"id", "type"}]`."""
    return tx.all("broadcasts.list")


def get(tx: Transaction, broadcast_id: int) -> Row:
    """One broadcast, as `listed` has it. Raises NotFound."""
    row = tx.one("broadcasts.get", {"id": broadcast_id})
    if row is None:
        raise NotFound(f"There is no broadcast {broadcast_id}.")
    return row


def actions(tx: Transaction, broadcast_id: int) -> list[Row]:
    """The broadcast's contents as rows of `contents`. Raises NotFound."""
    get(tx, broadcast_id)
    return tx.all("broadcasts.actions", {"broadcast": broadcast_id})


def action(tx: Transaction, broadcast_id: int, action_id: int) -> Row:
    """One of them. Raises NotFound."""
    get(tx, broadcast_id)
    row = tx.one("broadcasts.action", {"broadcast": broadcast_id, "action": action_id})
    if row is None:
        raise NotFound(f"Broadcast {broadcast_id} has no action {action_id}.")
    return row
