"""What became of a call whose answer was lost (R16): found, not found, or nobody can tell; and it is made once."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.client import fault_server as faults
from tests.client.fault_server import FaultServer, Reply, fault_server, limited, ok, refused
from tests.conftest import NOW, FixedClock
from tests.gate.conftest import Live, Played

from handbill.client import OutcomeUnknown
from handbill.errors import Conflict, HandbillError, InvalidInput, NotFound, RateLimited, Unavailable
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

POST, LIST = "POST /v1/campaigns/5/triggers", "GET /v1/broadcasts/5/triggers"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


def triggers(*made: int | tuple[int, int]) -> Reply:
    """The list with these numbers, each made now or at its time."""
    pairs = [each if isinstance(each, tuple) else (each, NOW) for each in made]
    return ok({"triggers": [{"id": number, "broadcast_id": 5, "created_at": at} for number, at in pairs]})


LOST = {
    "reset": faults.RESET,
    "500": faults.BROKEN,
    "502": faults.GATEWAY,
    "503": refused(503, "overloaded"),
    "429": limited(7),
    "429 without a time": limited(None),
    "unreadable": ok({"id": "many"}),
}


@pytest.mark.parametrize("how", LOST)
async def test_one_that_is_new_is_found_and_answered(server: FaultServer, played: Played, how: str) -> None:
    server.on(POST, LOST[how])
    server.on(LIST, triggers(35, 36), triggers(35, 36), triggers(35, 36, 37))
    async with played(server.url) as live:
        answer = await live.trigger()
        assert (answer["id"], answer["state"]) == (37, "accepted")
        assert answer["notes"] == ["The answer was lost; it was found as 5-37."]
        again = await live.trigger()
        assert (again["id"], again["repeated"]) == (37, True)
        assert await live.log() == [("used", "rules"), ("sent", "rules")]
    assert server.made(POST) == 1


@pytest.mark.parametrize("how", LOST)
async def test_nothing_new_is_not_found_and_safe_to_repeat(server: FaultServer, played: Played, how: str) -> None:
    server.on(POST, LOST[how], ok({"id": 37}))
    server.on(LIST, triggers(35, 36))
    error = RateLimited if how.startswith("429") else Unavailable
    async with played(server.url) as live:
        with pytest.raises(error) as told:
            await live.trigger()
        assert how.startswith("429") or "not found, safe to repeat" in str(told.value)
        assert not isinstance(told.value, OutcomeUnknown)
        assert (server.made(POST), server.made(LIST)) == (1, 4)
        live.clock.advance(10)
        assert (await live.trigger())["id"] == 37
    assert server.made(POST) == 2


UNCLEAR = {
    "several": [triggers(36), triggers(36, 37, 38)],
    "one of another time": [triggers(36), triggers(36, (37, NOW - 61))],
    "unreadable": [triggers(36), refused(404, "gone")],
    "silent": [triggers(36), *[faults.RESET] * 99],
}


@pytest.mark.parametrize("how", UNCLEAR)
async def test_otherwise_nobody_can_tell_and_it_is_not_made_again(
    server: FaultServer, played: Played, how: str
) -> None:
    server.on(POST, faults.RESET)
    server.on(LIST, *UNCLEAR[how])
    async with played(server.url) as live:
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match=r"Nobody can tell whether .*Look with CUSTOMERIO_GET_TRIGGERS"):
                await live.trigger()
        assert await live.log() == [("used", "rules"), ("unknown", "rules")]
    assert server.made(POST) == 1


REFUSED: dict[str, tuple[Reply, type[HandbillError]]] = {
    "422": (refused(422, "wrong"), InvalidInput),
    "404": (faults.NO_SUCH_PAGE, NotFound),
}


@pytest.mark.parametrize("how", REFUSED)
async def test_a_refusal_is_final_and_nothing_is_looked_for(server: FaultServer, played: Played, how: str) -> None:
    reply, error = REFUSED[how]
    server.on(POST, reply)
    server.on(LIST, triggers())
    async with played(server.url) as live:
        with pytest.raises(error):
            await live.trigger()
        assert await live.log() == [("used", "rules"), ("failed", "rules")]
    assert (server.made(POST), server.made(LIST)) == (1, 1)


async def test_without_the_list_before_it_is_not_made(server: FaultServer, played: Played) -> None:
    server.on(LIST, faults.UNAUTHORIZED)
    async with played(server.url) as live:
        with pytest.raises(HandbillError):
            await live.trigger()
    assert server.made(POST) == 0


async def test_a_caller_who_goes_away_leaves_a_call_that_is_settled(server: FaultServer, played: Played) -> None:
    server.on(POST, Reply(body=ok({"id": 37}).body, drip=0.003))
    server.on(LIST, triggers(36))
    async with played(server.url) as live:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(live.trigger(), 0.15)
        answer = await live.trigger()
        assert (answer["id"], answer["repeated"]) == (37, True)
    assert server.made(POST) == 1


async def test_a_process_that_died_leaves_a_call_that_is_never_made_again(
    live: Live, workspace: Workspace, clock: FixedClock
) -> None:
    """It was reserved, and nobody knows whether the request left."""
    await live.rules(auto_send_max=2)
    await live.trigger()
    await workspace.database.write(
        lambda tx: tx._connection.execute("UPDATE approvals SET outcome = NULL, state = 'used'")
    )
    posted, began = len(live.posted), clock.now()
    clock.advance(118)
    with pytest.raises(OutcomeUnknown, match="it was begun, and never ended"):
        await live.trigger()
    assert clock.now() > began + 120, "whoever makes it is given their time first"
    with pytest.raises(OutcomeUnknown):
        await live.trigger()
    assert len(live.posted) == posted


async def test_a_call_a_person_allowed_is_settled_in_the_same_way(server: FaultServer, played: Played) -> None:
    server.on("GET /v1/broadcasts/5", ok({"broadcast": _broadcast()}))
    server.on("GET /v1/broadcasts/5/actions", ok({"actions": []}))
    server.on("GET /v1/snippets", refused(403, "no scope"))
    server.on(POST, faults.RESET)
    server.on(LIST, triggers(36), triggers(36, 37))
    async with played(server.url) as live:
        held = await live.trigger(ids=[f"u{number}" for number in range(101)])
        assert held["state"] == "held"
        made = await live.gate.approve(held["approval"], 101, "console")
        assert made.answer == {"id": 37}
        with pytest.raises(Conflict):
            await live.gate.approve(held["approval"], 101, "console")
    assert server.made(POST) == 1


def _broadcast() -> dict[str, Any]:
    always = {"deduplicate_id": "5:1", "created": 1, "updated": 1, "active": True, "state": "running"}
    return {"id": 5, "name": "Sale", "actions": [], "msg_template_ids": [], **always}


# Transactional messages

SEND = "POST /v1/send/email"
BODY = {"transactional_message_id": "3", "identifiers": {"cio_id": "a1"}, "to": "ana@shop.example"}


def deliveries(*made: tuple[str, int, str]) -> Reply:
    rows = [
        {
            "id": number,
            "deduplicate_id": f"{number}:1",
            "created": at,
            "type": "email",
            "metrics": {},
            "customer_identifiers": {"cio_id": who, "id": None, "email": None},
        }
        for number, at, who in made
    ]
    return ok({"messages": rows, "next": ""})


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([("old", NOW - 60, "a1"), ("new", NOW + 1, "a1"), ("other", NOW, "b2")], "new"),
        ([("old", NOW - 60, "a1")], None),
        ([("one", NOW, "a1"), ("two", NOW, "a1")], None),
    ],
)
async def test_a_message_is_found_among_its_persons_or_nobody_can_tell(
    server: FaultServer, played: Played, listed: list[tuple[str, int, str]], found: str | None
) -> None:
    message = {"id": 3, "name": "Receipt", "created_at": 1, "updated_at": 1}
    server.on(SEND, faults.RESET)
    server.on("GET /v1/transactional", ok({"messages": [message]}))
    server.on("GET /v1/transactional/3/messages", deliveries(*listed))
    async with played(server.url) as live:
        if found:
            assert (await live.gate.message("email", BODY)).answer == {"delivery_id": found, "queued_at": NOW + 1}
        else:
            with pytest.raises(OutcomeUnknown, match="Look with CUSTOMERIO_GET_MESSAGES"):
                await live.gate.message("email", BODY)
    assert server.made(SEND) == 1


async def test_an_event_whose_answer_was_lost_is_not_told_again(server: FaultServer, played: Played) -> None:
    server.on("POST /v1/track", faults.RESET)
    server.on("GET /v1/campaigns", ok({"campaigns": []}))
    async with played(server.url) as live:
        with pytest.raises(OutcomeUnknown, match="Look with CUSTOMERIO_GET_PERSON"):
            await live.gate.take_in("track", {"userId": "u1", "event": "purchase"})
    assert server.made("POST /v1/track") == 1
