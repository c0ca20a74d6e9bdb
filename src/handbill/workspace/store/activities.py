"""Activities: everything that happens, in its order (reference 9), for GET /activities and reporting webhooks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from handbill.contract.limits import BIGGEST_ID
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which activities; None lets all through."""

    person: int | None = None
    type: str | None = None
    name: str | None = None
    """An event's."""
    deleted: bool = False
    """Those of people who were deleted since, and no others; False: all but those."""

    def where(self) -> str:
        """One index is walked, the narrowest: a person's, else a name's, else a type's (+ hides the others)."""
        given = [column for column in ("person", "name", "type") if getattr(self, column) is not None]
        narrow = [f"{'+' if place else ''}a.{column} = :{column}" for place, column in enumerate(given)]
        gone = "a.person IN (SELECT person FROM activities WHERE type = 'profile_delete') AND p.person IS NULL"
        return " AND ".join([*narrow, gone if self.deleted else "(a.person IS NULL OR p.person IS NOT NULL)"])


def page(tx: Transaction, filters: Filters, before: int | None, limit: int) -> list[Row]:
    """Up to `limit` activities from before the one numbered `before`, newest first.

    Each has its event's name and data, its delivery's fate and its person's identifiers.
    """
    values = {"person": filters.person, "type": filters.type, "name": filters.name}
    values |= {"before": before or BIGGEST_ID, "limit": limit}
    return tx.all("activities.page", values, filters=filters.where())


def _json(data: Mapping[str, Any] | None) -> str | None:
    return msgspec.json.encode(data).decode() if data else None
