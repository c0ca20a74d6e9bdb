"""Goals: which events make a delivery converted, and which do not."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import NOW

from handbill.client import Client
from handbill.contract.app.activities import ActivitiesQuery
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.events import add
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

DAY = 86_400
GOAL = {"event": "purchase", "within_days": 3, "after": "sent"}
Put = Callable[..., int]


@pytest.fixture
async def put_all(workspace: Workspace, put: Put) -> Callable[..., None]:
    """Two people; a broadcast with a goal, and deliveries of it to the first, each given by its columns."""
    for name in ("u1", "u2"):
        await workspace.database.write(people.identify, "id", name, {}, NOW)

    def fill(*deliveries: dict[str, Any], goal: dict[str, Any] | None = GOAL) -> None:
        put("broadcasts", id=5, name="Restock", goal=goal)
        for columns in deliveries:
            own = {"broadcast_id": 5, "content_id": 12, "person": 1, "type": "email", "state": "sent", "sent": NOW}
            put("deliveries", **own | columns)

    return fill


async def bought(workspace: Workspace, at: int, name: str = "purchase", person: int = 1) -> None:
    def write(tx: Transaction) -> None:
        event = {"id": None, "person": person, "name": name, "type": "event", "timestamp": at, "data": "{}"}
        add(tx, [event], NOW)

    await workspace.database.write(write)


async def converted(client: Client) -> list[int | None]:
    """When each delivery was converted, oldest first."""
    return [message.metrics.get("converted") for message in reversed((await client.messages.list()).messages)]


async def test_the_goals_event_converts_the_delivery_once_and_everything_shows_it(
    workspace: Workspace, client: Client, put_all: Callable[..., None]
) -> None:
    put_all({})
    for at in (NOW + 60, NOW + 90):
        await bought(workspace, at)
    assert await converted(client) == [NOW + 60]
    assert sum((await client.broadcasts.metrics(5)).metric.series["converted"]) == 1
    assert len((await client.activities.list(ActivitiesQuery(type="converted_email"))).activities) == 1


@pytest.mark.parametrize(
    ("event", "is_converted"),
    [
        ({"at": NOW}, True),
        ({"at": NOW + 3 * DAY}, True),
        ({"at": NOW + 3 * DAY + 1}, False),
        ({"at": NOW - 1}, False),
        ({"at": NOW + 1, "name": "rental"}, False),
        ({"at": NOW + 1, "person": 2}, False),
    ],
)
async def test_it_must_be_that_event_of_that_person_in_time(
    workspace: Workspace, client: Client, put_all: Callable[..., None], event: dict[str, Any], is_converted: bool
) -> None:
    put_all({})
    await bought(workspace, **event)
    assert await converted(client) == [event["at"] if is_converted else None]


@pytest.mark.parametrize(
    ("after", "columns", "is_converted"),
    [
        ("opened", {}, False),
        ("opened", {"opened": NOW, "prefetch_opened": 1}, False),
        ("opened", {"opened": NOW, "human_opened": 1}, True),
        ("clicked", {"opened": NOW, "human_opened": 1}, False),
        ("clicked", {"clicked": NOW, "prefetch_clicked": 1}, False),
        ("clicked", {"clicked": NOW, "human_clicked": 1}, True),
        ("sent", {"sent": None, "state": "failed"}, False),
        ("sent", {"broadcast_id": 6}, False),
        ("sent", {"broadcast_id": None, "newsletter_id": 5}, False),
    ],
)
async def test_it_counts_after_a_person_did_what_the_goal_says(
    workspace: Workspace,
    client: Client,
    put_all: Callable[..., None],
    after: str,
    columns: dict[str, Any],
    is_converted: bool,
) -> None:
    put_all(columns, goal={**GOAL, "after": after})
    await bought(workspace, NOW + 5)
    assert await converted(client) == [NOW + 5 if is_converted else None]


async def test_of_several_deliveries_the_newest_is_converted(
    workspace: Workspace, client: Client, put_all: Callable[..., None]
) -> None:
    put_all({"sent": NOW - 50}, {"sent": NOW - 40}, {"sent": NOW + 100})
    await bought(workspace, NOW + 5)
    await bought(workspace, NOW + 6)
    assert await converted(client) == [None, NOW + 5, None]


async def test_newsletters_and_campaigns_have_goals_too(
    workspace: Workspace, client: Client, put: Put, put_all: Callable[..., None]
) -> None:
    put_all({"broadcast_id": None, "newsletter_id": 1}, {"broadcast_id": None, "campaign_id": 1}, goal=None)
    put("journeys", campaign_id=1, person=1, event=1, started=NOW)
    put("newsletters", id=1, name="May", goal=GOAL)
    put("campaigns", id=1, name="Welcome", event_name="signup", goal=GOAL)
    await bought(workspace, NOW + 5)
    assert await converted(client) == [NOW + 5, NOW + 5]
    journeys = await workspace.database.read(
        lambda tx: tx._connection.execute("SELECT converted FROM journeys").fetchall()
    )
    assert [row["converted"] for row in journeys] == [NOW + 5]
