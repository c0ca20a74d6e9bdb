"""Slack, against a fake of an incoming webhook."""

import pytest
from tests.workspace.channels.fakes import RESET, Fake, Play, provider

from handbill.workspace.channels import slack
from handbill.workspace.engine.needs import Outcome, Receipt, TransportDown

pytestmark = pytest.mark.anyio


async def say(fake: Fake, path: str = "/services/T0/B0/secret") -> Receipt:
    channel = slack.Slack(slack.read(fake.url + path), seconds=0.5)
    try:
        return await channel.send("", (), b'{"text":"Ann is back"}')
    finally:
        await channel.close()


async def test_what_is_said_is_posted_to_the_webhook() -> None:
    async with provider((200, "ok")) as fake:
        assert (await say(fake)).outcome is Outcome.SENT
        (asked,) = fake.asked
        assert (asked.method, asked.path, asked.json) == ("POST", "/services/T0/B0/secret", {"text": "Ann is back"})
        assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("play", "outcome", "detail"),
    [
        ((400, "invalid_payload"), Outcome.FAILED, "The server answered 400: invalid_payload"),
        ((429, ""), Outcome.DEFERRED, "The server answered 429"),
        ((500, "server_error"), Outcome.DEFERRED, "The server answered 500: server_error"),
        (RESET, Outcome.UNKNOWN, "Slack: the server broke off"),
    ],
)
async def test_what_slack_does_decides_the_receipt(play: Play, outcome: Outcome, detail: str) -> None:
    async with provider(play) as fake:
        receipt = await say(fake)
        assert (receipt.outcome, receipt.detail) == (outcome, detail)


@pytest.mark.parametrize("play", [(403, "action_prohibited"), (404, "no_service"), (410, "channel_is_archived")])
async def test_a_webhook_that_is_gone_blames_no_message_and_is_not_quoted(play: Play) -> None:
    async with provider(play) as fake:
        with pytest.raises(TransportDown) as down:
            await say(fake)
        assert (down.value.kind, "secret" in down.value.reason) == ("login", False)
        assert str(play[1]) in down.value.reason


@pytest.mark.parametrize(
    "address", ["https://hooks.slack.com", "hooks.slack.com/services/T/B/x", "http://hooks.slack.com/x"]
)
def test_a_wrong_address_is_explained(address: str) -> None:
    with pytest.raises(ValueError, match=r"https://hooks\.slack\.com/services"):
        slack.read(address)
