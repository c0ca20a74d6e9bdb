"""Deliveries: lists of them, page by page, and what was sent. Reference 4."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from handbill.contract.limits import BIGGEST_ID
from handbill.errors import NotFound
from handbill.workspace.store import writing
from handbill.workspace.store.database import Row, Transaction

DAY = 86_400
DEFAULT_SPAN = 183 * DAY
LONGEST_SPAN = 366 * DAY
"""Seconds (reference 4.1): six months unless asked otherwise, never more than twelve."""
MONTH = 31 * DAY

TIMES = (
    "drafted",
    "attempted",
    "sent",
    "delivered",
    "deferred",
    "opened",
    "clicked",
    "converted",
    "bounced",
    "dropped",
    "spammed",
    "unsubscribed",
    "topic_unsubscribed",
    "suppressed",
    "failed",
    "undeliverable",
)
"""What may happen to a delivery, as the columns that hold when (reference 4.3)."""
COUNTS = ("human_opened", "prefetch_opened", "human_clicked", "prefetch_clicked")
"""And how often, of the columns that count."""

_PARENTS = (*writing.PARENTS, "content_id")
_WITHOUT_INDEX = frozenset(("sent",))
"""Metrics that nearly every delivery has: walking the list itself finds a page soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which deliveries; None lets all through. Times in Unix seconds, both ends included."""

    person: int | None = None
    broadcast_id: int | None = None
    campaign_id: int | None = None
    newsletter_id: int | None = None
    transactional_id: int | None = None
    content_id: int | None = None
    trigger_id: int | None = None
    type: str | None = None
    metrics: frozenset[str] = frozenset()
    """The columns that must hold a time."""
    drafts: bool = False
    since: int | None = None
    until: int | None = None

    @property
    def by_metric(self) -> bool:
        """Whether the list is read along a metric's index, rather than along the parent's."""
        return bool(self.metrics - _WITHOUT_INDEX)

    def values(self) -> dict[str, Any]:
        names = ("person", *_PARENTS, "trigger_id", "type")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


def page(tx: Transaction, filters: Filters, before: int | None, limit: int, now: int) -> list[Row]:
    """Up to `limit` deliveries that are older than `before`, newest first, each with its person's identifiers.

    Of an action, those of its translations too: each has an index of its own, so that their pages are merged.
    """
    filters = _of_first_month(tx, filters)
    if filters.content_id is None:
        return _page(tx, filters, before, limit, now)
    shown = [replace(filters, content_id=content) for content in writing.shown_as(tx, filters.content_id)]
    rows = [row for each in shown for row in _page(tx, each, before, limit, now)]
    return sorted(rows, key=lambda row: row["delivery"], reverse=True)[:limit]


def _of_first_month(tx: Transaction, filters: Filters) -> Filters:
    """A broadcast's deliveries without a range are those of the month after its first trigger (reference 4.1)."""
    if filters.broadcast_id is None or filters.trigger_id or filters.since is not None or filters.until is not None:
        return filters
    first = tx.value("messages.first_trigger", {"broadcast": filters.broadcast_id})
    return filters if first is None else replace(filters, since=first, until=first + MONTH)


def _page(tx: Transaction, filters: Filters, before: int | None, limit: int, now: int) -> list[Row]:
    bounds = _bounds(tx, filters, now)
    if bounds is None:
        return []
    first, last = bounds
    values = {**filters.values(), "first": first, "last": min(last, (before or BIGGEST_ID) - 1), "limit": limit}
    return tx.all("messages.page", values, filters=_where(filters))


def _where(filters: Filters) -> str:
    """Of a metric and a parent the metric's index is walked, inside the parent's bounds: it is the shorter one.

    A plus sign is SQLite's way to be told so.
    """
    columns = [(f"+d.{name}" if name in _PARENTS and filters.by_metric else f"d.{name}") for name in filters.values()]
    equal = [f"{column} = :{column.lstrip('+').removeprefix('d.')}" for column in columns]
    happened = [f"d.{metric} IS NOT NULL" for metric in sorted(filters.metrics)]
    return " AND ".join([f"d.state {'=' if filters.drafts else '<>'} 'drafted'", *equal, *happened])


def _bounds(tx: Transaction, filters: Filters, now: int) -> tuple[int, int] | None:
    """The first and last delivery to look at: times and parents are ranges of deliveries, found in their indexes."""
    until = now if filters.until is None else filters.until
    since = until - DEFAULT_SPAN if filters.since is None else max(filters.since, until - LONGEST_SPAN)
    firsts = [tx.value("messages.first_since", {"time": since})]
    lasts = [BIGGEST_ID if filters.until is None else tx.value("messages.last_until", {"time": until})]
    for name in _PARENTS if filters.by_metric else ():
        if (parent := getattr(filters, name)) is not None:
            firsts.append(tx.value("messages.first_of", {"parent": parent}, parent=name))
            lasts.append(tx.value("messages.last_of", {"parent": parent}, parent=name))
    return None if None in (*firsts, *lasts) else (max(firsts), min(lasts))


def get(tx: Transaction, delivery: int) -> Row:
    """One delivery with its person's identifiers. Raises NotFound."""
    return _found(tx.one("messages.get", {"delivery": delivery}))


def archived(tx: Transaction, delivery: int) -> tuple[bytes, bytes] | None:
    """What `archive.expand` wants: what was kept, and its sample; None when nothing was. Raises NotFound."""
    row = _found(tx.one("messages.archived", {"delivery": delivery}))
    return (row["message"], row["sample"] or b"") if row["message"] else None


def served(tx: Transaction, person: int, type_: str, after: Sequence[int] | None, limit: int) -> list[Row]:
    """A person's in-app or inbox messages with what was kept of them, those not seen first, then the newest.

    `after` is the last one of the page before: whether it was seen (0 or 1), and its delivery.
    """
    seen, delivery = after or (-1, 0)
    values = {"person": person, "type": type_, "seen": seen, "delivery": delivery, "limit": limit}
    return tx.all("messages.served", values)


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound("There is no such message.")
    return row
