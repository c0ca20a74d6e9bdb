"""Newsletters. Reference 6.1."""

from typing import Literal

from handbill.contract.limits import BIGGEST_ID
from handbill.errors import Conflict, NotFound
from handbill.workspace.store.database import Row, Transaction

_ORDERS = {"asc": {"beyond": ">", "way": "ASC"}, "desc": {"beyond": "<", "way": "DESC"}}
_BEFORE_ALL = {"asc": (0, 0), "desc": (BIGGEST_ID, BIGGEST_ID)}


def page(tx: Transaction, sort: Literal["asc", "desc"], after: list[int] | None, limit: int) -> list[Row]:
    """Up to `limit` newsletters by time, from the one behind `after` (created, id); `content_ids` is JSON."""
    created, newsletter_id = after or _BEFORE_ALL[sort]
    return tx.all("newsletters.page", {"created": created, "id": newsletter_id, "limit": limit}, **_ORDERS[sort])


def get(tx: Transaction, newsletter_id: int) -> Row:
    """One newsletter, as `page` has it. Raises NotFound."""
    row = tx.one("newsletters.get", {"id": newsletter_id})
    if row is None:
        raise NotFound(f"There is no newsletter {newsletter_id}.")
    return row


def delete(tx: Transaction, newsletter_id: int) -> None:
    """Delete one with all that is written in it; its deliveries stay.

    Raises NotFound, and Conflict while it is being sent.
    """
    get(tx, newsletter_id)
    if tx.one("newsletters.being_sent", {"id": newsletter_id}):
        raise Conflict(f"Newsletter {newsletter_id} is being sent. Wait until it is, then delete it.")
    tx.run("newsletters.delete", {"id": newsletter_id})
