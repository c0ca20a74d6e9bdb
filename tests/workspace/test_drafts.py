"""Messages to one person in a live workspace: beyond the limits they are drafts that a person's yes queues."""

import json
from typing import Any

import pytest
from tests.conftest import NOW
from tests.workspace.engine.standins import send_everything
from tests.workspace.test_holding import QUIET, Live, live

from handbill.workspace.approving import recipients
from handbill.workspace.store import approvals
from handbill.workspace.store.database import Transaction

__all__ = ["live"]
pytestmark = pytest.mark.anyio

CALL = {"transactional_message_id": 1, "identifiers": {"id": "u1"}, "to": "u1@film.example"}


def written(tx: Transaction) -> None:
    """Transactional message 1, and a campaign that the event `purchase` starts."""
    run = tx._connection.execute
    mail = json.dumps({"from": "a@film.example", "subject": "Receipt", "body": "Thank you, {{customer.id}}"})
    run("INSERT INTO transactional (id, name, created, updated) VALUES (1, 'Receipt', 1, 1)")
    run(
        "INSERT INTO contents (id, transactional_id, name, fields, created, updated) VALUES (20, 1, 'M', ?, 1, 1)",
        [mail],
    )
    run("INSERT INTO campaigns (id, name, event_name, created, updated) VALUES (3, 'Thanks', 'purchase', 1, 1)")
    run("INSERT INTO contents (id, campaign_id, name, fields, created, updated) VALUES (21, 3, 'M', ?, 1, 1)", [mail])


@pytest.fixture(autouse=True)
async def ready(live: Live) -> None:
    await live.workspace.database.write(written)


async def send(live: Live, way: str) -> None:
    if way == "transactional":
        assert (await live.http.post("/v1/send/email", json=CALL)).json()["delivery_id"]
    else:
        keys = live.workspace.keys
        event = {"name": "purchase", "data": {}}
        answer = await live.http.post("/api/v1/customers/u1/events", json=event, auth=(keys.site_id, keys.track_key))
        assert answer.status_code == 200
    await send_everything(live.workspace)


async def states(live: Live) -> list[tuple[str, str | None]]:
    def read(tx: Transaction) -> list[tuple[str, str | None]]:
        query = "SELECT state, failure_message FROM deliveries ORDER BY delivery"
        return [tuple(row) for row in tx._connection.execute(query)]

    return await live.workspace.database.read(read)


WAYS = ["transactional", "event"]


@pytest.mark.parametrize("way", WAYS)
async def test_what_is_beyond_the_limits_is_a_draft_until_a_person_says_yes(live: Live, way: str) -> None:
    await send(live, way)
    assert (await states(live), live.post.mails) == ([("drafted", None)], [])
    [approval] = await live.workspace.database.read(approvals.waiting)
    assert (approval.people, approval.reason) == (1, "1 person; up to 0 go without approval")
    assert approval.facts["first"] == ["u1@film.example"]
    await live.workspace.database.write(approvals.approve, approval.id, 1, "cli", NOW)
    await send_everything(live.workspace)
    assert (await states(live), len(live.post.mails)) == ([("sent", None)], 1)
    assert await live.log() == ["held", "approved", "used", "sent"]


async def test_the_same_call_again_finds_the_draft_as_long_as_it_waits(live: Live) -> None:
    first = (await live.http.post("/v1/send/email", json=CALL)).json()["delivery_id"]
    assert (await live.http.post("/v1/send/email", json=CALL)).json()["delivery_id"] == first
    other = {**CALL, "message_data": {"total": 40}}
    assert (await live.http.post("/v1/send/email", json=other)).json()["delivery_id"] != first
    waiting = await live.workspace.database.read(approvals.waiting)
    assert len(waiting) == 2
    await live.workspace.database.write(approvals.approve, waiting[0].id, 1, "cli", NOW)
    await send_everything(live.workspace)
    assert (await live.http.post("/v1/send/email", json=CALL)).json()["delivery_id"] != first


@pytest.mark.parametrize("way", WAYS)
async def test_within_the_limits_it_goes_and_counts_for_the_day(live: Live, way: str) -> None:
    await live.rules(auto_send_max=1, daily_max=1)
    await send(live, way)
    await send(live, way)
    assert [state for state, _ in await states(live)] == ["sent", "drafted"]
    [approval] = await live.workspace.database.read(approvals.waiting)
    assert approval.reason == "1 more people after 1 in 24 hours; up to 1 go without approval"
    assert await live.log() == ["sent", "held"]


ENDS: list[tuple[str, int, str]] = [
    ("decline", 0, "A person declined it; nothing was sent."),
    ("change", 0, "Content 20: subject changed after it was approved; nothing was sent."),
    ("late", 900, "Nobody approved it in time; nothing was sent."),
    ("wait", 86_400, "Nobody approved it in time; nothing was sent."),
]


@pytest.mark.parametrize(("end", "seconds", "said"), ENDS)
async def test_without_a_yes_that_holds_it_is_skipped_and_says_why(
    live: Live, end: str, seconds: int, said: str
) -> None:
    await send(live, "transactional")
    if end == "decline":
        await live.workspace.database.write(approvals.decline, 1, "cli", NOW)
    elif end != "wait":
        await live.workspace.database.write(approvals.approve, 1, 1, "cli", NOW)
    if end == "change":
        await live.change("UPDATE contents SET fields = json_set(fields, '$.subject', 'x') WHERE id = 20")
    live.clock.advance(seconds)
    await send_everything(live.workspace)
    [(state, reason)] = await states(live)
    assert (state, live.post.mails) == ("skipped", [])
    assert str(reason).startswith(said)


async def test_quiet_hours_let_answers_through_and_campaigns_wait_for_their_end(live: Live) -> None:
    await live.rules(auto_send_max=1, quiet_hours=QUIET)
    await send(live, "transactional")
    await send(live, "event")
    assert [state for state, _ in await states(live)] == ["sent", "deferred"]
    live.clock.advance(3600)
    await send_everything(live.workspace)
    assert [state for state, _ in await states(live)] == ["sent", "sent"]


async def test_a_message_that_was_accepted_live_waits_while_the_mode_is_another(live: Live) -> None:
    await live.rules(auto_send_max=1)
    assert (await live.http.post("/v1/send/email", json=CALL)).status_code == 200
    for mode in ("off", "sandbox"):
        await live.rules(mode=mode)
        await send_everything(live.workspace)
        assert (await states(live), live.post.mails) == ([("queued", None)], [])
    await live.rules(auto_send_max=1)
    await send_everything(live.workspace)
    assert len(live.post.mails) == 1


ONLY: list[tuple[dict[str, Any], str]] = [
    ({}, "sent"),
    ({"to": "u1@shop.example"}, "shop.example is not among only_domains."),
    ({"to": "u1@film.example, x@shop.example"}, "shop.example is not among only_domains."),
    ({"bcc": "x@shop.example"}, "shop.example is not among only_domains."),
    ({"to": "u1@sub.film.example"}, "sub.film.example is not among only_domains."),
    ({"to": "U1@FILM.example"}, "sent"),
]


@pytest.mark.parametrize(("more", "became"), ONLY)
async def test_every_address_on_the_envelope_must_be_of_an_allowed_domain(
    live: Live, more: dict[str, Any], became: str
) -> None:
    await live.rules(auto_send_max=2, only_domains=("film.example",))
    answer = await live.http.post("/v1/send/email", json={**CALL, **more})
    assert answer.status_code == 200, answer.text
    await send_everything(live.workspace)
    [(state, reason)] = await states(live)
    assert (state, reason) == (("sent", None) if became == "sent" else ("skipped", became))
    assert len(live.post.mails) == (state == "sent")


async def test_a_trigger_skips_and_counts_who_is_of_another_domain_and_so_does_its_preview(live: Live) -> None:
    await live.rules(auto_send_max=3, only_domains=("film.example",))
    address = "'u2@shop.example'"
    await live.change(f"UPDATE people SET email = {address}, email_key = {address} WHERE id = 'u2'")
    answer = await live.http.post("/v1/broadcasts/5/preview", json={"ids": ["u1", "u2"]})
    assert answer.json()["left_out"] == [{"reason": "not among only_domains", "count": 1}]
    progress = await live.after(await live.trigger({"ids": ["u1", "u2"]}))
    assert (progress.state, progress.counts.sent, progress.counts.skipped) == ("finished", 1, 1)
    assert [str(mail["To"]) for mail in live.post.mails] == ["u1@film.example"]
    assert ("skipped", "shop.example is not among only_domains.") in await states(live)


COPIES: list[tuple[dict[str, Any], int]] = [
    ({"bcc": "a@far.example, b@far.example"}, 3),
    ({"cc": "a@far.example", "bcc": "b@far.example"}, 3),
    ({"to": "u1@film.example, a@far.example"}, 2),
    ({"cc": '"A, B" <a@far.example>,'}, 2),
]


@pytest.mark.parametrize(("copies", "people"), COPIES)
async def test_copies_count_like_people(live: Live, copies: dict[str, str], people: int) -> None:
    await live.rules(auto_send_max=1, daily_max=people)
    await live.http.post("/v1/send/email", json={**CALL, **copies})
    [approval] = await live.workspace.database.read(approvals.waiting)
    said = f"{people} people; up to 1 go without approval (with cc, bcc and further addresses)"
    assert (approval.people, approval.reason) == (people, said)
    shown = ", ".join(approval.facts["first"])
    assert all(text in shown for text in copies.values())
    [page] = (await live.workspace.database.read(recipients, approval)).people
    assert page.address == shown
    await live.workspace.database.write(approvals.approve, approval.id, people, "cli", NOW)
    await send_everything(live.workspace)
    assert len(live.post.mails) == 1
    await live.http.post("/v1/send/email", json=CALL)
    [approval] = await live.workspace.database.read(approvals.waiting)
    assert approval.reason.startswith(f"1 more people after {people} in 24 hours")


async def test_copies_that_a_template_names_count_too(live: Live) -> None:
    await live.rules(auto_send_max=1)
    bcc = "{{ trigger.list | default: 'a@far.example' }}, b@far.example"
    await live.change(f"""UPDATE contents SET fields = json_set(fields, '$.bcc', "{bcc}")""")
    for way in WAYS:
        await send(live, way)
    waiting = await live.workspace.database.read(approvals.waiting)
    assert [each.people for each in waiting] == [3, 3]


async def test_a_message_for_later_counts_on_its_own_day(live: Live) -> None:
    await live.rules(auto_send_max=1, daily_max=1)
    month, states_ = 30 * 86_400, []
    for at in (NOW + month, NOW + month + 3600, NOW + month - 3600, NOW + 2 * month):
        await live.http.post("/v1/send/email", json={**CALL, "send_at": at})
        states_.append((await states(live))[-1][0])
    assert states_ == ["deferred", "drafted", "drafted", "deferred"]
    await send(live, "transactional")
    assert (await states(live))[-1] == ("sent", None)
    live.clock.advance(month)
    await send_everything(live.workspace)
    await send(live, "event")
    assert (await states(live))[-1] == ("drafted", None)
