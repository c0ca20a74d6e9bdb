"""Suppressions: addresses that get no mail. Reference 10.

People who are suppressed as a whole (reference 12) stand in the same table, but are no affair of mail servers.
"""

from handbill.contract.app.suppressions import Reason
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import email_key


def add(tx: Transaction, reason: Reason, email: str, now: int, detail: str = "", status: str = "") -> None:
    """Suppress an address; `detail` and `status` are the server's words and code. The first time counts."""
    values = {"identifier": email_key(email), "reason": reason, "created": now, "detail": detail, "status": status}
    tx.run("suppressions.add", values)


def delete(tx: Transaction, reason: Reason, email: str) -> None:
    """Take back what `add` did; nothing happens when it did nothing."""
    tx.run("suppressions.delete", {"identifier": email_key(email), "reason": reason})


def search(tx: Transaction, email: str) -> list[Row]:
    """Why an address is suppressed, oldest first: reason, identifier, created, detail, status."""
    return tx.all("suppressions.search", {"identifier": email_key(email)})


def page(tx: Transaction, reason: Reason, offset: int, limit: int) -> list[Row]:
    """Up to `limit` addresses suppressed for this reason behind the first `offset`, oldest first, as `search`."""
    return tx.all("suppressions.page", {"reason": reason, "offset": offset, "limit": limit})
