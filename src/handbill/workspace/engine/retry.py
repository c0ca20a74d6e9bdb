"""When a delivery is tried again, as a pure rule."""

from handbill.workspace.engine.needs import Outcome, Receipt

DELAYS = (60, 5 * 60, 15 * 60, 30 * 60)
HOUR = 60 * 60
GIVE_UP = 24 * HOUR
RESETS = 3
"""A connection lost this often in a row is treated as a "later" of the server."""


def next_try(attempts: int, created: int, now: int) -> int | None:
    """When to try again after `attempts` tries, in Unix seconds; None a day after the delivery was made."""
    due = now + (DELAYS[attempts - 1] if attempts <= len(DELAYS) else HOUR)
    return due if due <= created + GIVE_UP else None


def settle(receipt: Receipt, attempts: int, created: int, now: int) -> tuple[Outcome, int | None]:
    """What a receipt means after `attempts` tries: the outcome to record and, if deferred, when to try again."""
    lost_again = receipt.outcome is Outcome.QUEUED and attempts >= RESETS
    if receipt.outcome is not Outcome.DEFERRED and not lost_again:
        return receipt.outcome, None
    due = next_try(attempts, created, now)
    return (Outcome.DEFERRED, due) if due else (Outcome.FAILED, None)
