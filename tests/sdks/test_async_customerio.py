"""`async-customerio`, unmodified: every call it has that the workspace serves. Reference 17.2."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from async_customerio import (  # type: ignore[import-untyped]
    Actions,
    AsyncAPIClient,
    AsyncCustomerIO,
    AsyncCustomerIOError,
    SendEmailRequest,
    SendInAppRequest,
    SendInboxMessageRequest,
    SendPushRequest,
    SendSMSRequest,
    SendWhatsAppRequest,
)
from tests.sdks.conftest import Served

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app(served: Served) -> AsyncIterator[AsyncAPIClient]:
    client = AsyncAPIClient(served.keys["app_key"], url=served.url)
    yield client
    await client.close()


@pytest.fixture
async def track(served: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncCustomerIO]:
    def plain(host: str, port: int, prefix: str) -> str:
        return f"http://{host}:{port}/{prefix.strip('/')}"

    monkeypatch.setattr(AsyncCustomerIO, "setup_base_url", staticmethod(plain))
    client = AsyncCustomerIO(served.keys["site_id"], served.keys["track_key"], host="127.0.0.1", port=served.port)
    yield client
    await client.close()


async def receipt(served: Served, app: AsyncAPIClient, person: str) -> dict[str, Any]:
    """A receipt, sent to this person by email."""
    request = SendEmailRequest(
        transactional_message_id="Receipt",
        to=f"{person}@shop.example",
        identifiers={"id": person},
        message_data={"order": "A1"},
    )
    return await served.sent((await app.send_email(request))["delivery_id"])


# Track


async def test_people_events_and_devices(served: Served, track: AsyncCustomerIO) -> None:
    await track.identify("a1", email="a1@shop.example", plan="pro")
    await track.track("a1", "purchase", price=3)
    await track.backfill("a1", "signup", 1_700_000_000, source="ad")
    await track.pageview("a1", "https://shop.example/", from_="x")
    await track.track_anonymous("anon-a1", "visit")
    await track.identify("a1", anonymous_id="anon-a1")
    await track.add_device("a1", "token-a1", "android")
    assert sorted(name for name, _ in served.happened("a1") if name) == ["purchase", "signup", "visit"]
    assert [name for name, _ in served.happened("a1", "page")] == ["https://shop.example/"]
    assert [device["id"] for device in served.person("a1")["devices"]] == ["token-a1"]
    await track.delete_device("a1", "token-a1")
    assert served.person("a1")["devices"] == []


async def test_leaving_coming_back_and_becoming_one(served: Served, track: AsyncCustomerIO) -> None:
    for name in ("a2", "a3", "a4", "a5"):
        await track.identify(name, email=f"{name}@shop.example")
    await track.delete("a2")
    await track.suppress("a3")
    await track.identify("a3", email="a3@shop.example")
    await track.merge_customers("id", "a4", "email", "a5@shop.example")

    def there() -> list[str]:
        names = ("a2", "a3", "a4", "a5")
        return [name for name in names if served.get(f"/customers?email={name}@shop.example")["results"]]

    assert there() == ["a4"]
    await track.unsuppress("a3")
    await track.identify("a3", email="a3@shop.example")
    assert there() == ["a3", "a4"]


async def test_manual_segments(served: Served, track: AsyncCustomerIO, app: AsyncAPIClient) -> None:
    await track.identify("a6")
    made = (await app.segments.create("By hand", description="of the tests"))["segment"]
    number = made["id"]
    assert (made["type"], made["description"]) == ("manual", "of the tests")
    await track.add_to_segment(number, ["a6", "nobody"])
    assert (await app.segments.get_customer_count(number))["count"] == 1
    assert (await app.segments.get_membership(number, limit=10))["ids"] == ["a6"]
    assert number in [segment["id"] for segment in (await app.customers.get_segments("a6"))["segments"]]
    await track.remove_from_segment(number, ["a6"])
    assert (await app.segments.get_membership(number))["ids"] == []
    assert (await app.segments.get(number))["segment"]["name"] == "By hand"
    assert number in [segment["id"] for segment in (await app.segments.list())["segments"]]
    assert (await app.segments.get_used_by(number))["used_by"]["campaigns"] == []
    assert await app.segments.delete(number) == {}
    with pytest.raises(AsyncCustomerIOError, match="There is no segment"):
        await app.segments.get(number)


async def test_what_is_reported_of_a_message_shows_on_it(
    served: Served, track: AsyncCustomerIO, app: AsyncAPIClient
) -> None:
    await track.identify("a7", email="a7@shop.example")
    message = await receipt(served, app, "a7")
    await track.report_metric(message["id"], "opened", timestamp=1_800_000_000)
    await track.report_metric(message["id"], "clicked", href="https://shop.example/a")
    await track.unsubscribe(message["id"])
    metrics = served.get(f"/messages/{message['id']}")["message"]["metrics"]
    assert metrics["opened"] == 1_800_000_000
    assert {"clicked", "unsubscribed"} <= metrics.keys()
    assert served.person("a7")["unsubscribed"] is True


async def test_what_a_device_reports_of_a_push_shows_on_it(
    served: Served, track: AsyncCustomerIO, app: AsyncAPIClient
) -> None:
    await track.identify("a8")
    await track.add_device("a8", "token-a8", "ios")
    request = SendPushRequest(transactional_message_id=9, identifiers={"id": "a8"}, message_data={"order": "A1"})
    message = await served.sent((await app.send_push(request))["delivery_id"])
    await track.report_push_metric(message["id"], "token-a8", "opened", timestamp=1_800_000_000)
    assert served.get(f"/messages/{message['id']}")["message"]["metrics"]["opened"] == 1_800_000_000


async def test_a_form_makes_its_person_known(served: Served, track: AsyncCustomerIO) -> None:
    await track.submit_form("newsletter-form", email="a9@shop.example", city="Lisbon")
    [found] = served.get("/customers?email=a9@shop.example")["results"]
    assert served.person(found["cio_id"], "cio_id")["attributes"]["city"] == "Lisbon"


async def test_the_region_is_told(served: Served, track: AsyncCustomerIO) -> None:
    region = await track.get_region()
    assert (region["region"], region["url"]) == ("us", served.url)


async def test_entities_of_version_2(served: Served, track: AsyncCustomerIO) -> None:
    await track.send_entity({"id": "a10"}, "person", Actions.identify, plan="pro")
    await track.v2.identify_person({"id": "a10"}, city="Lisbon")
    await track.v2.track_person_event({"id": "a10"}, "purchase", n=1)
    await track.v2.person_pageview({"id": "a10"}, "Home")
    await track.v2.person_screen({"id": "a10"}, "Start")
    await track.v2.add_person_device({"id": "a10"}, "token-a10", "ios")
    person = served.person("a10")
    assert (person["attributes"]["plan"], person["attributes"]["city"]) == ("pro", "Lisbon")
    assert [device["id"] for device in person["devices"]] == ["token-a10"]
    assert [served.happened("a10", type_)[0][0] for type_ in ("event", "page", "screen")] == [
        "purchase",
        "Home",
        "Start",
    ]
    await track.v2.delete_person_device({"id": "a10"}, "token-a10")
    assert served.person("a10")["devices"] == []
    await track.v2.delete_person({"id": "a10"})
    with pytest.raises(AsyncCustomerIOError, match="cannot be blank"):
        await track.v2.identify_person({})


async def test_objects_and_relationships_of_version_2(served: Served, track: AsyncCustomerIO) -> None:
    acme: Any = {"object_type_id": "1", "object_id": "acme-a11"}
    await track.identify("a11")
    await track.v2.identify_object(acme, name="Acme")
    await track.v2.add_object_relationships(acme, [{"identifiers": {"id": "a11"}}])
    [relation] = served.get("/customers/a11/relationships")["cio_relationships"]
    assert relation["identifiers"]["object_id"] == "acme-a11"
    await track.v2.delete_object_relationships(acme, [{"identifiers": {"id": "a11"}}])
    assert served.get("/customers/a11/relationships")["cio_relationships"] == []
    await track.v2.add_person_relationships({"id": "a11"}, [{"identifiers": acme}])
    assert len(served.get("/customers/a11/relationships")["cio_relationships"]) == 1
    await track.v2.delete_person_relationships({"id": "a11"}, [{"identifiers": acme}])
    assert served.get("/objects/1/acme-a11/attributes")["object"]["attributes"]["name"] == "Acme"
    await track.v2.delete_object(acme)
    assert served.get("/customers/a11/relationships")["cio_relationships"] == []


async def test_suppression_and_merging_of_version_2(served: Served, track: AsyncCustomerIO) -> None:
    for name in ("a12", "a13"):
        await track.identify(name, email=f"{name}@shop.example")
    await track.v2.merge_persons({"id": "a12"}, {"id": "a13"})
    assert served.get("/customers?email=a13@shop.example")["results"] == []
    await track.v2.suppress_person({"id": "a12"})
    assert served.get("/customers?email=a12@shop.example")["results"] == []
    await track.v2.unsuppress_person({"id": "a12"})


async def test_a_batch_tells_what_was_wrong_with_which_of_its_operations(
    served: Served, track: AsyncCustomerIO
) -> None:
    person = {"type": "person", "action": "identify"}
    answer = await track.send_batch(
        [
            {**person, "identifiers": {"id": "a14"}, "attributes": {"plan": "pro"}},
            {**person, "identifiers": {"id": ""}},
        ]
    )
    [error] = answer["errors"]
    assert (error["batch_index"], error["field"]) == (1, "identifiers.id")
    assert served.person("a14")["attributes"]["plan"] == "pro"
    assert await track.v2.send_batch([{**person, "identifiers": {"id": "a14"}}]) == {}


# App


async def test_people_are_found_and_read(served: Served, track: AsyncCustomerIO, app: AsyncAPIClient) -> None:
    await track.identify("a15", email="a15@shop.example", plan="pro")
    people = app.customers
    assert [each["id"] for each in (await people.get_by_email("a15@shop.example"))["results"]] == ["a15"]
    found = await people.search({"attribute": {"field": "email", "operator": "eq", "value": "a15@shop.example"}})
    assert (found["ids"], found["next"]) == (["a15"], "")
    [one] = (await people.get_by_ids(["a15", "nobody"]))["customers"]
    assert one["customer"]["attributes"]["plan"] == "pro"
    assert (await people.get_attributes("a15@shop.example", id_type="email"))["customer"]["id"] == "a15"
    types = {each["type"] for each in (await people.get_activities("a15", limit=100))["activities"]}
    assert "profile_create" in types
    assert (await people.get_subscription_preferences("a15"))["customer"]["unsubscribed"] is False
    assert (await people.get_relationships("a15"))["cio_relationships"] == []
    message = await receipt(served, app, "a15")
    assert [each["id"] for each in (await people.get_messages("a15"))["messages"]] == [message["id"]]


async def test_transactional_messages_are_read_and_changed(
    served: Served, track: AsyncCustomerIO, app: AsyncAPIClient
) -> None:
    templates = app.transactional
    assert [each["name"] for each in (await templates.list())["messages"]] == ["Receipt"]
    assert (await templates.get(9))["message"]["id"] == 9
    contents = (await templates.list_variants(9))["contents"]
    inbox = next(each for each in contents if each["type"] == "inbox")
    [changed] = (await templates.update_content(9, inbox["id"], subject="New"))["content"]
    assert changed["subject"] == "New"
    await track.identify("a16", email="a16@shop.example")
    message = await receipt(served, app, "a16")
    listed = (await templates.get_deliveries(9, metric="sent", limit=1000))["messages"]
    assert message["id"] in [each["id"] for each in listed]
    series = (await templates.get_metrics(9, period="days", steps=2))["metric"]["series"]
    assert sum(series["sent"]) >= 1
    assert (await templates.get_link_metrics(9, period="days", steps=2))["links"] is not None


REQUESTS: list[tuple[str, Any, str | None]] = [
    ("email", SendEmailRequest(to="a17@shop.example"), "a17@shop.example"),
    ("sms", SendSMSRequest(to="+15550101"), "+15550101"),
    ("whatsapp", SendWhatsAppRequest(to="+15550102"), "+15550102"),
    ("push", SendPushRequest(), "token-a17"),
    ("in_app", SendInAppRequest(), None),
    ("inbox_message", SendInboxMessageRequest(), None),
]


@pytest.mark.parametrize(("channel", "request_", "recipient"), REQUESTS, ids=[channel for channel, _, _ in REQUESTS])
async def test_each_channel_sends(
    served: Served, track: AsyncCustomerIO, app: AsyncAPIClient, channel: str, request_: Any, recipient: str | None
) -> None:
    await track.identify("a17", email="a17@shop.example")
    await track.add_device("a17", "token-a17", "ios")
    request_.transactional_message_id, request_.identifiers = 9, {"id": "a17"}
    request_.message_data = {"order": "A1"}
    message = await served.sent((await getattr(app, f"send_{channel}")(request_))["delivery_id"])
    assert (message["customer_id"], recipient or message["recipient"]) == ("a17", message["recipient"])
