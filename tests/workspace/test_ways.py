"""Messages of every type on their whole way: written, triggered, sent live to a provider, and what shows it."""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import msgspec
import pytest
from tests.workspace.channels.fakes import Fake, Play, provider
from tests.workspace.channels.test_push import RSA, TOKEN, UNREGISTERED, pem
from tests.workspace.engine.standins import go_live, send_everything

from handbill.policy import Policy
from handbill.settings import Settings
from handbill.workspace import delivery_ids, ways
from handbill.workspace.app import create_app
from handbill.workspace.channels import twilio
from handbill.workspace.store import people, reports, sending, triggers
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
PERSON = {"email": "ann@film.example", "phone": "+15550100999", "first_name": "Ann"}


class Live:
    """A live workspace with one person and a provider that takes everything."""

    def __init__(self, workspace: Workspace, http: httpx2.AsyncClient, fake: Fake) -> None:
        self.workspace, self.http, self.fake = workspace, http, fake

    async def sent(self, type_: str) -> dict[str, Any]:
        """Trigger broadcast 5, and its one delivery when all is done."""
        number = await self.trigger(5)
        assert number.status_code == 200, number.text
        await send_everything(self.workspace)
        (message,) = (await self.http.get(f"/v1/messages?type={type_}")).json()["messages"]
        return dict(message)

    async def trigger(self, broadcast: int) -> httpx2.Response:
        self.workspace.clock.advance(11)  # type: ignore[attr-defined]
        return await self.http.post(f"/v1/campaigns/{broadcast}/triggers", json={"ids": ["u1"]})


@pytest.fixture
async def live(tmp_path: Path, clock: Any) -> Any:
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(provider(usual=(200, {})))
        tokens = await stack.enter_async_context(provider(usual=TOKEN))
        account = {
            "project_id": "club",
            "client_email": "p@club.example",
            "private_key": pem(RSA),
            "token_uri": tokens.url,
        }
        (tmp_path / "key.json").write_bytes(msgspec.json.encode(account))
        settings = replace(
            Settings.load({}, tmp_path / "home"),
            twilio=fake.url.replace("://", "://AC1:token@") + "?from=%2B15550111000",
            slack=f"{fake.url}/services/T/B/x",
            fcm=f"{fake.url}?key_file={tmp_path / 'key.json'}",
            base_url="https://club.example",
            private_hosts=frozenset({"127.0.0.1"}),
        )
        workspace = await stack.enter_async_context(Workspace.open(settings, clock))
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        headers = {"Authorization": f"Bearer {workspace.keys.app_key}"}
        http = httpx2.AsyncClient(transport=transport, base_url="http://workspace", headers=headers)
        await workspace.database.write(people.identify, "id", "u1", PERSON, 1)
        await workspace.database.write(go_live, repeat_window=0)
        yield Live(workspace, await stack.enter_async_context(http), fake)


async def written(workspace: Workspace, type_: str, **fields: str) -> None:
    """Broadcast 5 with one message."""

    def write(tx: Any) -> None:
        connection = tx._connection
        connection.execute("INSERT INTO broadcasts (id, name, created, updated) VALUES (5, 'Club', 1, 1)")
        connection.execute(
            "INSERT INTO contents (broadcast_id, name, type, fields, created, updated) VALUES (5, 'M', ?, ?, 1, 1)",
            [type_, msgspec.json.encode(fields).decode()],
        )

    await workspace.database.write(write)


async def test_webhooks_are_called_and_counted_by_their_answers_and_what_is_refused_has_failed(live: Live) -> None:
    await written(live.workspace, "webhook", url=f"{live.fake.url}/hook", body='{"who": "{{customer.first_name}}"}')
    live.fake.plays[:] = [(200, ""), (410, "")]
    message = await live.sent("webhook")
    await live.trigger(5)
    await send_everything(live.workspace)
    refused = (await live.http.get("/v1/messages?metric=failed")).json()["messages"][0]
    assert (message["metrics"].keys(), message["recipient"]) == ({"sent"}, f"{live.fake.url}/hook")
    assert (refused["metrics"].keys(), refused["failure_message"]) == ({"failed"}, "The server answered 410")
    assert [asked.headers["idempotency-key"] for asked in live.fake.asked] == [message["id"], refused["id"]]
    assert live.fake.asked[0].json == {"who": "Ann"}
    query = "SELECT metric, count FROM counters WHERE metric LIKE '_xx'"
    counted = await live.workspace.database.read(lambda tx: dict(tx._connection.execute(query).fetchall()))
    assert counted == {"2xx": 1, "4xx": 1}


async def test_twilio_reports_what_became_of_a_text(live: Live) -> None:
    await written(live.workspace, "twilio", body="Hi {{customer.first_name}}")
    message = await live.sent("twilio")
    callback = live.fake.asked[0].form["StatusCallback"]
    assert (callback, message["metrics"].keys()) == (f"https://club.example/twilio/{message['id']}", {"sent"})
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    for token, status, metrics in (("wrong", 403, {"sent"}), ("token", 204, {"sent", "delivered"})):
        headers = {
            "X-Twilio-Signature": twilio.signature(token, callback, form),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        path = callback.removeprefix("https://club.example")
        answer = await live.http.post(path, content=urlencode(form), headers=headers)
        assert answer.status_code == status
        told = (await live.http.get(f"/v1/messages/{message['id']}")).json()["message"]
        assert told["metrics"].keys() == metrics


async def test_a_text_twilio_could_not_deliver_has_bounced(live: Live) -> None:
    await written(live.workspace, "twilio", body="Hi")
    message = await live.sent("twilio")
    form = {"MessageStatus": "undelivered", "ErrorCode": "30003"}
    signed = {"X-Twilio-Signature": twilio.signature("token", f"https://club.example/twilio/{message['id']}", form)}
    answer = await live.http.post(f"/twilio/{message['id']}", content=urlencode(form), headers=signed)
    assert answer.status_code == 204
    told = (await live.http.get(f"/v1/messages/{message['id']}")).json()["message"]
    assert told["metrics"].keys() == {"sent", "bounced"}
    assert (await live.http.post("/twilio/nothing", content="")).status_code == 404


async def test_a_push_tells_each_device_and_forgets_the_dead_one(live: Live) -> None:
    await written(live.workspace, "push", subject="Hi", body="Two new films")

    def devices(tx: Any) -> None:
        for token, platform in (("tok-a", "android"), ("tok-b", "android"), ("tok-i", "ios")):
            people.put_device(tx, 1, {"token": token, "platform": platform}, 1)

    await live.workspace.database.write(devices)
    dead: Play = UNREGISTERED
    live.fake.plays[:] = [dead, (200, {})]
    message = await live.sent("push")
    assert message["metrics"].keys() == {"sent"}
    assert message["failure_message"].startswith("2 of 3 devices: ")
    told = await live.workspace.database.read(
        lambda tx: tx._connection.execute("SELECT devices FROM deliveries").fetchone()[0]
    )
    failures = {each["device_id"]: each.get("failure_message") for each in msgspec.json.decode(told)}
    assert failures["tok-i"] == "HANDBILL_APNS is not set"
    assert list(failures.values()).count(None) == 1
    left = {device["token"] for device in await live.workspace.database.read(people.devices, 1)}
    assert left == {token for token, failure in failures.items() if "UNREGISTERED" not in (failure or "")}
    assert len(left) == 2


async def test_slack_is_told(live: Live) -> None:
    await written(live.workspace, "slack", body="{{customer.first_name}} is back")
    assert (await live.sent("slack"))["metrics"].keys() == {"sent"}
    assert live.fake.asked[0].json == {"text": "Ann is back"}


@pytest.mark.parametrize(("type_", "path"), [("in_app", "in_app_messages"), ("inbox", "inbox_messages")])
async def test_what_is_served_is_there_for_its_person_the_unread_and_the_newest_first(
    live: Live, type_: str, path: str
) -> None:
    await written(live.workspace, type_, subject="For {{customer.first_name}}", body="Two new films")
    await live.sent(type_)
    for _ in range(3):
        await live.trigger(5)
        await send_everything(live.workspace)
    shown = (await live.http.get(f"/v1/customers/u1/{path}")).json()
    assert shown["messages"][0] | {"id": "", "created": 0} == {
        "id": "", "subject": "For Ann", "body": "Two new films", "created": 0, "opened": None, "clicked": None
    }  # fmt: skip
    ids = [message["id"] for message in shown["messages"]]
    created = [message["created"] for message in shown["messages"]]
    assert created == sorted(created, reverse=True)
    first = delivery_ids.unseal(live.workspace.secret, ids[0]) or 0
    now = live.workspace.clock.now()
    await live.workspace.database.write(reports.report, first, "opened", now, now)
    pages, start = [], ""
    for _ in range(4):
        page = (await live.http.get(f"/v1/customers/u1/{path}?limit=1&start={start}")).json()
        pages += [message["id"] for message in page["messages"]]
        start = page["next"]
    assert (pages, start) == ([*ids[1:], ids[0]], "")
    other = {"in_app_messages": "inbox_messages", "inbox_messages": "in_app_messages"}[path]
    assert (await live.http.get(f"/v1/customers/u1/{other}")).json() == {"messages": [], "next": ""}
    assert (await live.http.get(f"/v1/customers/nobody/{path}")).status_code == 404


@pytest.mark.parametrize(
    ("type_", "variables"),
    [
        ("email", "HANDBILL_SMTP"),
        ("twilio", "HANDBILL_TWILIO"),
        ("whatsapp", "HANDBILL_TWILIO"),
        ("slack", "HANDBILL_SLACK"),
        ("push", "HANDBILL_FCM or HANDBILL_APNS"),
    ],
)
async def test_a_missing_provider_is_named_before_anything_is_accepted(
    workspace: Workspace, http: httpx2.AsyncClient, type_: str, variables: str
) -> None:
    await workspace.database.write(sending.put, Policy(mode="live"))
    await workspace.database.write(people.identify, "id", "u1", PERSON, 1)
    await written(workspace, type_, body="Hi")
    answer = await http.post("/v1/campaigns/5/triggers", json={"ids": ["u1"]})
    assert answer.status_code == 422
    assert f"there is nothing to send {type_} with. Set {variables}." in answer.text
    assert await workspace.database.read(triggers.list_, 5) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("smtp", "smtps://club:secret@mail.example"),
        ("twilio", "https://AC1:secret@api.twilio.com"),
        ("slack", "https://hooks.slack.com/services/T000/B000/secret"),
    ],
)
def test_what_a_provider_is_never_shows_its_secret(name: str, text: str) -> None:
    assert "secret" not in repr(ways.READERS[name](text))
