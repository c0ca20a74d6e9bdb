import json
from collections.abc import Callable

import httpx2
import pytest

from handbill.client import Client
from handbill.errors import NotFound

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
Put = Callable[..., int]


async def test_a_workspace_without_broadcasts_lists_none(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/v1/broadcasts")).json() == {"broadcasts": []}


async def test_a_broadcast_has_the_fields_of_customer_io(http: httpx2.AsyncClient, put: Put) -> None:
    put("broadcasts", id=5, name="Restock", updated=NOW + 60, tags=["shop"], first_started=NOW + 9)
    put("contents", id=12, broadcast_id=5, name="Mail", type="email", fields={})
    put("contents", id=13, broadcast_id=5, name="Hook", type="webhook", fields={})
    actions = [{"id": 12, "type": "email"}, {"id": 13, "type": "webhook"}]
    expected = {
        "id": 5,
        "deduplicate_id": f"5:{NOW + 60}",
        "name": "Restock",
        "type": "triggered_broadcast",
        "created": NOW,
        "updated": NOW + 60,
        "active": True,
        "state": "running",
        "actions": actions,
        "msg_template_ids": actions,
        "first_started": NOW + 9,
        "tags": ["shop"],
    }
    assert (await http.get("/v1/broadcasts")).json() == {"broadcasts": [expected]}
    assert (await http.get("/v1/broadcasts/5")).json() == {"broadcast": expected}


async def test_a_draft_is_not_active(client: Client, put: Put) -> None:
    put("broadcasts", id=5, name="Restock", state="draft")
    broadcast = (await client.broadcasts.get(5)).broadcast
    assert (broadcast.active, broadcast.state) == (False, "draft")


async def test_an_action_shows_what_is_written_with_headers_as_json_text(http: httpx2.AsyncClient, put: Put) -> None:
    put("broadcasts", id=5, name="Restock")
    fields = {"from": "Shop <shop@example.com>", "subject": "{{trigger.headline}}", "body": "<p>Hi</p>"}
    headers = [{"name": "X-Campaign", "value": "5"}]
    put("contents", id=12, broadcast_id=5, name="Mail", fields=fields, headers=headers, layout="plain")
    action = (await http.get("/v1/broadcasts/5/actions/12")).json()["action"]
    assert json.loads(action["headers"]) == headers
    assert action == {
        "id": 12,
        "broadcast_id": 5,
        "deduplicate_id": f"12:{NOW}",
        "name": "Mail",
        "type": "email",
        "created": NOW,
        "updated": NOW,
        "sending_state": "automatic",
        "language": "",
        "layout": "plain",
        "body": "<p>Hi</p>",
        "body_amp": "",
        "from": "Shop <shop@example.com>",
        "from_id": None,
        "reply_to": "",
        "reply_to_id": None,
        "preprocessor": "",
        "recipient": "{{customer.email}}",
        "subject": "{{trigger.headline}}",
        "cc": "",
        "bcc": "",
        "fake_bcc": False,
        "preheader_text": "",
        "headers": action["headers"],
    }
    assert (await http.get("/v1/broadcasts/5/actions")).json() == {"actions": [action]}


async def test_what_is_not_there_is_named(client: Client, put: Put) -> None:
    put("broadcasts", id=5, name="Restock")
    put("broadcasts", id=6, name="Other")
    put("contents", id=12, broadcast_id=6, name="Mail", fields={})
    for call, message in (
        (client.broadcasts.get(99), "There is no broadcast 99"),
        (client.broadcasts.actions(99), "There is no broadcast 99"),
        (client.broadcasts.action(99, 12), "There is no broadcast 99"),
        (client.broadcasts.action(5, 12), "Broadcast 5 has no action 12"),
        (client.campaigns.get(99), "There is no campaign 99"),
        (client.campaigns.actions(99), "There is no campaign 99"),
        (client.newsletters.contents(99), "There is no newsletter 99"),
        (client.transactional.contents(99), "There is no transactional message 99"),
    ):
        with pytest.raises(NotFound, match=message):
            await call
