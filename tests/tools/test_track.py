"""What became of deliveries, told from outside; and what else is set up in the workspace."""

from collections.abc import Callable

import pytest
from tests.tools.conftest import Ask
from tests.workspace.engine.standins import send_everything

from handbill.client import Client
from handbill.contract.app.reporting_webhooks import NewWebhook
from handbill.errors import Unauthorized
from handbill.policy import Mode, Policy
from handbill.tools import Context
from handbill.workspace.store import sending
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
Put = Callable[..., int]


async def message(workspace: Workspace, ask: Ask, put: Put, type_: str) -> str:
    """The id of a message that u1 got."""
    put("broadcasts", id=5, name="Restock")
    fields = {"from": "a@shop.example", "subject": "Hi", "body": "Hi"}
    put("contents", id=50, broadcast_id=5, name="Message", type=type_, fields=fields)
    put("devices", person=1, token="t1", platform="ios", attributes={}) if type_ == "push" else None
    await ask("TRIGGER_BROADCAST", broadcast_id=5, ids=["u1"])
    await send_everything(workspace)
    [made] = (await ask("GET_MESSAGES"))["messages"]
    assert "sent" in made["metrics"]
    return str(made["id"])


async def test_what_an_app_saw_of_a_push_is_counted(workspace: Workspace, ask: Ask, ann: str, put: Put) -> None:
    delivery = await message(workspace, ask, put, "push")
    await ask("REPORT_PUSH_EVENTS", delivery_id=delivery, event="opened", device_id="t1")
    assert "opened" in (await ask("GET_MESSAGES"))["messages"][0]["metrics"]


async def test_a_person_is_unsubscribed_through_a_message(workspace: Workspace, ask: Ask, ann: str, put: Put) -> None:
    delivery = await message(workspace, ask, put, "email")
    refused = await ask("UNSUBSCRIBE_DELIVERY", delivery_id=delivery, unsubscribe=False)
    assert refused["notes"] == ["unsubscribe is false: nothing was done."]
    assert not (await ask("GET_PERSON", identifier=ann))["person"]["unsubscribed"]
    await ask("UNSUBSCRIBE_DELIVERY", delivery_id=delivery)
    assert (await ask("GET_PERSON", identifier=ann))["person"]["unsubscribed"]
    assert "unsubscribed" in (await ask("GET_MESSAGES"))["messages"][0]["metrics"]


async def test_an_api_without_a_key_is_said_to_have_none() -> None:
    async with Client("https://api.customer.io", "key") as client:
        with pytest.raises(Unauthorized, match=r"track\.suppress needs a key of the track API"):
            await client.track.suppress("u1")


async def test_what_is_set_up_is_listed(workspace: Workspace, context: Context, ask: Ask) -> None:
    await context.client.snippets.put("imprint", "Shop, Main Street 1")
    await context.client.collections.create("shops", [{"city": "Lisbon"}])
    hook = NewWebhook(name="Crm", endpoint="https://crm.example/hook", events=["email_sent"])
    await context.client.reporting_webhooks.create(hook)
    assert [each["name"] for each in (await ask("LIST_SNIPPETS"))["snippets"]] == ["imprint"]
    assert [each["schema"] for each in (await ask("LIST_COLLECTIONS"))["collections"]] == [["city"]]
    assert [each["name"] for each in (await ask("GET_WEBHOOKS"))["reporting_webhooks"]] == ["Crm"]
    assert (await ask("LIST_IP_ADDRESSES"))["ip_addresses"] == []


@pytest.mark.parametrize(("mode", "webhooks_leave"), [("sandbox", False), ("live", True)])
async def test_integrations_say_what_really_leaves(
    workspace: Workspace, ask: Ask, mode: Mode, webhooks_leave: bool
) -> None:
    await workspace.database.write(sending.put, Policy(mode=mode))
    listed = {each["id"]: each for each in (await ask("GET_INTEGRATIONS"))["integrations"]}
    assert (listed["email"]["enabled"], listed["email"]["needs"]) == (False, "HANDBILL_SMTP")
    assert listed["webhook"]["enabled"] is webhooks_leave
