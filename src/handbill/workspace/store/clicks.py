"""Clicks: which link of a message was followed, by a person or a machine. Reference 8.3, link metrics."""

from dataclasses import dataclass

from handbill.workspace.store.database import Row, Transaction

BURST_SECONDS = 2
"""Nobody follows two links of a mail within this time, but scanners follow all of them."""
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Click:
    """What became of a click. `mistaken` are the clicks just before, taken for a person's: a burst is a machine's."""

    link: int
    machine: bool
    mistaken: list[Row]


def add(tx: Transaction, delivery: int, content: int, href: str, machine: bool, at: int) -> Click:
    """Note that a link of this delivery was followed at `at`, Unix seconds."""
    link = int(tx.value("clicks.link", {"content": content, "href": href}))
    since = at - BURST_SECONDS
    others = tx.all("clicks.others", {"delivery": delivery, "link": link, "since": since})
    mistaken = [other for other in others if (other["human_at"] or 0) >= since]
    for other in mistaken:
        _count(tx, delivery, other["link"], "human", other["human_at"], -1)
        _count(tx, delivery, other["link"], "machine", other["human_at"], 1)
    machine = machine or bool(others)
    _count(tx, delivery, link, "machine" if machine else "human", at, 1)
    return Click(link, machine, mistaken)


def _count(tx: Transaction, delivery: int, link: int, who: str, at: int, by: int) -> None:
    """Count one click more (or, with -1, one less), and whether this delivery's readers follow the link at all."""
    row = tx.one("clicks.add", {"delivery": delivery, "link": link, "at": at, "by": by}, who=who)
    assert row
    edge = max(by, 0)
    metrics = ["clicked", f"{who}_clicked"]
    metrics += ["unique_clicked"] if row["human"] + row["machine"] == edge else []
    metrics += [f"unique_{who}_clicked"] if row[who] == edge else []
    rows = [{"link": link, "metric": metric, "hour": at - at % HOUR, "by": by} for metric in metrics]
    tx.many("clicks.count", rows)
