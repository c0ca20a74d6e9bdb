from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.metrics import SERIES, MetricsQuery
from handbill.errors import NotFound

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
HOUR = 3600
THIS_HOUR = NOW - NOW % HOUR
Put = Callable[..., int]


@pytest.fixture
def count(put: Put) -> Callable[..., int]:
    """Add to a counter of broadcast 5."""
    put("broadcasts", id=5, name="Restock")
    put("contents", id=12, broadcast_id=5, name="Mail", fields={})
    put("contents", id=13, broadcast_id=5, name="Push", fields={})
    return lambda metric, hour, number, content=12, type="email": put(  # noqa: A006
        "counters", content_id=content, metric=metric, hour=hour, broadcast_id=5, type=type, count=number
    )


async def series(client: Client, **query: Any) -> dict[str, list[int]]:
    return (await client.broadcasts.metrics(5, MetricsQuery(**query))).metric.series


async def test_every_series_is_there_and_as_long_as_asked(client: Client, count: Put) -> None:
    answer = await series(client, steps=7)
    assert tuple(answer) == SERIES
    assert all(numbers == [0] * 7 for numbers in answer.values())


async def test_the_oldest_period_comes_first_and_the_present_one_last(client: Client, count: Put) -> None:
    count("sent", THIS_HOUR, 1)
    count("sent", THIS_HOUR - HOUR, 10)
    count("opened", THIS_HOUR - 2 * HOUR, 100)
    count("sent", THIS_HOUR - 3 * HOUR, 1000)
    answer = await series(client, period="hours", steps=3)
    assert answer["sent"] == [0, 10, 1]
    assert answer["opened"] == [100, 0, 0]


async def test_a_day_ends_at_midnight_in_the_eastern_united_states(client: Client, count: Put) -> None:
    midnight = int(datetime(2025, 11, 24, tzinfo=ZoneInfo("America/New_York")).timestamp())
    count("sent", midnight - HOUR, 1)
    count("sent", midnight, 10)
    count("sent", midnight + HOUR, 100)
    assert (await series(client, period="days", steps=2))["sent"] == [1, 110]


@pytest.mark.parametrize(
    ("query", "length"),
    [
        ({}, 45),
        ({"period": "hours"}, 24),
        ({"period": "weeks"}, 12),
        ({"period": "months"}, 12),
        ({"period": "months", "steps": 0}, 121),
        ({"period": "months", "steps": 500}, 121),
        ({"steps": 0}, 45),
        ({"steps": 1}, 2),
        ({"steps": 46}, 45),
    ],
)
async def test_steps_follow_customer_ios_rules(
    client: Client, count: Put, query: dict[str, Any], length: int
) -> None:
    assert len((await series(client, **query))["sent"]) == length


async def test_a_type_and_an_action_narrow_the_count(client: Client, count: Put) -> None:
    count("sent", THIS_HOUR, 1)
    count("sent", THIS_HOUR, 10, content=13, type="push")
    assert (await series(client))["sent"][-1] == 11
    assert (await series(client, type="push"))["sent"][-1] == 10
    of_action = await client.broadcasts.action_metrics(5, 12)
    assert of_action.metric.series["sent"][-1] == 1


async def test_metrics_of_what_is_not_there_are_not_found(client: Client, count: Put) -> None:
    for call in (client.broadcasts.metrics(6), client.broadcasts.action_metrics(5, 99)):
        with pytest.raises(NotFound):
            await call


@pytest.mark.parametrize("query", ["period=years", "steps=x", "steps=-1", "type=sms"])
async def test_a_wrong_value_is_named(http: httpx2.AsyncClient, count: Put, query: str) -> None:
    answer = await http.get(f"/v1/broadcasts/5/metrics?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]
