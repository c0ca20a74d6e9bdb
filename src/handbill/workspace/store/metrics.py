"""Metrics: what was counted, hour by hour. Reference 8.3."""

from handbill.workspace.store import broadcasts
from handbill.workspace.store.database import Row, Transaction


def of_broadcast(tx: Transaction, broadcast_id: int, since: int, type_: str | None) -> list[Row]:
    """metric, hour (Unix seconds) and count, from the hour `since` on. Raises NotFound."""
    broadcasts.get(tx, broadcast_id)
    return tx.all("metrics.of_broadcast", {"broadcast": broadcast_id, "since": since, "type": type_})


def of_action(tx: Transaction, broadcast_id: int, action_id: int, since: int, type_: str | None) -> list[Row]:
    """The same for one action. Raises NotFound."""
    broadcasts.action(tx, broadcast_id, action_id)
    values = {"broadcast": broadcast_id, "action": action_id, "since": since, "type": type_}
    return tx.all("metrics.of_action", values)
