"""A live workspace holds what may not go without a person, whichever way the call came in."""

import asyncio
import dataclasses
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiosmtpd.smtp import SMTP
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW, FixedClock, RenderedHere
from tests.test_life_of_a_mail import Post
from tests.workspace.engine.standins import send_everything

from handbill.approval import in_words
from handbill.client import Client
from handbill.connections import reach
from handbill.contract.app.triggers import Progress
from handbill.opening import context_of
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.tools import call
from handbill.workspace import approving
from handbill.workspace.app import create_app
from handbill.workspace.running import running
from handbill.workspace.store import approvals, audit, people, sending
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

PEOPLE = 12
"""u0 to u11; the other half is in no audience here."""
BODY = "New {{snippets.foot}}"
MAIL = {"from": "Film Club <news@film.example>", "subject": "Hello {{customer.id}}", "body": BODY}
WRITTEN = f"UPDATE contents SET fields = json_set(fields, '$.subject', 'x', '$.body', 'y{BODY}')"
SOME = {"ids": ["u1", "u2", "u3"]}


@dataclass
class Live:
    """A workspace with a mail server behind it; nothing is sent until a test runs a worker."""

    workspace: Workspace
    client: Client
    http: httpx2.AsyncClient
    post: Post
    clock: FixedClock

    async def rules(self, **rules: Any) -> None:
        await self.workspace.database.write(sending.put, Policy(**{"mode": "live", **rules}))

    async def trigger(self, body: dict[str, Any] | None = None) -> int:
        self.clock.advance(11)
        return (await self.client.triggers.create(5, body or SOME)).id

    async def after(self, number: int) -> Progress:
        """How far the trigger is when a worker has done all that it may."""
        await send_everything(self.workspace)
        return await self.client.triggers.progress(5, number)

    async def approve(self, number: int, typed: int) -> None:
        progress = await self.client.triggers.progress(5, number)
        assert progress.approval
        await self.workspace.database.write(approvals.approve, progress.approval, typed, "cli", self.clock.now())

    async def change(self, sql: str) -> None:
        await self.workspace.database.write(lambda tx: tx._connection.execute(sql))

    async def log(self) -> list[str]:
        """The audit log's actions; the log itself is whole."""
        records = await self.workspace.database.read(audit.read)
        assert [*audit.faults(records, await self.workspace.database.read(audit.last))] == []
        return [record.action for record in records]


def fill(tx: Transaction) -> None:
    for number in range(PEOPLE):
        people.identify(tx, "id", f"u{number}", {"email": f"u{number}@film.example"}, 1)
    run = tx._connection.execute
    run("INSERT INTO broadcasts (id, name, created, updated) VALUES (5, 'Restock', 1, 1)")
    run("INSERT INTO snippets (name, value, updated) VALUES ('foot', 'Bye', 1), ('other', 'x', 1)")
    insert = "INSERT INTO contents (id, broadcast_id, name, fields, created, updated) VALUES (12, 5, 'Mail', ?, 1, 1)"
    run(insert, [json.dumps(MAIL)])
    sending.put(tx, Policy(mode="live"))


@asynccontextmanager
async def live_workspace(
    folder: Path, clock: FixedClock, post: Post | None = None, setting: str = ""
) -> AsyncIterator[Live]:
    post, loop = post or Post(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(post, loop=loop), "127.0.0.1", 0)
    smtp = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none&{setting}"
    async with server, Workspace.open(Settings.load({"HANDBILL_SMTP": smtp}, folder), clock) as opened:
        workspace = dataclasses.replace(opened, renderer=RenderedHere())
        await workspace.database.write(fill)
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        headers = {"Authorization": f"Bearer {workspace.keys.app_key}"}
        http = httpx2.AsyncClient(transport=transport, base_url="http://workspace", headers=headers)
        async with reach(workspace) as connection, http:
            yield Live(workspace, connection.client, http, post, clock)


@pytest.fixture
async def live(tmp_path: Path, clock: FixedClock, empty_database: Path) -> AsyncIterator[Live]:
    shutil.copy(empty_database, tmp_path / "workspace.db")
    async with live_workspace(tmp_path, clock) as opened:
        yield opened


QUIET = "15:00-17:00"
"""Hours in which NOW (16:00 UTC) falls."""

HALF = {"ids": [f"u{number}" for number in range(6)]}

TABLE: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"mode": "sandbox"}, HALF, "finished", ""),
    ({"auto_send_max": 3}, SOME, "finished", ""),
    ({"auto_send_max": 2}, SOME, "held", "3 people; up to 2 go without approval"),
    ({}, {"ids": ["u1"]}, "held", "1 person; up to 0 go without approval"),
    ({"auto_send_max": -1}, SOME, "finished", ""),
    ({"auto_send_max": -1}, HALF, "held", "6 of all 12 people: half or more always wait"),
    ({"auto_send_max": 3, "daily_max": 2}, SOME, "held", "3 more people after 0 in 24 hours; up to 2 go"),
    ({"auto_send_max": 3, "quiet_hours": QUIET}, SOME, "held", f"quiet hours ({QUIET})"),
]


@pytest.mark.parametrize(("rules", "audience", "state", "reason"), TABLE)
async def test_small_goes_and_big_waits(
    live: Live, rules: dict[str, Any], audience: dict[str, Any], state: str, reason: str
) -> None:
    await live.workspace.database.write(sending.put, Policy(**{"mode": "live", **rules}))
    number = await live.trigger(audience)
    progress = await live.after(number)
    assert progress.state == state
    assert progress.reason.startswith(reason)
    assert len(live.post.mails) == (
        len(audience["ids"]) if state == "finished" and rules.get("mode") != "sandbox" else 0
    )
    assert await live.log() == ([] if rules.get("mode") == "sandbox" else ["sent" if state == "finished" else "held"])


async def test_what_waits_is_shown_whole_and_goes_after_a_persons_yes(live: Live) -> None:
    await live.workspace.database.write(people.unsubscribe, 2, True, NOW)
    number = await live.trigger()
    progress = await live.after(number)
    assert (progress.state, progress.recipients, progress.counts.queued) == ("held", 3, 3)
    assert progress.approval
    approval = await live.workspace.database.read(approvals.get, progress.approval)
    assert (approval.people, progress.expires_at) == (3, live.clock.now() + 86_400)
    assert approval.facts == {
        "broadcast_id": 5,
        "name": "Restock",
        "transport": "live",
        "messages": [{"content": 12, "channel": "email", "from": MAIL["from"], "subject": MAIL["subject"]}],
        "audience": "people named one by one",
        "data": {},
        "left_out": {"unsubscribed": 1},
        "first": ["u1@film.example", "u2@film.example", "u3@film.example"],
    }
    await live.approve(number, 3)
    progress = await live.after(number)
    assert (progress.state, progress.counts.sent, progress.counts.skipped) == ("finished", 2, 1)
    assert sorted(str(mail["To"]) for mail in live.post.mails) == ["u2@film.example", "u3@film.example"]
    assert await live.log() == ["held", "approved", "used", "sent"]


async def test_a_segment_is_told_with_its_name(live: Live) -> None:
    for sql in (
        "INSERT INTO segments (id, name, created, updated) VALUES (3, 'Canada', 1, 1)",
        "INSERT INTO segment_people SELECT 3, person FROM people LIMIT 3",
    ):
        await live.change(sql)
    held = await live.after(await live.trigger({"recipients": {"segment": {"id": 3}}}))
    approval = await live.workspace.database.read(approvals.get, held.approval or 0)
    assert approval.facts["audience"] == 'segment 3 "Canada"'


CHANGES: list[tuple[str, str]] = [
    (WRITTEN, "Content 12: body and subject"),
    ("UPDATE contents SET fields = json_set(fields, '$.preheader_text', 'x')", "Content 12: preheader_text"),
    ("UPDATE contents SET tracked = 1 - tracked", "Content 12: settings"),
    ("UPDATE snippets SET value = 'x' WHERE name = 'foot'", "Snippet foot"),
    ("UPDATE broadcasts SET name = 'Other'", "Broadcast 5: name"),
    ("UPDATE deliveries SET delivery = 99 WHERE person = 2", "Audience"),
    ("UPDATE triggers SET data = '{\"a\": 1}'", "Data"),
]


@pytest.mark.parametrize(("change", "changed"), CHANGES)
async def test_what_changed_after_the_yes_is_named_and_nothing_is_sent(live: Live, change: str, changed: str) -> None:
    number = await live.trigger()
    await live.after(number)
    await live.approve(number, 3)
    await live.change(change)
    progress = await live.after(number)
    assert progress.state == "failed"
    assert progress.note == f"{changed} changed after it was approved; nothing was sent. Trigger it again."
    assert (await live.client.triggers.errors(5, number)).errors == [progress.note]
    assert (progress.counts.queued, live.post.mails) == (0, [])
    assert await live.log() == ["held", "approved", "changed"]


async def test_what_changed_elsewhere_voids_nothing(live: Live) -> None:
    number = await live.trigger()
    await live.after(number)
    await live.approve(number, 3)
    await live.change("UPDATE snippets SET value = 'y' WHERE name = 'other'")
    assert (await live.after(number)).state == "finished"


def decline(tx: Transaction, now: int) -> None:
    approvals.decline(tx, 1, "cli", now)


async def test_a_no_sends_nothing(live: Live) -> None:
    number = await live.trigger()
    await live.after(number)
    await live.workspace.database.write(decline, NOW)
    progress = await live.after(number)
    assert (progress.state, progress.note) == ("failed", "A person declined it; nothing was sent.")
    assert (progress.counts.skipped, live.post.mails) == (3, [])
    assert await live.log() == ["held", "declined"]


@pytest.mark.parametrize(("said_yes", "seconds"), [(True, 900), (False, 86_400)])
async def test_a_yes_is_good_for_fifteen_minutes_and_a_question_for_a_day(
    live: Live, said_yes: bool, seconds: int
) -> None:
    number = await live.trigger()
    await live.after(number)
    if said_yes:
        await live.approve(number, 3)
    live.clock.advance(seconds - 1)
    waiting = await live.client.triggers.progress(5, number)
    assert waiting.state == "held"
    live.clock.advance(1)
    progress = await live.after(number)
    assert (progress.state, live.post.mails) == ("failed", [])
    assert "nothing was sent. Trigger it again." in progress.note
    assert (await live.log())[-1] == "expired"


async def test_two_yeses_at_once_are_one(live: Live) -> None:
    number = await live.trigger()
    waits = (await live.after(number)).approval
    assert waits
    yes = [live.workspace.database.write(approvals.approve, waits, 3, "cli", live.clock.now()) for _ in range(2)]
    results = await asyncio.gather(*yes, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Approval", "Conflict"]
    await live.after(number)
    assert len(live.post.mails) == 3
    assert await live.log() == ["held", "approved", "used", "sent"]


async def test_the_same_call_again_is_answered_with_what_is_held(live: Live) -> None:
    first = await live.client.triggers.create(5, SOME)
    await live.after(first.id)
    again = await live.client.triggers.create(5, SOME)
    assert (again.id, again.repeated) == (first.id, True)
    assert len(await live.workspace.database.read(approvals.waiting)) == 1


async def test_quiet_hours_end_by_themselves_unless_something_else_speaks_against_it(live: Live) -> None:
    await live.rules(auto_send_max=3, daily_max=5, quiet_hours=QUIET)
    first, second = await live.trigger(), await live.trigger({"ids": ["u4", "u5", "u6"]})
    held = await live.after(first)
    assert (held.state, held.expires_at) == ("held", NOW + 3600)
    live.clock.advance(3600)
    assert (await live.after(first)).state == "finished"
    later = await live.after(second)
    assert (later.state, later.reason) == ("held", "3 more people after 3 in 24 hours; up to 5 go without approval")
    await live.approve(second, 3)
    assert (await live.after(second)).state == "finished"
    assert len(live.post.mails) == 6


async def test_a_yes_ends_quiet_hours(live: Live) -> None:
    await live.rules(auto_send_max=3, quiet_hours=QUIET)
    number = await live.trigger()
    await live.after(number)
    await live.approve(number, 3)
    assert (await live.after(number)).state == "finished"


@pytest.mark.parametrize(("mode", "note"), [("off", "Sending is off in this workspace"), ("sandbox", "sandbox mode")])
async def test_a_mode_that_changed_meanwhile_is_obeyed(live: Live, mode: Any, note: str) -> None:
    await live.rules(auto_send_max=3)
    number = await live.trigger()
    await live.workspace.database.write(sending.put, Policy(mode=mode))
    progress = await live.after(number)
    assert (progress.state, live.post.mails) == ("failed", [])
    assert note in progress.note


async def test_a_tools_call_is_answered_with_what_waits_and_why(live: Live) -> None:
    live.clock.advance(11)
    async with running(live.workspace), reach(live.workspace) as connection:
        context = context_of(connection)
        made = (await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", {"broadcast_id": 5, **SOME})).data()
        assert (made["state"], made["approval"], made["recipients"]) == ("held", 1, 3)
        shown = (await call(context, "CUSTOMERIO_GET_TRIGGER", {"broadcast_id": 5, "trigger_id": made["id"]})).data()
    assert (shown["state"], shown["approval"]) == ("held", 1)
    assert shown["reason"] == "3 people; up to 0 go without approval"
    [held] = await live.workspace.database.read(audit.read)
    assert (held.action, held.via) == ("held", "tool")


NAMES = st.sampled_from(["content 1: body", "content 1: subject", "content 2: body", "data", "snippet foot"])


@given(st.lists(NAMES, unique=True, min_size=1))
def test_every_change_is_in_the_words_once(changed: list[str]) -> None:
    words = in_words(changed)
    for name in changed:
        whose, _, what = name.rpartition(": ")
        assert words.count(whose or what) == 1
        assert what in words


async def test_copies_of_a_broadcast_count_like_people(live: Live) -> None:
    await live.rules(auto_send_max=3)
    await live.change("UPDATE contents SET fields = json_set(fields, '$.bcc', 'a@far.example, b@far.example')")
    number = await live.trigger()
    assert (await live.after(number)).state == "held"
    [approval] = await live.workspace.database.read(approvals.waiting)
    said = "9 people; up to 3 go without approval (with cc, bcc and further addresses)"
    assert (approval.people, approval.reason) == (9, said)
    await live.approve(number, 9)
    assert (await live.after(number)).state == "finished"
    assert await live.workspace.database.read(sending.reached, NOW + 20) == 9


async def test_an_approval_can_be_looked_at_when_what_it_was_for_is_gone(live: Live) -> None:
    await live.after(await live.trigger())
    await live.workspace.database.write(approvals.decline, 1, "cli", NOW)
    await live.change("DELETE FROM triggers")
    view = await live.workspace.database.read(approving.view, 1, "")
    assert (view.approval.state, view.contents) == ("declined", ())
