"""What people really type, through the whole house: no name or address breaks a mail, a table or a page."""

import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from click.testing import CliRunner
from tests.workspace.engine.standins import EVERYBODY, go_live, send_everything

from handbill.cli import root
from handbill.connections import Connection, connect
from handbill.contract.app.messages import MessagesQuery
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.workspace import imports
from handbill.workspace.app import create_app
from handbill.workspace.store import people, segments, sending
from handbill.workspace.store.database import Transaction

DATA = Path(__file__).parents[2] / "shared" / "data" / "weird-inputs"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs the weird-inputs data set, which is not part of the project"),
]

HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
}
MAIL = {
    "from": "Film Club <news@film.example>",
    "subject": "For {{ customer.first_name | default: 'you' }}",
    "body": "<p>[{{ customer.first_name | escape }}]</p>",
}


def naughty() -> list[str]:
    return [text for text in json.loads((DATA / "naughty-strings.json").read_text()) if text]


class Post:
    """A post office that keeps what a mail program would read."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        content = envelope.original_content or b""
        self.mails.append(email.message_from_bytes(content, policy=email.policy.default))
        return "250 accepted"


@asynccontextmanager
async def live(folder: Path) -> AsyncIterator[tuple[Connection, Post]]:
    """A live workspace, and the post office it sends to."""
    post, loop = Post(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(post, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    smtp = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none"
    async with server, connect(Settings.load({"HANDBILL_SMTP": smtp}, folder), engine=False) as connection:
        await connection.workspace.database.write(prepare)
        yield connection, post


def prepare(tx: Transaction) -> None:
    run = tx._connection.execute
    run("INSERT INTO broadcasts (id, name, created, updated) VALUES (5, 'Restock', 1, 1)")
    insert = "INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (5, 'M', ?, 1, 1)"
    run(insert, [json.dumps(MAIL)])
    go_live(tx)


async def test_people_of_sixty_five_countries_get_their_mail_with_their_name(tmp_path: Path) -> None:
    async with live(tmp_path) as (connection, post):
        report = await imports.run(connection.workspace, "people", DATA / "people-international.csv")
        await connection.client.triggers.create(5, EVERYBODY)
        await send_everything(connection.workspace)
        listed = (await connection.client.messages.list(MessagesQuery(limit=1000))).messages
    assert report.imported == len(post.mails) == len(listed) == 780
    subjects = {str(mail["To"]): str(mail["Subject"]) for mail in post.mails}
    assert subjects == {str(message.recipient): str(message.subject) for message in listed}
    assert {frozenset(mail.keys()) for mail in post.mails} == {frozenset(HEADERS)}


async def test_a_naughty_name_arrives_whole_or_fails_its_own_delivery(tmp_path: Path) -> None:
    def add(tx: Transaction) -> None:
        for number, text in enumerate(naughty()):
            given = {"email": f"n{number}@film.example", "first_name": text}
            people.identify(tx, "id", f"n{number}", given, 1)

    async with live(tmp_path) as (connection, post):
        await connection.workspace.database.write(add)
        number = (await connection.client.triggers.create(5, EVERYBODY)).id
        await send_everything(connection.workspace)
        counts = (await connection.client.triggers.progress(5, number)).counts
        everything = (await connection.client.messages.list(MessagesQuery(limit=1000))).messages
    assert counts.sent == len(post.mails) > len(naughty()) * 0.9
    assert counts.sent + counts.failed == len(naughty())
    assert all("subject" in str(m.failure_message) for m in everything if "failed" in m.metrics)
    subjects = {message.recipient: message.subject for message in everything if "sent" in message.metrics}
    for mail in post.mails:
        assert set(mail.keys()) == HEADERS
        assert " ".join(str(mail["Subject"]).split()) == " ".join(str(subjects[mail["To"]]).split())


async def test_naughty_names_break_no_table_and_no_json(tmp_path: Path) -> None:
    names = [text for text in naughty() if text.strip() and "\0" not in text]

    def add(tx: Transaction) -> None:
        for text in names:
            segments.create(tx, text, "", 1)

    async with connect(Settings.load({}, tmp_path), engine=False) as connection:
        await connection.workspace.database.write(add)
    runner = CliRunner()
    listed = await asyncio.to_thread(runner.invoke, root, ["--home", str(tmp_path), "segments", "list"])
    assert listed.exit_code == 0
    assert "\x1b" not in listed.stdout
    data = await asyncio.to_thread(runner.invoke, root, ["--home", str(tmp_path), "segments", "list", "--json"])
    answer = json.loads(data.stdout)
    assert len(answer["segments"]) == len(names)


async def test_a_naughty_body_is_shown_in_a_page_that_can_do_nothing(tmp_path: Path) -> None:
    async with connect(Settings.load({}, tmp_path), engine=False) as connection:
        workspace = connection.workspace
        script = "".join(text for text in naughty() if "<" in text)

        def add(tx: Transaction) -> None:
            prepare(tx)
            sending.put(tx, Policy())
            people.identify(tx, "id", "u1", {"email": "a@film.example"}, 1)
            fields = json.dumps({**MAIL, "body": "{{ trigger.body }}"})
            tx._connection.execute("UPDATE contents SET fields = ?, tracked = 0", [fields])

        await workspace.database.write(add)
        await connection.client.triggers.create(5, {"ids": ["u1"], "data": {"body": script}})
        await send_everything(workspace)
        message = (await connection.client.messages.list()).messages[0]
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as http:
            page = await http.get(f"/deliveries/{message.id}")
    assert page.text == script
    assert page.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
