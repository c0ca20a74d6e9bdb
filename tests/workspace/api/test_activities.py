"""What happened, as GET /activities tells it. Reference 9."""

import sqlite3
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.activities import ActivitiesQuery, PersonActivitiesQuery
from handbill.workspace import delivery_ids
from handbill.workspace.store.activities import Filters
from handbill.workspace.store.queries import statement
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
Put = Callable[..., int]


@pytest.fixture
def happened(put: Put) -> None:
    """Ann bought, looked at a page and got a mail; Bob changed; somebody else is gone."""
    put("people", person=1, id="u1", email="ann@customer.example", email_key="ann@customer.example")
    put("people", person=2, id="u2")
    put("events", event=1, person=1, name="purchase", timestamp=NOW - 50, data={"price": 3})
    put(
        "events", event=2, person=1, name="Prices", type="page", timestamp=NOW - 40, data={"url": "https://a.example"}
    )
    put("deliveries", delivery=7, content_id=1, person=1, type="email", state="sent", delivered=NOW - 20, opened=NOW)
    put("activities", activity=1, type="event", timestamp=NOW - 50, person=1, event=1, name="purchase")
    put("activities", activity=2, type="page", timestamp=NOW - 40, person=1, event=2, name="Prices")
    put("activities", activity=3, type="sent_email", timestamp=NOW - 30, person=1, delivery=7)
    changed = {"plan": {"from": "free", "to": "pro"}}
    put("activities", activity=4, type="attribute_change", timestamp=NOW - 20, person=2, data=changed)
    put("activities", activity=5, type="event", timestamp=NOW - 10, person=3, name="purchase")
    put("activities", activity=6, type="profile_delete", timestamp=NOW, person=3)


async def numbers(client: Client, **query: Any) -> list[int]:
    """Which activities, by their age in seconds, newest first."""
    found = (await client.activities.list(ActivitiesQuery(**query))).activities
    return [NOW - each.timestamp for each in found]


@pytest.mark.usefixtures("happened")
@pytest.mark.parametrize(
    ("query", "ages"),
    [
        ({}, [20, 30, 40, 50]),
        ({"type": "sent_email"}, [30]),
        ({"type": "opened_email"}, []),
        ({"name": "purchase"}, [50]),
        ({"name": "purchase", "type": "page"}, []),
        ({"customer_id": "u1"}, [30, 40, 50]),
        ({"customer_id": "ann@customer.example", "id_type": "email", "type": "event"}, [50]),
        ({"customer_id": "cio_a3000002"}, [20]),
        ({"customer_id": "u1", "name": "purchase"}, [50]),
        ({"customer_id": "nobody"}, []),
        ({"deleted": True}, [0, 10]),
        ({"deleted": True, "name": "purchase"}, [10]),
    ],
)
async def test_the_list_holds_what_the_query_asks_for(client: Client, query: dict[str, Any], ages: list[int]) -> None:
    assert await numbers(client, **query) == ages


@pytest.mark.usefixtures("happened")
async def test_each_kind_says_what_it_has_to_say(workspace: Workspace, client: Client) -> None:
    change, mail, page, event = (await client.activities.list()).activities
    assert change.data == {"plan": {"from": "free", "to": "pro"}}
    sealed = delivery_ids.seal(workspace.secret, 7)
    assert (mail.delivery_id, mail.delivery_type) == (sealed, "email")
    assert mail.data == {"delivery_id": sealed, "delivered": NOW - 20, "opened": True}
    assert (page.name, page.url) == ("Prices", "https://a.example")
    assert (event.name, event.data, event.customer_id) == ("purchase", {"price": 3}, "u1")
    assert event.customer_identifiers is not None
    assert event.customer_identifiers.cio_id == "a3000001"


@pytest.mark.usefixtures("happened")
async def test_a_persons_list_is_theirs_alone(http: httpx2.AsyncClient, client: Client) -> None:
    found = (await client.activities.of_customer("u2")).activities
    assert [each.type for each in found] == ["attribute_change"]
    assert (await http.get("/v1/customers/u9/activities")).status_code == 404


@pytest.mark.usefixtures("happened")
async def test_pages_hold_every_activity_once_and_ids_sort_by_time(client: Client) -> None:
    ids, start = [], ""
    while True:
        page = await client.activities.of_customer("u1", PersonActivitiesQuery(limit=1, start=start))
        ids += [each.id for each in page.activities]
        if not (start := page.next):
            break
    assert len(ids) == 3
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(), "INTEGER PRIMARY KEY"),
        (Filters(type="event"), "activities_type"),
        (Filters(name="purchase", type="event"), "activities_name"),
        (Filters(person=1, name="purchase", type="event"), "activities_person"),
    ],
)
async def test_no_list_is_a_scan_or_a_sort(workspace: Workspace, filters: Filters, index: str) -> None:
    values = {"person": 1, "type": "event", "name": "purchase", "before": 9, "limit": 10}
    with sqlite3.connect(workspace.database.path) as connection:
        query = statement("activities.page", {"filters": filters.where()})
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    connection.close()
    assert index in plan[0]
    assert not [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step]
