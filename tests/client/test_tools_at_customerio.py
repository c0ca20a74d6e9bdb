"""Tools that send nothing work at Customer.io, ask only what it knows, and say what it does not tell."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.client.fault_server import fault_server, limited, ok
from tests.client.played import Played, played
from tests.client.test_faults import played as at
from tests.conftest import FixedClock
from tests.mcp.test_server import client_of
from tests.tools.conftest import Ask
from tests.tools.conftest import context as context
from tests.tools.film_club import NEWSLETTER, RESTOCK, fill
from tests.workspace.engine.standins import send_everything

from handbill.errors import HandbillError, NotFound
from handbill.tools import TOOLS, Context, call
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

ARGUMENTS: dict[str, dict[str, Any]] = {
    "ADD_PERSON_TO_GROUP": {"user_id": "u1", "group_id": "acme"},
    "CREATE_ALIAS": {"user_id": "u1", "previous_id": "u9"},
    "CUSTOMER_IO_SUPPRESS_PERSON": {"identifier": "u8"},
    "EXPLAIN_DELIVERY": {"identifier": "u1", "broadcast_id": RESTOCK},
    "FIND_PEOPLE": {"email": "u1@film.example"},
    "GET_BROADCAST_MESSAGES": {"broadcast_id": RESTOCK},
    "GET_METRICS_REPORT": {},
    "GET_PERSON": {"identifier": "u1"},
    "GET_SEGMENT_DETAILS": {"segment_id": 3},
    "GET_SEGMENT_MEMBERSHIP": {"segment_id": 3, "sort": "desc"},
    "GET_TRIGGER": {"broadcast_id": RESTOCK, "trigger_id": "1"},
    "GET_TRIGGERS": {"broadcast_id": RESTOCK},
    "PREVIEW_BROADCAST": {"broadcast_id": RESTOCK, "ids": ["u1", "u1", "u2"]},
}


IMPOSSIBLE = {
    "CUSTOMERIO_STOP_SENDING": "Customer.io cannot stop what it has accepted: stop the broadcast in its own pages"
}
"""What Customer.io has no way to do, and what is said of it."""

MORE: list[tuple[str, dict[str, Any]]] = [
    ("EXPLAIN_DELIVERY", {"identifier": "u1", "transactional_message_id": 1}),
    ("EXPLAIN_DELIVERY", {"identifier": "u6", "broadcast_id": RESTOCK, "trigger_id": "1"}),
    ("EXPLAIN_DELIVERY", {"identifier": "nobody", "broadcast_id": RESTOCK}),
    ("FIND_PEOPLE", {"filter": {"segment": {"id": 3}}}),
    ("GET_MESSAGES", {"metric": "sent", "campaign_id": RESTOCK}),
    ("GET_METRICS_REPORT", {"broadcast_id": RESTOCK, "period": "days"}),
    ("GET_METRICS_REPORT", {"newsletter_id": NEWSLETTER}),
]


@dataclasses.dataclass(frozen=True, slots=True)
class Live:
    ask: Ask
    far: Played
    delivery: str


@pytest.fixture
async def live(workspace: Workspace, context: Context, clock: FixedClock) -> AsyncIterator[Live]:
    """The film club as an account at Customer.io: trigger 1 went to u1 and u2, a minute later 2 to u6."""
    await workspace.database.write(fill)
    for ids in (["u1", "u2"], ["u6"]):
        body = {"broadcast_id": RESTOCK, "ids": ids, "data": {"headline": "New"}}
        await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", body)
        await send_everything(workspace)
        clock.advance(60)
    client, far = played(workspace)
    async with client:
        there = dataclasses.replace(context, client=client)

        async def ask(tool: str, **arguments: Any) -> dict[str, Any]:
            return (await call(there, f"CUSTOMERIO_{tool}", arguments)).data()

        [made] = (await ask("GET_BROADCAST_MESSAGES", broadcast_id=RESTOCK, trigger_id="2"))["messages"]
        yield Live(ask, far, made["id"])


async def test_every_tool_that_sends_nothing_works_and_asks_nothing_of_ours(live: Live) -> None:
    about = {"delivery_id": live.delivery}
    more = {"REPORT_PUSH_EVENTS": about | {"event": "opened"}, "UNSUBSCRIBE_DELIVERY": about}
    tools = [
        tool
        for tool in TOOLS.values()
        if tool.effect != "sends" and tool.toolset != "connections" and tool.name not in IMPOSSIBLE
    ]
    for name, arguments in MORE:
        assert (await live.ask(name, **arguments))["workspace"]
    for tool in sorted(tools, key=lambda tool: tool.effect == "changes"):
        name = tool.name.removeprefix("CUSTOMERIO_")
        answer = await live.ask(name, **(ARGUMENTS | more).get(name, {}))
        assert answer["workspace"]
    assert live.far.ours == []


@pytest.mark.parametrize("tool", IMPOSSIBLE)
async def test_what_cannot_be_done_at_customerio_says_what_to_do_instead(live: Live, tool: str) -> None:
    with pytest.raises(HandbillError, match=IMPOSSIBLE[tool]):
        await live.ask(tool.removeprefix("CUSTOMERIO_"))


async def test_a_triggers_state_is_told_and_its_counts_are_left_open(live: Live) -> None:
    trigger = await live.ask("GET_TRIGGER", broadcast_id=RESTOCK, trigger_id="5-1")
    assert (trigger["state"], trigger["recipients"], trigger["counts"]) == ("finished", None, None)
    assert "not for how many people it was" in trigger["notes"][0]


async def test_a_triggers_messages_are_those_until_the_next_trigger(live: Live) -> None:
    first = await live.ask("GET_BROADCAST_MESSAGES", broadcast_id=RESTOCK, trigger_id="1")
    second = await live.ask("GET_BROADCAST_MESSAGES", broadcast_id=RESTOCK, trigger_id="2")
    assert sorted(each["customer_id"] for each in first["messages"]) == ["u1", "u2"]
    assert [each["customer_id"] for each in second["messages"]] == ["u6"]
    assert "by time" in first["notes"][0]


COUNTED: list[tuple[dict[str, Any], int | None, str]] = [
    ({"ids": ["u1", "u1", "u2"]}, 2, ""),
    ({"emails": ["U1@film.example", "u1@film.example "]}, 1, ""),
    ({"per_user_data": [{"id": "u1"}, {"email": "x@film.example"}]}, 2, ""),
    ({"recipients": {"segment": {"id": 3}}}, 2, ""),
    ({"recipients": {"and": [{"segment": {"id": 3}}]}}, None, ""),
    ({"emails": ["shared@film.example"], "email_add_duplicates": True}, None, ""),
    ({"data_file_url": "https://files.example/people.jsonl"}, None, ""),
    ({"ids": ["u1", "u404"]}, 1, '1 of 2 are not in the workspace: "u404". Set id_ignore_missing'),
    ({"ids": ["u1", "u404"], "id_ignore_missing": True}, 1, ""),
    ({"recipients": {"segment": {"id": 99}}}, None, "there is no segment 99"),
]
"""An audience, how many people it is, and what is wrong with it."""


async def test_a_preview_counts_what_can_be_counted(live: Live) -> None:
    for audience, people, fault in COUNTED:
        preview = await live.ask("PREVIEW_BROADCAST", broadcast_id=RESTOCK, **audience)
        assert (audience, preview["people"]) == (audience, people)
        assert (preview["people_in_workspace"], preview["samples"]) == (None, [])
        assert fault in "".join(preview["faults"])
        assert bool(fault) == bool(preview["faults"])
        assert any("Customer.io previews nothing" in note for note in preview["notes"])


async def test_a_preview_of_a_broadcast_that_is_not_there_says_so(live: Live) -> None:
    with pytest.raises(NotFound):
        await live.ask("PREVIEW_BROADCAST", broadcast_id=404, ids=["u1"])


@pytest.mark.parametrize(
    ("person", "got_it", "reason"),
    [
        ("u6", True, "The person got it: sent at"),
        ("u7", False, "The person was not in the audience of trigger 2."),
    ],
)
async def test_why_is_answered_from_what_customerio_tells(live: Live, person: str, got_it: bool, reason: str) -> None:
    answer = await live.ask("EXPLAIN_DELIVERY", identifier=person, broadcast_id=RESTOCK)
    assert (answer["got_it"], answer["reason"][: len(reason)]) == (got_it, reason)
    assert "Customer.io does not tell whom a trigger left out" in answer["notes"][0]


async def test_the_order_of_a_segment_is_customerios_own(live: Live) -> None:
    answer = await live.ask("GET_SEGMENT_MEMBERSHIP", segment_id=3, sort="desc")
    assert answer["notes"] == ["Customer.io lists a segment in an order of its own: sort does nothing."]


async def test_a_message_of_a_newsletter_is_not_taken_for_another_ones(live: Live) -> None:
    answer = await live.ask("EXPLAIN_DELIVERY", identifier="u1", newsletter_id=NEWSLETTER)
    assert (answer["got_it"], answer["messages"]) == (False, [])


async def test_an_mcp_client_that_wants_progress_hears_of_waits(context: Context) -> None:
    heard: list[tuple[float, str | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, message))

    with fault_server() as server:
        server.on("GET /v1/segments", limited(7), limited(9), ok({"segments": []}))
        async with at(server) as client:
            there = dataclasses.replace(context, client=client)
            async with client_of(there, "legacy") as agent:
                answer = await agent.call_tool("CUSTOMERIO_GET_SEGMENTS", {}, progress_callback=listen)
    assert answer.structured_content["total"] == 0
    assert [message for _, message in heard] == [
        f"waiting {seconds} s until 127.0.0.1 may be called again" for seconds in (7, 9)
    ]
    assert heard[0] < heard[1]
