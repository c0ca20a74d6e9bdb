"""Goals: an event that a broadcast, newsletter or campaign is sent for makes its delivery converted."""

from handbill.workspace.store import reports
from handbill.workspace.store.database import Transaction


def convert(tx: Transaction, after: int, now: int) -> None:
    """Convert what the events behind `after` are the goal of: of each parent the newest delivery to that person whose
    time has not run out, at the event's time, and once."""
    if not tx.value("goals.any"):
        return
    for met in tx.all("goals.met", {"after": after}):
        row = reports.report(tx, met["delivery"], "converted", met["timestamp"], now)
        if row and row["campaign_id"]:
            tx.run("goals.convert_journey", {**dict(row), "at": met["timestamp"]})
