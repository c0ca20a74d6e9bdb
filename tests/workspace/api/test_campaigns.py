from collections.abc import Callable

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.campaigns import JourneyMetricsQuery
from handbill.contract.app.messages import MessagesQuery

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
"""24 November 2025, 16:00:00 UTC."""
HOUR = 3600
Put = Callable[..., int]


@pytest.fixture(autouse=True)
def welcome(put: Put) -> None:
    audience = {"and": [{"segment": {"id": 3}}]}
    put("campaigns", id=8, name="Welcome", event_name="signed_up", tags=["new"], audience=audience)
    put("contents", id=16, campaign_id=8, name="Mail", fields={})


async def test_a_campaign_has_the_fields_of_customer_io(http: httpx2.AsyncClient) -> None:
    expected = {
        "id": 8,
        "deduplicate_id": f"8:{NOW}",
        "name": "Welcome",
        "type": "event",
        "created": NOW,
        "updated": NOW,
        "active": True,
        "state": "running",
        "actions": [{"id": 16, "type": "email"}],
        "first_started": None,
        "tags": ["new"],
        "filter_segment_ids": [3],
        "event_name": "signed_up",
    }
    assert (await http.get("/v1/campaigns")).json() == {"campaigns": [expected]}
    assert (await http.get("/v1/campaigns/8")).json() == {"campaign": expected}


async def test_a_campaigns_message_names_it_and_the_event_behind_it(client: Client, put: Put) -> None:
    common = {"content_id": 16, "person": 1, "type": "email", "state": "sent", "created": NOW}
    put("deliveries", campaign_id=8, trigger_event_id="01KAPT4C7D8E9F0G1H2J3K4M5N", **common)
    put("deliveries", broadcast_id=8, **common)
    for listed in (await client.campaigns.messages(8), await client.messages.list(MessagesQuery(campaign_id=8))):
        [message] = listed.messages
        assert (message.campaign_id, message.broadcast_id, message.action_id) == (8, None, 16)
        assert message.trigger_event_id == "01KAPT4C7D8E9F0G1H2J3K4M5N"


async def test_journeys_are_counted_by_when_they_started(client: Client, put: Put) -> None:
    for started, messaged, finished, converted in (
        (NOW - 1, NOW, NOW, NOW + HOUR),
        (NOW, NOW, NOW, None),
        (NOW + 9, None, NOW + 9, None),
        (NOW + HOUR, None, None, None),
        (NOW + 9 * HOUR, None, None, None),
    ):
        times = {"started": started, "messaged": messaged, "finished": finished, "converted": converted}
        put("journeys", campaign_id=8, person=1, event=1, **times)
    query = JourneyMetricsQuery(start=NOW - 60, end=NOW + HOUR, resolution="hours")
    counted = (await client.campaigns.journey_metrics(8, query)).journey_metric
    assert counted.model_dump() == {
        "started": [1, 2, 1],
        "activated": [1, 1, 0],
        "exited_early": [0, 0, 0],
        "finished": [1, 2, 0],
        "converted": [1, 0, 0],
        "never_activated": [0, 1, 0],
        "messaged": [1, 1, 0],
    }


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        (f"start={NOW}&end={NOW}&res=daily", 200, ""),
        (f"start={NOW}&end={NOW}", 400, "resolution"),
        (f"start={NOW}&resolution=days", 400, "resolution"),
        (f"start={NOW}&end={NOW - 1}&resolution=days", 400, "start"),
        (f"start={NOW}&end={NOW}&resolution=years", 400, "resolution"),
    ],
)
async def test_journey_metrics_need_a_range_and_a_resolution(
    http: httpx2.AsyncClient, query: str, status: int, field: str
) -> None:
    answer = await http.get(f"/v1/campaigns/8/journey_metrics?{query}")
    assert answer.status_code == status
    assert not field or answer.json()["errors"][0]["field"] == field
