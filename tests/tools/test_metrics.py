"""Rates with their base and their change, and the one line that tells them."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import NOW
from tests.tools.conftest import Ask

from handbill.contract.app.metrics import SERIES
from handbill.tools.metrics import report

pytestmark = pytest.mark.anyio
Put = Callable[..., int]
WEEK = 7 * 86_400


def series(**counts: list[int]) -> dict[str, list[int]]:
    return {name: counts.get(name, [0, 0]) for name in SERIES}


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"sent": [500, 1000], "opened": [191, 412]}, "Restock: 1,000 sent, 41.2 % opened (+3.0 points)"),
        (
            {"sent": [0, 1000], "opened": [0, 412], "clicked": [0, 50]},
            "Restock: 1,000 sent, 41.2 % opened, 5.0 % clicked",
        ),
        ({"sent": [0, 10], "bounced": [0, 1]}, "Restock: 10 sent, 0.0 % opened, 10.0 % bounced"),
        ({"created": [0, 3], "failed": [0, 3]}, "Restock: 0 sent, 3 failed"),
        ({}, "Restock: 0 sent"),
    ],
)
def test_the_line_tells_what_there_is_and_how_it_changed(counts: dict[str, list[int]], line: str) -> None:
    assert report("broadcast", 5, "Restock", series(**counts), 1).line == line


def test_every_rate_says_of_how_many_it_is() -> None:
    told = report("broadcast", 5, "Restock", series(sent=[4, 8], created=[4, 10], opened=[1, 4], failed=[0, 2]), 1)
    rates = {rate.metric: rate for rate in told.rates}
    opened, failed = rates["opened"], rates["failed"]
    assert (opened.count, opened.of, opened.base, opened.percent, opened.before, opened.change) == (
        4,
        "sent",
        8,
        50,
        25,
        25,
    )
    assert (failed.count, failed.of, failed.base, failed.percent, failed.before) == (2, "created", 10, 20, 0)


@pytest.fixture
def counted(put: Put) -> None:
    """Two messages, in this week and five weeks ago."""
    for name, table, number, parent in (
        ("Restock", "broadcasts", 5, "broadcast"),
        ("Receipt", "transactional", 9, "transactional"),
    ):
        put(table, id=number, name=name)
        for metric, count, ago in (("sent", 200, 0), ("opened", 50, 0), ("sent", 100, 5), ("opened", 20, 5)):
            hour = NOW - NOW % 3600 - ago * WEEK
            put(
                "counters",
                **{f"{parent}_id": number},
                content_id=number,
                metric=metric,
                hour=hour,
                type="email",
                count=count,
            )


@pytest.mark.parametrize("chosen", [{"broadcast_id": 5}, {"transactional_message_id": 9}])
async def test_one_message_is_compared_with_the_time_before(ask: Ask, counted: None, chosen: dict[str, Any]) -> None:
    answer = await ask("GET_METRICS_REPORT", **chosen)
    [told] = answer["reports"]
    assert told["line"].endswith(": 200 sent, 25.0 % opened (+5.0 points)")
    assert (told["sent"], told["sent_before"]) == (200, 100)
    assert answer["notes"] == ["The last of these weeks is not over yet; those it is compared with are."]


async def test_without_a_choice_everything_that_was_sent_is_told(ask: Ask, counted: None, put: Put) -> None:
    put("newsletters", id=12, name="March")
    answer = await ask("GET_METRICS_REPORT", period="days", steps=2)
    assert [(each["kind"], each["id"]) for each in answer["reports"]] == [("broadcast", 5), ("transactional", 9)]
