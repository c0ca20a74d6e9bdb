"""Exports: what was asked for, and the people and deliveries that go into the files. Reference 10."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from handbill.errors import NotFound
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.messages import DEFAULT_SPAN, LONGEST_SPAN

PARENTS = ("newsletter_id", "campaign_id", "transactional_message_id", "action_id")


def listed(tx: Transaction) -> list[Row]:
    """Every export but the reports of imports."""
    return tx.all("exports.list")


def get(tx: Transaction, export: int) -> Row:
    """One export: type, description, wanted (JSON), status, total, downloads. Raises NotFound."""
    row = tx.one("exports.get", {"id": export})
    if row is None:
        raise NotFound(f"There is no export {export}.")
    return row


def create(tx: Transaction, type_: str, description: str, wanted: Mapping[str, Any], now: int) -> Row:
    """A new export, to be made in the background."""
    values = {"type": type_, "description": description, "wanted": _json(wanted), "now": now}
    return get(tx, tx.value("exports.create", values))


def due(tx: Transaction, now: int) -> list[int]:
    """The export that is to be made next."""
    return list(tx.column("exports.due"))


def finish(tx: Transaction, export: int, status: str, total: int, now: int) -> None:
    tx.run("exports.finish", {"id": export, "status": status, "total": total, "now": now})


def downloaded(tx: Transaction, export: int) -> None:
    tx.run("exports.downloaded", {"id": export})


def attribute_names(tx: Transaction, people: Sequence[int]) -> list[str]:
    """Which attributes these people have between them."""
    return list(tx.column("exports.attribute_names", {"people": _json(list(people))}))


def people(tx: Transaction, numbers: Sequence[int]) -> list[Row]:
    """Those of these people who are still there."""
    return tx.all("exports.people", {"people": _json(list(numbers))})


def deliveries(tx: Transaction, wanted: Mapping[str, Any], after: int, limit: int, now: int) -> list[Row]:
    """The next deliveries behind `after`, with id and email of the person. `wanted` is the body (reference 10)."""
    until = now if wanted["end"] is None else wanted["end"]
    since = until - DEFAULT_SPAN if wanted["start"] is None else max(wanted["start"], until - LONGEST_SPAN)
    parent = next(name for name in PARENTS if wanted[name] is not None)
    values = {
        "parent": wanted[parent],
        "after": after,
        "since": since,
        "until": until,
        "template": wanted["template_id"],
        "drafts": wanted["drafts"],
        "limit": limit,
    }
    column = _column(tx, parent, wanted[parent])
    return tx.all("exports.deliveries", values, parent=column, metric=wanted["metric"] or "created")


def _column(tx: Transaction, parent: str, number: int) -> str:
    """Where the parent stands on a delivery. A broadcast is a campaign to the API; a real campaign goes first."""
    if parent == "campaign_id" and not tx.one("exports.is_campaign", {"id": number}):
        return "broadcast_id"
    return {"transactional_message_id": "transactional_id", "action_id": "content_id"}.get(parent, parent)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
