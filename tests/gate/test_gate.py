"""The gate before Customer.io, row by row; a workspace plays the far side."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW, FixedClock
from tests.gate.conftest import Live
from tests.tools.film_club import RESTOCK

from handbill.contract.app.campaigns import Campaign, Campaigns
from handbill.errors import (
    Conflict,
    HandbillError,
    InvalidInput,
    NotFound,
    RateLimited,
    ReadOnly,
    SendingRefused,
    Unauthorized,
)
from handbill.workspace.store import sending
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


def test_only_the_gate_makes_calls_that_may_send() -> None:
    source = Path(__file__).parents[2] / "src" / "handbill"
    files = [file for room in ("tools", "mcp", "cli", "console") for file in (source / room).rglob("*.py")]
    reaching = r"triggers\.create\b|client\.sends\b|pipelines\.(identify|track|page|screen|group|alias|batch)\b"
    assert [file.name for file in files if re.search(reaching, file.read_text())] == []


async def change(workspace: Workspace, statement: str) -> None:
    """What no call of the API can do."""
    await workspace.database.write(lambda tx: tx._connection.execute(statement))


# The table (reliability 3.3)


async def test_a_known_size_within_the_limit_goes_at_once(live: Live) -> None:
    await live.rules(auto_send_max=2)
    answer = await live.trigger(ids=["u1", "u2", "u1"])
    assert (answer["state"], answer["recipients"], answer["id"]) == ("accepted", 2, 1)
    assert answer["workspace"] == "acme (Customer.io, EU)"
    assert await live.log() == [("used", "rules"), ("sent", "rules")]


@pytest.mark.parametrize(
    ("audience", "people", "reason"),
    [
        ({"ids": ["u1", "u2", "u1"]}, 2, "2 people; up to 0 go without approval"),
        ({"emails": ["U1@film.example ", "u1@film.example"]}, 1, "1 person; up to 0 go without approval"),
        ({"per_user_data": [{"id": "u1"}, {"email": "u2@film.example"}]}, 2, "2 people; up to 0"),
        ({"recipients": {"segment": {"id": 3}}}, 2, "2 people; up to 0 go without approval"),
        ({"recipients": {"and": [{"segment": {"id": 3}}]}}, None, "nobody knows how many people this reaches"),
        ({"recipients": {"not": {"segment": {"id": 3}}}}, None, "nobody knows how many people this reaches"),
        ({"data_file_url": "https://files.example/p.jsonl"}, None, "nobody knows how many people this reaches"),
        ({"emails": ["u3@film.example"], "email_add_duplicates": True}, None, "nobody knows how many"),
    ],
)
async def test_larger_or_unknown_waits_and_is_no_error(
    live: Live, audience: dict[str, Any], people: int | None, reason: str
) -> None:
    answer = await live.trigger(**audience)
    assert (answer["state"], answer["recipients"], answer["id"]) == ("held", people, None)
    assert answer["reason"].startswith(reason)
    assert answer["approve"] == f"`handbill approve {answer['approval']}` in a terminal"
    assert answer["expires_at"] == NOW + 86_400
    assert live.posted == []
    waiting = await live.approval(answer["approval"])
    assert waiting.confirm == (RESTOCK if people is None else people)
    assert (waiting.facts["broadcast_id"], waiting.facts["name"]) == (RESTOCK, "Restock")
    [message] = waiting.facts["messages"]
    assert message == {
        "content": 1,
        "channel": "email",
        "from": "Film Club <news@film.example>",
        "subject": "{{trigger.headline}}",
    }


async def test_a_segment_of_nobody_may_be_full_when_it_is_sent_to(live: Live, far: Workspace) -> None:
    await change(far, "DELETE FROM segment_people")
    held = await live.trigger(recipients={"segment": {"id": 3}})
    assert (held["state"], held["reason"]) == ("held", "nobody knows how many people this reaches")
    assert live.posted == []


async def test_a_broadcasts_own_audience_is_of_unknown_size(live: Live) -> None:
    held = await live.gate.trigger(RESTOCK, {})
    assert held.approval
    assert (held.answer, held.approval.people, held.approval.facts["audience"]) == (
        None,
        None,
        "the broadcast's own audience",
    )


async def test_a_person_sees_the_audience_and_the_data_as_they_were_asked_for(live: Live) -> None:
    filter_ = {"and": [{"segment": {"id": 3}}]}
    for body, said in (
        ({"recipients": {"segment": {"id": 3}}}, 'segment 3 "Regulars"'),
        ({"recipients": filter_}, json.dumps(filter_)),
        ({"ids": ["u1", "u9"], "id_ignore_missing": True}, "people named one by one, id_ignore_missing"),
        ({"data_file_url": "https://a:b@files.example/p"}, 'the people in "https://…@files.example/p"'),
    ):
        held = await live.gate.trigger(RESTOCK, {**body, "data": {"headline": "Back"}})
        assert held.approval
        assert (held.approval.facts["audience"], held.approval.facts["data"]) == (said, {"headline": "Back"})


async def test_anyone_may_be_sent_to_when_a_person_said_so(live: Live) -> None:
    await live.rules(auto_send_max=-1)
    assert (await live.trigger(recipients={"and": [{"segment": {"id": 3}}]}))["id"] == 1


async def test_a_person_who_is_asked_types_the_number_and_it_goes(live: Live) -> None:
    questions: list[Any] = []

    def answers(question: Any) -> int:
        questions.append(question)
        return 2

    answer = await live.trigger(context=live.asking(answers))
    assert (answer["state"], answer["id"]) == ("accepted", 1)
    assert questions[0].confirm == 2
    assert 'Send broadcast 5 "Restock" to 2 people?' in questions[0].text
    assert 'First of them: "u1", "u2"' in questions[0].text
    assert await live.log() == [
        ("held", "tool"),
        ("approved", "elicitation"),
        ("used", "elicitation"),
        ("sent", "elicitation"),
    ]


async def test_a_no_is_an_answer_and_the_same_call_again_is_not_asked_again(live: Live) -> None:
    answer = await live.trigger(context=live.asking(lambda _: None))
    assert (answer["state"], answer["id"], answer["notes"]) == (
        "declined",
        None,
        ["A person declined it; nothing was sent."],
    )
    again = await live.trigger(context=live.asking(lambda _: pytest.fail("asked again")))
    assert (again["state"], again["repeated"]) == ("declined", True)
    assert live.posted == []


async def test_a_wrong_number_lets_it_wait(live: Live) -> None:
    answer = await live.trigger(context=live.asking(lambda _: 3))
    assert (answer["state"], answer["notes"]) == ("held", ["The number was not the right one, so nothing was sent."])
    assert (await live.trigger(context=live.asking(lambda _: 2)))["id"] == 1


async def test_nobody_is_asked_where_the_rules_say_so(live: Live) -> None:
    await live.rules(approve_via=("console", "cli"))
    answer = await live.trigger(context=live.asking(lambda _: pytest.fail("asked")))
    assert answer["state"] == "held"


async def test_the_same_call_is_the_first_one(live: Live, clock: FixedClock) -> None:
    await live.rules(auto_send_max=2)
    first = await live.trigger()
    again = await live.trigger()
    assert (again["id"], again["state"], again["repeated"]) == (first["id"], "accepted", True)
    clock.advance(600)
    assert (await live.trigger())["id"] == 2
    assert len(live.posted) == 2


async def test_fifty_at_once_are_one(live: Live) -> None:
    await live.rules(auto_send_max=2)
    answers = await asyncio.gather(*(live.trigger() for _ in range(50)))
    assert {answer["id"] for answer in answers} == {1}
    assert sorted(answer["repeated"] for answer in answers) == [False] + [True] * 49
    assert len(live.posted) == 1


async def test_another_call_within_ten_seconds_is_told_how_long_to_wait(live: Live, clock: FixedClock) -> None:
    await live.rules(auto_send_max=2)
    await live.trigger()
    clock.advance(3)
    with pytest.raises(RateLimited, match=r"Broadcast 5 was triggered 3 s ago; .* Retry in 7 s") as refused:
        await live.trigger(ids=["u3"])
    assert refused.value.retry_after == 7
    assert len(live.posted) == 1


async def test_who_follows_a_call_sees_it_wait_for_its_turn(live: Live, clock: FixedClock) -> None:
    await live.rules(auto_send_max=2)
    await live.trigger()
    clock.advance(3)
    told: list[str] = []
    assert (await live.trigger(context=live.following(told), ids=["u3"]))["id"] == 2
    assert told == ["waiting 7 s for the broadcast's turn"]


@pytest.mark.parametrize(
    ("rules", "error", "said"),
    [
        ({"mode": "off"}, SendingRefused, "Sending is off"),
        ({"readonly": True}, ReadOnly, "read-only"),
        (
            {"mode": "sandbox"},
            SendingRefused,
            'Checked, and nothing was sent: .* Live, it would send broadcast 5 "Restock" to 2 people',
        ),
    ],
)
async def test_off_readonly_and_sandbox_refuse(
    live: Live, rules: dict[str, Any], error: type[HandbillError], said: str
) -> None:
    await live.rules(**rules)
    with pytest.raises(error, match=said):
        await live.trigger()
    assert live.posted == []


async def test_a_change_of_the_rules_holds_at_once(live: Live, clock: FixedClock) -> None:
    for rules, state in (
        ({"auto_send_max": 1}, "accepted"),
        ({"auto_send_max": 0}, "held"),
        ({"auto_send_max": 1}, "accepted"),
    ):
        await live.rules(**rules)
        clock.advance(10)
        assert (await live.trigger(ids=["u1"], data={"at": clock.now()}))["state"] == state


# What limits


async def test_addresses_outside_of_only_domains_are_skipped_and_counted(live: Live) -> None:
    await live.rules(auto_send_max=2, only_domains=("film.example",))
    answer = await live.trigger(emails=["u1@film.example", "u2@Film.example", "x@far.example"])
    assert answer["recipients"] == 2
    assert answer["notes"] == ["1 skipped: outside of film.example, to which sending is limited"]
    assert json.loads(live.posted[0].content)["emails"] == ["u1@film.example", "u2@Film.example"]


async def test_nobody_is_left_within_only_domains(live: Live) -> None:
    await live.rules(auto_send_max=-1, only_domains=("shop.example",))
    with pytest.raises(SendingRefused, match="All 1 addresses are outside of shop"):
        await live.trigger(emails=["u1@film.example"])


@pytest.mark.parametrize("audience", [{"ids": ["u1"]}, {"recipients": {"segment": {"id": 3}}}])
async def test_who_cannot_be_known_waits_where_domains_are_limited(live: Live, audience: dict[str, Any]) -> None:
    await live.rules(auto_send_max=-1, only_domains=("film.example",))
    answer = await live.trigger(**audience)
    assert (answer["state"], answer["reason"]) == (
        "held",
        "only_domains is set, and nobody knows all the addresses this reaches",
    )


async def test_a_day_has_a_limit(live: Live, clock: FixedClock) -> None:
    await live.rules(auto_send_max=2, daily_max=3)
    await live.trigger()
    clock.advance(10)
    answer = await live.trigger(ids=["u3", "u4"])
    assert answer["reason"] == "2 more people after 2 in 24 hours; up to 3 go without approval"


async def test_in_quiet_hours_it_waits_and_the_same_call_after_them_goes(live: Live, clock: FixedClock) -> None:
    await live.rules(auto_send_max=2, quiet_hours="15:00-17:00 UTC")
    held = await live.trigger()
    assert (held["state"], held["reason"]) == ("held", "quiet hours (15:00-17:00 UTC)")
    assert held["notes"] == [f"The same call at or after {NOW + 3600} (Unix seconds) goes by itself."]
    clock.advance(3600)
    assert (await live.trigger())["id"] == 1


# A person's yes


async def test_a_yes_makes_the_call_and_the_same_call_tells_of_it(live: Live) -> None:
    held = await live.trigger()
    made = await live.gate.approve(held["approval"], 2, "cli")
    assert made.answer == {"id": 1}
    told = await live.trigger()
    assert (told["state"], told["id"], told["repeated"]) == ("accepted", 1, True)
    [listed] = (await live.call("LIST_APPROVALS"))["approvals"]
    assert {name: listed[name] for name in ("what", "state", "people", "trigger_id", "approve")} == {
        "what": "broadcast 5",
        "state": "used",
        "people": 2,
        "trigger_id": 1,
        "approve": "",
    }
    kept = await live.approval(held["approval"])
    assert (kept.request, kept.facts.get("first")) == (None, None), "who it was for is forgotten"


async def test_a_yes_twice_at_once_makes_one_call(live: Live) -> None:
    held = await live.trigger()
    answers = await asyncio.gather(
        *(live.gate.approve(held["approval"], 2, "cli") for _ in range(5)), return_exceptions=True
    )
    assert len(live.posted) == 1
    assert [type(answer) for answer in answers].count(Conflict) == 4


async def test_a_yes_counts_only_where_the_rules_take_it(live: Live) -> None:
    held = await live.trigger()
    await live.rules(approve_via=("console",))
    with pytest.raises(SendingRefused, match="a yes is given by console only"):
        await live.gate.approve(held["approval"], 2, "cli")
    assert (await live.approval(held["approval"])).state == "waiting"
    assert (await live.gate.approve(held["approval"], 2, "console")).answer == {"id": 1}


async def test_the_wrong_number_is_no_yes(live: Live) -> None:
    held = await live.trigger()
    with pytest.raises(InvalidInput, match="people must be the number of people"):
        await live.gate.approve(held["approval"], 3, "cli")
    with pytest.raises(NotFound):
        await live.gate.approve(99, 2, "cli")
    assert live.posted == []


CHANGES: dict[str, tuple[str, str]] = {
    "subject": (
        "UPDATE contents SET fields = json_set(fields, '$.subject', 'Sale')",
        "content 1: subject",
    ),
    "body": ("UPDATE contents SET fields = json_set(fields, '$.body', 'Bye')", "content 1: body"),
    "name": ("UPDATE broadcasts SET name = 'Other' WHERE id = 5", "broadcast 5: name"),
    "state": ("UPDATE broadcasts SET state = 'draft' WHERE id = 5", "broadcast 5: state"),
    "segment": ("DELETE FROM segment_people WHERE person = 1", "audience"),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_what_changed_voids_the_yes_and_is_named(live: Live, far: Workspace, what: str) -> None:
    held = await live.trigger(recipients={"segment": {"id": 3}})
    statement, named = CHANGES[what]
    await change(far, statement)
    with pytest.raises(Conflict, match=f"is void. Changed since it was asked for: {named}"):
        await live.gate.approve(held["approval"], 2, "cli")
    assert live.posted == []
    assert (await live.approval(held["approval"])).state == "changed"
    assert (await live.trigger(recipients={"segment": {"id": 3}}))["approval"] != held["approval"]


async def test_a_message_that_was_added_voids_the_yes(live: Live, far: Workspace) -> None:
    held = await live.trigger()
    columns = "broadcast_id, name, fields, created, updated"
    await change(far, f"INSERT INTO contents ({columns}) SELECT 5, 'Two', fields, 1, 1 FROM contents")
    with pytest.raises(Conflict, match=r"content 2: .*subject"):
        await live.gate.approve(held["approval"], 2, "cli")


async def test_a_snippet_that_is_used_is_part_of_what_is_approved(live: Live, far: Workspace) -> None:
    async def snippet(name: str, value: str) -> None:
        insert = f"INSERT OR REPLACE INTO snippets (name, value, updated) VALUES ('{name}', '{value}', 1)"
        await far.database.write(lambda tx: tx._connection.execute(insert))

    await far.database.write(
        lambda tx: tx._connection.execute(
            "UPDATE contents SET fields = json_set(fields, '$.body', '{{snippets.hello}}')"
        )
    )
    await snippet("hello", "Hi")
    await snippet("other", "x")
    held = await live.trigger()
    await snippet("other", "y")
    await snippet("hello", "Bye")
    with pytest.raises(Conflict, match=r"asked for: snippet hello\. Nothing"):
        await live.gate.approve(held["approval"], 2, "cli")


@pytest.mark.parametrize("rules", [{"mode": "off"}, {"mode": "sandbox"}, {"readonly": True}])
async def test_rules_that_were_tightened_hold_for_a_yes_as_well(live: Live, rules: dict[str, Any]) -> None:
    held = await live.trigger()
    await live.rules(**rules)
    with pytest.raises(SendingRefused):
        await live.gate.approve(held["approval"], 2, "cli")
    assert live.posted == []


async def test_a_yes_waits_for_the_turn_of_its_broadcast(live: Live, clock: FixedClock) -> None:
    held = await live.trigger(ids=["u1", "u2", "u3"])
    await live.rules(auto_send_max=1)
    await live.trigger(ids=["u4"])
    began = clock.now()
    assert (await live.gate.approve(held["approval"], 3, "cli")).answer == {"id": 2}
    assert clock.now() == began + 10


async def test_what_was_approved_and_not_carried_out_is_by_the_same_call(live: Live) -> None:
    held = await live.trigger()
    await live.gate.register.approve(held["approval"], 2, "console")
    assert (await live.trigger())["id"] == 1
    assert len(live.posted) == 1


async def test_after_a_day_it_is_asked_anew(live: Live, clock: FixedClock) -> None:
    held = await live.trigger()
    clock.advance(86_400)
    with pytest.raises(Conflict, match="has expired"):
        await live.gate.approve(held["approval"], 2, "cli")
    [listed] = (await live.call("LIST_APPROVALS"))["approvals"]
    assert (listed["state"], listed["approve"]) == ("expired", "")
    assert (await live.trigger())["approval"] != held["approval"]


# Transactional messages and events


@pytest.fixture
async def receipt(far: Workspace) -> None:
    fields = json.dumps({"from": "a@film.example", "subject": "Receipt", "body": "Thanks"})
    insert = (
        f"INSERT INTO contents (transactional_id, name, fields, created, updated) VALUES (1, 'M', '{fields}', 1, 1)"
    )
    await far.database.write(lambda tx: tx._connection.execute(insert))


async def send(live: Live, **more: Any) -> dict[str, Any]:
    return await live.call("SEND_TRANSACTIONAL_MESSAGE", transactional_message_id="Receipt", identifier="u1", **more)


@pytest.mark.usefixtures("receipt")
async def test_a_message_to_one_person_waits_and_goes_like_a_trigger(live: Live) -> None:
    held = await send(live)
    assert (held["state"], held["delivery_id"], held["recipient"]) == ("held", "", "u1@film.example")
    assert held["reason"] == "1 person; up to 0 go without approval"
    facts = (await live.approval(held["approval"])).facts
    assert (facts["transactional_id"], facts["name"], facts["messages"][0]["subject"]) == (1, "Receipt", "Receipt")
    await live.gate.approve(held["approval"], 1, "cli")
    sent = await send(live)
    assert (sent["state"], sent["repeated"]) == ("queued", True)
    assert len(live.posted) == 1


@pytest.mark.usefixtures("receipt")
async def test_addresses_of_a_message_are_counted_and_kept_to_the_domains(live: Live) -> None:
    await live.rules(auto_send_max=1, only_domains=("film.example",))
    sent = await send(live, to="u1@film.example, x@far.example")
    assert (sent["state"], sent["notes"]) == ("queued", ["1 addresses skipped: outside of film.example"])
    with pytest.raises(SendingRefused, match="outside of film"):
        await send(live, to="x@far.example")
    assert (await send(live, to="u1@film.example, u2@film.example"))["reason"] == (
        "2 people; up to 1 go without approval"
    )


UNREADABLE = ["u1@film.example; u2@film.example", "u1@film.example u2@film.example", "u1@film.example, ("]


@pytest.mark.usefixtures("receipt")
@pytest.mark.parametrize("to", UNREADABLE)
async def test_addresses_that_cannot_be_told_apart_are_of_unknown_number(live: Live, to: str) -> None:
    await live.rules(auto_send_max=1)
    assert (await send(live, to=to))["reason"] == "nobody knows how many people this reaches"
    assert live.posted == []


@pytest.mark.usefixtures("receipt")
async def test_copies_are_counted_and_kept_to_the_domains_as_well(live: Live) -> None:
    await live.rules(auto_send_max=2, only_domains=("film.example",))
    copies = {"cc": "u2@film.example, x@far.example", "bcc": "y@far.example"}
    body = {"transactional_message_id": "Receipt", "identifiers": {"id": "u1"}, "to": "u1@film.example", **copies}
    assert (await live.gate.message("email", body)).notes == ["2 addresses skipped: outside of film.example"]
    sent = json.loads(live.posted[0].content)
    assert (sent["to"], sent["cc"], sent.get("bcc", "")) == ("u1@film.example", "u2@film.example", "")
    outcome = await live.gate.message("email", body | {"cc": "u2@film.example, u3@film.example"})
    assert outcome.approval
    assert outcome.approval.reason == "3 people; up to 2 go without approval"


@pytest.mark.usefixtures("receipt")
async def test_a_message_for_later_counts_on_its_own_day(live: Live) -> None:
    await live.rules(auto_send_max=1, daily_max=1)
    later = NOW + 30 * 86_400
    assert (await send(live, send_at=later))["state"] == "queued"
    assert (await send(live, send_at=later + 3600))["reason"].startswith("1 more people after 1 in 24 hours")
    assert (await send(live))["state"] != "held"


@pytest.mark.usefixtures("receipt")
async def test_a_draft_reaches_nobody_and_does_not_wait(live: Live) -> None:
    assert (await send(live, queue_draft=True))["delivery_id"]


@pytest.mark.usefixtures("receipt")
async def test_a_changed_template_voids_the_yes_for_a_message(live: Live, far: Workspace) -> None:
    held = await send(live)
    await change(far, CHANGES["body"][0])
    with pytest.raises(Conflict, match="body"):
        await live.gate.approve(held["approval"], 1, "cli")


async def test_an_event_counts_as_a_send_when_a_running_campaign_waits_for_it(live: Live, far: Workspace) -> None:
    assert (await live.call("TRACK_EVENT", event="purchase", user_id="u1"))["accepted"] == 1
    columns = "id, name, event_name, audience, created, updated"
    await change(far, f"INSERT INTO campaigns ({columns}) VALUES (8, 'Thanks', 'purchase', '{{}}', 1, 1)")
    held = await live.call("TRACK_EVENT", event="purchase", user_id="u1")
    assert (held["accepted"], held["state"], held["reason"]) == (0, "held", "1 person; up to 0 go without approval")
    assert (await live.call("TRACK_EVENT", event="visit", user_id="u1"))["state"] == "accepted"
    assert (await live.call("IDENTIFY_PERSON", user_id="u1", traits={"a": 1}))["state"] == "accepted"
    batch = [{"type": "track", "userId": who, "event": "purchase"} for who in ("u1", "u2", "u1")]
    assert (await live.call("SEND_BATCH", batch=batch))["reason"].startswith("2 people")
    posted = len(live.posted)
    assert (await live.gate.approve(held["approval"], 1, "cli")).answer == {}
    assert len(live.posted) == posted + 1


async def test_an_event_counts_as_a_send_when_the_key_may_not_read_which_campaigns_run(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise Unauthorized("The key has no scope for campaigns.")

    monkeypatch.setattr(live.client.campaigns, "list", refuse)
    outcome = await live.gate.take_in("track", {"userId": "u1", "event": "visit"})
    assert (outcome.answer, live.posted) == (None, [])


GROUPED: list[tuple[str, dict[str, Any], str, str]] = [
    ("ADD_PERSON_TO_GROUP", {"user_id": "u1", "group_id": "acme"}, "object", "nobody knows"),
    ("ADD_PERSON_TO_GROUP", {"user_id": "u1", "group_id": "acme"}, "relationship", "nobody knows"),
    ("ADD_PERSON_TO_GROUP", {"user_id": "u1", "group_id": "acme"}, "segment", "1 person"),
    ("SEND_BATCH", {"batch": [{"type": "group", "userId": "u1", "groupId": "acme"}]}, "object", "nobody knows"),
    ("CREATE_ALIAS", {"user_id": "u1", "previous_id": "u2"}, "segment", "1 person"),
]


@pytest.mark.parametrize(("tool", "arguments", "type_", "reason"), GROUPED)
async def test_groups_and_merges_count_as_sends_where_a_campaign_may_start(
    live: Live, monkeypatch: pytest.MonkeyPatch, tool: str, arguments: dict[str, Any], type_: str, reason: str
) -> None:
    assert (await live.call(tool, **arguments))["state"] == "accepted"
    running = {"id": 8, "name": "New", "type": type_, "state": "running", "active": True}
    campaign = Campaign(**running, deduplicate_id="8", created=1, updated=1)

    async def campaigns(*_: object) -> Campaigns:
        return Campaigns(campaigns=[campaign])

    monkeypatch.setattr(live.client.campaigns, "list", campaigns)
    posted = len(live.posted)
    held = await live.call(tool, **arguments)
    assert (held["state"], held["accepted"], held["reason"].startswith(reason)) == ("held", 0, True)
    assert len(live.posted) == posted


async def test_the_same_event_twice_has_happened_twice(live: Live) -> None:
    for _ in range(2):
        assert (await live.call("TRACK_EVENT", event="visit", user_id="u1"))["accepted"] == 1
    assert len(live.posted) == 2


# What is kept


async def test_a_refused_call_is_not_counted_and_may_be_made_again(live: Live, clock: FixedClock) -> None:
    await live.rules(auto_send_max=2)
    with pytest.raises(InvalidInput):
        await live.trigger(ids=["nobody"])
    assert await live.workspace.database.read(sending.reached, clock.now(), "acme") == 0
    clock.advance(10)
    with pytest.raises(InvalidInput):
        await live.trigger(ids=["nobody"])
    assert len(live.posted) == 2


async def test_nobodys_data_is_in_the_log(live: Live) -> None:
    held = await live.trigger(emails=["u1@film.example"], data={"secret": "tulip"})
    await live.gate.approve(held["approval"], 1, "cli")
    rows = await live.workspace.database.read(lambda tx: tx._connection.execute("SELECT facts FROM audit").fetchall())
    assert rows
    assert not re.search("u1@film|tulip", json.dumps([list(row) for row in rows]))
