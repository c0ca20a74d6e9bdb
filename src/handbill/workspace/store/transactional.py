"""Transactional messages. Reference 7.1."""

from handbill.errors import NotFound
from handbill.workspace.store.database import Row, Transaction


def listed(tx: Transaction) -> list[Row]:
    """Every transactional message; `settings` is JSON."""
    return tx.all("transactional.list")


def get(tx: Transaction, transactional_id: int) -> Row:
    """One of them. Raises NotFound."""
    row = tx.one("transactional.get", {"id": transactional_id})
    if row is None:
        raise NotFound(f"There is no transactional message {transactional_id}.")
    return row
