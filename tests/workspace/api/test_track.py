"""The Track API from outside: who is in the workspace after which call. Reference 12, 13."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
WEIRD = Path(__file__).parents[4] / "shared" / "data" / "weird-inputs"


async def everyone(workspace: Workspace) -> list[dict[str, Any]]:
    """Each person's attributes, with id and email, in the order in which they came."""

    def read(tx: Transaction) -> list[dict[str, Any]]:
        rows = [people.get(tx, person) for person in range(1, 2000)]
        return [json.loads(people.customer_json(row)) for row in rows if row is not None]

    shown = await workspace.database.read(read)
    return [{k: v for k, v in each.items() if k != "cio_id" and (k, v) != ("unsubscribed", False)} for each in shown]


async def events(workspace: Workspace) -> list[tuple[str, str, int, Any]]:
    """Person's id, name, timestamp and data of each event."""

    def read(tx: Transaction) -> list[tuple[str, str, int, Any]]:
        rows = tx._connection.execute(
            "SELECT id, email, name, timestamp, data FROM (SELECT person, name, timestamp, data, event FROM events)"
            " JOIN people USING (person) ORDER BY event"
        )
        return [(row["id"] or row["email"], row["name"], row["timestamp"], json.loads(row["data"])) for row in rows]

    return await workspace.database.read(read)


async def ok(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.content) == (200, b"{}")


async def identify(track: httpx2.AsyncClient, identifier: str, body: dict[str, Any] | None = None) -> None:
    await ok(await track.put(f"/api/v1/customers/{quote(identifier, safe='')}", json=body or {}))


async def uses_ids_only(workspace: Workspace) -> None:
    await workspace.database.write(lambda tx: tx.run("workspace.put", {"key": "identifiers", "value": "id"}))


# Who is updated, who is made.


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([("u1", {"plan": "pro"})], [{"id": "u1", "plan": "pro"}]),
        ([("u1", {"a": 1}), ("u1", {"b": True})], [{"id": "u1", "a": 1, "b": True}]),
        ([("a@b.example", {})], [{"email": "a@b.example"}]),
        ([("a@b.example", {"x": 1}), ("A@B.example", {"y": 2})], [{"email": "a@b.example", "x": 1, "y": 2}]),
        # The path is unknown, the body is not: that person gets the path's identifier.
        ([("a@b.example", {}), ("u1", {"email": "a@b.example"})], [{"email": "a@b.example", "id": "u1"}]),
        (
            [("u1", {"email": "a@b.example"}), ("u2", {"email": "a@b.example"})],
            [{"email": "a@b.example", "id": "u2"}],
        ),
        # Two different people: the identifier stays where it is, the rest is taken.
        (
            [("u1", {}), ("u2", {"email": "a@b.example"}), ("u1", {"email": "a@b.example", "x": 1})],
            [{"id": "u1", "x": 1}, {"id": "u2", "email": "a@b.example"}],
        ),
        # What is set is changed through the cio_id alone.
        (
            [("u1", {"email": "a@b.example"}), ("u1", {"email": "c@d.example"})],
            [{"id": "u1", "email": "a@b.example"}],
        ),
        (
            [("u1", {"email": "a@b.example"}), ("cio_a3000001", {"id": "u9", "email": "c@d.example"})],
            [{"id": "u9", "email": "c@d.example"}],
        ),
        ([("cio_a3000009", {"plan": "pro"})], []),
        ([("cio_nonsense", {"plan": "pro"})], []),
        ([("u1", {"_update": True})], []),
        ([("u1", {}), ("u1", {"_update": True, "x": 1})], [{"id": "u1", "x": 1}]),
        ([("+15551234", {})], [{"id": "+15551234"}]),
        ([("a/b c?d#é%2F", {})], [{"id": "a/b c?d#é%2F"}]),
    ],
)
async def test_an_identify_call_makes_or_changes_the_right_person(
    workspace: Workspace, track: httpx2.AsyncClient, calls: list[tuple[str, dict[str, Any]]], expected: list[Any]
) -> None:
    for identifier, body in calls:
        await identify(track, identifier, body)
    assert await everyone(workspace) == expected


async def test_where_ids_alone_identify_people_share_an_email(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    await uses_ids_only(workspace)
    for identifier in ("u1", "u2", "a@b.example"):
        await identify(track, identifier, {"email": "a@b.example"})
    await identify(track, "u2", {"email": "new@b.example"})
    assert [(each["id"], each["email"]) for each in await everyone(workspace)] == [
        ("u1", "a@b.example"),
        ("u2", "new@b.example"),
        ("a@b.example", "a@b.example"),
    ]
    assert len(await workspace.database.read(people.by_email, "A@b.example")) == 2


@pytest.mark.parametrize("nothing", [None, ""])
async def test_null_and_empty_text_remove_an_attribute(
    workspace: Workspace, track: httpx2.AsyncClient, nothing: object
) -> None:
    await identify(track, "u1", {"plan": "pro", "seats": 5})
    await identify(track, "u1", {"plan": nothing, "unknown": nothing})
    assert await everyone(workspace) == [{"id": "u1", "seats": 5}]


async def test_reserved_keys_are_not_attributes(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    preferences = {"topics": {"topic_1": True}}
    body = {"unsubscribed": True, "created_at": 5, "anonymous_id": "x", "cio_relationships": {}, "_timestamp": 7}
    await identify(track, "u1", {**body, "cio_subscription_preferences": preferences})
    assert await everyone(workspace) == [
        {"id": "u1", "unsubscribed": True, "created_at": 5, "cio_subscription_preferences": preferences}
    ]


async def test_an_older_timestamp_does_not_overwrite_a_newer_one(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    await identify(track, "u1", {"plan": "new", "_timestamp": 2000})
    await identify(track, "u1", {"plan": "old", "city": "Oslo", "_timestamp": 1000})
    row = await workspace.database.read(people.get, 1)
    assert row is not None
    assert json.loads(row["attributes"]) == {"plan": "new", "city": "Oslo"}
    assert json.loads(row["timestamps"]) == {"id": 2000, "plan": 2000, "city": 1000}


async def test_timestamps_say_when_an_attribute_last_changed(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    await identify(track, "u1", {"plan": "pro", "active": 1, "_timestamp": 1000})
    await identify(track, "u1", {"plan": "pro", "active": True, "_timestamp": 2000})
    row = await workspace.database.read(people.get, 1)
    assert row is not None
    assert json.loads(row["timestamps"]) == {"id": 1000, "plan": 1000, "active": 2000}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"id": ""}, None),
        ({"id": "x" * 151}, "id is longer than 150 bytes."),
        ({"n" * 151: 1}, "must have a name of at most 150 bytes"),
        ({"": 1}, "body has an attribute without a name."),
        ({"plan": "é" * 501}, "plan is 1002 bytes; the limit is 1000."),
        ({"plan": "é" * 500}, None),
        ({"unsubscribed": "perhaps"}, 'unsubscribed must be true or false; got "perhaps".'),
        ({"unsubscribed": "true"}, None),
        ({"_timestamp": 1_764_000_000_000}, "_timestamp looks like milliseconds; in seconds it is 1764000000."),
        ({f"a{i}": i for i in range(301)}, "A person may have 300 attributes; this would make 301."),
        ([], "The body must be a JSON object; got a list."),
    ],
)
async def test_limits_are_told_by_field(track: httpx2.AsyncClient, body: Any, message: str | None) -> None:
    answer = await track.put("/api/v1/customers/u1", json=body)
    if message is None:
        await ok(answer)
    else:
        assert answer.status_code == 400
        assert message in answer.json()["meta"]["errors"][0]


@pytest.mark.parametrize("identifier", ["%20", "%00", "a%0Ab", "x" * 151])
async def test_an_identifier_that_cannot_be_one_is_refused(track: httpx2.AsyncClient, identifier: str) -> None:
    answer = await track.put(f"/api/v1/customers/{identifier}", json={})
    assert answer.status_code == 400
    assert "identifier" in answer.json()["meta"]["errors"][0]


# Leaving.


async def test_a_deleted_person_is_made_anew(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    await identify(track, "u1", {"plan": "pro"})
    await ok(await track.request("DELETE", "/api/v1/customers/u1", json={}))
    await ok(await track.delete("/api/v1/customers/u1"))
    await identify(track, "u1", {"city": "Oslo"})
    assert await everyone(workspace) == [{"id": "u1", "city": "Oslo"}]
    assert await workspace.database.read(people.find, "cio_id", "a3000001") is None


async def test_a_suppressed_person_cannot_return_until_unsuppressed(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    await identify(track, "u1", {"email": "A@b.example"})
    await ok(await track.post("/api/v1/customers/u1/suppress"))
    for identifier, body in (("u1", {}), ("a@B.example", {}), ("u2", {"email": "a@b.example"})):
        await identify(track, identifier, body)
    await ok(await track.post("/api/v1/customers/u1/events", json={"name": "came"}))
    assert await everyone(workspace) == []
    await ok(await track.post("/api/v1/customers/u1/unsuppress"))
    await identify(track, "u1", {"email": "a@b.example"})
    assert await everyone(workspace) == [{"id": "u1", "email": "a@b.example"}]


# Events.


async def test_an_event_is_kept_with_its_person(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    await identify(track, "u1")
    path = "/api/v1/customers/u1/events"
    await ok(await track.post(path, json={"name": " purchase ", "timestamp": 1000, "data": {"price": 9.5, "é": "ü"}}))
    await ok(await track.post(path, json={"name": "/pricing", "type": "page", "data": None}))
    now = workspace.clock.now()
    assert await events(workspace) == [
        ("u1", "purchase", 1000, {"price": 9.5, "é": "ü"}),
        ("u1", "/pricing", now, {}),
    ]


async def test_the_same_event_id_twice_is_one_event(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    for _ in range(2):
        await ok(
            await track.post("/api/v1/customers/u1/events", json={"name": "a", "id": "01KAPT4C7D8E9F0G1H2J3K4M5N"})
        )
    assert len(await events(workspace)) == 1


async def test_an_event_makes_its_person_but_not_for_an_unknown_cio_id(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    await ok(await track.post("/api/v1/customers/a@b.example/events", json={"name": "came"}))
    await ok(await track.post("/api/v1/customers/cio_a3000009/events", json={"name": "came"}))
    assert await everyone(workspace) == [{"email": "a@b.example"}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "name is required"),
        ({"name": "  "}, "name is required"),
        ({"name": "x" * 101}, "name is longer than 100 bytes."),
        ({"name": "x", "type": "view"}, 'type must be event, page or screen; got "view".'),
        ({"name": "x", "timestamp": "yesterday"}, "timestamp must be Unix seconds"),
        ({"name": "x", "data": []}, "data must be an object; got a list."),
        ({"name": "x", "data": {"x": "y" * 100_000}}, "data is 100008 bytes; the limit is 100000."),
        ({"name": "x", "id": 5}, "id must be text"),
    ],
)
async def test_a_bad_event_is_refused_by_field(track: httpx2.AsyncClient, body: Any, message: str) -> None:
    answer = await track.post("/api/v1/customers/u1/events", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["meta"]["errors"][0]


# Devices and segments.


async def test_devices_come_and_go(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    device = {"id": "tok/1", "platform": "ios", "last_used": 1000, "attributes": {"push_enabled": "true"}}
    for _ in range(2):
        await ok(await track.put("/api/v1/customers/u1/devices", json={"device": device}))
    [kept] = await workspace.database.read(people.devices, 1)
    assert (kept["token"], kept["platform"], kept["last_used"]) == ("tok/1", "ios", 1000)
    await ok(await track.delete("/api/v1/customers/u1/devices/tok%2F1"))
    assert await workspace.database.read(people.devices, 1) == []


async def test_a_device_needs_id_and_platform(track: httpx2.AsyncClient) -> None:
    answer = await track.put("/api/v1/customers/u1/devices", json={"device": {"platform": "windows"}})
    assert answer.json()["meta"]["errors"] == [
        "device.id must be text; got nothing.",
        'device.platform must be ios or android; got "windows".',
    ]


async def test_manual_segments_are_filled_and_emptied(
    workspace: Workspace, track: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    await http.post("/v1/segments", json={"segment": {"name": "VIP"}})
    for identifier in ("u1", "u2", "a@b.example"):
        await identify(track, identifier)
    await ok(await track.post("/api/v1/segments/1/add_customers", json={"ids": ["u1", "u2", "nobody", "u1"]}))
    await ok(await track.post("/api/v1/segments/1/add_customers?id_type=email", json={"ids": ["A@b.example", "u3"]}))
    await ok(
        await track.post("/api/v1/segments/1/remove_customers?id_type=cio_id", json={"ids": ["cio_a3000002", "x"]})
    )
    members = (await http.get("/v1/segments/1/membership")).json()
    assert [each["cio_id"] for each in members["identifiers"]] == ["a3000001", "a3000003"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/segments/99/add_customers", {"ids": ["u1"]}, 404),
        ("/api/v1/segments/1/add_customers", {"ids": []}, 400),
        ("/api/v1/segments/1/add_customers", {"ids": [1]}, 400),
        ("/api/v1/segments/1/add_customers", {"ids": ["u"] * 1001}, 400),
        ("/api/v1/segments/x/add_customers", {"ids": ["u1"]}, 400),
        ("/api/v1/segments/1/add_customers?id_type=phone", {"ids": ["u1"]}, 400),
    ],
)
async def test_a_segment_call_that_cannot_be_done_says_so(
    track: httpx2.AsyncClient, path: str, body: Any, status: int
) -> None:
    answer = await track.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["meta"]["errors"]


# Version 2.


def person(action: str, identifiers: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"type": "person", "action": action, "identifiers": identifiers, **rest}


async def test_every_operation_on_a_person_works_by_itself(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    for operation in (
        person("identify", {"id": 42}, attributes={"plan": "pro"}, timestamp=1000),
        person("identify", {"id": "42"}, attributes={"plan": "old"}, timestamp=999),
        person("event", {"id": "42"}, name="purchase", attributes={"price": 1}, timestamp=5, id="e1"),
        person("page", {"cio_id": "a3000001"}, name="/home", timestamp=6),
        person("screen", {"email": "a@b.example"}, name="Home", timestamp=7),
        person("add_device", {"id": "42"}, device={"token": "t1", "platform": "ios"}),
        person("add_device", {"id": "42"}, device={"token": "t2", "platform": "android"}),
        person("delete_device", {"id": "42"}, device={"token": "t1"}),
        person("identify", {"id": "gone"}),
        person("delete", {"id": "gone"}),
        person("identify", {"id": "blocked"}),
        person("suppress", {"id": "blocked"}),
        person("identify", {"id": "blocked"}),
    ):
        await ok(await track.post("/api/v2/entity", json=operation))
    assert await everyone(workspace) == [{"id": "42", "plan": "pro"}, {"email": "a@b.example"}]
    assert await events(workspace) == [
        ("42", "purchase", 5, {"price": 1}),
        ("42", "/home", 6, {}),
        ("a@b.example", "Home", 7, {}),
    ]
    assert [row["token"] for row in await workspace.database.read(people.devices, 1)] == ["t2"]


@pytest.mark.parametrize(
    ("operation", "field", "message"),
    [
        (
            {"type": "place", "action": "identify"},
            "type",
            'type must be one of person, object, delivery; got "place".',
        ),
        ({"type": ["person"], "action": "identify"}, "type", "type must be one of person, object, delivery"),
        (person("greet", {"id": "1"}), "action", "must be one of identify, delete"),
        (person("identify", {}), "identifiers", "must hold exactly one of id, email, cio_id; got an object."),
        (person("identify", {"id": "1", "email": "x"}), "identifiers", "got id, email."),
        (person("identify", {"phone": "+1555"}), "identifiers.phone", "does not identify people here"),
        (person("identify", {"id": True}), "identifiers.id", "must be text; got true."),
        (person("identify", {"id": "1"}, attributes=[1]), "attributes", "must be an object of attributes"),
        (person("identify", {"id": "1"}, attributes={"n": "x" * 1001}), "attributes.n", "the limit is 1000."),
        (person("event", {"id": "1"}), "name", "name is required"),
        (person("event", {"id": "1"}, name="x", attributes="y"), "attributes", "must be an object"),
        (person("add_device", {"id": "1"}, device={"token": "t"}), "device.platform", "must be ios or android"),
        (person("delete_device", {"id": "1"}), "device", "must be an object with token and platform"),
    ],
)
async def test_a_bad_operation_names_field_and_reason(
    workspace: Workspace, track: httpx2.AsyncClient, operation: Any, field: str, message: str
) -> None:
    single = await track.post("/api/v2/entity", json=operation)
    assert single.status_code == 400
    [error] = single.json()["errors"]
    assert (error["reason"], error["field"]) == ("invalid", field)
    assert message in error["message"]

    several = await track.post("/api/v2/batch", json={"batch": [person("identify", {"id": "good"}), operation]})
    assert several.status_code == 207
    assert several.json() == {"errors": [{"batch_index": 1, **error}]}
    assert await everyone(workspace) == [{"id": "good"}]


async def test_a_batch_is_done_in_its_order(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    batch = [
        person("event", {"id": "u1"}, name="first", timestamp=1),
        person("identify", {"id": "u1"}, attributes={"email": "a@b.example"}),
        person("event", {"email": "a@b.example"}, name="second", timestamp=2),
        person("event", {"id": "u1"}, name="third", timestamp=3),
        person("delete", {"id": "u1"}),
        person("event", {"id": "u1"}, name="fourth", timestamp=4),
    ]
    await ok(await track.post("/api/v2/batch", json={"batch": batch}))
    assert await events(workspace) == [("u1", "fourth", 4, {})]
    assert await everyone(workspace) == [{"id": "u1"}]


async def test_a_person_with_too_many_attributes_spoils_only_that_operation(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    batch = [
        person("identify", {"id": "u1"}, attributes={f"a{i}": i for i in range(301)}),
        person("identify", {"id": "u2"}),
    ]
    answer = await track.post("/api/v2/batch", json={"batch": batch})
    assert answer.status_code == 207
    assert [error["batch_index"] for error in answer.json()["errors"]] == [0]
    assert await everyone(workspace) == [{"id": "u2"}]


@pytest.mark.parametrize("body", [[], {}, {"batch": []}, {"batch": {}}, {"batch": "x"}])
async def test_a_malformed_batch_is_refused_whole(track: httpx2.AsyncClient, body: Any) -> None:
    answer = await track.post("/api/v2/batch", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] in ("batch", "body")


async def test_sizes_are_limited(track: httpx2.AsyncClient) -> None:
    large = person("event", {"id": "u1"}, name="x", attributes={"x": "y" * 33_000})
    small = person("event", {"id": "u1"}, name="x")
    assert (await track.post("/api/v2/entity", json=large)).json()["errors"][0]["reason"] == "too_large"
    answer = await track.post("/api/v2/batch", json={"batch": [small, large]})
    assert answer.status_code == 207
    assert [error["batch_index"] for error in answer.json()["errors"]] == [1]
    assert (await track.post("/api/v2/batch", json={"batch": [large] * 16})).status_code == 400


async def test_email_operations_are_refused_where_ids_alone_identify(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    await uses_ids_only(workspace)
    answer = await track.post("/api/v2/entity", json=person("identify", {"email": "a@b.example"}))
    assert answer.status_code == 400
    assert "email does not identify people in this workspace" in answer.json()["errors"][0]["message"]


# The door.


@pytest.mark.parametrize("credentials", [None, "Basic eDp5", "Bearer x", "Basic ???"])
async def test_wrong_credentials_are_refused_to_the_letter(
    workspace: Workspace, track: httpx2.AsyncClient, credentials: str | None
) -> None:
    track.auth = None  # type: ignore[assignment]
    headers = {"Authorization": credentials} if credentials else {}
    answer = await track.put("/api/v1/customers/u1", content=b"not json", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"meta": {"error": "Unauthorized request"}}
    assert answer.headers["www-authenticate"] == 'Basic realm="Customer.io edge event collection"'


async def test_credentials_may_come_in_the_url_safe_alphabet(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    track.auth = None  # type: ignore[assignment]
    pair = f"{workspace.keys.site_id}:{workspace.keys.track_key}".encode()
    headers = {"Authorization": "Basic " + base64.urlsafe_b64encode(pair).decode()}
    answer = await track.get("/api/v1/accounts/region", headers=headers)
    assert answer.json() == {"url": "http://workspace", "region": "us", "environment_id": 1}


@pytest.mark.parametrize("content", [b"", b"{", b'{"a":"\\ud800"}', b'{"a":NaN}', b"[" * 100, b"\xff"])
async def test_a_body_that_is_no_json_is_refused(track: httpx2.AsyncClient, content: bytes) -> None:
    for path, key in (("/api/v1/customers/u1/events", "meta"), ("/api/v2/entity", "errors")):
        answer = await track.post(path, content=content)
        assert answer.status_code == 400
        assert answer.json()[key]


# Odd names and addresses.


def weird(name: str) -> Any:
    if not WEIRD.exists():
        pytest.skip("shared/data/weird-inputs is not beside the repository")
    return json.loads((WEIRD / name).read_text(encoding="utf-8"))


def addresses() -> list[str]:
    older = weird("emails-isemail.json")
    entries = [*older["tests"], *older["tests_original"], *weird("emails-isemail-js.json")]
    return [entry["address"] for entry in entries]


def storable(text: str) -> bool:
    """Text without NUL and without half a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


async def test_odd_strings_come_out_as_they_went_in(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    given: list[str] = weird("naughty-strings.json")
    for number, text in enumerate(given):
        await identify(track, f"u{number}", {"first_name": text})
    found = {each["id"]: each.get("first_name", "") for each in await everyone(workspace)}
    assert [found[f"u{number}"].encode() for number in range(len(given))] == [text.encode() for text in given]


async def test_an_odd_address_comes_out_as_it_went_in_or_is_refused(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    await uses_ids_only(workspace)
    taken = {}
    for number, address in enumerate(addresses()):
        answer = await track.put(f"/api/v1/customers/u{number}", content=json.dumps({"email": address}))
        blank = address != "" and not address.strip()
        assert answer.status_code == (200 if storable(address) and not blank else 400)
        if answer.status_code == 200:
            taken[f"u{number}"] = address.encode()
    assert len(taken) > 600
    assert {each["id"]: each.get("email", "").encode() for each in await everyone(workspace)} == taken


async def test_an_odd_address_names_one_person_whatever_its_case(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    odd = [each for each in addresses() if "@" in each and storable(each)]
    for address in odd:
        assert address.swapcase().lower() == address.lower()
        await identify(track, address)
        await identify(track, address.swapcase())
    found = [each["email"] for each in await everyone(workspace)]
    assert {each.lower() for each in found} == {each.lower() for each in odd}
    assert len(found) == len({each.lower() for each in odd})
