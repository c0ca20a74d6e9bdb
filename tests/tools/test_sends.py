"""One transactional message to one person: sent, followed, and what is wrong told before anything is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.tools.conftest import Ask

from handbill.errors import InvalidInput, NotFound
from handbill.tools import Context, call
from handbill.workspace.running import running
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
Put = Callable[..., int]
MAIL = {"from": "shop@shop.example", "subject": "Order {{trigger.order}}", "body": "Hi {{customer.first_name}}"}


@pytest.fixture
def receipt(put: Put) -> int:
    put("transactional", id=9, name="Receipt")
    put("contents", id=90, transactional_id=9, name="Receipt", fields=MAIL)
    put(
        "contents",
        id=91,
        transactional_id=9,
        name="Receipt",
        type="twilio",
        fields={"from": "+15550100099", "body": "Hi"},
    )
    return 9


@pytest.mark.parametrize("named", [9, "9", "Receipt", "receipt"])
async def test_a_message_is_queued_by_number_or_name(ask: Ask, ann: str, receipt: int, named: int | str) -> None:
    sent = await ask("SEND_TRANSACTIONAL_MESSAGE", transactional_message_id=named, identifier="ann@shop.example")
    assert (sent["state"], sent["recipient"]) == ("queued", "ann@shop.example")


@pytest.mark.parametrize(
    ("data", "state", "words"),
    [({"order": "A1"}, "sent", ""), ({}, "failed", "Variable 'trigger.order' is missing")],
)
async def test_who_waits_is_told_what_became_of_it(
    workspace: Workspace, context: Context, ann: str, receipt: int, data: dict[str, str], state: str, words: str
) -> None:
    async def report(_: Any) -> None:
        """Waiting is all that is wanted."""

    arguments = {"transactional_message_id": 9, "identifier": ann, "message_data": data}
    async with running(workspace):
        waiting = replace(context, report=report)
        answer = (await call(waiting, "CUSTOMERIO_SEND_TRANSACTIONAL_MESSAGE", arguments)).data()
    assert answer["state"] == state
    assert words in (answer["failure_message"] or "")


async def test_a_text_goes_to_the_persons_phone(ask: Ask, ann: str, receipt: int) -> None:
    sent = await ask("SEND_TRANSACTIONAL_MESSAGE", transactional_message_id=9, identifier=ann, channel="sms")
    assert sent["recipient"] == "+15550100001"


async def test_a_draft_stays_one(ask: Ask, ann: str, receipt: int) -> None:
    sent = await ask("SEND_TRANSACTIONAL_MESSAGE", transactional_message_id=9, identifier=ann, queue_draft=True)
    assert sent["state"] == "drafted"


async def test_what_is_wrong_is_told_and_nothing_is_sent(ask: Ask, ann: str, receipt: int) -> None:
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"identifier": "u9"}, NotFound, 'There is no person "u9"'),
        ({"transactional_message_id": "Recipt"}, InvalidInput, 'there is no transactional message "Recipt"'),
        ({"channel": "push"}, InvalidInput, "has no push message"),
        ({"send_at": 4_000_000_000}, InvalidInput, "send_at must be Unix seconds, at most 90 days ahead"),
    ]
    for given, error, sentence in wrong:
        arguments = {"transactional_message_id": 9, "identifier": ann, **given}
        with pytest.raises(error, match=sentence):
            await ask("SEND_TRANSACTIONAL_MESSAGE", **arguments)
    await ask("IDENTIFY_PERSON", user_id="u2", traits={"plan": "pro"})
    with pytest.raises(InvalidInput, match="to is required: this person has no email"):
        await ask("SEND_TRANSACTIONAL_MESSAGE", transactional_message_id=9, identifier="u2")
    assert (await ask("GET_MESSAGES"))["messages"] == []
