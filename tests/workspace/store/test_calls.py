"""A call to a live connection is decided once, by any number of processes: it goes, waits, or came before."""

import asyncio
from typing import Any

import pytest
from tests.conftest import NOW, FixedClock

from handbill.approval import Asked, Begun
from handbill.errors import RateLimited, SendingRefused
from handbill.policy import Decision, Policy, decide
from handbill.workspace.store import approvals, audit, calls, sending
from handbill.workspace.store.database import Database
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

LIVE = Policy(mode="live", auto_send_max=100)
WHOLE = {"facts": {"broadcast_id": 5}, "parts": {"data": "d"}}


class Caller:
    """Begins calls of the connection `acme`."""

    def __init__(self, workspace: Workspace, clock: FixedClock) -> None:
        self.database, self.clock = workspace.database, clock

    async def rules(self, rules: Policy) -> None:
        await self.database.write(sending.put, rules, "acme")

    async def begin(
        self,
        call: str = "a",
        people: int = 1,
        *,
        repeats: bool = False,
        database: Database | None = None,
        **more: Any,
    ) -> Begun | None:
        asked = Asked(
            endpoint="triggers.create", connection="acme", call=call, people=people, reason="", **{**WHOLE, **more}
        )

        def judge(rules: Policy, reached: int, now: int) -> Decision:
            return decide(rules, people=people, everyone=None, reached=reached, now=now)

        write = (database or self.database).write
        return await write(calls.begin, asked, judge, self.clock.time(), repeats=repeats)

    async def begun(self, *args: Any, **more: Any) -> Begun:
        found = await self.begin(*args, **more)
        assert found
        return found

    async def finish(self, begun: Begun, state: Any = "used") -> None:
        await self.database.write(calls.finish, begun.approval.id, state, {"id": 37}, self.clock.now())


@pytest.fixture
async def caller(workspace: Workspace, clock: FixedClock) -> Caller:
    made = Caller(workspace, clock)
    await made.rules(LIVE)
    return made


async def test_the_same_call_is_reserved_once_and_then_is_the_first_one(caller: Caller, clock: FixedClock) -> None:
    first = await caller.begun()
    assert first.go
    again = await caller.begun()
    assert (again.go, again.repeated, again.approval.id) == (False, True, first.approval.id)
    await caller.finish(first)
    assert (await caller.begun()).approval.outcome == {"id": 37}
    clock.advance(600)
    assert (await caller.begun()).go


async def test_a_call_that_is_under_way_is_found_however_long_ago_it_left(caller: Caller, clock: FixedClock) -> None:
    first = await caller.begun()
    clock.advance(86_400)
    assert (await caller.begun()).approval.id == first.approval.id


async def test_what_sent_nothing_for_certain_may_be_called_again(caller: Caller, clock: FixedClock) -> None:
    await caller.finish(await caller.begun(people=100), "failed")
    assert await caller.database.read(sending.reached, clock.now(), "acme") == 0
    clock.advance(10)
    assert (await caller.begun()).go


async def test_events_that_happen_twice_are_two(caller: Caller, clock: FixedClock) -> None:
    first = await caller.begun(facts={}, repeats=True)
    assert (await caller.begun(facts={}, repeats=True)).repeated
    await caller.finish(first)
    assert (await caller.begun(facts={}, repeats=True)).go


async def test_what_waits_is_kept_once_somebody_says_what_it_is(caller: Caller) -> None:
    assert await caller.begin(people=101, parts={}) is None
    held = await caller.begun(people=101)
    assert (held.go, held.approval.reason) == (False, "101 people; up to 100 go without approval")
    assert (await caller.begun(people=101)).approval.id == held.approval.id
    assert [each.id for each in await caller.database.read(approvals.recent, "acme")] == [held.approval.id]


async def test_a_broadcast_has_one_turn_in_ten_seconds(caller: Caller, clock: FixedClock) -> None:
    await caller.begun("a")
    clock.advance(3)
    with pytest.raises(RateLimited, match=r"Broadcast 5 was triggered 3 s ago; .* Retry in 7 s") as refused:
        await caller.begun("b")
    assert refused.value.retry_after == 7
    assert (await caller.begun("of another", facts={"broadcast_id": 6})).go
    clock.advance(7)
    assert (await caller.begun("b")).go
    clock.advance(-100)
    assert (await caller.begun("c")).go, "a clock set back does not lock a broadcast"


async def test_processes_share_turns_and_reservations(caller: Caller) -> None:
    other = await Database.open(caller.database.path)
    same = await asyncio.gather(*(caller.begun(database=each) for each in (other, None) * 5))
    assert [begun.go for begun in same].count(True) == 1
    with pytest.raises(RateLimited):
        await caller.begun("b", database=other)
    await other.close()


async def test_more_people_than_a_day_allows_wait(caller: Caller) -> None:
    await caller.rules(Policy(mode="live", auto_send_max=100, daily_max=150))
    await caller.begun("a", 100)
    held = await caller.begun("b", 51, facts={"broadcast_id": 6})
    assert held.approval.reason == "51 more people after 100 in 24 hours; up to 150 go without approval"


async def test_the_rules_are_those_of_this_moment(caller: Caller) -> None:
    await caller.rules(Policy(mode="off"))
    with pytest.raises(SendingRefused):
        await caller.begin()


async def test_what_waits_for_the_end_of_quiet_hours_goes_when_it_is_called_again(
    caller: Caller, clock: FixedClock
) -> None:
    await caller.rules(Policy(mode="live", auto_send_max=100, quiet_hours="15:00-17:00"))
    held = await caller.begun()
    assert (held.approval.state, held.approval.until) == ("waiting", NOW + 3600)
    clock.advance(3599)
    assert (await caller.begun()).approval.state == "waiting"
    clock.advance(1)
    late = await caller.begun()
    assert (late.go, late.approval.id, late.approval.via) == (True, held.approval.id, "rules")


async def test_a_yes_takes_its_turn_and_is_counted(caller: Caller, clock: FixedClock) -> None:
    write = caller.database.write
    held = (await caller.begun(people=12_345, request={"body": {}})).approval
    await write(approvals.approve, held.id, 12_345, "cli", clock.now())
    await caller.begun("another")
    with pytest.raises(RateLimited):
        await write(calls.use, held.id, {"data": "d"}, clock.time())
    clock.advance(10)
    assert await write(calls.use, held.id, {"data": "d"}, clock.time()) == []
    assert await caller.database.read(sending.reached, clock.now(), "acme") == 12_346
    used = await caller.database.read(approvals.get, held.id)
    assert (used.state, used.request) == ("used", None)


async def test_what_nobody_decides_in_a_day_expires_and_is_forgotten(caller: Caller, clock: FixedClock) -> None:
    held = (await caller.begun(people=12_345, request={"body": {"ids": ["u1"]}})).approval
    clock.advance(86_399)
    assert await caller.database.read(calls.overdue, clock.now()) == []
    clock.advance(1)
    assert await caller.database.read(calls.overdue, clock.now()) == [held.id]
    await caller.database.write(calls.expire, held.id, clock.now())
    ended = await caller.database.read(approvals.get, held.id)
    assert (ended.state, ended.request) == ("expired", None)
    assert await caller.database.read(calls.overdue, clock.now()) == []


async def test_every_step_is_in_the_log(caller: Caller) -> None:
    await caller.finish(await caller.begun())
    records = await caller.database.read(audit.read)
    assert [(each.action, each.via, each.facts.get("made")) for each in records] == [
        ("used", "rules", None),
        ("sent", "rules", 37),
    ]
    assert not [*audit.faults(records, len(records))]
