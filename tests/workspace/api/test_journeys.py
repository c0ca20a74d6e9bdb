"""Event campaigns: what somebody does is answered at once, to them alone. Reference 8.2, 12, 16.3."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.workspace.engine.standins import send_everything

from handbill.client import Client
from handbill.workspace.app import create_app
from handbill.workspace.store import people
from handbill.workspace.store.journeys import AGE
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
NOW = 1_764_000_000
Happen = Callable[..., Any]


@pytest.fixture
async def campaign(workspace: Workspace, put: Callable[..., int]) -> int:
    """Campaign 8 answers a purchase by people who have a plan; Ann, u1, has one."""
    audience = {"attribute": {"field": "plan", "operator": "exists"}}
    put("campaigns", id=8, name="Thanks", event_name="purchase", audience=audience)
    fields = {"from": "a@shop.example", "subject": "{{event.item}} {{event_name}}", "body": "{{campaign.type}}"}
    put("contents", id=80, campaign_id=8, name="Mail", fields=fields)
    await workspace.database.write(people.identify, "id", "u1", {"email": "ann@shop.example", "plan": "pro"}, NOW)
    return 8


@pytest.fixture
async def happen(workspace: Workspace) -> Happen:
    """Report that u1, or another person, did something."""

    async def report(name: str, person: str = "u1", **event: Any) -> None:
        auth = httpx2.BasicAuth(workspace.keys.site_id, workspace.keys.track_key)
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with httpx2.AsyncClient(transport=transport, base_url="http://workspace", auth=auth) as track:
            answer = await track.post(f"/api/v1/customers/{person}/events", json={"name": name, **event})
        assert answer.status_code == 200

    return report


async def test_an_event_sends_the_campaigns_message_with_the_events_data(
    workspace: Workspace, client: Client, campaign: int, happen: Happen
) -> None:
    await happen("purchase", data={"item": "Tulips"}, id="01KAPT4C7D8E9F0G1H2J3K4M5N")
    await send_everything(workspace)
    [message] = (await client.messages.list()).messages
    assert (message.subject, message.customer_id, message.recipient) == ("Tulips purchase", "u1", "ann@shop.example")
    assert (await client.messages.archived(message.id)).archived_message.body == "behavioral"


@pytest.mark.parametrize(
    ("name", "person", "event"),
    [
        ("visit", "u1", {}),
        ("purchase", "u2", {}),
        ("purchase", "u1", {"timestamp": NOW - AGE - 1}),
    ],
    ids=["another event", "a person outside the audience", "an event of long ago"],
)
async def test_what_the_campaign_does_not_wait_for_starts_nothing(
    client: Client, campaign: int, happen: Happen, name: str, person: str, event: dict[str, Any]
) -> None:
    await happen(name, person, **event)
    assert (await client.messages.list()).messages == []


async def test_the_same_event_twice_is_one_journey(client: Client, campaign: int, happen: Happen) -> None:
    for _ in range(2):
        await happen("purchase", data={"item": "Tulips"}, id="01KAPT4C7D8E9F0G1H2J3K4M5N")
    assert len((await client.messages.list()).messages) == 1


async def test_an_event_may_name_where_the_message_goes_and_comes_from(
    workspace: Workspace, http: httpx2.AsyncClient, client: Client, campaign: int, happen: Happen
) -> None:
    named = {"recipient": "gift@shop.example", "from_address": "b@shop.example", "reply_to": "c@shop.example"}
    await happen("purchase", data={"item": "Tulips", **named})
    await send_everything(workspace)
    [message] = (await client.messages.list()).messages
    kept = (await http.get(f"/v1/messages/{message.id}/archived_message")).json()["archived_message"]
    assert (kept["recipient"], kept["from"], kept["reply_to"]) == tuple(named.values())


async def test_a_person_who_is_unsubscribed_gets_nothing(
    workspace: Workspace, client: Client, campaign: int, happen: Happen
) -> None:
    await workspace.database.write(people.identify, "id", "u1", {"unsubscribed": True}, NOW)
    await happen("purchase", data={"item": "Tulips"})
    await send_everything(workspace)
    assert (await client.messages.list()).messages[0].metrics == {"undeliverable": NOW}
