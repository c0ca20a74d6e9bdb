"""Webhooks out, against a receiver on loopback that the operator listed."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest
from tests.workspace.channels.fakes import RESET, SILENCE, Play, provider

from handbill.workspace.channels.payloads import Webhook
from handbill.workspace.channels.webhook import WebhookChannel
from handbill.workspace.engine.needs import Outcome, Receipt
from handbill.workspace.fetch import SafeTransport

pytestmark = pytest.mark.anyio


async def call(url: str, hosts: frozenset[str] = frozenset({"127.0.0.1"}), **more: Any) -> Receipt:
    channel = WebhookChannel(SafeTransport(hosts), seconds=0.5)
    told: dict[str, Any] = {"method": "POST", "headers": (), "body": '{"a": 1}', "key": "dlv-7", **more}
    try:
        return await channel.send("", (), msgspec.json.encode(Webhook(url, **told)))
    finally:
        await channel.close()


async def test_a_call_is_made_as_it_was_written_with_the_delivery_as_its_key() -> None:
    async with provider() as receiver:
        headers = (("X-Who", "Zoë"), ("content-type", "text/plain"))
        receipt = await call(f"{receiver.url}/hook?a=1", method="PATCH", headers=headers, body="Grüße")
        (asked,) = receiver.asked
        assert receipt == Receipt(Outcome.SENT, code=200)
        assert (asked.method, asked.path, asked.body) == ("PATCH", "/hook?a=1", "Grüße".encode())
        assert asked.headers["idempotency-key"] == "dlv-7"
        assert asked.headers["content-type"] == "text/plain"
        assert asked.headers["x-who"] == "Zoë"
        assert asked.headers["user-agent"] == "Handbill"


async def test_a_call_asks_no_proxy_of_the_environment_and_for_nothing_packed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    async with provider() as receiver:
        assert (await call(receiver.url)).outcome is Outcome.SENT
        assert "accept-encoding" not in receiver.asked[0].headers


async def test_the_login_in_an_address_is_sent_as_such() -> None:
    async with provider() as receiver:
        await call(receiver.url.replace("//", "//ann:hush%40hush@"))
        assert receiver.asked[0].headers["authorization"] == f"Basic {b64encode(b'ann:hush@hush').decode()}"


ANSWERS: list[tuple[Play, Outcome, int]] = [
    ((204, ""), Outcome.SENT, 204),
    ((301, ""), Outcome.FAILED, 301),
    ((400, "no"), Outcome.FAILED, 400),
    ((410, ""), Outcome.FAILED, 410),
    ((408, ""), Outcome.DEFERRED, 408),
    ((429, ""), Outcome.DEFERRED, 429),
    ((500, ""), Outcome.DEFERRED, 500),
    ((200, "x" * 1_000_000), Outcome.SENT, 200),
    (RESET, Outcome.DEFERRED, 0),
    (SILENCE, Outcome.DEFERRED, 0),
]


@pytest.mark.parametrize(("play", "outcome", "code"), ANSWERS)
async def test_what_the_receiver_does_decides_the_receipt(play: Play, outcome: Outcome, code: int) -> None:
    async with provider(play) as receiver:
        receipt = await call(receiver.url)
        assert (receipt.outcome, receipt.code, receipt.slow_down) == (outcome, code, code == 429)
        assert len(receiver.asked) == 1


async def test_a_receiver_that_is_not_there_is_tried_again_later() -> None:
    async with provider() as receiver:
        gone = receiver.url
    receipt = await call(gone)
    assert (receipt.outcome, receipt.detail) == (Outcome.DEFERRED, "The webhook's URL: no connection to the server")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://127.0.0.1/", "url points to a private or local address; that is not allowed."),
        ("https://[::ffff:10.0.0.1]/", "url points to a private or local address; that is not allowed."),
        ("http://film.example/", "url must start with https://"),
        ("https://film.example:x/", "url is not a whole address"),
        ("https://", "url"),
    ],
)
async def test_an_address_that_must_not_be_called_fails_the_message(url: str, reason: str) -> None:
    receipt = await call(url, frozenset())
    assert receipt.outcome is Outcome.FAILED
    assert receipt.detail.startswith(reason)
