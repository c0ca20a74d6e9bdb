"""Opt-outs: kept, listed, and followed when an SMS or a WhatsApp message is sent. Reference 9."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.workspace.engine.standins import EVERYBODY, send_everything

from handbill.client import Client
from handbill.contract.app.optouts import Optout, OptoutsQuery
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

Put = Callable[..., int]
OURS, OTHER = "+15550100", "+15550199"


@pytest.fixture
async def people(put: Put, client: Client) -> None:
    """Ana wants no SMS from our number, Bo none from another and no WhatsApp from ours, Cy gets everything."""
    for person in ("ana", "bo", "cy"):
        put("people", id=person, attributes={"phone": "+15550111"})
    await client.optouts.put("ana", [Optout(channel="sms", from_="+1 (555) 01-00")])
    await client.optouts.put("bo", [Optout(channel="whatsapp", from_=OURS), Optout(channel="sms", from_=OTHER)])


@pytest.mark.usefixtures("people")
async def test_what_is_written_takes_the_place_of_what_was_there(client: Client, http: httpx2.AsyncClient) -> None:
    assert (await http.get("/v1/customers/ana/optouts")).json() == {"optouts": [{"channel": "sms", "from": OURS}]}
    await client.optouts.put("ana", [])
    assert (await client.optouts.get("ana")).optouts == []
    assert (await http.put("/v1/customers/nobody/optouts", json={"optouts": []})).status_code == 404


@pytest.mark.usefixtures("people")
async def test_everybody_is_listed_page_by_page(client: Client) -> None:
    first = await client.optouts.list(OptoutsQuery(limit=1))
    rest = await client.optouts.list(OptoutsQuery(limit=1, start=first.next))
    assert [each.customer_id for each in (*first.optouts, *rest.optouts)] == ["ana", "bo"]
    assert (len(rest.optouts[0].optouts), rest.next) == (2, "")


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(("sender", "who"), [(OURS, ["ana", "bo"]), ("+1 555 01 99", ["bo"]), ("+1", [])])
async def test_one_numbers_list_is_its_own(client: Client, sender: str, who: list[str]) -> None:
    found = (await client.optouts.list(OptoutsQuery(from_=sender))).optouts
    assert [each.customer_id for each in found] == who
    assert {len(each.optouts) for each in found} <= {1}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"channel": "fax", "from": OURS}, "channel"),
        ({"channel": "sms"}, "from"),
        ({"channel": "sms", "from": ""}, "from"),
    ],
)
async def test_an_entry_that_cannot_be_is_named(http: httpx2.AsyncClient, entry: dict[str, Any], field: str) -> None:
    answer = await http.put("/v1/customers/ana/optouts", json={"optouts": [entry]})
    assert answer.status_code == 400
    assert f"optouts[0].{field}" in answer.json()["errors"][0]["detail"]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("type_", "sender", "left_out"),
    [
        ("twilio", OURS, ["ana"]),
        ("whatsapp", "+1 555 0100", ["bo"]),
        ("twilio", "{{customer.id}}", ["ana", "bo"]),
        ("email", OURS, []),
    ],
)
async def test_nobody_gets_a_message_they_opted_out_of(
    workspace: Workspace, client: Client, put: Put, type_: str, sender: str, left_out: list[str]
) -> None:
    put("broadcasts", id=5, name="Restock")
    fields = {"from": sender, "recipient": "{{customer.phone}}", "body": "Hi"}
    put("contents", id=12, broadcast_id=5, name="M", type=type_, fields=fields)
    await client.triggers.create(5, EVERYBODY)
    await send_everything(workspace)
    messages = (await client.messages.list()).messages[::-1]
    told = {each.customer_id: each.failure_message for each in messages if "undeliverable" in each.metrics}
    assert list(told) == left_out
    assert set(told.values()) <= {"The person opted out of messages from this number."}
