"""What is taken in, what it starts, and who stands at the door."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.tools.conftest import Ask
from tests.workspace.engine.standins import send_everything

from handbill.errors import HandbillError, InvalidInput, NotFound, SendingRefused
from handbill.policy import Policy
from handbill.workspace.store import approvals, sending
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
Put = Callable[..., int]


@pytest.fixture
def thanks(put: Put) -> int:
    """Campaign 8 answers a purchase."""
    put("campaigns", id=8, name="Thanks", event_name="purchase", audience={})
    put(
        "contents",
        id=80,
        campaign_id=8,
        name="Mail",
        fields={"from": "a@shop.example", "subject": "Hi", "body": "Hi"},
    )
    return 8


async def test_a_person_is_added_and_changed(ask: Ask) -> None:
    await ask("IDENTIFY_PERSON", user_id="u7", traits={"email": "u7@shop.example", "plan": "pro"})
    await ask("IDENTIFY_PERSON", user_id="u7", traits='{"plan": "free"}')
    person = (await ask("GET_PERSON", identifier="u7"))["person"]
    assert (person["attributes"]["plan"], person["identifiers"]["email"]) == ("free", "u7@shop.example")


async def test_an_event_that_starts_a_campaign_says_so_and_its_message_is_sent(
    workspace: Workspace, ask: Ask, ann: str, thanks: int
) -> None:
    assert (await ask("TRACK_EVENT", event="visit", user_id=ann))["campaigns"] == []
    assert (await ask("TRACK_EVENT", event="purchase", user_id=ann))["campaigns"] == [8]
    await send_everything(workspace)
    [message] = (await ask("GET_MESSAGES", campaign_id=thanks))["messages"]
    assert message["customer_id"] == ann


async def test_pages_and_screens_are_told_with_their_time(ask: Ask, ann: str) -> None:
    await ask("TRACK_PAGE", user_id=ann, name="Pricing", timestamp=1_763_000_000)
    await ask("TRACK_SCREEN", user_id=ann, name="Basket", properties={"items": 2})
    told = (await ask("GET_PERSON", identifier=ann))["activities"]
    seen = {each["type"]: (each["name"], each["timestamp"]) for each in told}
    assert (seen["page"], seen["screen"][0]) == (("Pricing", 1_763_000_000), "Basket")


async def test_a_person_joins_a_group_and_takes_another_one_in(ask: Ask, ann: str) -> None:
    await ask("ADD_PERSON_TO_GROUP", user_id=ann, group_id="acme", traits={"name": "Acme"})
    assert "add_relationship" in {each["type"] for each in (await ask("GET_PERSON", identifier=ann))["activities"]}
    await ask("IDENTIFY_PERSON", user_id="u9", traits={"plan": "pro"})
    await ask("CREATE_ALIAS", user_id=ann, previous_id="u9")
    assert (await ask("GET_PERSON", identifier=ann))["person"]["attributes"]["plan"] == "pro"
    with pytest.raises(NotFound):
        await ask("GET_PERSON", identifier="u9")


async def test_a_batch_is_taken_whole_or_not_at_all(ask: Ask, ann: str) -> None:
    right = [
        {"type": "identify", "userId": "u7", "traits": {"plan": "pro"}},
        {"type": "track", "userId": "u7", "event": "x"},
    ]
    with pytest.raises(InvalidInput, match=r"batch\[2\]\.event must be"):
        await ask("SEND_BATCH", batch=[*right, {"type": "track", "userId": "u7"}])
    with pytest.raises(NotFound):
        await ask("GET_PERSON", identifier="u7")
    assert (await ask("SEND_BATCH", batch=right))["accepted"] == 2
    assert (await ask("GET_PERSON", identifier="u7"))["person"]["attributes"]["plan"] == "pro"


@pytest.mark.parametrize(
    ("calls", "size", "part"), [(1, 33_000, "32768"), (20, 30_000, "512000")], ids=["one call", "all of them"]
)
async def test_a_batch_that_is_too_large_is_refused(ask: Ask, calls: int, size: int, part: str) -> None:
    call = {"type": "track", "userId": "u1", "event": "x", "properties": {"x": "x" * size}}
    with pytest.raises(HandbillError, match=f"the limit is {part}"):
        await ask("SEND_BATCH", batch=[call] * calls)


BATCH = [
    {"type": "track", "userId": "u1", "event": "purchase"},
    {"type": "page", "userId": "u2", "name": "Pricing"},
    {"type": "group", "userId": "u3", "groupId": "acme"},
]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("TRACK_EVENT", {"user_id": "u1", "event": "purchase"}), ("SEND_BATCH", {"batch": BATCH})],
)
async def test_what_would_start_a_campaign_is_recorded_and_its_message_waits_for_a_person(
    workspace: Workspace, ask: Ask, ann: str, thanks: int, tool: str, arguments: dict[str, Any]
) -> None:
    await workspace.database.write(sending.put, Policy(mode="live", auto_send_max=0))
    await ask(tool, **arguments)
    [waiting] = await workspace.database.read(approvals.waiting)
    assert (waiting.people, waiting.reason) == (1, "1 person; up to 0 go without approval")
    await workspace.database.write(sending.put, Policy(mode="off"))
    with pytest.raises(SendingRefused, match="Sending is off"):
        await ask(tool, **arguments)
