"""Reports: what happened to a delivery after it was sent, as a person, a provider or a scanner made it happen.

One report moves everything that shows it, in one transaction: the delivery's metric, the hour's counter and the
activities. Reference 4.3.
"""

from collections.abc import Mapping
from typing import Any

from handbill.workspace.store import activities, ledger, people
from handbill.workspace.store.database import Row, Transaction


def report(
    tx: Transaction, delivery: int, metric: str, at: int, now: int, data: Mapping[str, Any] | None = None
) -> Row | None:
    """Note that `metric` (a column of deliveries) happened at `at`, Unix seconds; the delivery, or None.

    The first time of a metric counts, later ones change nothing: then, and for an unknown delivery, None is returned.
    `data` goes into the activity.
    """
    row: Row | None = tx.one("reports.note", {"delivery": delivery, "at": at}, metric=metric)
    if row is None:
        return None
    ledger.count_metrics(tx, [(row, metric)], now)
    activities.add(tx, [activities.of_delivery(row, metric, at, data)])
    return row


def unsubscribe(tx: Transaction, delivery: int, now: int) -> None:
    """The person of this delivery wants no more; the second time changes nothing."""
    if row := report(tx, delivery, "unsubscribed", now, now):
        people.unsubscribe(tx, row["person"], True, now)
