"""What people and machines do with a tracked mail: following its links, looking at it."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from tests.conftest import FixedClock
from tests.workspace.engine.standins import EVERYBODY, send_everything

from handbill.client import Client
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
ROBOT = {"User-Agent": "Mozilla/5.0 (compatible; Barracuda Sentinel)"}
BODY = """<p>Dear {{customer.first_name}}</p><a href="https://film.example/one?c={{customer.id}}&amp;d=1">One</a>
<a href="https://film.example/two">Two</a><a href="https://film.example/thr%C3%A9e?q=a;b~ü">Three</a>"""
TARGETS = [
    "https://film.example/one?c=u1&d=1",
    "https://film.example/two",
    "https://film.example/thr%C3%A9e?q=a;b~%C3%BC",
]
Put = Callable[..., int]
Follow = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
async def message(workspace: Workspace, client: Client, put: Put) -> str:
    """The id of one tracked mail to Ana."""

    def ana(tx: Transaction) -> None:
        people.identify(tx, "id", "u1", {"email": "ana@film.example", "first_name": "Ana"}, 1)

    await workspace.database.write(ana)
    put("broadcasts", id=5, name="Restock")
    put("contents", id=12, broadcast_id=5, name="M", fields={"from": "a@film.example", "subject": "Hi", "body": BODY})
    await client.triggers.create(5, EVERYBODY)
    await send_everything(workspace)
    return (await client.messages.list()).messages[0].id


@pytest.fixture
def follow(http: httpx2.AsyncClient, message: str) -> Follow:
    async def fetch(number: int, headers: dict[str, str] = BROWSER, method: str = "GET") -> httpx2.Response:
        return await http.request(method, f"/e/c/{message}/{number}", headers=headers)

    return fetch


@pytest.fixture
def look(http: httpx2.AsyncClient, message: str) -> Callable[..., Awaitable[httpx2.Response]]:
    async def fetch(headers: dict[str, str] = BROWSER) -> httpx2.Response:
        return await http.get(f"/e/o/{message}", headers=headers)

    return fetch


async def metrics(client: Client, message: str) -> dict[str, int]:
    shown = (await client.messages.get(message)).message.metrics
    return {name: value for name, value in shown.items() if name not in ("sent", "delivered")}


async def series(client: Client) -> dict[str, int]:
    found = (await client.broadcasts.metrics(5)).metric.series
    return {name: sum(found[name]) for name in found if re.search("open|click", name) and sum(found[name])}


async def activities(http: httpx2.AsyncClient, kind: str) -> list[dict[str, Any]]:
    answer = await http.get("/v1/activities", params={"type": kind})
    return [activity["data"] for activity in answer.json()["activities"]]


@pytest.mark.parametrize("number", range(3))
async def test_a_link_leads_to_what_it_led_to_when_it_was_sent(follow: Follow, number: int) -> None:
    answer = await follow(number)
    assert answer.status_code == 302
    assert answer.headers["Location"] == TARGETS[number]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("number", ["3", "-1", "00", "0x", "٣", "1e0", "99999999999", "0?url=https://evil.example"])
async def test_no_other_link_leads_anywhere(http: httpx2.AsyncClient, message: str, number: str) -> None:
    answer = await http.get(f"/e/c/{message}/{number}", headers=BROWSER)
    assert answer.headers.get("Location", TARGETS[0]) == TARGETS[0]
    assert answer.status_code == (302 if "?" in number else 404)


async def test_an_id_with_one_letter_changed_leads_nowhere(http: httpx2.AsyncClient, message: str) -> None:
    for position in range(len(message)):
        letter = "A" if message[position] != "A" else "B"
        changed = message[:position] + letter + message[position + 1 :]
        assert (await http.get(f"/e/c/{changed}/0", headers=BROWSER)).status_code == 404


async def test_a_person_who_clicks_has_opened(
    client: Client, http: httpx2.AsyncClient, follow: Follow, message: str, clock: FixedClock
) -> None:
    clock.advance(60)
    await follow(0)
    at = clock.now()
    seen = await metrics(client, message)
    assert seen == {"clicked": at, "opened": at, "human_clicked": 1, "human_opened": 1}
    assert await series(client) == {"opened": 1, "human_opened": 1, "clicked": 1, "human_clicked": 1}
    [click] = await activities(http, "clicked_email")
    assert click["href"] == TARGETS[0]
    assert click["machine"] is False
    assert isinstance(click["link_id"], int)


async def test_the_first_time_stays_and_every_time_is_counted(
    client: Client, look: Follow, follow: Follow, message: str, clock: FixedClock
) -> None:
    first = clock.now()
    for _ in range(3):
        await look()
        await follow(0)
        clock.advance(10)
    seen = await metrics(client, message)
    assert seen == {"clicked": first, "opened": first, "human_clicked": 3, "human_opened": 3}
    assert await series(client) == {"opened": 1, "human_opened": 1, "clicked": 1, "human_clicked": 1}


async def test_machines_are_not_counted_as_people(
    client: Client, look: Callable[..., Awaitable[httpx2.Response]], follow: Follow, message: str, clock: FixedClock
) -> None:
    await look({"User-Agent": "Mozilla/5.0"})
    await follow(0, ROBOT)
    assert (await follow(1, method="HEAD")).headers["Location"] == TARGETS[1]
    assert await metrics(client, message) == {
        "opened": clock.now(),
        "clicked": clock.now(),
        "prefetch_opened": 1,
        "prefetch_clicked": 2,
    }
    assert await series(client) == {"opened": 1, "prefetch_opened": 1, "clicked": 1, "machine_clicked": 1}


async def test_a_person_after_a_machine_is_still_a_person(
    client: Client, follow: Follow, message: str, clock: FixedClock
) -> None:
    await follow(0, ROBOT)
    clock.advance(3)
    await follow(1)
    seen = await metrics(client, message)
    assert (seen["human_clicked"], seen["prefetch_clicked"], seen["human_opened"]) == (1, 1, 1)


async def test_several_links_at_once_are_a_machines_the_first_of_them_too(
    client: Client, http: httpx2.AsyncClient, follow: Follow, message: str, clock: FixedClock
) -> None:
    for number in range(3):
        await follow(number)
        clock.advance(1)
    seen = await metrics(client, message)
    assert {name: seen[name] for name in seen if "_" in name} == {"prefetch_clicked": 3, "prefetch_opened": 1}
    assert await series(client) == {"opened": 1, "prefetch_opened": 1, "clicked": 1, "machine_clicked": 1}
    assert [click["machine"] for click in await activities(http, "clicked_email")] == [True] * 3
    assert [opening["prefetched"] for opening in await activities(http, "opened_email")] == [True]


async def test_links_followed_one_after_the_other_are_a_persons(
    client: Client, follow: Follow, message: str, clock: FixedClock
) -> None:
    for number, seconds in ((0, 0), (0, 3), (1, 3), (2, 0)):
        await follow(number)
        clock.advance(seconds)
    seen = await metrics(client, message)
    assert seen["human_clicked"] == 4
    assert "prefetch_clicked" not in seen


@pytest.mark.parametrize("id_", ["", "x", "A" * 32])
async def test_the_image_is_an_image_whoever_asks(http: httpx2.AsyncClient, message: str, id_: str) -> None:
    answer = await http.get(f"/e/o/{id_ or message}", headers=BROWSER)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/gif")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content.startswith(b"GIF89a\x01\x00\x01\x00")


async def test_looking_at_what_is_kept_opens_nothing(client: Client, http: httpx2.AsyncClient, message: str) -> None:
    kept = (await client.messages.archived(message)).archived_message.body
    assert kept
    assert "/e/" not in kept
    page = await http.get(f"/deliveries/{message}")
    assert f"/e/c/{message}/2" in page.text  # the person's own copy is followed as the mail is
    assert await metrics(client, message) == {}


async def test_each_links_clicks_are_counted(workspace: Workspace, follow: Follow, clock: FixedClock) -> None:
    for headers in (ROBOT, BROWSER, BROWSER):
        await follow(1, headers)
        clock.advance(5)

    def counted(tx: Transaction) -> dict[str, int]:
        return dict(tx._connection.execute("SELECT metric, count FROM link_counters").fetchall())

    assert await workspace.database.read(counted) == {
        "clicked": 3,
        "human_clicked": 2,
        "machine_clicked": 1,
        "unique_clicked": 1,
        "unique_human_clicked": 1,
        "unique_machine_clicked": 1,
    }
