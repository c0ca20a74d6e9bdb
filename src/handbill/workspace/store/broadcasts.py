"""Broadcasts. Reference 8.1; their actions are in contents.py."""

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
