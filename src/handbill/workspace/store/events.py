"""Events: what people did, and when. Reference 12, 13."""

from collections.abc import Iterable, Mapping
from typing import Any

from handbill.workspace.store import goals, journeys
from handbill.workspace.store.database import Transaction


def add(tx: Transaction, events: Iterable[Mapping[str, Any]], now: int) -> int:
    """Add events, each with id (or None), person, name, type, timestamp and data (JSON text); how many are new.

    What waits for such an event begins (the journeys of campaigns) or is converted (a goal's deliveries).

    An id that is there already is the same event, whoever it belongs to (reference 12).
    """
    last = tx.value("activities.last_event")
    added = tx.many("events.add", events)
    tx.run("activities.add_events", {"after": last})
    journeys.start(tx, last, now)
    goals.convert(tx, last, now)
    return added
