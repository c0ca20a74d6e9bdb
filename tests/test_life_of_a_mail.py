"""A mail from its sending over SMTP to its reader's last click: everything that shows what happened agrees."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from async_customerio import validate_signature  # type: ignore[import-untyped]
from tests.conftest import NOW, FixedClock
from tests.workspace.engine.standins import EVERYBODY, go_live, send_everything

from handbill.client import Client
from handbill.contract.app.reporting_webhooks import NewWebhook
from handbill.settings import Settings
from handbill.workspace.app import create_app
from handbill.workspace.running import running
from handbill.workspace.store import events, people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

BASE = "https://mail.film.example"
FILMS = [f"https://film.example/{number}" for number in (1, 2, 3)]
BODY = (
    "".join(f'<a href="{film}">Film</a>' for film in FILMS)
    + '<img src="https://film.example/p.png">{% unsubscribe %}'
)
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
SCANNER = {"User-Agent": "Mozilla/5.0 (compatible; BarracudaSentinel/1.0)"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SHOWN = ("opened", "clicked", "converted", "unsubscribed", "human_opened", "human_clicked", "machine_clicked")


class Post:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        self.mails.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        return "250 accepted"


def prepare(tx: Transaction) -> None:
    people.identify(tx, "id", "u1", {"email": "ana@film.example"}, 1)
    go_live(tx)
    run = tx._connection.execute
    goal = '{"event": "purchase", "within_days": 3, "after": "clicked"}'
    run("INSERT INTO broadcasts (id, name, goal, created, updated) VALUES (5, 'Restock', ?, 1, 1)", [goal])
    fields = "json_object('from', 'a@film.example', 'subject', 'Hi', 'body', ?)"
    run(
        f"INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (5, 'M', {fields}, 1, 1)", [BODY]
    )


@asynccontextmanager
async def sent(
    folder: Path, clock: FixedClock, hook: dict[str, Any] | None = None, **environ: str
) -> AsyncIterator[tuple[Workspace, Client, str]]:
    """A live workspace that sent one mail, and the html that arrived; `hook` was there before."""
    post, loop = Post(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(post, loop=loop), "127.0.0.1", 0)
    smtp = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none"
    async with server, Workspace.open(Settings.load({"HANDBILL_SMTP": smtp, **environ}, folder), clock) as workspace:
        await workspace.database.write(prepare)
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with Client("http://workspace", workspace.keys.app_key, transport) as client:
            if hook:
                await client.reporting_webhooks.create(NewWebhook.model_validate(hook))
            await client.triggers.create(5, EVERYBODY)
            await send_everything(workspace)
            [mail] = post.mails
            html = mail.get_body(("html",))
            assert html
            yield workspace, client, html.get_content()


def buy(tx: Transaction, at: int) -> None:
    event = {"id": None, "person": 1, "name": "purchase", "type": "event", "timestamp": at, "data": "{}"}
    events.add(tx, [event], at)


async def test_what_a_reader_does_shows_on_the_delivery_in_the_series_and_as_activities(
    tmp_path: Path, clock: FixedClock
) -> None:
    async with sent(tmp_path, clock, HANDBILL_BASE_URL=BASE) as (workspace, client, html):
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with httpx2.AsyncClient(transport=transport, headers=BROWSER) as reader:
            [image] = re.findall(f'src="({BASE}/e/o/[^"]+)"', html)
            links = re.findall(f'href="({BASE}/e/c/[^"]+)"', html)
            [leave] = re.findall(f'href="({BASE}/unsubscribe/[^"]+)"', html)
            await reader.get(image)
            led = []
            for link in links:
                clock.advance(10)
                led.append((await reader.get(link)).headers["Location"])
            await workspace.database.write(buy, clock.now() + 1)
            await reader.post(leave, data=ONE_CLICK)
        assert led == FILMS
        metrics = (await client.messages.list()).messages[0].metrics
        series = (await client.broadcasts.metrics(5)).metric.series
        happened = [activity.type for activity in (await client.activities.list()).activities]
        assert (await client.customers.attributes("u1")).customer.unsubscribed
    assert (metrics["opened"], metrics["clicked"], metrics["converted"]) == (NOW, NOW + 10, NOW + 31)
    assert (metrics["human_opened"], metrics["human_clicked"], metrics["unsubscribed"]) == (1, 3, NOW + 30)
    assert [sum(series[name]) for name in SHOWN] == [1, 1, 1, 1, 1, 1, 0]
    kinds = ("opened_email", "clicked_email", "converted_email", "unsubscribed_email")
    assert [happened.count(kind) for kind in kinds] == [1, 3, 1, 1]


async def test_real_peoples_links_stay_as_they_are_until_somebody_says_where_they_lead(
    tmp_path: Path, clock: FixedClock
) -> None:
    async with sent(tmp_path, clock) as (_, _, html):
        assert [film in html for film in FILMS] == [True] * 3
        assert "/e/" not in html


class Told:
    """An endpoint of reporting webhooks that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.changed = asyncio.Condition()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        headers = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        raw = await reader.readexactly(int(headers["content-length"]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()
        stamp, signature = int(headers["x-cio-timestamp"]), headers["x-cio-signature"]
        async with self.changed:
            self.events.append({**json.loads(raw), "signed": (stamp, raw, signature)})
            self.changed.notify_all()

    async def until(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: len(self.events) >= count)
            return self.events


async def test_a_reporting_webhook_is_told_the_same_signed_and_once_each(tmp_path: Path, clock: FixedClock) -> None:
    told = Told()
    endpoint = await asyncio.start_server(told.take, "127.0.0.1", 0)
    hook = {
        "name": "All",
        "endpoint": f"http://127.0.0.1:{endpoint.sockets[0].getsockname()[1]}/hook",
        "events": [f"email_{metric}" for metric in ("sent", "opened", "clicked", "converted", "unsubscribed")],
        "full_resolution": True,
    }
    hosts = {"HANDBILL_PRIVATE_HOSTS": "127.0.0.1", "HANDBILL_BASE_URL": BASE}
    async with endpoint, sent(tmp_path, clock, hook=hook, **hosts) as (workspace, client, html):
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with httpx2.AsyncClient(transport=transport, headers=BROWSER) as reader, running(workspace):
            [image] = re.findall(f'src="({BASE}/e/o/[^"]+)"', html)
            links = re.findall(f'href="({BASE}/e/c/[^"]+)"', html)
            for link in links:
                await reader.get(link, headers=SCANNER)
            await reader.get(image)
            for link in (*links, links[0]):
                clock.advance(10)
                await reader.get(link)
            await workspace.database.write(buy, clock.now() + 1)
            await reader.post(re.findall(f'href="({BASE}/unsubscribe/[^"]+)"', html)[0], data=ONE_CLICK)
            events = await told.until(1 + 1 + 7 + 1 + 1)
        [message] = (await client.messages.list()).messages
        by_link = (await client.broadcasts.links(5)).links
        people_clicked = {each.link.href: sum(each.metric.series["human_clicked"]) for each in by_link}
    happened = Counter(event["metric"] for event in events)
    assert happened == {"sent": 1, "opened": 1, "clicked": 7, "converted": 1, "unsubscribed": 1}
    assert len({event["event_id"] for event in events}) == len(events)
    assert all(validate_signature(workspace.keys.signing_key, *event["signed"]) for event in events)
    told_of = {
        (event["data"]["delivery_id"], event["data"]["broadcast_id"], event["data"]["recipient"]) for event in events
    }
    assert told_of == {(message.id, 5, "ana@film.example")}
    clicks = Counter(
        (event["data"]["href"], event["data"]["machine"]) for event in events if event["metric"] == "clicked"
    )
    assert clicks == {
        (FILMS[0], False): 2,
        (FILMS[1], False): 1,
        (FILMS[2], False): 1,
        **{(film, True): 1 for film in FILMS},
    }
    assert (message.metrics["human_clicked"], message.metrics["prefetch_clicked"]) == (4, 3)
    assert people_clicked == {FILMS[0]: 2, FILMS[1]: 1, FILMS[2]: 1}
