"""Newsletters: written once, sent once. Reference 6.1, 6.2."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from handbill.contract.limits import BIGGEST_ID
from handbill.errors import Conflict, InvalidInput, NotFound
from handbill.workspace.store import senders, sending
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


def create(tx: Transaction, newsletter: Mapping[str, Any], content: Mapping[str, Any], now: int) -> int:
    """A new newsletter with its text: name, type, audience and topic_id; fields, headers and layout. Its number."""
    made = int(tx.value("newsletters.create", {**newsletter, "audience": _json(newsletter["audience"]), "now": now}))
    texts = {"fields": _json(content["fields"]), "headers": _json(content["headers"]), "layout": content["layout"]}
    values = {"newsletter": made, "name": newsletter["name"], "type": newsletter["type"], "now": now, **texts}
    senders.note(tx, int(tx.value("newsletters.create_content", values)), now)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """When a newsletter goes out, and how fast; `local_at` is a time of day (Unix seconds as if in UTC)."""

    at: int = 0
    local_at: int | None = None
    rate: int | None = None
    period: int = 3600
    spread: bool = False


def send(tx: Transaction, newsletter_id: int, start: Start, lacking: Mapping[str, str], now: int) -> None:
    """Send at `start.at`, in place of a time set before. Raises NotFound, and InvalidInput when it
    cannot be sent; `lacking`: see `ways.lacking`."""
    row = get(tx, newsletter_id)
    unschedule(tx, newsletter_id)
    if reason := _obstacle(tx, row, lacking):
        raise InvalidInput.of("newsletter_id", f"Newsletter {newsletter_id} cannot be sent: {reason}")
    values = {name: getattr(start, name) for name in ("at", "local_at", "rate", "period", "spread")}
    audience = _json({"recipients": msgspec.json.decode(row["audience"])})
    own = {"newsletter": newsletter_id, "audience": audience, "transport": sending.transport(tx), "now": now}
    tx.run("newsletters.trigger", {**values, **own})
    tx.run("newsletters.scheduled", {"id": newsletter_id, "at": start.at or None, "now": now})


def unschedule(tx: Transaction, newsletter_id: int) -> None:
    """Take the time back that was set before. Raises NotFound."""
    get(tx, newsletter_id)
    tx.run("newsletters.forget_trigger", {"newsletter": newsletter_id})
    tx.run("newsletters.unscheduled", {"id": newsletter_id})


def _obstacle(tx: Transaction, row: Row, lacking: Mapping[str, str]) -> str:
    """Why it cannot be sent; empty when it can."""
    if tx.one("newsletters.triggered", {"newsletter": row["id"]}):
        return "it was sent already."
    types = [each["type"] for each in tx.all("newsletters.types", {"newsletter": row["id"]})]
    if not types:
        return "it has no text."
    if row["audience"] == "{}":
        return "it has no recipients."
    return sending.off(tx) or sending.obstacle(tx, types, lacking)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
