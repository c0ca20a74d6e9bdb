"""A workspace in which strangers wrote into everything they can: each text comes from `say`, told where it stands.

Names of people, attributes, events, pages, devices, broadcasts, campaigns, newsletters, segments, topics, tags,
snippets, collections, webhooks, templates that work and that fail, trigger data, and what a mail server answers.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.conftest import FixedClock, RenderedHere
from tests.workspace.engine.standins import send_everything

from handbill.client import Client
from handbill.connections import Connection, reach
from handbill.connections.switching import Connections
from handbill.contract.app.reporting_webhooks import NewWebhook
from handbill.opening import context_of
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.tools import Context, triggers
from handbill.workspace import definitions
from handbill.workspace.store import sending
from handbill.workspace.workspace import Workspace

Say = Callable[[str], str]

PEOPLE = 12
FINE, FAILING, EMPTY, REFUSED = 5, 6, 7, 8
"""Broadcasts: one that works, one whose template fails, one without messages, one that the mail server refuses."""
CAMPAIGN, NEWSLETTER, TRANSACTIONAL = 3, 4, 2
MANUAL, FILTERED = 11, 12
EVENT = "purchase"


class Post:
    """A mail server that counts whom it gets mail for, and refuses one address in a stranger's words."""

    def __init__(self, say: Say) -> None:
        self.reached: list[str] = []
        self._say = say

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("refused"):
            return f"550 5.1.1 {ascii_only(self._say('bounce'))[:300]}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        self.reached += envelope.rcpt_tos
        return "250 accepted"


@asynccontextmanager
async def planted(home: Path, say: Say, clock: FixedClock | None = None) -> AsyncIterator[tuple[Connection, Post]]:
    """The open workspace, where everything was sent once, and the mail server it sent to; it counts from now on."""
    post, loop, clock = Post(say), asyncio.get_running_loop(), clock or FixedClock()
    server = await loop.create_server(lambda: SMTP(post, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0)
    smtp = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none"
    with pytest.MonkeyPatch.context() as patch:
        # No worker runs beside the calls, so there is nothing to wait for.
        patch.setattr(triggers, "DECIDED_SECONDS", 0)
        async with server, Workspace.open(Settings.load({"HANDBILL_SMTP": smtp}, home / "home"), clock) as opened:
            object.__setattr__(opened, "renderer", RenderedHere())
            definitions_in(home / "files", say)
            await definitions.apply(opened, home / "files")
            async with reach(opened) as connection:
                await _fill(connection.client, say)
                await opened.database.write(sending.put, Policy(mode="live", auto_send_max=PEOPLE))
                await _send(connection, say, clock)
                post.reached.clear()
                yield connection, post


def context_in(connection: Connection) -> Context:
    """What tools work with there."""
    return context_of(connection, Connections(connection))


def definitions_in(folder: Path, say: Say) -> None:
    """Files of definitions, each text of them a stranger's."""
    for kind, given in _definitions(say).items():
        (folder / kind).mkdir(parents=True)
        for number, each in enumerate(given):
            (folder / kind / f"{number}.yaml").write_text(json.dumps(each, ensure_ascii=False), "utf-8")


def _definitions(say: Say) -> Mapping[str, list[dict[str, Any]]]:
    everybody = {"attribute": {"field": "email", "operator": "exists"}}
    mail = {
        "from": "Shop <news@shop.example>",
        "subject": "{{ customer.name }} " + literal(say("subject")),
        "body": f"<p>{{{{ trigger.text | default: 'Hello' }}}} {literal(say('body'))}</p>",
    }
    failing = {**mail, "subject": f"{{{{ customer['{literal(say('variable'))}'] | upcase }}}}"}

    def broadcast(number: int, *messages: dict[str, Any]) -> dict[str, Any]:
        named = [{**message, "name": say("action")[:100]} for message in messages]
        return {
            "id": number,
            "name": f"{number} {say('broadcast')}"[:190],
            "tags": [say("tag")[:100]],
            "messages": named,
        }

    return {
        "snippets": [{"name": f"footer {say('snippet name')}"[:190], "value": say("snippet")}],
        "topics": [{"id": 1, "name": say("topic")[:190], "description": say("topic description")}],
        "object_types": [{"id": 1, "name": say("object type")[:190]}],
        "segments": [
            {"id": MANUAL, "name": f"m {say('segment')}"[:190], "description": say("description"), "manual": True},
            {
                "id": FILTERED,
                "name": f"f {say('segment')}"[:190],
                "description": say("description"),
                "conditions": everybody,
            },
        ],
        "broadcasts": [
            broadcast(FINE, mail),
            broadcast(FAILING, failing),
            broadcast(EMPTY),
            broadcast(REFUSED, mail),
        ],
        "campaigns": [
            {
                "id": CAMPAIGN,
                "name": f"c {say('campaign')}"[:190],
                "event": EVENT,
                "tags": [say("tag")[:100]],
                "messages": [mail],
            }
        ],
        "newsletters": [
            {
                "id": NEWSLETTER,
                "name": f"n {say('newsletter')}"[:190],
                "tags": [say("tag")[:100]],
                "audience": {"segment": {"id": FILTERED}},
                "topic": 1,
                "messages": [mail],
            }
        ],
        "transactional": [
            {
                "id": TRANSACTIONAL,
                "name": f"t {say('transactional')}"[:190],
                "description": say("description"),
                "messages": [mail],
            }
        ],
    }


async def _fill(client: Client, say: Say) -> None:
    for number in range(1, PEOPLE + 1):
        await client.pipelines.identify({"userId": f"u{number}", "traits": _traits(number, say)})
    beside = [{"type": "identify", "userId": f"other{number}", "traits": {}} for number in range(PEOPLE)]
    await client.pipelines.batch(beside)  # to half of all people nothing goes without a person
    await client.pipelines.batch([*_events(say)])
    await client.collections.create(say("collection")[:100], data=[{say("column")[:100]: say("cell")}])
    hook = {"name": say("webhook"), "endpoint": "https://hooks.shop.example/x", "events": ["email_sent"]}
    await client.reporting_webhooks.create(NewWebhook(**hook, disabled=True))


def _traits(number: int, say: Say) -> dict[str, Any]:
    """u12 has an address that the mail server refuses; u11 has none."""
    address = {PEOPLE: "refused@shop.example", PEOPLE - 1: None}.get(number, f"ann{number}@shop.example")
    own = {"name": say("name"), "phone": f"+1555010{number:04}", "plan": say("attribute"), word(say("key")): "x"}
    return {**({"email": address} if address else {}), **own}


def _events(say: Say) -> list[dict[str, Any]]:
    """Of u1, and of a group that u1 is in."""
    who = {"userId": "u1"}
    device = {"context": {"device": {"token": "token-1", "type": "ios"}}, "properties": {"note": say("device")}}
    return [
        {**who, "type": "track", "event": short(say("event")), "properties": {"note": say("event data")}},
        {**who, "type": "page", "name": short(say("page")), "properties": {"url": f"https://x.example/{say('url')}"}},
        {**who, "type": "screen", "name": short(say("screen"))},
        {**who, "type": "track", "event": "Device Created or Updated", **device},
        {**who, "type": "group", "groupId": "acme", "traits": {"name": say("group")}},
    ]


async def _send(connection: Connection, say: Say, clock: FixedClock) -> None:
    """Each broadcast, the newsletter, the campaign and a transactional message, once."""
    client = connection.client
    body = {"recipients": {"segment": {"id": FILTERED}}, "data": {"text": say("trigger data")}}
    for number in (FINE, FAILING, REFUSED):
        await client.triggers.create(number, body)
    await client.newsletters.send(NEWSLETTER)
    await client.pipelines.track({"userId": "u2", "event": EVENT, "properties": {"text": say("event data")}})
    message = {"transactional_message_id": str(TRANSACTIONAL), "to": "ann1@shop.example", "identifiers": {"id": "u1"}}
    await client.sends.email({**message, "message_data": {"text": say("message data")}})
    await send_everything(connection.workspace)
    clock.advance(3600)


def literal(text: str) -> str:
    """As text of a template that Liquid leaves alone."""
    return text.replace("{", "(").replace("}", ")")


def word(text: str) -> str:
    """As a name in Liquid, or of an attribute."""
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c == "_"))[:140] or "x"


def short(text: str) -> str:
    """As much as a name may have: 100 bytes."""
    return text.encode()[:100].decode(errors="ignore")


def ascii_only(text: str) -> str:
    return "".join(c for c in text if " " <= c <= "~")
