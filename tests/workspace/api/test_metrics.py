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


# Every parent

PARENTS = {
    "/v1/broadcasts/5": {"broadcast_id": 5, "content_id": 12},
    "/v1/broadcasts/5/actions/12": {"broadcast_id": 5, "content_id": 12},
    "/v1/campaigns/8": {"campaign_id": 8, "content_id": 16},
    "/v1/campaigns/8/actions/16": {"campaign_id": 8, "content_id": 16},
    "/v1/newsletters/7": {"newsletter_id": 7, "content_id": 14},
    "/v1/newsletters/7/contents/14": {"newsletter_id": 7, "content_id": 14},
    "/v1/transactional/9": {"transactional_id": 9, "content_id": 15},
}


@pytest.fixture
def everyone(put: Put) -> None:
    """One parent of each kind with a content, and a stranger's counts beside them."""
    put("broadcasts", id=5, name="Restock")
    put("campaigns", id=8, name="Welcome", event_name="signed_up")
    put("newsletters", id=7, name="May")
    put("transactional", id=9, name="Receipt")
    for parent in {each["content_id"]: each for each in PARENTS.values()}.values():
        owner = {name: number for name, number in parent.items() if name != "content_id"}
        put("contents", id=parent["content_id"], name="Mail", fields={}, **owner)
        put("counters", metric="sent", hour=THIS_HOUR, type="email", count=10, **parent)
    put("counters", metric="sent", hour=THIS_HOUR, type="email", count=1000, broadcast_id=6, content_id=99)


@pytest.mark.usefixtures("everyone")
@pytest.mark.parametrize("path", PARENTS)
async def test_every_parent_and_content_has_its_own_metrics(http: httpx2.AsyncClient, path: str) -> None:
    answer = (await http.get(f"{path}/metrics?period=hours&steps=2")).json()
    assert answer["metric"]["series"]["sent"] == [0, 10]


@pytest.mark.usefixtures("everyone")
@pytest.mark.parametrize("path", PARENTS)
async def test_every_parent_and_content_has_its_own_link_metrics(
    http: httpx2.AsyncClient, put: Put, path: str
) -> None:
    link = put("links", content_id=PARENTS[path]["content_id"], href="https://shop.example/")
    put("links", content_id=99, href="https://other.example/")
    for metric, count in (("clicked", 5), ("human_clicked", 3), ("machine_clicked", 2), ("unique_clicked", 4)):
        put("link_counters", link=link, metric=metric, hour=THIS_HOUR, count=count)
    put("link_counters", link=link, metric="clicked", hour=THIS_HOUR - 9 * HOUR, count=100)
    asked = f"{path}/metrics/links?period=hours&steps=2"
    [told] = (await http.get(asked)).json()["links"]
    assert told["link"] == {"id": link, "href": "https://shop.example/"}
    assert told["metric"]["series"] == {"clicked": [0, 5], "human_clicked": [0, 3], "machine_clicked": [0, 2]}
    [unique] = (await http.get(f"{asked}&unique=true")).json()["links"]
    assert unique["metric"]["series"] == {"clicked": [0, 4], "human_clicked": [0, 0], "machine_clicked": [0, 0]}


@pytest.mark.usefixtures("everyone")
async def test_a_webhooks_answers_are_there_as_soon_as_one_was_counted(http: httpx2.AsyncClient, put: Put) -> None:
    put("counters", metric="2xx", hour=THIS_HOUR, type="webhook", count=3, campaign_id=8, content_id=16)
    series = (await http.get("/v1/campaigns/8/metrics?period=hours&steps=2")).json()["metric"]["series"]
    assert (series["2xx"], series["5xx"]) == ([0, 3], [0, 0])


# Version 2


@pytest.mark.usefixtures("everyone")
@pytest.mark.parametrize("path", ["/v1/campaigns/8", "/v1/campaigns/8/actions/16"])
async def test_version_2_covers_a_range_in_a_time_zone(http: httpx2.AsyncClient, path: str) -> None:
    query = f"version=2&res=days&start={NOW - 86_400}&end={NOW + 86_400}&tz=Europe/Berlin"
    answer = (await http.get(f"{path}/metrics?{query}")).json()
    assert answer["metric"]["series"]["sent"] == [0, 10, 0]
    assert (answer["start"], answer["end"], answer["res"]) == (
        "2025-11-23T00:00:00+01:00",
        "2025-11-26T00:00:00+01:00",
        "days",
    )


@pytest.mark.usefixtures("everyone")
async def test_any_other_version_is_version_1(http: httpx2.AsyncClient) -> None:
    answer = (await http.get("/v1/campaigns/8/metrics?version=3&period=weeks")).json()
    assert set(answer) == {"metric"}
    assert len(answer["metric"]["series"]["sent"]) == 12


@pytest.mark.usefixtures("everyone")
@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"start={NOW}&end={NOW}", "res"),
        (f"res=days&end={NOW}", "res"),
        (f"res=days&start={NOW}", "res"),
        (f"res=years&start={NOW}&end={NOW}", "res"),
        (f"res=days&start={NOW}&end={NOW - 1}", "start"),
        (f"res=days&start=0&end={NOW}", "end"),
        ("res=days&start=9000000000000000&end=9000000000000000", "end"),
        (f"res=days&start={NOW}&end={NOW}&tz=Berlin", "tz"),
        (f"res=days&start={NOW}&end={NOW}&tz=../etc", "tz"),
        (f"res=days&start={NOW}&end={NOW}&tz=Europe", "tz"),
    ],
)
async def test_version_2_names_what_is_missing_or_wrong(http: httpx2.AsyncClient, query: str, field: str) -> None:
    answer = await http.get(f"/v1/campaigns/8/metrics?version=2&{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
