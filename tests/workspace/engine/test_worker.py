"""From a trigger to its settlement, on a real ledger, with a renderer and a channel that do as told."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.workspace.engine.standins import (
    PEOPLE,
    PlainRenderer,
    ScriptedChannel,
    WatchedLedger,
    go_live,
    trigger,
)

from handbill.contract.app.suppressions import Reason
from handbill.contract.app.triggers import Progress
from handbill.policy import Mode
from handbill.workspace.channels.capture import Capture
from handbill.workspace.engine.broadcast import prepare, render_all
from handbill.workspace.engine.needs import (
    Batch,
    Channel,
    Content,
    Departure,
    Job,
    Outcome,
    Receipt,
    Rendered,
    Result,
    TransportDown,
)
from handbill.workspace.engine.worker import Worker
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.store import people, suppressions, triggers
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


def finished(progress: Progress) -> bool:
    return progress.state in ("finished", "failed")


@asynccontextmanager
async def working(
    workspace: Workspace, renderer: PlainRenderer, channel: Channel, *, ledger: WatchedLedger | None = None
) -> AsyncIterator[WatchedLedger]:
    ledger = ledger or WatchedLedger(workspace)
    worker = Worker(ledger, renderer, lambda transport, type_: channel, workspace.clock, workspace.bell)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run())
        yield ledger
        worker.stop()


async def test_everybody_in_the_audience_is_captured_exactly_once(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, Capture()) as ledger:
        progress = await ledger.until(number, finished)
    assert (progress.state, progress.recipients, progress.counts.sent) == ("finished", PEOPLE, PEOPLE)
    assert await workspace.database.read(kept) == PEOPLE


def kept(tx: Transaction) -> int:
    return int(tx._connection.execute("SELECT count(*) FROM archives").fetchone()[0])


async def test_a_person_whose_message_cannot_be_rendered_fails_alone_with_the_reason(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    renderer.failing = {"u7"}
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, Capture()) as ledger:
        progress = await ledger.until(number, finished)
    assert (progress.counts.sent, progress.counts.failed) == (PEOPLE - 1, 1)
    assert await workspace.database.read(reasons) == ["body line 1, column 4: Variable 'customer.x' is missing"]


def reasons(tx: Transaction) -> list[str]:
    query = "SELECT failure_message FROM deliveries WHERE failure_message IS NOT NULL ORDER BY delivery"
    return [row[0] for row in tx._connection.execute(query)]


async def test_a_message_that_fails_for_every_sampled_person_is_sent_to_nobody(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    renderer.failing = {f"u{number}" for number in range(PEOPLE)}
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, Capture()) as ledger:
        progress = await ledger.until(number, finished)
    assert (progress.state, progress.recipients) == ("failed", 0)
    errors = await workspace.database.read(triggers.errors, broadcast, number, 0, 10)
    assert errors == ["body line 1, column 4: Variable 'customer.x' is missing"]


SUPPRESSED: tuple[Reason, ...] = ("block", "bounce", "complaint", "invalid")


async def test_people_who_leave_after_the_trigger_are_skipped_with_the_reason(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    number = await trigger(workspace, broadcast)
    await workspace.database.write(leave)
    async with working(workspace, renderer, Capture()) as ledger:
        progress = await ledger.until(number, finished)
    assert (progress.counts.skipped, progress.counts.sent) == (5, PEOPLE - 6)
    assert await workspace.database.read(reasons) == [
        "The person is unsubscribed.",
        *(f"The address is suppressed ({reason})." for reason in SUPPRESSED),
    ]


def leave(tx: Transaction) -> None:
    people.unsubscribe(tx, 1, True, 1)
    people.delete(tx, 2, 1)
    for number, reason in enumerate(SUPPRESSED, 2):
        suppressions.add(tx, reason, f"u{number}@film.example", 1)


async def test_an_address_that_the_server_does_not_know_is_suppressed_with_its_words(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    channel = ScriptedChannel()
    channel.answer = lambda recipient: Receipt(Outcome.FAILED, "5.1.1 no such user", 550, suppress=True)
    number = await trigger(workspace, broadcast, ids=["u1"])
    async with working(workspace, renderer, channel) as ledger:
        await ledger.until(number, finished)
    [found] = await workspace.database.read(suppressions.page, "bounce", 0, PEOPLE)
    assert (found["detail"], found["status"]) == ("5.1.1 no such user", "5.1.1")


async def test_no_more_messages_are_on_their_way_than_the_channel_has_connections(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    channel = ScriptedChannel(connections=3)
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, channel) as ledger:
        progress = await ledger.until(number, finished)
    assert progress.counts.sent == PEOPLE
    assert sorted(channel.sent) == sorted(f"u{number}@film.example" for number in range(PEOPLE))
    assert channel.most == 3


async def test_a_message_leaves_only_when_its_mark_is_committed(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    marked: set[str] = set()
    unmarked: set[str] = set()

    class Noting(WatchedLedger):
        async def record(self, results: Sequence[Result], sending: Sequence[Departure] = ()) -> Collection[int]:
            back = await super().record(results, sending)
            marked.update(departure.message.recipient for departure in sending)
            return back

    class Looking(ScriptedChannel):
        async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
            unmarked.update(set(recipients) - marked)
            return await super().send(sender, recipients, payload)

    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, Looking(), ledger=Noting(workspace)) as ledger:
        await ledger.until(number, finished)
    assert (len(marked), unmarked) == (PEOPLE, set())


async def test_nothing_can_be_claimed_before_the_audience_is_written_out_completely(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handbill.workspace.engine.broadcast.CHUNK", 7)
    early: list[Batch] = []

    class Eager(WorkspaceLedger):
        async def write_out(self, job: Job, contents: Sequence[Content], people: Sequence[int]) -> None:
            await super().write_out(job, contents, people)
            early.extend(await self.claim(worker, PEOPLE))

    await trigger(workspace, broadcast)
    ledger = Eager(workspace)
    worker = await ledger.join()
    job = await ledger.next_job(worker)
    assert job
    await prepare(job, ledger, renderer)
    assert early == []
    assert [len(batch.works) for batch in await ledger.claim(worker, PEOPLE)] == [PEOPLE]
    await ledger.leave(worker)


ANSWERS = [
    (Receipt(Outcome.SENT), "sent"),
    (Receipt(Outcome.FAILED, "550 no such user", 550), "failed"),
    (Receipt(Outcome.DEFERRED, "450 try later", 450), "deferred"),
]


@pytest.mark.parametrize(("receipt", "state"), ANSWERS)
async def test_the_servers_answer_is_the_deliverys_state(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer, receipt: Receipt, state: str
) -> None:
    await workspace.database.write(go_live)
    channel = ScriptedChannel()
    channel.answer = lambda recipient: receipt
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, channel) as ledger:
        progress = await ledger.until(number, lambda p: getattr(p.counts, state) == PEOPLE)
    assert progress.counts.queued == progress.counts.sending == 0


async def test_a_deferred_delivery_is_tried_again_when_its_time_has_come(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    channel = ScriptedChannel()
    channel.answer = lambda recipient: Receipt(Outcome.DEFERRED, "450 try later", 450)
    number = await trigger(workspace, broadcast, ids=["u1"])
    async with working(workspace, renderer, channel) as ledger:
        await ledger.until(number, lambda p: p.counts.deferred == 1)
        channel.answer = lambda recipient: Receipt(Outcome.SENT)
        workspace.clock.advance(61)  # type: ignore[attr-defined]
        workspace.bell.set()
        progress = await ledger.until(number, finished)
    assert progress.counts.sent == 1


async def test_an_unknown_outcome_is_sent_again_and_flagged(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    channel = ScriptedChannel()
    answers = iter([Receipt(Outcome.UNKNOWN, "no answer"), Receipt(Outcome.SENT)])
    channel.answer = lambda recipient: next(answers)
    number = await trigger(workspace, broadcast, ids=["u1"])
    async with working(workspace, renderer, channel) as ledger:
        progress = await ledger.until(number, finished)
    assert (progress.counts.sent, progress.counts.resent) == (1, 1)


async def test_an_unknown_outcome_waits_for_a_person_when_nothing_is_resent(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live, on_unknown="hold")
    channel = ScriptedChannel()
    channel.answer = lambda recipient: Receipt(Outcome.UNKNOWN, "no answer")
    number = await trigger(workspace, broadcast, ids=["u1", "u2"])
    async with working(workspace, renderer, channel) as ledger:
        progress = await ledger.until(number, lambda p: p.counts.unknown == 2)
    assert (progress.state, channel.sent) == ("sending", ["u1@film.example", "u2@film.example"])


async def test_a_transport_that_is_down_blames_nobody_and_goes_on_by_itself(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handbill.workspace.engine.dispatcher.LONGEST_PAUSE", 0.01)
    await workspace.database.write(go_live)
    channel = ScriptedChannel()
    channel.answer = lambda recipient: TransportDown("refused", "The mail server refuses connections.")
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, channel) as ledger:
        progress = await ledger.until(number, lambda p: bool(p.note))
        assert (progress.note, progress.counts.failed) == ("The mail server refuses connections.", 0)
        channel.answer = lambda recipient: Receipt(Outcome.SENT)
        progress = await ledger.until(number, finished)
    assert (progress.counts.sent, progress.note) == (PEOPLE, "")


async def test_a_transport_that_is_down_gets_nothing_new_while_others_are_on_their_way(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    everyone = asyncio.Barrier(4)
    tried: list[str] = []

    class Down(ScriptedChannel):
        async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
            tried.extend(recipients)
            place = await everyone.wait() if len(tried) <= 4 else 0
            if place == 0:
                raise TransportDown("refused", "The mail server refuses connections.")
            return await super().send(sender, recipients, payload)

    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, Down(connections=4)) as ledger:
        progress = await ledger.until(number, lambda p: bool(p.note))
        assert (progress.counts.sent, len(tried)) == (3, 4)


async def test_a_refused_login_is_not_tried_again_before_a_restart(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handbill.workspace.engine.dispatcher.LONGEST_PAUSE", 0)
    await workspace.database.write(go_live)
    tried: list[str] = []
    channel = ScriptedChannel()

    def refuse(recipient: str) -> TransportDown:
        tried.append(recipient)
        return TransportDown("login", "The mail server refused the login.")

    channel.answer = refuse
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, channel) as ledger:
        await ledger.until(number, lambda p: bool(p.note))
        other = await trigger(workspace, broadcast, ids=["u1"])
        workspace.bell.set()
        await ledger.until(other, lambda p: p.state == "sending")
        assert (await ledger.until(number, lambda p: True)).note == "The mail server refused the login."
        assert len(tried) <= channel.connections
    async with working(workspace, renderer, ScriptedChannel()) as ledger:
        assert (await ledger.until(number, finished)).counts.sent == PEOPLE


async def test_a_server_that_asks_for_less_gets_one_message_at_a_time_in_the_end(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    at_once: list[int] = []
    channel = ScriptedChannel(connections=8)

    def slower(recipient: str) -> Receipt:
        at_once.append(channel.at_once + 1)
        return Receipt(Outcome.DEFERRED, "421 too many", 421, slow_down=True)

    channel.answer = slower
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, channel) as ledger:
        await ledger.until(number, lambda p: p.counts.deferred == PEOPLE)
    assert at_once[-10:] == [1] * 10


async def test_a_worker_that_stops_leaves_nothing_in_between(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, ScriptedChannel(connections=2)) as ledger:
        await ledger.until(number, lambda p: p.counts.sent > 0)
    counts = (await workspace.database.read(triggers.progress, broadcast, number)).counts
    assert (counts.sending, counts.unknown, counts.resent) == (0, 0, 0)
    assert counts.sent + counts.queued == PEOPLE
    async with working(workspace, renderer, ScriptedChannel()) as ledger:
        progress = await ledger.until(number, finished)
    assert (progress.counts.sent, progress.counts.resent) == (PEOPLE, 0)


async def sending_two(workspace: Workspace, renderer: PlainRenderer) -> WorkspaceLedger:
    """A ledger whose one worker has claimed five deliveries, and marked two of them as about to leave."""
    ledger = WorkspaceLedger(workspace)
    worker = await ledger.join()
    job = await ledger.next_job(worker)
    assert job
    await prepare(job, ledger, renderer)
    [batch] = await ledger.claim(worker, 5)
    rendered, _ = await render_all(renderer, batch.content, batch.works[:2])
    await ledger.record([], [Departure(message) for message in rendered])
    return ledger


def die(ledger: WorkspaceLedger) -> None:
    """What the operating system does when a worker's process ends."""
    for lock in ledger._own.values():
        lock.release()


@pytest.mark.parametrize(("on_unknown", "queued", "unknown"), [("resend", PEOPLE, 0), ("hold", PEOPLE - 2, 2)])
async def test_what_a_dead_worker_was_sending_is_sent_again_and_flagged_or_waits_for_a_person(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer, on_unknown: str, queued: int, unknown: int
) -> None:
    await workspace.database.write(go_live, on_unknown=on_unknown)
    number = await trigger(workspace, broadcast)
    dying, other = await sending_two(workspace, renderer), WorkspaceLedger(workspace)
    worker = await other.join()
    die(dying)
    assert await other.recover(worker) == 2
    counts = (await workspace.database.read(triggers.progress, broadcast, number)).counts
    assert (counts.queued, counts.unknown, counts.resent) == (queued, unknown, 2 - unknown)
    assert sum(len(batch.works) for batch in await other.claim(worker, PEOPLE)) == queued
    await other.leave(worker)


async def test_a_worker_that_lives_keeps_what_it_has(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    await workspace.database.write(go_live)
    await trigger(workspace, broadcast)
    living, other = await sending_two(workspace, renderer), WorkspaceLedger(workspace)
    worker = await other.join()
    assert await other.recover(worker) == 0
    assert sum(len(batch.works) for batch in await other.claim(worker, PEOPLE)) == PEOPLE - 5
    for ledger in (living, other):
        for number in list(ledger._own):
            await ledger.leave(number)


async def test_an_audience_that_a_dead_worker_was_writing_out_is_written_out_anew(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    number = await trigger(workspace, broadcast)
    dying, other = WorkspaceLedger(workspace), WorkspaceLedger(workspace)
    job = await dying.next_job(await dying.join())
    assert job
    await dying.write_out(job, await dying.contents(job), (await dying.resolve(job)).people[:10])
    die(dying)
    worker = await other.join()
    assert await other.recover(worker) == 0
    assert await other.next_job(worker) == job
    await prepare(job, other, renderer)
    progress = await workspace.database.read(triggers.progress, broadcast, number)
    assert (progress.recipients, progress.counts.queued) == (PEOPLE, PEOPLE)
    await other.leave(worker)


async def test_an_answer_that_comes_when_all_is_settled_changes_nothing(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer
) -> None:
    number = await trigger(workspace, broadcast, ids=["u1"])
    async with working(workspace, renderer, Capture()) as ledger:
        settled = await ledger.until(number, finished)
        for outcome in Outcome:
            await ledger.record([Result(1, outcome, 1, message=Rendered(1, "", "", "", b"", b""))])
    assert await workspace.database.read(triggers.progress, broadcast, number) == settled
    assert settled.counts.sent == 1


@pytest.mark.parametrize(("mode", "way"), [("sandbox", "capture"), ("live", "live")])
async def test_messages_of_a_sandbox_never_see_a_way_out(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer, mode: Mode, way: str
) -> None:
    await workspace.database.write(go_live, mode=mode)
    ledger = WorkspaceLedger(workspace)
    worker = await ledger.join()
    await trigger(workspace, broadcast)
    job = await ledger.next_job(worker)
    assert job
    await prepare(job, ledger, renderer)
    assert {batch.transport for batch in await ledger.claim(worker, PEOPLE)} == {way}
    await ledger.leave(worker)


async def test_two_workers_on_one_trigger_send_everything_once(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handbill.workspace.engine.worker.CLAIMED", 3)
    await workspace.database.write(go_live)
    channels = ScriptedChannel(), ScriptedChannel()
    number = await trigger(workspace, broadcast)
    async with working(workspace, renderer, channels[0]) as ledger, working(workspace, renderer, channels[1]):
        await ledger.until(number, finished)
    assert sorted(channels[0].sent + channels[1].sent) == sorted(f"u{n}@film.example" for n in range(PEOPLE))


async def test_triggers_of_two_broadcasts_take_turns(
    workspace: Workspace, broadcast: int, renderer: PlainRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handbill.workspace.engine.worker.CLAIMED", 5)
    served: list[int] = []
    number = await trigger(workspace, broadcast)
    other = await trigger(workspace, broadcast)

    class Noting(WorkspaceLedger):
        async def claim(self, worker: int, limit: int) -> Sequence[Batch]:
            batches = await super().claim(worker, limit)
            served.extend(batch.trigger for batch in batches)
            return batches

    ledger = Noting(workspace)
    worker = await ledger.join()
    for _ in range(2):
        job = await ledger.next_job(worker)
        assert job
        written = await ledger.contents(job)
        await ledger.write_out(job, written, (await ledger.resolve(job)).people)
        await ledger.begin(job, written, {})
    for _ in range(4):
        await ledger.claim(worker, 5)
    await ledger.leave(worker)
    assert served == [number, other, number, other]
