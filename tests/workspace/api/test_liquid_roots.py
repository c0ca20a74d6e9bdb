"""What Liquid can say of a person, their objects and the message itself, in every kind of message. Reference 16.3."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest
from tests.workspace.engine.standins import send_everything

from handbill.client import Client
from handbill.workspace.app import create_app
from handbill.workspace.store import objects, people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
NOW = 1_764_000_000
Say = Callable[[str, str], Awaitable[str]]

CLASSES = """{% assign mine = objects.online_classes %}{{mine[0].name}}, {{mine[1].name}}, {{mine.size}}: {{-
mine[0].relationship.role}} {{mine[0].object_id}}"""


@pytest.fixture
async def ann(workspace: Workspace, put: Callable[..., int]) -> None:
    """Ann, u1, who joined twelve online classes one after the other, and is in one of a type that is switched off."""
    put("object_types", id=1, name="Online Classes", singular_name="Online Class")
    put("object_types", id=2, name="Clubs", singular_name="Club", enabled=0)

    def add(tx: Transaction) -> None:
        people.identify(tx, "id", "u1", {"email": "ann@film.example"}, NOW)
        person = people.find(tx, "id", "u1") or 0
        for number in range(12):
            named = {"object_type_id": 1, "object_id": f"c{number}"}
            made = objects.identify(tx, named, {"name": f"Class {number}"}, NOW)
            objects.relate(tx, made or 0, person, {"role": "pupil"}, NOW + number)
        club = objects.identify(tx, {"object_type_id": 2, "object_id": "x"}, {}, NOW)
        objects.relate(tx, club or 0, person, {}, NOW)

    await workspace.database.write(add)


@pytest.fixture
def say(workspace: Workspace, client: Client, put: Callable[..., int], ann: None) -> Say:
    """Send a body to Ann in one kind of message: the body as she got it, or why she did not."""

    async def by_broadcast(fields: dict[str, str]) -> None:
        put("layouts", id=7, name="plain", body="{{content}}", updated=NOW)
        put("broadcasts", id=5, name="Restock")
        put("contents", broadcast_id=5, name="Mail", layout="plain", fields=fields)
        await client.triggers.create(5, {"ids": ["u1"], "data": {"headline": "News"}})

    async def by_event(fields: dict[str, str]) -> None:
        put("campaigns", id=8, name="Thanks", event_name="purchase")
        put("contents", campaign_id=8, name="Mail", fields=fields)
        auth = httpx2.BasicAuth(workspace.keys.site_id, workspace.keys.track_key)
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with httpx2.AsyncClient(transport=transport, base_url="http://workspace", auth=auth) as track:
            await track.post("/api/v1/customers/u1/events", json={"name": "purchase", "data": {"item": "Ran"}})

    async def by_call(fields: dict[str, str]) -> None:
        put("transactional", id=9, name="Receipt")
        put("contents", transactional_id=9, name="Receipt", fields={**fields, "body": "-"})
        to_ann = {"to": "ann@film.example", "identifiers": {"id": "u1"}, "transactional_message_id": 9}
        said = {"body": fields["body"], "message_data": {"order": "A1"}, "send_to_unsubscribed": True}
        await client.sends.email(to_ann | said)

    async def said(kind: str, body: str) -> str:
        ways = {"broadcast": by_broadcast, "event": by_event, "call": by_call}
        await ways[kind]({"from": "a@film.example", "subject": "Hi", "body": body})
        await send_everything(workspace)
        messages = (await client.messages.list()).messages
        if not messages:  # where everybody's fails, nothing is sent
            return (await client.triggers.progress(5, 1)).note
        if messages[0].failure_message:
            return messages[0].failure_message
        return (await client.messages.archived(messages[0].id)).archived_message.body

    return said


@pytest.mark.parametrize("kind", ["broadcast", "event", "call"])
async def test_a_persons_last_ten_objects_of_a_type_are_there_the_newest_first(kind: str, say: Say) -> None:
    assert await say(kind, CLASSES) == "Class 11, Class 10, 10:pupil c11"


async def test_shared_data_is_there_beside_objects(say: Say) -> None:
    source = "{{trigger.headline}} {{objects.online_classes.first.name}}{% if objects.clubs %}never{% endif %}"
    assert await say("broadcast", source) == "News Class 11"


async def test_an_object_that_the_person_has_not_fails_the_message(say: Say) -> None:
    assert (await say("call", "{{objects.accounts[0].name}}")).endswith("Variable 'objects.accounts' is missing")


async def test_a_snippet_may_ask_for_objects(say: Say, put: Callable[..., int]) -> None:
    put("snippets", name="mine", value="{{objects.online_classes[2].name}}", updated=NOW)
    assert await say("call", "{{snippets.mine}}") == "Class 9"


ROOTS: list[tuple[str, str, str]] = [
    ("broadcast", "{{layout.id}} {{layout.name}}", "7 plain"),
    ("broadcast", "{{campaign.id}} {{campaign.name}} {{campaign.type}}", "5 Restock triggered_broadcast"),
    ("broadcast", "{{message.send_to_unsubs}} {{message.type}} {{message.subject}}", "false email_action Hi"),
    ("broadcast", "[{{event_name}}{{journey.plan}}{{editor}}]", "[]"),
    ("call", "{{trigger.order}} {{message.send_to_unsubs}} [{{layout.name}}]", "A1 true []"),
    ("call", "{{customer.unsubscribed}}[{{event.item}}]", "false[]"),
    ("event", "{{event.item}} {{event_name}} {{event_timestamp}} {{message.journey_id}}", f"Ran purchase {NOW} 1"),
    ("event", "{{journey.plan}}", "body line 1, column 3: Variable 'journey.plan' is missing"),
    ("event", "{{journey.plan | default: 'none'}}", "none"),
]


@pytest.mark.parametrize(("kind", "source", "output"), ROOTS)
async def test_each_kind_of_message_has_its_roots(kind: str, source: str, output: str, say: Say) -> None:
    assert await say(kind, source) == output
