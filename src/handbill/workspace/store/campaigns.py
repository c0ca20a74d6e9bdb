"""Campaigns and the journeys of people through them. Reference 8.2, 8.4."""

from handbill.errors import NotFound
from handbill.workspace.store.database import Row, Transaction


def listed(tx: Transaction) -> list[Row]:
    """Every campaign; `actions` is JSON: `[{"id", "type"}]`."""
    return tx.all("campaigns.list")


def get(tx: Transaction, campaign_id: int) -> Row:
    """One campaign, as `listed` has it. Raises NotFound."""
    row = tx.one("campaigns.get", {"id": campaign_id})
    if row is None:
        raise NotFound(f"There is no campaign {campaign_id}.")
    return row


def journeys(tx: Transaction, campaign_id: int, since: int, until: int) -> list[Row]:
    """The journeys started from `since` until before `until` (Unix seconds), counted by hour. Raises NotFound."""
    get(tx, campaign_id)
    return tx.all("campaigns.journeys", {"campaign": campaign_id, "since": since, "until": until})
