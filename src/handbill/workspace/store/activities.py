"""Activities: everything that happens, in its order (reference 9), for GET /activities and reporting webhooks."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from handbill.workspace.store.database import Row, Transaction

_ROW = dict.fromkeys(("person", "delivery", "event", "object", "name", "data"))


def add(tx: Transaction, activities: Iterable[Mapping[str, Any]]) -> None:
    """Note what happened: `type`, `timestamp`, and of person, delivery, event, object, name and data what there is.

    `data` is a mapping, of what does not stand in the rows that are pointed to.
    """
    tx.many("activities.add", [{**_ROW, **activity, "data": _json(activity.get("data"))} for activity in activities])


def of_delivery(row: Row, metric: str, at: int, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The activity of a delivery's metric, such as `opened_email`. Of the row, delivery, person and type are read."""
    kind = f"{metric}_{row['type']}"
    return {"type": kind, "timestamp": at, "person": row["person"], "delivery": row["delivery"], "data": data}


def _json(data: Mapping[str, Any] | None) -> str | None:
    return msgspec.json.encode(data).decode() if data else None
