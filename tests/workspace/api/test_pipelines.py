"""The Pipelines API from outside: what each call does, and what becomes of calls that are not right. Reference 14."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.activities import ActivitiesQuery
from handbill.contract.limits import BATCH_BYTES, OPERATION_BYTES
from handbill.errors import NotFound
from handbill.workspace import delivery_ids
from handbill.workspace.store import objects
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
STRICT = {"X-Strict-Mode": "1"}
ANA = {"userId": "u1"}


@pytest.fixture
async def pipelines(workspace: Workspace, transport: httpx2.ASGITransport) -> AsyncIterator[httpx2.AsyncClient]:
    """The Pipelines API with the right key: user name and empty password."""
    auth = httpx2.BasicAuth(workspace.keys.pipelines_key, "")
    async with httpx2.AsyncClient(transport=transport, base_url="http://workspace", auth=auth) as opened:
        yield opened


Do = Callable[..., Any]


@pytest.fixture
def do(pipelines: httpx2.AsyncClient) -> Do:
    """Make calls one after the other, `("identify", {…})`, in strict mode: none may be refused."""

    async def calls(*given: tuple[str, dict[str, Any]]) -> None:
        for path, body in given:
            answer = await pipelines.post(f"/v1/{path}", json=body, headers=STRICT)
            assert (answer.status_code, answer.json()) == (200, {})

    return calls


async def happened(client: Client, **query: Any) -> list[tuple[str | None, str | None, dict[str, Any]]]:
    """Whose, name and data of activities, oldest first."""
    found = (await client.activities.list(ActivitiesQuery(limit=100, **query))).activities
    return [(each.customer_id, each.name, each.data) for each in reversed(found)]


async def test_a_person_is_identified_with_traits(do: Do, client: Client) -> None:
    traits = {"email": "ana@film.example", "plan": "pro", "createdAt": "2025-11-24T16:00:00Z", "unsubscribed": "TRUE"}
    await do(("identify", ANA | {"traits": traits}), ("identify", ANA | {"traits": {"plan": "max"}}))
    customer = (await client.customers.attributes("u1")).customer
    assert (customer.attributes["plan"], customer.attributes["created_at"]) == ("max", str(NOW))
    assert (customer.identifiers.email, customer.unsubscribed) == ("ana@film.example", True)


async def test_preferences_come_whole_or_one_by_one(do: Do, client: Client, put: Callable[..., int]) -> None:
    for name in ("Offers", "Surveys"):
        put("topics", name=name)
    key = "cio_subscription_preferences"
    await do(("identify", ANA | {"traits": {key: {"topics": {"topic_1": False}, "channels": {"sms": False}}}}))
    await do(("identify", ANA | {"traits": {f"{key}.topics.topic_2": False, f"{key}.channels.push": True}}))
    shown = (await client.customers.attributes("u1")).customer.attributes
    said = {"topics": {"topic_1": False, "topic_2": False}, "channels": {"sms": False, "push": True}}
    assert json.loads(shown[key] or "") == said
    await do(("identify", ANA | {"traits": {f"{key}.topics.topic_1": None}}))
    chosen = (await client.subscriptions.preferences("u1")).customer.topics
    assert [each.name for each in chosen if each.subscribed] == ["Offers"]


async def test_an_email_alone_identifies_and_an_anonymous_id_alone_is_nobody_yet(do: Do, client: Client) -> None:
    await do(
        ("identify", {"userId": "", "anonymousId": "a1", "traits": {"email": "bo@film.example"}}),
        ("identify", {"anonymousId": "a2", "traits": {"plan": "pro"}}),
    )
    assert len((await client.customers.find("bo@film.example")).results) == 1
    assert len((await client.customers.search({"attribute": {"field": "cio_id", "operator": "exists"}})).ids) == 1


async def test_what_a_person_did_is_kept_once_for_a_message_id(do: Do, client: Client) -> None:
    bought = ANA | {
        "event": "purchase",
        "properties": {"price": 3},
        "messageId": "m1",
        "timestamp": "2025-11-24T16:00:00.000Z",
    }
    viewed = ANA | {"properties": {"url": "https://shop.example/a"}}
    await do(("track", bought), ("track", bought), ("page", viewed), ("screen", ANA | {"name": "Cart"}))
    assert await happened(client, type="event") == [("u1", "purchase", {"price": 3})]
    assert await happened(client, type="page") == [
        ("u1", "https://shop.example/a", {"url": "https://shop.example/a"})
    ]
    assert await happened(client, type="screen") == [("u1", "Cart", {})]


async def test_what_somebody_unknown_did_becomes_theirs_when_they_are_known(do: Do, client: Client) -> None:
    await do(
        ("track", {"anonymousId": "a1", "event": "looked", "messageId": "m1"}),
        ("page", {"anonymousId": "a2", "name": "Prices"}),
    )
    await do(("identify", ANA | {"anonymousId": "a1"}), ("alias", ANA | {"previousId": "a2"}))
    assert [name for _, name, _ in await happened(client, customer_id="u1", type="event")] == ["looked"]
    assert [name for _, name, _ in await happened(client, customer_id="u1", type="page")] == ["Prices"]


async def test_alias_makes_one_person_of_two(do: Do, client: Client) -> None:
    await do(
        ("identify", {"userId": "old", "traits": {"plan": "pro"}}),
        ("track", {"userId": "old", "event": "purchase"}),
        ("alias", ANA | {"previousId": "old"}),
    )
    assert (await client.customers.attributes("u1")).customer.attributes["plan"] == "pro"
    assert [whose for whose, _, _ in await happened(client, type="event")] == ["u1"]
    with pytest.raises(NotFound):
        await client.customers.attributes("old")


async def test_a_group_is_an_object_with_a_relationship(workspace: Workspace, do: Do, client: Client) -> None:
    traits = {"name": "Film Club", "relationshipAttributes": {"role": "owner"}}
    await do(
        ("group", ANA | {"groupId": "g1", "traits": traits}),
        ("group", ANA | {"groupId": "g2", "objectTypeId": "2"}),
        ("group", {"groupId": "g3", "traits": {"object_type_id": "2", "name": "Alone"}}),
        ("group", {"anonymousId": "a1", "groupId": "g1"}),
        ("identify", {"userId": "u2", "anonymousId": "a1"}),
    )
    added = [(whose, data["object_id"]) for whose, _, data in await happened(client, type="add_relationship")]
    assert added == [("u1", "g1"), ("u1", "g2"), ("u2", "g1")]
    for named, kept in (("g1", {"name": "Film Club"}), ("g3", {"name": "Alone"})):
        key = {"object_type_id": "1" if named == "g1" else "2", "object_id": named}
        assert json.loads((await workspace.database.read(objects.get, key))["attributes"]) == kept
    related = await workspace.database.read(objects.of_person, 1, 0, 10)
    assert {"role": "owner"} in [json.loads(row["attributes"]) for row in related]


async def test_reserved_events_about_objects_take_them_away(do: Do, client: Client) -> None:
    await do(
        ("group", ANA | {"groupId": "g1"}),
        ("group", ANA | {"groupId": "g2"}),
        ("track", ANA | {"event": "Relationship Deleted", "properties": {"objectId": "g1", "objectTypeId": 1}}),
        ("track", {"anonymousId": "a", "event": "Object Deleted", "properties": {"objectId": "g2"}}),
    )
    gone = [data["object_id"] for _, _, data in await happened(client, type="delete_relationship")]
    assert gone == ["g1", "g2"]
    assert [data["object_id"] for _, _, data in await happened(client, type="_o:1:delete")] == ["g2"]


async def test_devices_come_and_go(do: Do, client: Client) -> None:
    context = {"device": {"token": "t1", "type": "iOS"}}
    added = ANA | {"event": "Device Created or Updated", "context": context, "properties": {"device_os": "26"}}
    await do(("track", added))
    [device] = (await client.customers.attributes("u1")).customer.devices
    assert (device.id, device.platform, device.attributes) == ("t1", "ios", {"device_os": "26"})
    await do(("track", ANA | {"event": "Device Deleted", "context": {"device": {"token": "t1"}}}))
    assert (await client.customers.attributes("u1")).customer.devices == []


@pytest.mark.parametrize(
    ("event", "comes_back"), [("User Deleted", True), ("User Suppressed", False), ("User Unsuppressed", True)]
)
async def test_reserved_events_about_a_person_do_what_they_say(
    do: Do, client: Client, event: str, comes_back: bool
) -> None:
    await do(("identify", ANA), ("track", ANA | {"event": "User Suppressed"}))
    await do(("track", ANA | {"event": "User Unsuppressed"}), ("identify", ANA))
    await do(("track", ANA | {"event": event}), ("identify", ANA))
    found = await client.customers.search({"attribute": {"field": "id", "operator": "exists"}})
    assert (found.ids == ["u1"]) == comes_back


async def test_deliveries_and_content_are_reported(
    workspace: Workspace, do: Do, client: Client, put: Callable[..., int]
) -> None:
    person = put("people", id="u1")
    number = put("deliveries", content_id=1, person=person, type="email", state="sent", created=NOW, sent=NOW)
    sealed = delivery_ids.seal(workspace.secret, number)
    await do(
        ("track", {"event": "Report Delivery Event", "properties": {"deliveryId": sealed, "metric": "opened"}}),
        ("track", {"event": "Report Content Event", "properties": {"actionType": "viewed_content", "contentId": 7}}),
    )
    assert "opened" in (await client.messages.get(sealed)).message.metrics
    assert (await happened(client, type="viewed_content"))[0][2]["content_id"] == 7


WRONG: list[tuple[str, Any, str]] = [
    ("identify", {}, "userId"),
    ("identify", [], "body"),
    ("identify", ANA | {"traits": 5}, "traits"),
    ("identify", ANA | {"traits": {"a" * 151: 1}}, "traits."),
    ("identify", {"userId": "u" * 151}, "userId"),
    ("track", ANA, "event"),
    ("track", {"event": "x"}, "userId"),
    ("track", ANA | {"event": "x", "timestamp": "yesterday"}, "timestamp"),
    ("track", ANA | {"event": "x", "messageId": "m" * 151}, "messageId"),
    ("track", ANA | {"event": "x", "properties": []}, "properties"),
    ("track", {"event": "User Deleted", "anonymousId": "a"}, "userId"),
    ("track", ANA | {"event": "Device Created or Updated"}, "context.device.token"),
    ("track", ANA | {"event": "Relationship Deleted", "properties": {}}, "properties.objectId"),
    ("track", {"event": "Report Delivery Event", "properties": {"deliveryId": "x"}}, "properties.metric"),
    (
        "track",
        {"event": "Report Delivery Event", "properties": {"deliveryId": "x", "metric": "opened"}},
        "identifiers",
    ),
    ("page", ANA | {"name": 5}, "name"),
    ("group", ANA, "groupId"),
    ("group", ANA | {"groupId": "g", "objectTypeId": "film"}, "objectTypeId"),
    ("alias", ANA, "previousId"),
    ("batch", {"batch": []}, "batch"),
    ("batch", {"batch": [ANA | {"type": "identify"}, {"type": "dance"}]}, "batch[1].type"),
    ("batch", {"batch": [5]}, "batch[0]"),
    ("track", ANA | {"event": "x", "properties": {"a": "x" * OPERATION_BYTES}}, "limit"),
    ("batch", {"batch": [ANA | {"type": "identify", "x": "x" * OPERATION_BYTES}]}, "batch[0]"),
    ("batch", {"batch": [{}], "x": "x" * BATCH_BYTES}, "limit"),
]


@pytest.mark.parametrize(("path", "body", "field"), WRONG, ids=[f"{path} {field}" for path, _, field in WRONG])
async def test_what_is_not_right_is_dropped_with_a_line_and_refused_in_strict_mode(
    pipelines: httpx2.AsyncClient, client: Client, caplog: pytest.LogCaptureFixture, path: str, body: Any, field: str
) -> None:
    refused = await pipelines.post(f"/v1/{path}", json=body, headers=STRICT)
    assert refused.status_code == 400
    assert field in refused.json()["meta"]["errors"][0]
    assert (await client.activities.list()).activities == []
    with caplog.at_level(logging.WARNING):
        dropped = await pipelines.post(f"/v1/{path}", json=body)
    assert (dropped.status_code, dropped.json()) == (200, {})
    assert f"pipelines.{path}: dropped" in caplog.text


async def test_the_right_calls_of_a_batch_are_done_beside_the_wrong(
    pipelines: httpx2.AsyncClient, client: Client
) -> None:
    batch = [
        ANA | {"type": "identify"},
        {"type": "track", "event": "nobody's"},
        ANA | {"type": "track", "event": "bought"},
        ANA | {"type": "track", "event": "Device Created or Updated"},
    ]
    context = {"device": {"token": "t1", "type": "android"}}
    assert (await pipelines.post("/v1/batch", json={"batch": batch, "context": context})).status_code == 200
    assert await happened(client, type="event") == [("u1", "bought", {})]
    assert [each.id for each in (await client.customers.attributes("u1")).customer.devices] == ["t1"]


@pytest.mark.parametrize("headers", [{}, STRICT], ids=["usual", "strict"])
async def test_a_wrong_key_opens_nothing(http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    assert (await http.post("/v1/identify", json=ANA, headers=headers)).status_code == 401
