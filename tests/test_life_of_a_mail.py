"""A mail from its sending over SMTP to its reader's last click: everything that shows what happened agrees."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.conftest import NOW, FixedClock
from tests.workspace.engine.standins import EVERYBODY, send_everything

from handbill.client import Client
from handbill.settings import Settings
from handbill.workspace.app import create_app
from handbill.workspace.store import events, people, sending
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
    sending.put(tx, sending.Sending(mode="live"))
    run = tx._connection.execute
    goal = '{"event": "purchase", "within_days": 3, "after": "clicked"}'
    run("INSERT INTO broadcasts (id, name, goal, created, updated) VALUES (5, 'Restock', ?, 1, 1)", [goal])
    fields = "json_object('from', 'a@film.example', 'subject', 'Hi', 'body', ?)"
    run(
        f"INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (5, 'M', {fields}, 1, 1)", [BODY]
    )


@asynccontextmanager
async def sent(folder: Path, clock: FixedClock, **environ: str) -> AsyncIterator[tuple[Workspace, Client, str]]:
    """A live workspace that sent one mail, and the html that arrived."""
    post, loop = Post(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(post, loop=loop), "127.0.0.1", 0)
    smtp = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none"
    async with server, Workspace.open(Settings.load({"HANDBILL_SMTP": smtp, **environ}, folder), clock) as workspace:
        await workspace.database.write(prepare)
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with Client("http://workspace", workspace.keys.app_key, transport) as client:
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
            await reader.post(leave, data={"List-Unsubscribe": "One-Click"})
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
