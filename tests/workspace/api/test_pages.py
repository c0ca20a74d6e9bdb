"""What people reach from a mail: its page in the browser, and leaving."""

import dataclasses
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from tests.workspace.engine.standins import EVERYBODY, send_everything

from handbill.client import Client
from handbill.contract.app.messages import Message
from handbill.contract.limits import REQUEST_BYTES
from handbill.workspace import delivery_ids
from handbill.workspace.app import create_app
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BODY = "<p>Hello <script>alert(1)</script> {% view_in_browser_url %} {% unsubscribe_url %}</p>"


@pytest.fixture
async def message(workspace: Workspace, client: Client) -> Message:
    """One captured mail to Ana."""

    def fill(tx: Transaction) -> None:
        people.identify(tx, "id", "u1", {"email": "ana@film.example"}, 1)
        run = tx._connection.execute
        run("INSERT INTO broadcasts (id, name, created, updated) VALUES (5, 'Restock', 1, 1)")
        fields = json.dumps({"from": "a@film.example", "subject": "Hello", "body": BODY})
        run("INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (5, 'M', ?, 1, 1)", [fields])

    await workspace.database.write(fill)
    await client.triggers.create(5, EVERYBODY)
    await send_everything(workspace)
    return (await client.messages.list()).messages[0]


async def unsubscribed(client: Client) -> bool:
    return (await client.customers.attributes("u1")).customer.unsubscribed


async def test_the_links_in_a_mail_lead_to_this_workspace(http: httpx2.AsyncClient, message: Message) -> None:
    page = await http.get(f"/deliveries/{message.id}")
    assert f"http://127.0.0.1:8622/deliveries/{message.id}" in page.text
    assert f"http://127.0.0.1:8622/unsubscribe/{message.id}" in page.text


async def test_a_message_in_the_browser_can_do_nothing(http: httpx2.AsyncClient, message: Message) -> None:
    policy = (await http.get(f"/deliveries/{message.id}")).headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script-src" not in policy


async def test_looking_at_the_page_unsubscribes_nobody(
    http: httpx2.AsyncClient, client: Client, message: Message
) -> None:
    for _ in range(3):
        assert (await http.get(f"/unsubscribe/{message.id}")).status_code == 200
    assert not await unsubscribed(client)


async def test_a_hundred_looks_of_scanners_change_nothing(
    workspace: Workspace, http: httpx2.AsyncClient, client: Client, message: Message
) -> None:
    """Mail scanners follow every link, as any browser or with other methods than a person's (RFC 8058 3.1)."""

    def everything(tx: Transaction) -> list[str]:
        return list(tx._connection.iterdump())

    before = await workspace.database.read(everything)
    for number in range(25):
        for method, path in (
            ("GET", "unsubscribe"),
            ("HEAD", "unsubscribe"),
            ("OPTIONS", "unsubscribe"),
            ("GET", "subscriptions"),
        ):
            await http.request(method, f"/{path}/{message.id}", headers={"User-Agent": f"Scanner/{number}"})
    assert await workspace.database.read(everything) == before
    assert not await unsubscribed(client)


async def test_no_token_that_is_not_right_is_answered_differently_from_another(
    workspace: Workspace, http: httpx2.AsyncClient, message: Message
) -> None:
    """Changed, cut, made with another secret, or a person's who is gone: the answer says nothing about anyone."""
    gone = delivery_ids.seal(workspace.secret, 2**40, delivery_ids.PERSON)
    wrong = [message.id[:-1] + "_", message.id[:-4], delivery_ids.seal(b"o" * 32, 1), gone, "A" * 32, "x"]
    for method, path in (
        ("GET", "unsubscribe"),
        ("POST", "unsubscribe"),
        ("GET", "subscriptions"),
        ("POST", "subscriptions"),
    ):
        data = {"List-Unsubscribe": "One-Click"} if method == "POST" else None
        answers = [await http.request(method, f"/{path}/{token}", data=data) for token in wrong]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1


async def test_a_link_works_after_the_keys_were_changed_and_the_workspace_was_opened_again(
    workspace: Workspace, client: Client, message: Message
) -> None:
    settings = dataclasses.replace(workspace.settings, app_key="another", track_key="another too")
    async with Workspace.open(settings) as again:
        transport = httpx2.ASGITransport(create_app(again, limits=False))
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as http:
            answer = await http.post(f"/unsubscribe/{message.id}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert await unsubscribed(client)


@pytest.mark.parametrize(
    "request_",
    [{"data": {"List-Unsubscribe": "One-Click"}}, {"json": {"unsubscribe": True}}],
    ids=["RFC 8058", "API"],
)
async def test_one_click_unsubscribes_and_is_counted_once(
    http: httpx2.AsyncClient, client: Client, message: Message, request_: dict[str, object]
) -> None:
    for _ in range(2):
        answer = await http.post(f"/unsubscribe/{message.id}", headers={"Authorization": ""}, **request_)  # type: ignore[arg-type]
        assert answer.status_code == 200
    assert await unsubscribed(client)
    assert "unsubscribed" in (await client.messages.get(message.id)).message.metrics
    assert sum((await client.broadcasts.metrics(5)).metric.series["unsubscribed"]) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b'{"unsubscribe": false}', b"\xff", b'{"a":' * 100_000])
async def test_a_post_that_does_not_say_so_changes_nothing(
    http: httpx2.AsyncClient, client: Client, message: Message, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    assert (await http.post(f"/unsubscribe/{message.id}", content=body, headers=headers)).status_code == 400
    assert not await unsubscribed(client)


async def test_a_post_larger_than_any_request_may_be_changes_nothing(
    http: httpx2.AsyncClient, client: Client, message: Message
) -> None:
    async def too_much() -> AsyncIterator[bytes]:
        yield b"List-Unsubscribe=One-Click&x="
        for _ in range(REQUEST_BYTES // 2**20 + 1):
            yield b"x" * 2**20

    assert (await http.post(f"/unsubscribe/{message.id}", content=too_much(), headers=FORM)).status_code == 400
    assert not await unsubscribed(client)


@pytest.mark.parametrize("folder", ["deliveries", "unsubscribe"])
async def test_an_id_with_one_letter_changed_is_nobodys(
    http: httpx2.AsyncClient, message: Message, folder: str
) -> None:
    for position in range(len(message.id)):
        letter = "A" if message.id[position] != "A" else "B"
        changed = message.id[:position] + letter + message.id[position + 1 :]
        assert (await http.get(f"/{folder}/{changed}")).status_code == 404
