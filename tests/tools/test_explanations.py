"""Why somebody did or did not get a message: each possible reason, told first."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.conftest import NOW, FixedClock
from tests.tools.conftest import Ask
from tests.workspace.engine.standins import send_everything

from handbill.errors import InvalidInput, NotFound
from handbill.tools import Context
from handbill.workspace.store import people, suppressions
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
Put = Callable[..., int]
Why = Callable[..., Awaitable[dict[str, Any]]]

MAIL = {"from": "a@shop.example", "subject": "Hi {{customer.first_name}}", "body": "Hi"}
ANN = {"ids": ["u1"]}


@pytest.fixture
def why(ask: Ask) -> Why:
    async def asked(identifier: str = "u1", **of: Any) -> dict[str, Any]:
        return await ask("EXPLAIN_DELIVERY", identifier=identifier, **(of or {"broadcast_id": 5}))

    return asked


@pytest.fixture
def restock(put: Put) -> int:
    put("broadcasts", id=5, name="Restock", audience={"segment": {"id": 3}})
    put("segments", id=3, name="Regulars")
    put("contents", id=50, broadcast_id=5, name="Mail", fields=MAIL)
    return 5


def failing(told: dict[str, Any]) -> list[str]:
    return [check["what"] for check in told["checks"] if not check["ok"]]


async def bob(workspace: Workspace) -> None:
    """Somebody else, who is u2."""
    await workspace.database.write(
        people.identify, "id", "u2", {"email": "u2@shop.example", "first_name": "Bob"}, NOW
    )


async def trigger(workspace: Workspace, context: Context, body: dict[str, Any]) -> None:
    await context.client.triggers.create(5, body)
    await send_everything(workspace)


async def test_who_got_it_is_told_when_and_what_came_of_it(
    workspace: Workspace, context: Context, why: Why, ann: str, restock: int, put: Put
) -> None:
    put("contents", id=51, broadcast_id=5, name="Mail", language="pt", translation_of=50, fields=MAIL)
    await trigger(workspace, context, ANN)
    told = await why()
    assert told["got_it"]
    assert told["reason"] == (
        "The person got it: sent at 2025-11-24 16:00:00 UTC, delivered at 2025-11-24 16:00:00 UTC."
    )
    checks = {check["what"]: check for check in told["checks"]}
    assert checks["language"]["detail"] == "There is a translation into the person's language."
    assert checks["template"]["ok"]
    assert failing(told) == []


async def test_a_broadcast_that_was_never_triggered(why: Why, ann: str, restock: int) -> None:
    assert (await why())["reason"] == "The broadcast was never triggered."


async def test_a_trigger_that_failed(
    workspace: Workspace, context: Context, why: Why, ann: str, restock: int
) -> None:
    with pytest.raises(InvalidInput):
        await context.client.triggers.create(5, {"ids": ["u1", "u9"]})
    told = await why()
    assert told["reason"] == "Trigger 1 failed: nobody got it."
    assert 'no person with the id "u9"' in told["words"]


@pytest.mark.parametrize(("later", "now"), [(True, "They would be now."), (False, "They are not now, either.")])
async def test_somebody_outside_the_audience(
    workspace: Workspace, context: Context, why: Why, ann: str, restock: int, put: Put, later: bool, now: str
) -> None:
    await bob(workspace)
    put("segment_people", segment=3, person=2)
    await trigger(workspace, context, {})
    if later:
        put("segment_people", segment=3, person=1)
    assert (await why())["reason"] == f"The person was not in the audience of trigger 1. {now}"


async def test_somebody_who_came_later(
    workspace: Workspace, context: Context, why: Why, ann: str, restock: int, clock: FixedClock, ask: Ask
) -> None:
    await trigger(workspace, context, ANN)
    clock.advance(60)
    await ask("IDENTIFY_PERSON", user_id="u2", traits={"email": "u2@shop.example"})
    said = "The person was added at 2025-11-24 16:01:00 UTC, after the broadcast was triggered."
    assert (await why("u2"))["reason"] == said


async def test_somebody_who_is_not_there_or_not_any_more(why: Why, ask: Ask, ann: str, restock: int) -> None:
    assert (await why("u9"))["reason"].startswith('There is no person "u9"')
    assert (await why("u9"))["got_it"] is False


async def test_of_several_triggers_the_one_asked_for(
    workspace: Workspace, context: Context, why: Why, ann: str, restock: int, clock: FixedClock
) -> None:
    await bob(workspace)
    await trigger(workspace, context, ANN)
    clock.advance(60)
    await trigger(workspace, context, {"ids": ["u2"]})
    assert (await why(broadcast_id=5, trigger_id="5-1"))["got_it"]
    assert not (await why(broadcast_id=5))["got_it"]
    with pytest.raises(NotFound, match="Broadcast 5 has no trigger 9; the latest is 2"):
        await why(broadcast_id=5, trigger_id=9)


async def unsubscribe(workspace: Workspace) -> None:
    await workspace.database.write(people.identify, "id", "u1", {"unsubscribed": True}, NOW)


async def suppress(workspace: Workspace) -> None:
    await workspace.database.write(suppressions.add, "bounce", "ann@shop.example", NOW, "550 no such user")


async def empty_first_name(workspace: Workspace) -> None:
    await workspace.database.write(people.identify, "id", "u1", {"first_name": ""}, NOW)


@pytest.mark.parametrize(
    ("befall", "reason", "words", "standing"),
    [
        (unsubscribe, "the person may not get it.", "The person is unsubscribed.", "unsubscribed"),
        (suppress, "the address is suppressed.", "The address is suppressed (bounce).", "suppression"),
        (empty_first_name, "the person's data.", "Variable 'customer.first_name' is missing", "template"),
    ],
)
async def test_a_message_that_was_not_sent(
    workspace: Workspace,
    context: Context,
    why: Why,
    ann: str,
    restock: int,
    befall: Callable[..., Awaitable[None]],
    reason: str,
    words: str,
    standing: str,
) -> None:
    await bob(workspace)
    await befall(workspace)
    await trigger(workspace, context, {"ids": ["u1", "u2"]})
    told = await why()
    assert told["reason"].endswith(reason)
    assert not told["got_it"]
    assert words in told["words"]
    assert standing in failing(told)


async def test_a_newsletter_tells_its_segments_topic_and_group(why: Why, ann: str, put: Put) -> None:
    put("topics", id=4, name="Offers", subscribed_by_default=0)
    put("segments", id=3, name="Regulars")
    put("newsletters", id=12, name="March", audience={"segment": {"id": 3}}, topic_id=4)
    assert (await why(newsletter_id=12))["reason"] == "The newsletter has not been sent yet."
    put("newsletters", id=13, name="April", audience={"segment": {"id": 3}}, topic_id=4, sent_at=NOW)
    told = await why(newsletter_id=13)
    assert told["reason"] == "The person is not in its segments (3)."
    assert failing(told) == ["segments", "topic"]


@pytest.mark.parametrize(
    ("state", "event", "reason"),
    [
        ("draft", None, "The campaign is draft."),
        ("running", None, "The event that starts this campaign has not come in for this person."),
        ("running", NOW - 80 * 3600, "No journey began with that event"),
        ("running", NOW, "The message waits for its turn to be sent."),
    ],
)
async def test_a_campaign_tells_its_event(
    why: Why, ask: Ask, ann: str, put: Put, state: str, event: int | None, reason: str
) -> None:
    put("campaigns", id=8, name="Thanks", event_name="purchase", audience={}, state=state)
    put("contents", id=80, campaign_id=8, name="Mail", fields=MAIL)
    if event:
        await ask("TRACK_EVENT", event="purchase", user_id=ann, timestamp=event)
    assert (await why(campaign_id=8))["reason"].startswith(reason)


async def test_a_transactional_message_tells_whether_anybody_sent_it(
    workspace: Workspace, why: Why, ask: Ask, ann: str, put: Put
) -> None:
    put("transactional", id=9, name="Receipt")
    put("contents", id=90, transactional_id=9, name="Receipt", fields=MAIL)
    told = await why(transactional_message_id=9)
    assert told["reason"] == "Nobody sent this message to this person in the last six months."
    await ask("SEND_TRANSACTIONAL_MESSAGE", transactional_message_id=9, identifier=ann)
    await send_everything(workspace)
    assert (await why(transactional_message_id=9))["got_it"]


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        ({"broadcast_id": 5, "newsletter_id": 12}, "Give exactly one of broadcast_id, newsletter_id"),
        ({"trigger_id": "5-1"}, "trigger_id goes with broadcast_id"),
        ({"broadcast_id": 5, "trigger_id": "7-1"}, "trigger_id 7-1 belongs to broadcast 7, not 5"),
    ],
)
async def test_what_is_asked_must_be_clear(why: Why, of: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        await why(**of)


async def test_a_message_that_is_not_there_is_not_found(why: Why, ann: str) -> None:
    for parent in ("broadcast_id", "newsletter_id", "campaign_id", "transactional_message_id"):
        with pytest.raises(NotFound):
            await why(**{parent: 99})
