"""Telling reporting webhooks: who is told what, in which order, and what happens when it is not taken."""

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import FixedClock
from tests.workspace.chores.receiver import Receiver, receiving

from handbill.contract.app.reporting_webhooks import EVENTS, METRICS
from handbill.settings import Settings
from handbill.workspace import archive, delivery_ids
from handbill.workspace.chores import attending, reporting_webhooks
from handbill.workspace.chores.reporting_webhooks import DAY, GIVE_UP, HOUR, signature, wait
from handbill.workspace.store import people, reports
from handbill.workspace.store import reporting_webhooks as webhooks
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
DESCRIPTION = Path(__file__).parents[4] / "shared/reference/openapi/2026-08_reporting-webhooks.json"
Put = Callable[..., int]


@pytest.fixture
async def workspace(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Workspace]:
    settings = Settings.load({"HANDBILL_PRIVATE_HOSTS": "127.0.0.1"}, tmp_path / "home")
    async with Workspace.open(settings, clock) as opened:
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


async def tell(workspace: Workspace) -> None:
    await reporting_webhooks.tell(workspace, 1, asyncio.Event())


async def add(http: httpx2.AsyncClient, url: str, *events: str, **more: Any) -> None:
    answer = await http.post("/v1/reporting_webhooks", json={"name": "x", "endpoint": url, "events": events, **more})
    assert answer.status_code == 200


def send(put: Put, number: int, **more: Any) -> int:
    """A mail to u1, by broadcast 5, and that it was sent."""
    row = {"person": 1, "type": "email", "state": "sent", "content_id": 12, "created": NOW - 10, "sent": NOW}
    parent = {} if any(key.endswith("_id") for key in more) else {"broadcast_id": 5, "trigger_id": number}
    put(
        "deliveries",
        delivery=number,
        recipient="p@person.example",
        subject=f"Hi {number}",
        **{**row, **parent, **more},
    )
    put("activities", type=f"sent_{more.get('type', 'email')}", timestamp=NOW, person=1, delivery=number)
    return number


@pytest.fixture
def person(put: Put) -> None:
    put("people", id="u1", email="p@person.example", email_key="p@person.example")
    put("triggers", id=1, newsletter_id=None, broadcast_id=put("broadcasts", id=5, name="B"), audience="{}",
        transport="capture", state="finished", created_at=NOW - 20)  # fmt: skip


# What is told


@pytest.mark.usefixtures("person")
async def test_an_event_is_told_as_reference_15_has_it_and_signed(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, receiver: Receiver
) -> None:
    await add(http, receiver.url, "email_sent")
    send(put, 1)
    await tell(workspace)
    [event] = receiver.told
    assert event == {
        "event_id": event["event_id"],
        "object_type": "email",
        "metric": "sent",
        "timestamp": NOW,
        "data": {
            "customer_id": "u1",
            "identifiers": {"id": "u1", "email": "p@person.example", "cio_id": "a3000001"},
            "delivery_id": delivery_ids.seal(workspace.secret, 1),
            "broadcast_id": 5,
            "trigger_id": 1,
            "action_id": 12,
            "journey_id": event["data"]["journey_id"],
            "recipient": "p@person.example",
            "subject": "Hi 1",
        },
    }
    head = receiver.heads[0]
    assert head["content-type"] == "application/json"
    assert head["x-cio-timestamp"] == str(NOW)
    message = f"v0:{NOW}:".encode() + receiver.bodies[0]
    assert head["x-cio-signature"] == hmac.digest(workspace.keys.signing_key.encode(), message, hashlib.sha256).hex()


@pytest.mark.parametrize(
    ("key", "timestamp", "body", "digest"),
    [
        ("key", "1613063089", "{}", "6ef8e1baa8fc9160f475824960702a514f9c144dfd2466425572768f02e49d4b"),
        (
            "0123456789abcdef",
            "1764000000",
            '{"event_id":"01KAPT3V9M2N7Q5R8S0T1V2W3X"}',
            "4c6d516a9c27c2473758523325df310c75205caff7a88c4c6a51d44aacb93c02",
        ),
        ("é", "0", "Zoë", "2258d07b9383d1baf42a2fcdaa48eeeed5e8b6717f6ca84553c415b5340f25ed"),
    ],
)
def test_the_signature_is_what_openssl_makes_of_the_same(key: str, timestamp: str, body: str, digest: str) -> None:
    """`printf 'v0:%s:%s' TIMESTAMP BODY | openssl dgst -sha256 -hmac KEY`"""
    assert signature(key, timestamp, body.encode()) == digest


PARENTS: dict[str, dict[str, Any]] = {
    "broadcast": {"broadcast_id": 5, "trigger_id": 1},
    "campaign": {"campaign_id": 8, "trigger_event_id": None},
    "newsletter": {"newsletter_id": 7},
    "transactional": {"transactional_id": 9},
}
PHONES = [{"device_id": "t1", "device_platform": "ios"}]
REFUSING = [{"device_id": "t1", "device_platform": "ios", "failure_message": "Unregistered"}]
SAID = {
    "opened": {"proxied": True, "prefetched": False},
    "clicked": {"href": "https://shop.example/", "link_id": 3, "machine": False},
    "replied": {"inbound_event_id": "01GW20GXAAXBKZD8J96M8FNV3R", "to": "+15550001"},
}
CASES = [
    (channel, metric, parent)
    for channel, metrics in METRICS.items()
    for metric in metrics.split()
    for parent in PARENTS
    if channel != "customer" and (parent != "transactional" or channel in ("email", "push"))
]


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="Customer.io's description is not at hand")
@pytest.mark.usefixtures("person")
async def test_every_event_fits_customer_ios_description(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, receiver: Receiver
) -> None:
    await add(http, receiver.url, *EVENTS, full_resolution=True)
    for number, (channel, metric, parent) in enumerate(CASES):
        type_ = {"sms": "twilio"}.get(channel, channel)
        phones = REFUSING if metric in ("bounced", "dropped") else PHONES
        values = {"recipient": "r", "subject": "s", "failure_message": "It failed", **PARENTS[parent]}
        values |= {"content_id": number, "devices": phones if channel == "push" else None}
        delivery = put("deliveries", person=1, type=type_, state="sent", created=NOW, **values)
        put("activities", type=f"{metric}_{type_}", timestamp=NOW, person=1, delivery=delivery, data=SAID.get(metric))
    await tell(workspace)
    assert len({event["event_id"] for event in receiver.told}) == len(receiver.told) == len(CASES)
    wrong = [
        (case, fault) for case, event in zip(CASES, receiver.told, strict=True) if (fault := misfit(*case, event))
    ]
    assert wrong == [], wrong


def misfit(channel: str, metric: str, parent: str, event: dict[str, Any]) -> str:
    """What is wrong with an event: it must name its parent, and fit the schema of its metric where there is one."""
    assert (event["object_type"], event["metric"]) == (channel, metric)
    if missing := PARENT_KEYS[parent] - event["data"].keys():
        return f"lacks {missing}"
    schemas: dict[str, Any] = description()["schemas"]
    name = f"{channel}_{metric}"
    if name not in schemas or name == "push_drafted":  # named attempted there (reference 15)
        return ""
    rules = {"components": {"schemas": schemas}, "$ref": f"#/components/schemas/{name}"}
    return "; ".join(error.message[-300:] for error in jsonschema.Draft202012Validator(rules).iter_errors(event))


PARENT_KEYS = {
    "broadcast": {"broadcast_id", "trigger_id", "action_id", "journey_id"},
    "campaign": {"campaign_id", "action_id", "journey_id", "trigger_event_id"},
    "newsletter": {"newsletter_id", "content_id"},
    "transactional": {"transactional_message_id"},
}


@cache
def description() -> dict[str, Any]:
    components: dict[str, Any] = json.loads(DESCRIPTION.read_text())["components"]
    return components


@pytest.mark.usefixtures("person")
async def test_what_was_sent_is_told_where_it_is_wanted(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, receiver: Receiver
) -> None:
    await add(http, receiver.url, "email_sent", "email_delivered", with_content=True)
    send(put, 1)
    put("archives", delivery=1, message=archive.compress({"body": "<p>Zoë</p>", "headers": {"X-A": "b"}}))
    put("activities", type="delivered_email", timestamp=NOW, person=1, delivery=1)
    send(put, 2)
    await tell(workspace)
    shown = [(event["data"].get("content"), event["data"].get("headers")) for event in receiver.told]
    assert shown == [("<p>Zoë</p>", {"X-A": ["b"]}), (None, None), ("", {})]


@pytest.mark.parametrize(("full", "count"), [(True, 3), (False, 1)])
@pytest.mark.parametrize("metric", ["opened", "clicked"])
@pytest.mark.usefixtures("person")
async def test_later_opens_and_clicks_are_told_only_in_full_resolution(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, receiver: Receiver, metric: str, full: bool, count: int
) -> None:
    await add(http, receiver.url, f"email_{metric}", full_resolution=full)
    for number in (1, 2):
        send(put, number)
    for _ in range(3):
        put("activities", type=f"{metric}_email", timestamp=NOW, person=1, delivery=1)
    put("activities", type=f"{metric}_email", timestamp=NOW, person=1, delivery=2)
    await tell(workspace)
    ids = [event["data"]["delivery_id"] for event in receiver.told]
    one, two = (delivery_ids.seal(workspace.secret, number) for number in (1, 2))
    assert ids == [one] * count + [two]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"unsubscribed": {"from": False, "to": True}}, [("unsubscribed", None)]),
        ({"unsubscribed": {"from": "true", "to": "false"}}, [("subscribed", None)]),
        (
            {"cio_subscription_preferences": {"from": None, "to": {"topics": {"topic_1": False}}}, "plan": {"to": 1}},
            [("cio_subscription_preferences_changed", '{"topics":{"topic_1":false}}')],
        ),
        (
            {"unsubscribed": {"to": True}, "cio_subscription_preferences": {"to": '{"topics":{}}'}},
            [("unsubscribed", None), ("cio_subscription_preferences_changed", '{"topics":{}}')],
        ),
        ({"plan": {"from": "a", "to": "b"}}, []),
    ],
)
@pytest.mark.usefixtures("person")
async def test_what_a_person_wants_is_told(
    workspace: Workspace,
    http: httpx2.AsyncClient,
    put: Put,
    receiver: Receiver,
    changes: dict[str, Any],
    told: list[tuple[str, str | None]],
) -> None:
    await add(http, receiver.url, *(event for event in EVENTS if event.startswith("customer_")))
    put("activities", type="attribute_change", timestamp=NOW, person=1, data=changes)
    await tell(workspace)
    assert [(event["metric"], event["data"].get("content")) for event in receiver.told] == told
    assert len({event["event_id"] for event in receiver.told}) == len(told)
    for event in receiver.told:
        assert event["object_type"] == "customer"
        assert event["data"]["email_address"] == "p@person.example"


@pytest.mark.usefixtures("person")
async def test_what_people_do_with_a_message_and_their_wishes_is_told(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, receiver: Receiver
) -> None:
    await add(http, receiver.url, *EVENTS)
    put("contents", id=12, broadcast_id=5, name="Mail", fields={})
    send(put, 1)
    await workspace.database.write(reports.report, 1, "clicked", NOW, NOW, {"href": "https://shop.example/a"})
    page = f"/unsubscribe/{delivery_ids.seal(workspace.secret, 1)}"
    assert (await http.post(page, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    again = {"unsubscribed": False, "cio_subscription_preferences": {"topics": {"topic_1": False}}}
    await workspace.database.write(people.identify, "id", "u1", again, NOW + 1)
    await tell(workspace)
    assert [f"{event['object_type']}_{event['metric']}" for event in receiver.told] == [
        "email_sent",
        "email_clicked",
        "email_opened",
        "email_unsubscribed",
        "customer_unsubscribed",
        "customer_subscribed",
        "customer_cio_subscription_preferences_changed",
    ]
    clicked, opened = receiver.told[1]["data"], receiver.told[2]["data"]
    assert (clicked["href"], clicked["machine"], opened["synthetic"]) == ("https://shop.example/a", False, True)
    assert json.loads(receiver.told[-1]["data"]["content"]) == {"topics": {"topic_1": False}}


@pytest.mark.usefixtures("person")
async def test_a_webhook_is_told_what_it_asked_for_from_when_it_is_there_and_on(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, receiver: Receiver
) -> None:
    send(put, 1)
    await add(http, receiver.url, "email_sent")
    put("activities", type="event", timestamp=NOW, person=1)
    put("activities", type="delivered_email", timestamp=NOW, person=1, delivery=1)
    send(put, 2)
    await tell(workspace)
    assert subjects(receiver) == ["Hi 2"]
    await switch(http, receiver.url, disabled=True)
    send(put, 3)
    await tell(workspace)
    await switch(http, receiver.url, disabled=False)
    send(put, 4)
    await tell(workspace)
    assert subjects(receiver) == ["Hi 2", "Hi 4"]


async def switch(http: httpx2.AsyncClient, url: str, disabled: bool) -> None:
    body = {"name": "x", "endpoint": url, "events": ["email_sent"], "disabled": disabled}
    assert (await http.put("/v1/reporting_webhooks/1", json=body)).status_code == 200


def subjects(receiver: Receiver) -> list[str]:
    return [event["data"]["subject"] for event in receiver.told]


# What happens when it is not taken


async def state(workspace: Workspace) -> tuple[int, int, int]:
    """Position, tries, and the seconds until the next one."""
    row = await workspace.database.read(
        lambda tx: tx._connection.execute("SELECT position, tries, retry_at FROM reporting_webhooks").fetchone()
    )
    return row[0], row[1], max(0, row[2] - workspace.clock.now())


@pytest.mark.parametrize(
    ("what", "least", "most"),
    [
        *((code, HOUR, HOUR * 5 / 4) for code in sorted(reporting_webhooks.SLOW_CODES)),
        ("reset", HOUR, HOUR * 5 / 4),
        (302, 10, 12),
        (418, 10, 12),
        (503, 10, 12),
        ("silence", 10, 12),
        ("drip", 10, 12),
    ],
)
@pytest.mark.usefixtures("person")
async def test_a_failure_waits_as_long_as_reference_15_says_and_nothing_overtakes_it(
    workspace: Workspace,
    http: httpx2.AsyncClient,
    put: Put,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
    what: str | int,
    least: float,
    most: float,
) -> None:
    if isinstance(what, str):  # an endpoint that answers gets all its time: the machine may be busy
        monkeypatch.setattr(reporting_webhooks, "TIMEOUT", 0.3)
    async with receiving([200, what, what]) as receiver:
        await add(http, receiver.url, "email_sent")
        for number in (1, 2, 3):
            send(put, number)
        await tell(workspace)
        position, tries, seconds = await state(workspace)
        assert (position, tries, least <= seconds <= most) == (1, 1, True)
        assert await workspace.database.read(webhooks.due, clock.now() + seconds - 1) == []
        assert await workspace.database.read(webhooks.due, clock.now() + seconds) == [1]
        clock.advance(seconds)
        await tell(workspace)
        position, tries, seconds = await state(workspace)
        assert (position, tries, 2 * least <= seconds <= 2 * most + 1) == (1, 2, True)
        clock.advance(seconds)
        await tell(workspace)
    assert await state(workspace) == (3, 0, 0)
    assert subjects(receiver) == ["Hi 1", "Hi 2", "Hi 2", "Hi 2", "Hi 3"]
    assert len({event["event_id"] for event in receiver.told}) == 3


@pytest.mark.usefixtures("person")
async def test_an_event_that_fails_for_seven_days_is_given_up_and_the_next_follows(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, clock: FixedClock
) -> None:
    async with receiving([500] * 40) as receiver:
        await add(http, receiver.url, "email_sent")
        for number in (1, 2):
            send(put, number)
        began = clock.now()
        while (await state(workspace))[0] == 0:
            clock.advance((await state(workspace))[2])
            await tell(workspace)
            assert clock.now() - began <= GIVE_UP + 2 * DAY
        assert clock.now() - began >= GIVE_UP
        assert subjects(receiver)[-2:] == ["Hi 1", "Hi 2"]
        assert 8 <= len(receiver.told) <= 20
        assert (await state(workspace))[:2] == (1, 1)


@pytest.mark.usefixtures("person")
async def test_an_endless_answer_is_an_answer(workspace: Workspace, http: httpx2.AsyncClient, put: Put) -> None:
    async with receiving(["endless", "endless"]) as receiver:
        await add(http, receiver.url, "email_sent")
        for number in (1, 2):
            send(put, number)
        await tell(workspace)
    assert await state(workspace) == (2, 0, 0)


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "169.254.169.254", "[::1]"])
@pytest.mark.usefixtures("person")
async def test_a_private_endpoint_that_the_operator_did_not_list_is_not_asked(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, host: str
) -> None:
    await add(http, f"https://{host}/", "email_sent")
    send(put, 1)
    await tell(workspace)
    position, tries, seconds = await state(workspace)
    assert (position, tries, seconds >= HOUR) == (0, 1, True)


@pytest.mark.usefixtures("person")
async def test_changing_a_webhook_tries_at_once(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, clock: FixedClock, receiver: Receiver
) -> None:
    async with receiving([500]) as failing:
        await add(http, failing.url, "email_sent")
        send(put, 1)
        await tell(workspace)
    assert await workspace.database.read(webhooks.due, clock.now()) == []
    await switch(http, receiver.url, disabled=False)
    assert await workspace.database.read(webhooks.due, clock.now()) == [1]
    await tell(workspace)
    assert subjects(receiver) == ["Hi 1"]


@pytest.mark.usefixtures("person")
async def test_a_dead_endpoint_holds_up_no_other_and_whoever_stops_goes_on_from_there(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(reporting_webhooks, "TIMEOUT", 0.2)
    async with receiving(["silence"]) as dead, receiving() as alive, asyncio.timeout(20):
        for url in (dead.url, alive.url):
            await add(http, url, "email_sent")
        for number in (1, 2, 3):
            send(put, number)
        async with attended(workspace):
            await dead.came.wait()
            while len(alive.told) < 3:
                alive.came.clear()
                await alive.came.wait()
        assert subjects(dead) == ["Hi 1"]
        clock.advance(HOUR)
        async with attended(workspace):
            while len(dead.told) < 4:
                dead.came.clear()
                await dead.came.wait()
    assert subjects(dead) == ["Hi 1", "Hi 1", "Hi 2", "Hi 3"]
    assert dead.told[0] == dead.told[1]
    assert subjects(alive) == ["Hi 1", "Hi 2", "Hi 3"]


@pytest.mark.usefixtures("person")
async def test_one_of_several_processes_tells(
    workspace: Workspace, http: httpx2.AsyncClient, put: Put, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setattr(attending, "POLL_SECONDS", 0.01)
    await add(http, receiver.url, "email_sent")
    async with attended(workspace), attended(workspace), asyncio.timeout(20):
        for number in range(1, 21):
            send(put, number)
        while len(receiver.told) < 20:
            receiver.came.clear()
            await receiver.came.wait()
    assert subjects(receiver) == [f"Hi {number}" for number in range(1, 21)]


@contextlib.asynccontextmanager
async def attended(workspace: Workspace) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    task = asyncio.create_task(attending.attend(workspace, stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


@given(st.integers(0, 1000), st.booleans(), st.floats(0, 1))
def test_waits_grow_from_the_prescribed_one_to_a_day_and_a_quarter(tries: int, slow: bool, jitter: float) -> None:
    first = HOUR if slow else reporting_webhooks.SOON
    assert first <= wait(tries, slow, jitter) <= DAY * 5 / 4
    assert wait(tries, slow, 0) <= wait(tries + 1, slow, 0)
