import base64
import sqlite3
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.messages import Message, MessagesQuery, ParentMessagesQuery
from handbill.errors import InvalidInput, NotFound
from handbill.workspace import archive
from handbill.workspace.store import messages
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.messages import Filters
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
DAY = 86_400
Put = Callable[..., int]


@pytest.fixture
def deliver(put: Put) -> Put:
    """One delivery, sent, of broadcast 1; made on demand."""
    put("broadcasts", id=1, name="Restock")
    put("contents", id=12, broadcast_id=1, name="Mail", fields={})
    common = {"broadcast_id": 1, "content_id": 12, "person": 1, "type": "email", "state": "sent", "created": NOW}
    return lambda **values: put("deliveries", **{**common, **values})


async def listed(client: Client, **query: Any) -> list[Message]:
    return (await client.messages.list(MessagesQuery(**query))).messages


async def test_a_message_has_the_fields_of_customer_io(http: httpx2.AsyncClient, put: Put, deliver: Put) -> None:
    put("people", person=1, id="u1", email="ann@customer.example")
    deliver(recipient="ann@customer.example", subject="Hello", sent=NOW + 5, delivered=NOW + 9, trigger_id=3)
    [message] = (await http.get("/v1/messages")).json()["messages"]
    sealed = message.pop("id")
    assert message == {
        "deduplicate_id": f"{sealed}:{NOW + 9}",
        "msg_template_id": 12,
        "action_id": 12,
        "parent_action_id": None,
        "customer_id": "u1",
        "customer_identifiers": {"id": "u1", "email": "ann@customer.example", "cio_id": "a3000001"},
        "recipient": "ann@customer.example",
        "subject": "Hello",
        "metrics": {"sent": NOW + 5, "delivered": NOW + 9},
        "created": NOW,
        "failure_message": None,
        "campaign_id": None,
        "newsletter_id": None,
        "broadcast_id": 1,
        "content_id": None,
        "trigger_event_id": None,
        "type": "email",
        "forgotten": False,
    }


async def test_opens_and_clicks_of_people_and_machines_are_numbers_among_the_metrics(
    client: Client, deliver: Put
) -> None:
    deliver(opened=NOW, human_opened=2, prefetch_opened=1, human_clicked=0, topic_unsubscribed=NOW + 1)
    [message] = await listed(client)
    assert message.metrics == {"opened": NOW, "topic_unsubscribed": NOW + 1, "human_opened": 2, "prefetch_opened": 1}
    assert message.deduplicate_id.endswith(f":{NOW + 1}")


async def test_tracked_responses_are_there_for_who_asks(http: httpx2.AsyncClient, deliver: Put) -> None:
    deliver()
    [message] = (await http.get("/v1/messages?get_tracked_responses=true")).json()["messages"]
    assert message["tracked_responses"] == {}


@pytest.mark.parametrize("parent", ["newsletter", "transactional", "campaign", "broadcast"])
async def test_every_parent_lists_its_own_deliveries(http: httpx2.AsyncClient, put: Put, parent: str) -> None:
    table = parent if parent == "transactional" else f"{parent}s"
    put(table, id=4, name="Mine", **({"event_name": "x"} if parent == "campaign" else {}))
    common = {"content_id": 30, "person": 1, "type": "email", "state": "sent", "created": NOW, "sent": NOW}
    put("deliveries", **{f"{parent}_id": 4}, subject="mine", **common)
    put("deliveries", **{f"{parent}_id": 5}, subject="another's", **common)
    answer = (await http.get(f"/v1/{table}/4/messages?state=sent")).json()
    assert [message["subject"] for message in answer["messages"]] == ["mine"]
    assert (await http.get(f"/v1/{table}/5/messages")).status_code == 404


async def test_a_newsletters_message_names_its_variant_and_no_action(client: Client, deliver: Put) -> None:
    deliver(broadcast_id=None, newsletter_id=4, content_id=30)
    [message] = await listed(client)
    assert (message.newsletter_id, message.content_id, message.action_id) == (4, 30, None)


async def test_a_deleted_persons_message_stays_without_naming_anyone(client: Client, deliver: Put) -> None:
    deliver(person=77)
    [message] = await listed(client)
    assert message.customer_id is None
    assert message.customer_identifiers is None


async def test_one_message_is_found_by_its_id(client: Client, deliver: Put) -> None:
    deliver(subject="One")
    deliver(subject="Two")
    newest, _ = await listed(client)
    assert (await client.messages.get(newest.id)).message.subject == "Two"


@pytest.mark.parametrize("message_id", ["x", "1", "A" * 32, base64.urlsafe_b64encode(bytes(24)).decode()])
async def test_an_id_that_was_made_up_is_not_found(client: Client, deliver: Put, message_id: str) -> None:
    deliver()
    with pytest.raises(NotFound):
        await client.messages.get(message_id)


# Filters

ROWS: list[dict[str, Any]] = [
    {"subject": "old", "created": NOW - 200 * DAY},
    {"subject": "opened", "created": NOW - 9 * DAY, "sent": NOW, "opened": NOW},
    {"subject": "bounced", "created": NOW - 8 * DAY, "bounced": NOW, "state": "failed"},
    {"subject": "failed", "created": NOW - 7 * DAY, "failed": NOW, "state": "failed"},
    {"subject": "attempted", "created": NOW - 6 * DAY, "attempted": NOW, "state": "deferred"},
    {"subject": "push", "created": NOW - 5 * DAY, "type": "push", "sent": NOW},
    {"subject": "draft", "created": NOW - 4 * DAY, "state": "drafted", "drafted": NOW},
    {"subject": "news", "created": NOW - 3 * DAY, "broadcast_id": None, "newsletter_id": 4, "content_id": 30},
    {"subject": "queued", "created": NOW - 2 * DAY, "state": "queued", "trigger_id": 9},
]


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({}, "queued news push attempted failed bounced opened"),
        ({"metric": "opened"}, "opened"),
        ({"metric": "bounced"}, "bounced"),
        ({"metric": "failed"}, "failed"),
        ({"metric": "attempted"}, "attempted"),
        ({"metric": "sent"}, "push opened"),
        ({"metric": "clicked"}, ""),
        ({"type": "push"}, "push"),
        ({"drafts": True}, "draft"),
        ({"newsletter_id": 4}, "news"),
        ({"newsletter_id": 4, "metric": "opened"}, ""),
        ({"newsletter_id": 99, "metric": "opened"}, ""),
        ({"action_id": 12, "metric": "opened"}, "opened"),
        ({"action_id": 30}, "news"),
        ({"campaign_id": 1}, ""),
        ({"start_ts": NOW - 6 * DAY, "end_ts": NOW - 5 * DAY}, "push attempted"),
        ({"start_ts": NOW - 6 * DAY, "metric": "opened"}, ""),
        ({"end_ts": NOW - 8 * DAY}, "bounced opened"),
        ({"start_ts": NOW - 300 * DAY, "end_ts": NOW - 8 * DAY}, "bounced opened old"),
        ({"start_ts": NOW - 500 * DAY}, "queued news push attempted failed bounced opened old"),
        ({"start_ts": 0, "end_ts": NOW - 201 * DAY}, ""),
        ({"start_ts": NOW + 1}, ""),
        ({"start_ts": NOW, "end_ts": NOW - 9 * DAY}, ""),
        ({"end_ts": NOW - 100 * DAY}, "old"),
    ],
)
async def test_the_list_holds_what_the_filters_let_through_newest_first(
    client: Client, deliver: Put, query: dict[str, Any], subjects: str
) -> None:
    for row in ROWS:
        deliver(**row)
    assert [message.subject for message in await listed(client, **query)] == subjects.split()


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({}, "soon first"),
        ({"state": "sent"}, "soon"),
        ({"start_ts": NOW - 90 * DAY}, "late soon first"),
        ({"end_ts": NOW}, "late soon first"),
        ({"trigger_id": 4}, "late"),
    ],
)
async def test_without_a_range_a_broadcasts_list_is_of_the_month_after_its_first_trigger(
    client: Client, put: Put, deliver: Put, query: dict[str, Any], subjects: str
) -> None:
    for number, days in ((3, 90), (4, 40)):
        at = NOW - days * DAY
        put("triggers", id=number, broadcast_id=1, audience={}, transport="capture", state="finished", created_at=at)
    deliver(subject="first", created=NOW - 90 * DAY, trigger_id=3)
    deliver(subject="soon", created=NOW - 60 * DAY, trigger_id=3, sent=NOW - 60 * DAY, person=2)
    deliver(subject="late", created=NOW - 40 * DAY, trigger_id=4)
    page = await client.broadcasts.messages(1, ParentMessagesQuery(**query))
    assert [message.subject for message in page.messages] == subjects.split()


async def test_more_than_twelve_months_are_cut_to_the_newest_twelve(client: Client, deliver: Put) -> None:
    deliver(created=NOW - 367 * DAY)
    deliver(created=NOW - 365 * DAY)
    assert len(await listed(client, start_ts=0)) == 1


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({}, "queued push attempted failed bounced opened"),
        ({"state": "failed"}, "failed"),
        ({"state": "sent"}, "push opened"),
        ({"state": "drafted"}, "draft"),
        ({"state": "attempted"}, "attempted"),
        ({"state": "sent", "metric": "opened"}, "opened"),
        ({"trigger_id": 9}, "queued"),
        ({"trigger_id": 10}, ""),
    ],
)
async def test_a_broadcasts_own_list_can_be_narrowed_to_a_state_or_a_trigger(
    client: Client, deliver: Put, query: dict[str, Any], subjects: str
) -> None:
    for row in ROWS:
        deliver(**row)
    page = await client.broadcasts.messages(1, ParentMessagesQuery(**query))
    assert [message.subject for message in page.messages] == subjects.split()


async def test_the_list_of_an_unknown_broadcast_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound, match="There is no broadcast 5"):
        await client.broadcasts.messages(5)


# Pages


async def test_following_next_gives_every_message_once(client: Client, deliver: Put) -> None:
    for number in range(25):
        deliver(subject=str(number))
    seen, start = [], ""
    while page := await client.messages.list(MessagesQuery(limit=10, start=start)):
        seen += [message.subject for message in page.messages]
        deliver(subject="arrived meanwhile")
        if not (start := page.next):
            break
    assert seen == [str(number) for number in reversed(range(25))]


@pytest.mark.parametrize("count", [0, 9, 10])
async def test_next_is_empty_when_all_fits(client: Client, deliver: Put, count: int) -> None:
    for _ in range(count):
        deliver()
    page = await client.messages.list(MessagesQuery(limit=10))
    assert (len(page.messages), page.next) == (count, "")


async def test_a_cursor_works_only_with_the_list_and_filters_it_came_from(client: Client, deliver: Put) -> None:
    for _ in range(3):
        deliver(opened=NOW)
    cursor = (await client.messages.list(MessagesQuery(limit=1, metric="opened"))).next
    assert (await client.messages.list(MessagesQuery(limit=2, metric="opened", start=cursor))).messages
    for call in (
        client.messages.list(MessagesQuery(start=cursor)),
        client.messages.list(MessagesQuery(start=cursor, metric="clicked")),
        client.messages.list(MessagesQuery(start=cursor[:-1], metric="opened")),
        client.broadcasts.messages(1, ParentMessagesQuery(start=cursor, metric="opened")),
    ):
        with pytest.raises(InvalidInput, match="start must be the `next` value of the previous answer"):
            await call


# The archive


async def test_an_archived_message_is_what_was_sent(client: Client, put: Put, deliver: Put) -> None:
    sample = archive.pack({"subject": "Hello Bob", "body": "<p>Hello Bob</p>"})
    put("triggers", id=3, broadcast_id=1, audience={}, transport="capture", state="finished", created_at=NOW)
    put("dictionaries", dictionary=8, trigger_id=3, content_id=12, sample=sample)
    fields = {
        "from": "Shop <shop@example.com>",
        "reply_to": "",
        "recipient": "ann@customer.example",
        "subject": "Hello Ann",
        "preheader_text": "New",
        "body": "<p>Hello Ann</p>",
        "body_plain": "Hello Ann",
        "headers": {"X-Campaign": "5"},
    }
    put("archives", delivery=deliver(), dictionary=8, message=archive.compress(fields, sample))
    [message] = await listed(client)
    kept = (await client.messages.archived(message.id)).archived_message
    assert kept.id == message.id
    assert not kept.forgotten
    assert (kept.from_, kept.subject, kept.body, kept.headers) == (
        "Shop <shop@example.com>",
        "Hello Ann",
        "<p>Hello Ann</p>",
        {"X-Campaign": "5"},
    )


async def test_a_message_of_which_nothing_was_kept_is_forgotten(client: Client, deliver: Put) -> None:
    deliver()
    [message] = await listed(client)
    kept = (await client.messages.archived(message.id)).archived_message
    assert kept.forgotten
    assert kept.body == ""


# Speed

SINGLE_FILTERS = {
    "none": Filters(),
    "person": Filters(person=1),
    "broadcast": Filters(broadcast_id=1),
    "campaign": Filters(campaign_id=8),
    "newsletter": Filters(newsletter_id=4),
    "transactional": Filters(transactional_id=9),
    "content": Filters(content_id=12),
    "drafts": Filters(drafts=True),
    **{
        metric: Filters(metrics=frozenset((metric,)))
        for metric in (
            "attempted",
            "sent",
            "delivered",
            "opened",
            "clicked",
            "converted",
            "bounced",
            "spammed",
            "unsubscribed",
            "dropped",
            "failed",
            "undeliverable",
        )
    },
    "metric of a broadcast": Filters(broadcast_id=1, metrics=frozenset(("opened",))),
}


@pytest.mark.parametrize("filters", SINGLE_FILTERS.values(), ids=SINGLE_FILTERS)
async def test_every_filter_is_a_walk_along_an_index(workspace: Workspace, deliver: Put, filters: Filters) -> None:
    deliver(newsletter_id=4)
    ran: list[str] = []
    connection = sqlite3.connect(workspace.database.path)
    connection.row_factory = sqlite3.Row
    connection.set_trace_callback(ran.append)
    messages.page(Transaction(connection), filters, None, 50, NOW)
    connection.set_trace_callback(None)
    plans = [[row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")] for sql in ran]
    connection.close()
    assert not [step for plan in plans for step in plan if "SCAN" in step or "B-TREE" in step], plans
    if filters.by_metric:
        [metric] = filters.metrics
        assert f"USING INDEX deliveries_{metric} " in plans[-1][0]
