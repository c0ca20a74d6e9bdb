"""When a delivery is tried again."""

import pytest

from handbill.workspace.engine.needs import Outcome, Receipt
from handbill.workspace.engine.retry import next_try, settle

MINUTE, HOUR = 60, 3600


@pytest.mark.parametrize(
    ("attempts", "wait"), [(1, MINUTE), (2, 5 * MINUTE), (3, 15 * MINUTE), (4, 30 * MINUTE), (5, HOUR), (9, HOUR)]
)
def test_the_wait_grows_to_an_hour(attempts: int, wait: int) -> None:
    assert next_try(attempts, created=1000, now=2000) == 2000 + wait


def test_after_a_day_it_is_given_up() -> None:
    assert next_try(20, created=0, now=24 * HOUR - HOUR + 1) is None


RECEIPTS = [
    (Outcome.SENT, 1, Outcome.SENT),
    (Outcome.FAILED, 1, Outcome.FAILED),
    (Outcome.UNKNOWN, 1, Outcome.UNKNOWN),
    (Outcome.DEFERRED, 1, Outcome.DEFERRED),
    (Outcome.QUEUED, 1, Outcome.QUEUED),
    (Outcome.QUEUED, 3, Outcome.DEFERRED),
]


@pytest.mark.parametrize(("got", "attempts", "recorded"), RECEIPTS)
def test_what_a_receipt_means(got: Outcome, attempts: int, recorded: Outcome) -> None:
    assert settle(Receipt(got), attempts, created=0, now=10)[0] is recorded


def test_only_what_is_deferred_is_tried_again_later() -> None:
    assert settle(Receipt(Outcome.DEFERRED), 1, created=0, now=10) == (Outcome.DEFERRED, 70)
    assert settle(Receipt(Outcome.FAILED), 1, created=0, now=10) == (Outcome.FAILED, None)
