"""Exports from outside: asked for, made beside the sending, downloaded."""

import asyncio
import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.conftest import FixedClock

from handbill.client import Client
from handbill.contract.app.exports import DeliveriesExport
from handbill.errors import NotFound
from handbill.workspace import delivery_ids
from handbill.workspace.chores import exports
from handbill.workspace.chores.exports import make
from handbill.workspace.store import exports as store
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
DAY = 86_400
EVERYONE = {"attribute": {"field": "cio_id", "operator": "exists"}}
Put = Callable[..., int]


async def rows(http: httpx2.AsyncClient, export: int) -> list[dict[str, str]]:
    """The file of an export, by the link that its download gives."""
    url = (await http.get(f"/v1/exports/{export}/download")).json()["url"]
    assert url.startswith("http://workspace/exports/")
    answer = await http.get(url, headers={"Authorization": ""})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


@pytest.fixture
def people(put: Put) -> None:
    put("people", id="u1", email="ann@a.example", email_key="ann@a.example", attributes={"vip": True, "n": 5})
    put("people", id="u2", attributes={"note": 'Zoë, "two"\nlines', "tags": ["a"]}, unsubscribed=1)
    put("people", email="cleo@a.example", email_key="cleo@a.example", attributes={"plan": "=1+1"})


@pytest.mark.usefixtures("people")
async def test_people_are_exported_with_a_column_for_each_attribute(
    workspace: Workspace, http: httpx2.AsyncClient
) -> None:
    asked = await http.post("/v1/exports/customers", json={"filters": EVERYONE})
    export = {
        "id": 1,
        "user_id": 0,
        "user_email": "",
        "total": 0,
        "deduplicate_id": f"1:{NOW}",
        "type": "customers",
        "failed": False,
        "status": "pending",
        "description": "People who match a filter",
        "downloads": 0,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert (asked.status_code, asked.json()) == (200, {"export": export})
    await make(workspace, 1, asyncio.Event())
    done = export | {"status": "done", "total": 3}
    assert (await http.get("/v1/exports/1")).json() == {"export": done}
    columns = ["id", "email", "cio_id", "unsubscribed", "n", "note", "plan", "tags", "vip"]
    assert [list(row.values()) for row in await rows(http, 1)] == [
        ["u1", "ann@a.example", "a3000001", "false", "5", "", "", "", "true"],
        ["u2", "", "a3000002", "true", "", 'Zoë, "two"\nlines', "", '["a"]', ""],
        ["", "cleo@a.example", "a3000003", "false", "", "", "=1+1", "", ""],
    ]
    assert list((await rows(http, 1))[0]) == columns
    assert (await http.get("/v1/exports")).json() == {"exports": [done | {"downloads": 2}]}


@pytest.mark.usefixtures("people")
async def test_only_people_who_match_are_exported(
    workspace: Workspace, client: Client, http: httpx2.AsyncClient
) -> None:
    await client.exports.customers({"not": {"attribute": {"field": "id", "operator": "exists"}}})
    await make(workspace, 1, asyncio.Event())
    assert [row["cio_id"] for row in await rows(http, 1)] == ["a3000003"]


@pytest.mark.usefixtures("people")
async def test_many_people_are_written_batch_by_batch(
    workspace: Workspace, client: Client, http: httpx2.AsyncClient, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH", 2)
    for number in range(8):
        put("people", id=f"more{number}", attributes={f"a{number}": number})
    await client.exports.customers(EVERYONE)
    await make(workspace, 1, asyncio.Event())
    found = await rows(http, 1)
    assert [row["id"] for row in found] == ["u1", "u2", "", *(f"more{number}" for number in range(8))]
    assert [row["a7"] for row in found][-2:] == ["", "7"]


async def test_a_link_ends_after_15_minutes_and_cannot_be_made_up(
    workspace: Workspace, client: Client, http: httpx2.AsyncClient, clock: FixedClock
) -> None:
    await client.exports.customers(EVERYONE)
    with pytest.raises(NotFound, match="Export 1 is not done yet"):
        await client.exports.download(1)
    await make(workspace, 1, asyncio.Event())
    url = (await client.exports.download(1)).url
    clock.advance(15 * 60 - 1)
    assert (await http.get(url)).status_code == 200
    assert (await http.get(url[:-4] + "AAAA")).status_code == 404
    clock.advance(1)
    assert (await http.get(url)).status_code == 404
    assert (await client.exports.get(1)).export.downloads == 1


async def test_an_unknown_export_is_not_found(client: Client) -> None:
    for call in (client.exports.get, client.exports.download):
        with pytest.raises(NotFound, match="There is no export 9"):
            await call(9)


@pytest.mark.parametrize(
    ("kind", "body", "status", "field"),
    [
        ("customers", {}, 400, "filters"),
        ("customers", {"filter": EVERYONE}, 400, "filters"),
        ("customers", {"filters": {"any": []}}, 400, "filters.any"),
        ("customers", {"filters": {"segment": {"id": 99}}}, 404, None),
        ("deliveries", {}, 400, "newsletter_id"),
        ("deliveries", {"newsletter_id": 1, "action_id": 2}, 400, "action_id"),
        ("deliveries", {"newsletter_id": 10**16}, 400, "newsletter_id"),
        ("deliveries", {"newsletter_id": 1, "start": -1}, 400, "start"),
        ("deliveries", {"newsletter_id": 1, "metric": "read"}, 400, "metric"),
        ("deliveries", {"newsletter_id": 1, "attributes": [1]}, 400, "attributes[0]"),
    ],
)
async def test_what_cannot_be_exported_is_named(
    http: httpx2.AsyncClient, kind: str, body: dict[str, Any], status: int, field: str | None
) -> None:
    answer = await http.post(f"/v1/exports/{kind}", json=body)
    assert answer.status_code == status
    assert answer.json()["errors"][0].get("field") == field
    assert (await http.get("/v1/exports")).json() == {"exports": []}


@pytest.fixture
def sent(put: Put, people: None) -> None:
    """Of newsletter 7: five; of campaign 8, broadcast 5, transactional message 9: one each."""
    rows: list[dict[str, Any]] = [
        {"newsletter_id": 7, "content_id": 1, "created": NOW - 400 * DAY},
        {"newsletter_id": 7, "content_id": 1, "created": NOW - 200 * DAY},
        {"newsletter_id": 7, "content_id": 1, "created": NOW - DAY, "opened": NOW},
        {"newsletter_id": 7, "content_id": 2, "created": NOW - 2},
        {"newsletter_id": 7, "content_id": 2, "created": NOW - 1, "state": "drafted"},
        {"campaign_id": 8, "content_id": 3, "created": NOW},
        {"broadcast_id": 5, "trigger_id": 4, "content_id": 4, "created": NOW},
        {"transactional_id": 9, "content_id": 5, "created": NOW},
    ]
    for number, row in enumerate(rows, 1):
        values = {"person": 1, "type": "email", "state": "sent", **row}
        put("deliveries", delivery=number, recipient="ann@a.example", subject="Hi, you", **values)
    put("campaigns", id=8, name="C", event_name="e")


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"newsletter_id": 7}, [3, 4]),
        ({"newsletter_id": 7, "drafts": True}, [3, 4, 5]),
        ({"newsletter_id": 7, "start": NOW - 350 * DAY}, [2, 3, 4]),
        ({"newsletter_id": 7, "start": 0}, [2, 3, 4]),
        ({"newsletter_id": 7, "start": 0, "end": NOW - DAY}, [2, 3]),
        ({"newsletter_id": 7, "end": NOW - 200 * DAY}, [2]),
        ({"newsletter_id": 7, "metric": "opened"}, [3]),
        ({"newsletter_id": 7, "metric": "created"}, [3, 4]),
        ({"newsletter_id": 7, "template_id": 2}, [4]),
        ({"action_id": 2}, [4]),
        ({"campaign_id": 8}, [6]),
        ({"campaign_id": 5}, [7]),
        ({"transactional_message_id": 9}, [8]),
    ],
)
@pytest.mark.usefixtures("sent")
async def test_deliveries_are_exported_as_asked(
    workspace: Workspace, client: Client, http: httpx2.AsyncClient, wanted: dict[str, Any], numbers: list[int]
) -> None:
    await client.exports.deliveries(DeliveriesExport.model_validate(wanted))
    await make(workspace, 1, asyncio.Event())
    ids = [row["delivery_id"] for row in await rows(http, 1)]
    assert ids == [delivery_ids.seal(workspace.secret, number) for number in numbers]


@pytest.mark.usefixtures("sent")
async def test_deliveries_have_their_metrics_and_the_attributes_that_are_named(
    workspace: Workspace, client: Client, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH", 1)
    wanted = DeliveriesExport(newsletter_id=7, attributes=["vip", "nothing"])
    assert (await client.exports.deliveries(wanted)).export.description == "Deliveries of newsletter 7"
    await make(workspace, 1, asyncio.Event())
    first, second = await rows(http, 1)
    shown = {name: value for name, value in first.items() if value}
    assert shown == {
        "delivery_id": delivery_ids.seal(workspace.secret, 3),
        "newsletter_id": "7",
        "content_id": "1",
        "customer_id": "u1",
        "email": "ann@a.example",
        "cio_id": "a3000001",
        "type": "email",
        "recipient": "ann@a.example",
        "subject": "Hi, you",
        "created": str(NOW - DAY),
        "opened": str(NOW),
        "vip": "true",
    }
    assert (second["opened"], second["nothing"]) == ("", "")


async def test_a_stop_leaves_an_export_waiting_and_a_fault_of_the_disk_fails_it(
    workspace: Workspace, client: Client, put: Put
) -> None:
    put("people", id="u1")
    for _ in range(2):
        await client.exports.customers(EVERYONE)
    stopping = asyncio.Event()
    stopping.set()
    await make(workspace, 1, stopping)
    assert await workspace.database.read(store.due, NOW) == [1]
    await make(workspace, 1, asyncio.Event())
    assert await workspace.database.read(store.due, NOW) == [2]
    (Path(f"{workspace.database.path}.exports") / "2.part").mkdir()
    await make(workspace, 2, asyncio.Event())
    export = (await client.exports.get(2)).export
    assert (export.status, export.failed, export.total) == ("failed", True, 0)
    assert await workspace.database.read(store.due, NOW) == []
    with pytest.raises(NotFound, match="Export 2 failed"):
        await client.exports.download(2)
