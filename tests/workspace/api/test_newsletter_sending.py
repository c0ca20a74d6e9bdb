"""Newsletters created, sent and scheduled: who gets them, when, and what is refused. Reference 6.2."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from tests.workspace.engine.standins import send_everything

from handbill.client import Client
from handbill.contract import filters, recipients
from handbill.workspace.store import people, segments
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
NOW = 1_764_000_000
HOUR = 3600

MEMBERS = {"and": [{"or": [{"segment": {"id": 1}}]}]}
MAY: dict[str, Any] = {
    "name": "May",
    "type": "email",
    "recipients": MEMBERS,
    "from": "Film Club <news@film.example>",
    "subject": "Hello {{customer.id}}",
    "body": "<p>May</p>",
}


@pytest.fixture
async def members(workspace: Workspace) -> None:
    """Manual segment 1 with u1, u2 and u3; u4 is outside."""

    def fill(tx: Transaction) -> None:
        zones = {"u1": "Asia/Tokyo", "u2": "America/New_York", "u3": None, "u4": None}
        for name, zone in zones.items():
            people.identify(tx, "id", name, {"email": f"{name}@film.example", "timezone": zone}, NOW)
        segments.create(tx, "Members", "", NOW)
        segments.add(tx, 1, "id", ["u1", "u2", "u3"])

    await workspace.database.write(fill)


async def create(http: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await http.post("/v1/newsletters", json={**MAY, **more})
    assert answer.status_code == 200, answer.text
    newsletter: dict[str, Any] = answer.json()["newsletter"]
    return newsletter


async def got(client: Client, metric: str = "sent") -> dict[str | None, int]:
    """Who got a message, and when."""
    messages = (await client.messages.list()).messages
    return {each.customer_id: each.metrics[metric] for each in messages if metric in each.metrics}


async def test_a_newsletter_is_a_draft_until_it_is_sent(
    workspace: Workspace, http: httpx2.AsyncClient, client: Client, members: None
) -> None:
    made = await create(http)
    assert (made["id"], made["name"], made["sent_at"], made["recipient_segment_ids"]) == (1, "May", None, [1])
    await send_everything(workspace)
    assert await got(client) == {}
    assert (await http.post("/v1/newsletters/1/send", json={})).json()["newsletter"]["id"] == 1
    await send_everything(workspace)
    assert await got(client) == {"u1": NOW, "u2": NOW, "u3": NOW}
    message = (await client.messages.list()).messages[0]
    assert (message.newsletter_id, message.broadcast_id, message.subject) == (1, None, f"Hello {message.customer_id}")
    assert (await client.newsletters.get(1)).newsletter.sent_at == NOW


async def test_it_may_go_out_as_it_is_made(
    workspace: Workspace, http: httpx2.AsyncClient, client: Client, members: None
) -> None:
    await create(http, send_now=True)
    await send_everything(workspace)
    assert len(await got(client)) == 3


async def test_it_is_sent_once(workspace: Workspace, http: httpx2.AsyncClient, client: Client, members: None) -> None:
    await create(http, send_now=True)
    again = await http.post("/v1/newsletters/1/send", json={})
    assert (again.status_code, again.json()["errors"][0]["detail"]) == (
        422,
        "Newsletter 1 cannot be sent: it was sent already.",
    )
    await send_everything(workspace)
    assert len((await client.messages.list()).messages) == 3


async def test_a_time_is_waited_for_may_be_moved_and_taken_back(
    workspace: Workspace, http: httpx2.AsyncClient, client: Client, clock: Any, members: None
) -> None:
    await create(http, scheduled_at=NOW + HOUR)

    async def schedule(at: int) -> None:
        answer = await http.post("/v1/newsletters/1/schedule", json={"scheduled_at": at, "timezone": "Europe/Lisbon"})
        assert answer.status_code == 200

    await schedule(NOW + 2 * HOUR)
    clock.advance(HOUR)
    await send_everything(workspace)
    assert await got(client) == {}
    await schedule(0)
    clock.advance(HOUR)
    await send_everything(workspace)
    assert await got(client) == {}
    await schedule(NOW + 3 * HOUR)
    clock.advance(HOUR)
    await send_everything(workspace)
    assert await got(client) == dict.fromkeys(("u1", "u2", "u3"), NOW + 3 * HOUR)


async def test_everybody_gets_it_at_the_same_time_of_day(
    workspace: Workspace, http: httpx2.AsyncClient, client: Client, clock: Any, members: None
) -> None:
    await create(http)
    nine = datetime(2025, 11, 27, 9, tzinfo=ZoneInfo("Europe/Lisbon"))
    body = {"scheduled_at": int(nine.timestamp()), "timezone": "Europe/Lisbon", "tz_match_enabled": True}
    assert (await http.post("/v1/newsletters/1/schedule", json=body)).status_code == 200
    while clock.now() < int(nine.timestamp()) + 12 * HOUR:
        await send_everything(workspace)
        clock.advance(HOUR)
    zones = {"u1": "Asia/Tokyo", "u2": "America/New_York", "u3": "Europe/Lisbon"}
    when = {
        name: datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zones[name or ""]))
        for name, at in (await got(client)).items()
    }
    assert {name: (at.day, at.hour) for name, at in when.items()} == dict.fromkeys(("u1", "u2", "u3"), (27, 9))


@pytest.mark.parametrize(
    ("spread", "sent"),
    [(False, [2, 2, 3]), (True, [1, 2, 3])],
    ids=["a period at a time", "spread over the period"],
)
async def test_it_goes_out_no_faster_than_asked(
    workspace: Workspace,
    clock: Any,
    http: httpx2.AsyncClient,
    client: Client,
    members: None,
    spread: bool,
    sent: list[int],
) -> None:
    await create(http)
    pace = {"rate_limit_email_rate": 2, "rate_limit_time_period": 3600, "rate_limit_spread": spread}
    await http.post("/v1/newsletters/1/send", json=pace)
    seen = []
    for _ in sent:
        await send_everything(workspace)
        seen.append(len(await got(client)))
        clock.advance(HOUR / 2)
    assert seen == sent


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"subject": None}, "subject is required for a newsletter of type email"),
    ({"from": None}, "from is required"),
    ({"body": ""}, "body is required"),
    ({"type": "webhook"}, "url is required"),
    ({"type": "push", "subject": None, "body": None}, "body is required"),
    ({"from": None, "from_id": 99}, "There is no sender identity 99"),
    ({"body": "{{ customer.name"}, "body line 1, column 1:"),
    ({"scheduled_at": NOW}, "scheduled_at must be in the future"),
    ({"scheduled_at": NOW + 9, "send_now": True}, "Give send_now or scheduled_at, not both."),
    ({"recipients": None}, "Invalid filter spec: recipients must be one and with a list"),
    ({"recipients": {"or": []}}, "Invalid filter spec"),
    ({"recipients": {"and": [{"segment": {"id": 1}}]}}, "a segment stands in an or"),
    ({"recipients": {"and": [{"or": [{"attribute": {"field": "a", "operator": "exists"}}]}]}}, "must be a segment"),
    ({"recipients": {"and": [{"not": {"segment": {"id": 1}}}]}}, 'must be {"or":[segments]}'),
    ({"recipients": {"and": [{"or": [{"segment": {"id": 1}}], "not": {}}]}}, "exactly one of or, not and attribute"),
    ({"recipients": {"and": [{"attribute": {"field": "a", "operator": "gt"}}]}}, "operator must be eq or exists"),
    ({"recipients": {"and": [{"or": [{"segment": {"id": 99}}]}]}}, "There is no segment 99"),
]


@pytest.mark.parametrize("headers", [5, [1], [{"x": "y"}], {"X-Kind": 5}, "no list"])
async def test_headers_that_are_none_are_refused_before_they_can_be_kept(
    http: httpx2.AsyncClient, client: Client, members: None, headers: Any
) -> None:
    answer = await http.post("/v1/newsletters", json={**MAY, "headers": headers})
    assert (answer.status_code, answer.json()["errors"][0]["field"].startswith("headers")) == (400, True)
    assert (await client.newsletters.list()).newsletters == []


@pytest.mark.parametrize(("extra", "said"), WRONG, ids=[said for _, said in WRONG])
async def test_a_newsletter_that_lacks_something_is_not_made(
    http: httpx2.AsyncClient, client: Client, members: None, extra: dict[str, Any], said: str
) -> None:
    answer = await http.post("/v1/newsletters", json={**MAY, **extra})
    assert answer.status_code == 422
    assert said in answer.json()["errors"][0]["detail"]
    assert (await client.newsletters.list()).newsletters == []


@pytest.mark.parametrize(
    ("strict", "kept"),
    [
        (MEMBERS, MEMBERS),
        (
            {"and": [{"attribute": {"field": "a", "operator": "exists", "inverse": True}}]},
            {"and": [{"not": {"attribute": {"field": "a", "operator": "exists"}}}]},
        ),
        (
            {"and": [{"attribute": {"field": "a", "operator": "eq", "value": 1, "inverse": False}}]},
            {"and": [{"attribute": {"field": "a", "operator": "eq", "value": 1}}]},
        ),
        ({"and": [{"not": {"or": [{"segment": {"id": 1}}]}}]}, {"and": [{"not": {"or": [{"segment": {"id": 1}}]}}]}),
    ],
)
def test_strict_recipients_are_kept_as_a_filter(strict: dict[str, Any], kept: dict[str, Any]) -> None:
    assert recipients.check(strict) == []
    assert recipients.plain(strict) == kept
    assert filters.check(kept) == []


async def test_groups_and_languages_share_the_people(
    workspace: Workspace, http: httpx2.AsyncClient, client: Client, put: Callable[..., int], members: None
) -> None:
    await create(http)
    put("test_groups", id=1, newsletter_id=1, name="A", label="test 1")
    put("test_groups", id=2, newsletter_id=1, name="B", label="test 2")
    await workspace.database.write(lambda tx: tx._connection.execute("UPDATE contents SET test_group_id = 1"))
    fields = {"from": "a@film.example", "subject": "B", "body": "B"}
    put("contents", newsletter_id=1, test_group_id=2, name="B", fields=fields)
    await http.post("/v1/newsletters/1/send", json={})
    await send_everything(workspace)
    messages = (await client.messages.list()).messages
    assert Counter(each.customer_id for each in messages) == {"u1": 1, "u2": 1, "u3": 1}
    assert {each.content_id for each in messages} <= {1, 2}
