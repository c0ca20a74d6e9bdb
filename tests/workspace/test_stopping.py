"""Anybody stops what is under way, in the middle too; only a person's command lets it go on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.cli.test_commands import Shell
from tests.conftest import NOW, FixedClock
from tests.test_life_of_a_mail import Post
from tests.workspace.engine.standins import WatchedLedger, go_live, send_everything
from tests.workspace.test_holding import SOME, Live, live_workspace

from handbill.connections import reach
from handbill.errors import Conflict, SendingRefused
from handbill.opening import context_of
from handbill.policy import Policy
from handbill.tools import call
from handbill.workspace.engine.worker import Worker
from handbill.workspace.running import channel
from handbill.workspace.store import ledger, newsletters, people, sending, stopping, triggers
from handbill.workspace.store.database import Transaction

pytestmark = pytest.mark.anyio

CONNECTIONS = 4
AUDIENCE = 60


class Gate(Post):
    """A mail server that answers when it is told to; `reached` is set while mails wait for their answer."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.waiting = asyncio.Semaphore(0)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        self.waiting.release()
        await self.open.wait()
        return await super().handle_DATA(server, session, envelope)


def fill(tx: Transaction) -> None:
    for number in range(100, 100 + AUDIENCE):
        people.identify(tx, "id", f"u{number}", {"email": f"u{number}@film.example"}, 1)
    go_live(tx)


@pytest.fixture
async def live(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Live]:
    async with live_workspace(tmp_path, clock, Gate(), f"connections={CONNECTIONS}") as opened:
        await opened.workspace.database.write(fill)
        yield opened


@asynccontextmanager
async def in_the_middle(live: Live) -> AsyncIterator[tuple[int, WatchedLedger]]:
    """A trigger of which each connection has a mail on its way, and a worker at it until the block ends."""
    number = await live.trigger({"ids": [f"u{number}" for number in range(100, 100 + AUDIENCE)]})
    watched = WatchedLedger(live.workspace)
    way = lambda *which: channel(live.workspace, *which)  # noqa: E731
    worker = Worker(watched, live.workspace.renderer, way, live.workspace.clock, live.workspace.bell)
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run())
        for _ in range(CONNECTIONS):
            await live.post.waiting.acquire()  # type: ignore[attr-defined]
        yield number, watched
        live.post.open.set()  # type: ignore[attr-defined]
        await watched.until_idle()
        worker.stop()


WAYS = ["/v1/broadcasts/5/triggers/1/stop", "/v1/broadcasts/5/stop", "/v1/sending/stop", "tool", "off", "sandbox"]


@pytest.mark.parametrize("way", WAYS)
async def test_no_more_leaves_than_is_on_its_way(live: Live, way: str) -> None:
    async with in_the_middle(live) as (number, _):
        await stop(live, way)
        assert live.post.mails == []
    assert len(live.post.mails) == CONNECTIONS
    progress = await live.client.triggers.progress(5, number)
    assert (progress.state, progress.counts.sent, progress.counts.queued) == (
        "stopped",
        CONNECTIONS,
        AUDIENCE - CONNECTIONS,
    )
    await live.workspace.database.write(sending.put, Policy(mode="live", auto_send_max=-1))
    await send_everything(live.workspace)
    assert len(live.post.mails) == CONNECTIONS
    await live.workspace.database.write(stopping.resume, number, "cli", NOW)
    await send_everything(live.workspace)
    assert (await live.client.triggers.progress(5, number)).state == "finished"
    recipients = [str(mail["To"]) for mail in live.post.mails]
    assert len(recipients) == len({*recipients}) == AUDIENCE


async def stop(live: Live, way: str) -> None:
    if way in ("off", "sandbox"):
        rules: Any = {"mode": way}
        await live.workspace.database.write(sending.put, Policy(**rules))
    elif way == "tool":
        async with reach(live.workspace) as connection:
            answer = await call(context_of(connection), "CUSTOMERIO_STOP_SENDING", {"broadcast_id": 5})
        assert answer.data()["stopped"] == [{"id": 1, "broadcast_id": 5, "newsletter_id": None}]
    else:
        assert (await live.http.post(way)).json() == {
            "stopped": [{"id": 1, "broadcast_id": 5, "newsletter_id": None}]
        }


async def test_everything_is_stopped_wherever_it_is_and_goes_on_from_there(live: Live) -> None:
    live.post.open.set()  # type: ignore[attr-defined]
    await live.workspace.database.write(newsletter)
    watched = WatchedLedger(live.workspace)
    worker = await watched.join()
    preparing = await watched.next_job(worker)
    numbers = [1, await live.trigger({"ids": ["u1"]}), await live.trigger({"ids": ["u2"]})]
    await live.http.post("/v1/sending/stop")
    assert preparing
    await watched.write_out(preparing, await watched.contents(preparing), (await watched.resolve(preparing)).people)
    await watched.begin(preparing, await watched.contents(preparing), {})
    await watched.leave(worker)
    await send_everything(live.workspace)
    for number in numbers:
        assert (await live.workspace.database.read(triggers.followed, number)).state == "stopped"
    assert live.post.mails == []
    for number in numbers:
        await live.workspace.database.write(stopping.resume, number, "cli", NOW)
    await send_everything(live.workspace)
    for number in numbers:
        assert (await live.workspace.database.read(triggers.followed, number)).state == "finished"
    assert (await live.log())[:1] == ["stopped"]


def newsletter(tx: Transaction) -> None:
    run = tx._connection.execute
    audience = json.dumps({"attribute": {"field": "id", "operator": "eq", "value": "u3"}})
    run("INSERT INTO newsletters (id, name, audience, created, updated) VALUES (12, 'March', ?, 1, 1)", [audience])
    mail = json.dumps({"from": "a@film.example", "subject": "March", "body": "Hi"})
    run("INSERT INTO contents (newsletter_id, name, fields, created, updated) VALUES (12, 'M', ?, 1, 1)", [mail])
    newsletters.send(tx, 12, newsletters.Start(), {}, NOW)


async def test_what_is_prepared_while_it_is_stopped_is_held_to_the_rules_when_it_goes_on(live: Live) -> None:
    await live.rules(auto_send_max=2)
    number = await live.trigger(SOME)
    watched = WatchedLedger(live.workspace)
    job = await watched.next_job(await watched.join())
    assert job
    await live.http.post("/v1/sending/stop")
    await watched.write_out(job, await watched.contents(job), (await watched.resolve(job)).people)
    await watched.begin(job, await watched.contents(job), {})
    await live.workspace.database.write(stopping.resume, number, "cli", NOW)
    progress = await live.after(number)
    assert (progress.state, progress.reason) == ("held", "3 people; up to 2 go without approval")


async def test_only_what_is_stopped_can_go_on_and_only_where_it_may(live: Live) -> None:
    number = await live.trigger(SOME)
    resume = stopping.resume
    with pytest.raises(Conflict, match="is accepted, not stopped"):
        await live.workspace.database.write(resume, number, "cli", NOW)
    await live.http.post("/v1/sending/stop")
    for mode in ("off", "sandbox"):
        await live.workspace.database.write(sending.put, Policy(mode=mode))
        with pytest.raises(SendingRefused, match=f"cannot go on in mode {mode}"):
            await live.workspace.database.write(resume, number, "cli", NOW)


async def test_stopping_what_is_not_there_says_so(live: Live) -> None:
    for path, status in (("5/triggers/9/stop", 404), ("6/stop", 404)):
        assert (await live.http.post(f"/v1/broadcasts/{path}")).status_code == status
    assert (await live.http.post("/v1/sending/stop")).json() == {"stopped": []}


def test_the_commands_stop_and_let_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(accepted(tmp_path))
    handbill = Shell(tmp_path, capsys)
    assert handbill("stop", "5", "1", "--json").json["stopped"][0]["id"] == 1
    assert "No stopped." in handbill("stop").out
    assert handbill("resume", "5").status == 2
    assert handbill("resume", "5", "1", "--json").json["state"] == "finished"
    assert handbill("resume", "5", "1").status == 5


async def accepted(home: Path) -> None:
    from tests.tools.film_club import film_club

    async with film_club(home, FixedClock()) as (workspace, _):
        body = {"ids": ["u1"], "data": {"headline": "Hi"}}
        await workspace.database.write(triggers.accept, 5, body, lacking={}, time=NOW)
        assert await workspace.database.read(ledger.anything_due, NOW) is False
