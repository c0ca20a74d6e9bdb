"""Reports: what happened to a delivery after it was sent, as a person, a provider or a scanner made it happen.

One report moves everything that shows it, in one transaction: the delivery's metric, the hour's counter and the
activities. Reference 4.3.
"""

from collections.abc import Mapping
from typing import Any

from handbill.contract.app.suppressions import Reason
from handbill.contract.filters import listed
from handbill.contract.track import METRICS
from handbill.errors import InvalidInput
from handbill.workspace.bounces import Notice
from handbill.workspace.store import activities, clicks, ledger, people, suppressions
from handbill.workspace.store.database import Row, Transaction

_SEEN = {"opened": "prefetched", "clicked": "machine"}
"""Metrics that happen again and again, with the word in their data that says it was no person."""
_SERIES = {"prefetch_clicked": "machine_clicked"}
"""A delivery's counts and the series of a name of their own (reference 4.3)."""


def report(
    tx: Transaction, delivery: int, metric: str, at: int, now: int, data: Mapping[str, Any] | None = None
) -> Row | None:
    """Note that `metric` (a column of deliveries) happened at `at`, Unix seconds; the delivery as it was, or None.

    The first time of a metric counts, later ones change nothing: then, and for an unknown delivery, None is returned.
    But every opening and click is an activity and counted, as a person's or, with `prefetched` or `machine` in
    `data`, as a machine's. A click's `href` is counted, too. `data` goes into the activity.
    """
    row = tx.one("reports.delivery", {"delivery": delivery})
    if row is None:
        return None
    first = row[metric] is None
    if first:
        _arrived(tx, row, at, now)
        tx.run("reports.note", {"delivery": delivery, "at": at}, metric=metric)
        ledger.count_metrics(tx, [(row, metric)], now)
    if metric in _SEEN:
        _seen(tx, row, metric, at, now, dict(data or {}))
    elif first:
        activities.add(tx, [activities.of_delivery(row, metric, at, data)])
    return row if first else None


def _arrived(tx: Transaction, row: Row, at: int, now: int) -> None:
    """Who hears of a message whose sending had no answer knows that it was sent; it is not sent again."""
    if row["state"] == "unknown" or (row["state"] == "queued" and row["resent"] and row["worker"] is None):
        ledger.apply(tx, [ledger.Change(row["delivery"], "sent", "reports.arrived", {"at": at}, ("sent",))], now)


def _seen(tx: Transaction, row: Row, metric: str, at: int, now: int, data: dict[str, Any]) -> None:
    machine = bool(data.get(_SEEN[metric]))
    if metric == "clicked" and data.get("href"):
        click = clicks.add(tx, row["delivery"], row["content_id"], data["href"], machine, at)
        machine = click.machine
        data |= {"link_id": click.link, "machine": machine}
        for mistaken in click.mistaken:
            _was_machine(tx, row, mistaken, now)
    _count(tx, row, metric, machine, now)
    activities.add(tx, [activities.of_delivery(row, metric, at, data)])
    if metric == "clicked" and not machine and not row["human_opened"]:
        report(tx, row["delivery"], "opened", at, now, {"proxied": False, "prefetched": False, "synthetic": True})


def _count(tx: Transaction, row: Row, metric: str, machine: bool, now: int, by: int = 1) -> None:
    column = f"{'prefetch' if machine else 'human'}_{metric}"
    count = tx.value("reports.count", {"delivery": row["delivery"], "by": by}, column=column)
    if count == max(by, 0):  # the series counts deliveries
        ledger.count_metrics(tx, [(row, _SERIES.get(column, column))], now, by)


def _was_machine(tx: Transaction, row: Row, mistaken: Row, now: int) -> None:
    """A click that was taken for a person's was none, and neither was the opening that it implied."""
    for metric, key in _SEEN.items():
        if metric == "opened" and not (row["human_opened"] == 1 and row["opened"] == mistaken["human_at"]):
            continue
        for machine, by in ((False, -1), (True, 1)):
            _count(tx, row, metric, machine, now, by)
        link = mistaken["link"] if metric == "clicked" else None
        values = {"person": row["person"], "delivery": row["delivery"], "link": link}
        tx.run("reports.was_machine", values | {"type": f"{metric}_{row['type']}"}, key=key)


def told(tx: Transaction, delivery: int, metric: str, at: int, now: int, data: Mapping[str, Any]) -> None:
    """A report from outside: a bounce or a complaint also blocks the address. Nothing, for an unknown delivery.

    Raises InvalidInput for a metric that deliveries of this type do not have.
    """
    row = tx.one("reports.delivery", {"delivery": delivery})
    if row is None:
        return
    if metric not in METRICS[row["type"]]:
        allowed = listed(METRICS[row["type"]])
        raise InvalidInput.of("metric", f"metric of a delivery by {row['type']} must be one of {allowed}.")
    report(tx, delivery, metric, at, now, data)
    if row["type"] == "email" and metric in _BLOCKS:
        _suppress(tx, row, _BLOCKS[metric], now, str(data.get("reason") or ""))


_BLOCKS: dict[str, Reason] = {"bounced": "bounce", "spammed": "complaint"}


def noticed(tx: Transaction, delivery: int, notice: Notice, now: int) -> Row | None:
    """Note what a mail server wrote back about a delivery, and block the address where that says so.

    Answers as `report` does.
    """
    words = notice.detail if notice.metric in ("bounced", "deferred") else ""
    row = report(tx, delivery, notice.metric, now, now, {"failure_message": words} if words else None)
    if row and words:
        tx.run("reports.explain", {"delivery": delivery, "detail": words})
    if row and notice.suppress:
        _suppress(tx, row, notice.suppress, now, words, notice.status)
    return row


def _suppress(tx: Transaction, row: Row, reason: Reason, now: int, detail: str, status: str = "") -> None:
    person = people.get(tx, row["person"])
    if person and person["email"]:
        suppressions.add(tx, reason, person["email"], now, detail, status)


def unsubscribe(tx: Transaction, delivery: int, now: int) -> None:
    """The person of this delivery wants no more; the second time changes nothing."""
    if row := report(tx, delivery, "unsubscribed", now, now):
        people.unsubscribe(tx, row["person"], True, now)
