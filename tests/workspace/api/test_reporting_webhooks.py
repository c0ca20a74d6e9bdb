from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.conftest import FixedClock

from handbill.client import Client
from handbill.contract.app.reporting_webhooks import EVENTS, NewWebhook
from handbill.errors import NotFound
from handbill.settings import Settings
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

WANTED = {"name": "Ours", "endpoint": "https://hooks.example/cio?a=1", "events": ["email_sent", "sms_replied"]}
SHOWN = {
    **WANTED,
    "id": 1,
    "type": "webhook",
    "disabled": False,
    "full_resolution": False,
    "with_content": False,
}


@pytest.fixture
async def workspace(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Workspace]:
    settings = Settings.load({"HANDBILL_PRIVATE_HOSTS": "inside.example"}, tmp_path / "home")
    async with Workspace.open(settings, clock) as opened:
        yield opened


async def test_a_webhook_is_made_shown_changed_and_deleted_without_a_wrapping_key(http: httpx2.AsyncClient) -> None:
    made = await http.post("/v1/reporting_webhooks", json=WANTED)
    assert (made.status_code, made.json()) == (200, SHOWN)
    assert (await http.get("/v1/reporting_webhooks/1")).json() == SHOWN
    changed = {**WANTED, "disabled": True, "full_resolution": True, "with_content": True}
    assert (await http.put("/v1/reporting_webhooks/1", json=changed)).json() == {**SHOWN, **changed}
    assert (await http.get("/v1/reporting_webhooks")).json() == {"reporting_webhooks": [{**SHOWN, **changed}]}
    gone = await http.delete("/v1/reporting_webhooks/1")
    assert (gone.status_code, gone.content) == (200, b"")
    assert (await http.get("/v1/reporting_webhooks")).json() == {"reporting_webhooks": []}


async def test_an_unknown_webhook_is_not_found(client: Client) -> None:
    webhook = NewWebhook.model_validate(WANTED)
    for call in (client.reporting_webhooks.get, client.reporting_webhooks.delete):
        with pytest.raises(NotFound, match="There is no reporting webhook 9"):
            await call(9)
    with pytest.raises(NotFound):
        await client.reporting_webhooks.update(9, webhook)


async def test_every_event_of_the_reference_can_be_asked_for(client: Client) -> None:
    wanted = NewWebhook(name="All", endpoint="http://inside.example:9/x", events=list(EVENTS))
    made = await client.reporting_webhooks.create(wanted)
    assert (await client.reporting_webhooks.get(made.id)).events == list(EVENTS)
    assert len(EVENTS) == len(set(EVENTS)) == 72


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"endpoint": "http://hooks.example/"}, "endpoint"),
        ({"endpoint": "hooks.example"}, "endpoint"),
        ({"endpoint": "https://"}, "endpoint"),
        ({"endpoint": "https://hooks.example:99999/"}, "endpoint"),
        ({"endpoint": "ftp://inside.example/"}, "endpoint"),
        ({"endpoint": 5}, "endpoint"),
        ({"events": []}, "events"),
        ({"events": "email_sent"}, "events"),
        ({"events": ["email_sent", "email_read"]}, "events[1]"),
        ({"events": [7]}, "events[0]"),
        ({"disabled": "perhaps"}, "disabled"),
    ],
)
async def test_what_is_wrong_with_a_webhook_is_named(
    http: httpx2.AsyncClient, change: dict[str, Any], field: str
) -> None:
    for answer in (
        await http.post("/v1/reporting_webhooks", json=WANTED | change),
        await http.put("/v1/reporting_webhooks/1", json=WANTED | change),
    ):
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == field
    assert (await http.get("/v1/reporting_webhooks")).json() == {"reporting_webhooks": []}
