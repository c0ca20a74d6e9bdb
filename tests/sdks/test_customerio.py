"""`customerio`, the official Python SDK, unmodified. Reference 17.1."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import customerio  # type: ignore[import-untyped]
import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from tests.sdks.conftest import Served


class Plain(HTTPAdapter):
    """The SDK speaks https only; on this machine its requests go out as http."""

    def send(self, request: PreparedRequest, **options: Any) -> Response:  # type: ignore[override]
        assert request.url
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


@pytest.fixture
def track(served: Served) -> Iterator[Any]:
    keys = served.keys
    with customerio.CustomerIO(keys["site_id"], keys["track_key"], host="127.0.0.1", port=served.port) as client:
        client.http.mount("https://", Plain())
        yield client


@pytest.fixture
def app(served: Served) -> Iterator[Any]:
    with customerio.APIClient(served.keys["app_key"], url=served.url) as client:
        yield client


def test_identify_makes_and_changes_a_person(served: Served, track: Any) -> None:
    joined = datetime(2026, 1, 2, tzinfo=UTC)
    track.identify("c 1/ü", email="c1@shop.example", plan="free", joined=joined, score=float("nan"))
    track.identify("c 1/ü", plan="pro")
    person = served.person("c%201%2F%C3%BC")
    assert person["identifiers"]["email"] == "c1@shop.example"
    assert (person["attributes"]["plan"], person["attributes"]["joined"]) == ("pro", str(int(joined.timestamp())))
    assert "score" not in person["attributes"]


def test_events_pages_and_backfilled_events_are_what_the_person_did(served: Served, track: Any) -> None:
    track.identify("c2")
    track.track("c2", "purchase", data={"price": 9.5}, id="01KAPT4C7D8E9F0G1H2J3K4M01")
    track.track("c2", "purchase", data={"price": 9.5}, id="01KAPT4C7D8E9F0G1H2J3K4M01")
    track.backfill("c2", "signup", 1_700_000_000, source="ad")
    track.pageview("c2", "https://shop.example/", referrer="x")
    assert sorted(served.happened("c2")) == [("purchase", {"price": 9.5}), ("signup", {"source": "ad"})]
    [(name, data)] = served.happened("c2", "page")
    assert (name, data) == ("https://shop.example/", {"referrer": "x"})


def test_an_anonymous_event_becomes_the_persons_once_they_are_known(served: Served, track: Any) -> None:
    track.track_anonymous("anon-3", "visit", data={"page": "/"})
    track.identify("c3", anonymous_id="anon-3")
    assert served.happened("c3") == [("visit", {"page": "/"})]


def test_devices_come_and_go(served: Served, track: Any) -> None:
    track.identify("c4")
    track.add_device("c4", "token-4", "ios", last_used=1_700_000_000, device_os="18")
    [device] = served.person("c4")["devices"]
    assert (device["id"], device["platform"], device["last_used"]) == ("token-4", "ios", 1_700_000_000)
    track.delete_device("c4", "token-4")
    assert served.person("c4")["devices"] == []


def test_deleted_people_are_gone_and_suppressed_ones_stay_away(served: Served, track: Any) -> None:
    for name in ("c5", "c6"):
        track.identify(name, email=f"{name}@shop.example")
    track.delete("c5")
    track.suppress("c6")
    track.identify("c6", plan="back")
    assert [served.get(f"/customers?email={name}@shop.example")["results"] for name in ("c5", "c6")] == [[], []]
    track.unsuppress("c6")
    track.identify("c6", plan="back")
    assert served.person("c6")["attributes"]["plan"] == "back"


def test_two_people_become_one(served: Served, track: Any) -> None:
    track.identify("c7", plan="pro")
    track.identify("c8", city="Lisbon")
    track.track("c8", "visit")
    track.merge_customers("id", "c7", "id", "c8")
    kept = served.person("c7")["attributes"]
    assert (kept["plan"], kept["city"]) == ("pro", "Lisbon")
    assert served.happened("c7") == [("visit", {})]
    assert served.get("/customers?email=c8@shop.example")["results"] == []


def test_a_batch_is_taken_operation_by_operation(served: Served, track: Any) -> None:
    person = {"type": "person", "identifiers": {"id": "c9"}}
    track.batch(
        [
            {**person, "action": "identify", "attributes": {"plan": "pro"}},
            {**person, "action": "event", "name": "purchase", "attributes": {"n": 1}},
            {
                "type": "object",
                "action": "identify",
                "identifiers": {"object_type_id": "1", "object_id": "acme"},
                "attributes": {"name": "Acme"},
                "cio_relationships": [{"identifiers": {"id": "c9"}}],
            },
        ]
    )
    assert served.person("c9")["attributes"]["plan"] == "pro"
    assert served.happened("c9") == [("purchase", {"n": 1})]
    [relation] = served.get("/customers/c9/relationships")["cio_relationships"]
    assert relation["identifiers"]["object_id"] == "acme"


def test_a_wrong_call_is_told_in_words(served: Served, track: Any) -> None:
    with pytest.raises(customerio.CustomerIOException, match="longer than 150 bytes"):
        track.identify("x" * 151)
    wrong = customerio.CustomerIO("site", "wrong", host="127.0.0.1", port=served.port)
    wrong.http.mount("https://", Plain())
    with pytest.raises(customerio.CustomerIOException, match="Unauthorized request"):
        wrong.identify("c1")


REQUESTS = [
    ("email", customerio.SendEmailRequest(to="s1@shop.example"), "s1@shop.example"),
    ("sms", customerio.SendSMSRequest(to="+15550101"), "+15550101"),
    ("whatsapp", customerio.SendWhatsAppRequest(to="+15550102"), "+15550102"),
    ("push", customerio.SendPushRequest(), "token-s"),
    ("in_app", customerio.SendInAppRequest(), None),
    ("inbox_message", customerio.SendInboxMessageRequest(), None),
]


@pytest.mark.parametrize(("channel", "request_", "recipient"), REQUESTS, ids=[channel for channel, _, _ in REQUESTS])
def test_a_transactional_message_is_sent(
    served: Served, track: Any, app: Any, channel: str, request_: Any, recipient: str | None
) -> None:
    track.identify("s1", email="s1@shop.example", first_name="Ann")
    track.add_device("s1", "token-s", "ios")
    request_.transactional_message_id, request_.identifiers = 9, {"id": "s1"}
    request_.message_data = {"order": "A1"}
    answer = getattr(app, f"send_{channel}")(request_)
    message = served.delivery(answer["delivery_id"])
    assert message["customer_id"] == "s1"
    assert recipient is None or message["recipient"] == recipient
    kept = served.get(f"/messages/{message['id']}/archived_message")["archived_message"]
    assert "A1" in kept["subject"] + kept["body"]


def test_an_email_may_bring_all_of_itself(served: Served, app: Any) -> None:
    request = customerio.SendEmailRequest(
        to="s2@shop.example",
        identifiers={"email": "s2@shop.example"},
        _from="mail@shop.example",
        subject="Own",
        body="<p>Own",
        headers={"X-Kind": "own"},
    )
    request.attach("a.txt", "hello")
    message = served.delivery(app.send_email(request)["delivery_id"])
    kept = served.get(f"/messages/{message['id']}/archived_message")["archived_message"]
    assert (kept["subject"], kept["headers"]) == ("Own", {"X-Kind": "own"})


def test_a_send_that_cannot_be_is_told_in_words(app: Any) -> None:
    request = customerio.SendEmailRequest(to="s@shop.example", transactional_message_id=404, identifiers={"id": "s1"})
    with pytest.raises(customerio.CustomerIOException, match="there is no transactional message"):
        app.send_email(request)


def test_the_readmes_example_sends(served: Served) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    [code] = [each for each in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "customerio" in each]
    code = code.replace("YOUR-APP-KEY", served.keys["app_key"]).replace("http://127.0.0.1:8622", served.url)
    exec(code, {})
    assert served.get("/customers/u1/messages")["messages"]
