"""Reporting webhooks: who is told what, and how far each has been told. Reference 10, 15."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from handbill.errors import NotFound
from handbill.workspace.store.database import Row, Transaction


@dataclass(frozen=True, slots=True)
class Portion:
    """The next activities for a webhook: `rows` are those of the wanted kinds, `last` the last that was looked at."""

    rows: Sequence[Row]
    last: int


def listed(tx: Transaction) -> list[Row]:
    """Every webhook: id, name, endpoint, disabled, full_resolution, with_content and events (JSON)."""
    return tx.all("reporting_webhooks.list")


def get(tx: Transaction, webhook: int) -> Row:
    """One webhook. Raises NotFound."""
    row = tx.one("reporting_webhooks.get", {"id": webhook})
    if row is None:
        raise NotFound(f"There is no reporting webhook {webhook}.")
    return row


def create(tx: Transaction, wanted: Mapping[str, Any], now: int) -> Row:
    """A new webhook, which is told what happens from now on."""
    return get(tx, tx.value("reporting_webhooks.create", {**_values(wanted), "now": now}))


def update(tx: Transaction, webhook: int, wanted: Mapping[str, Any], now: int) -> Row:
    """Change a webhook and try at once what failed. What happened while it was off is not told. Raises NotFound."""
    tx.run("reporting_webhooks.update", {**_values(wanted), "id": webhook, "now": now})
    return get(tx, webhook)


def delete(tx: Transaction, webhook: int) -> None:
    """Raises NotFound."""
    get(tx, webhook)
    tx.run("reporting_webhooks.delete", {"id": webhook})


def _values(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {**wanted, "events": msgspec.json.encode(wanted["events"]).decode()}


# Telling


def due(tx: Transaction, now: int) -> list[int]:
    """The webhooks that have something to be told."""
    return [row["id"] for row in tx.all("reporting_webhooks.due", {"now": now})]


def open_(tx: Transaction, webhook: int) -> Row | None:
    """The webhook, with position, tries and failing_since; None when it is off or gone."""
    row = tx.one("reporting_webhooks.get", {"id": webhook})
    return row if row and not row["disabled"] else None


def portion(tx: Transaction, webhook: Row, kinds: Iterable[str], limit: int) -> Portion | None:
    """What happened after the webhook's position; None when nothing did."""
    last = tx.value("reporting_webhooks.last", {"position": webhook["position"], "limit": limit})
    if last is None:
        return None
    values = {"position": webhook["position"], "last": last, "kinds": msgspec.json.encode(list(kinds)).decode()}
    return Portion(tx.all("reporting_webhooks.portion", values), last)


def told(tx: Transaction, webhook: int, position: int) -> None:
    """All up to the activity `position` is dealt with."""
    tx.run("reporting_webhooks.told", {"id": webhook, "position": position})


def failed(tx: Transaction, webhook: int, position: int, retry_at: int, note: str, now: int) -> None:
    """All up to `position` is dealt with; what follows failed and is tried again at `retry_at`, Unix seconds."""
    values = {"id": webhook, "position": position, "retry_at": retry_at, "note": note, "now": now}
    tx.run("reporting_webhooks.failed", values)
