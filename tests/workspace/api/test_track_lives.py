"""What the Track API does over time: people become known, become one, are told about, and every step is noted.

Reference 9 (activities), 12, 13.
"""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from handbill.workspace import delivery_ids
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
NOW = 1_764_000_000
DAY = 86_400


def person(action: str, identifiers: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"type": "person", "action": action, "identifiers": identifiers, **rest}


def company(action: str, object_id: str = "acme", **rest: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "action": action,
        "identifiers": {"object_type_id": "1", "object_id": object_id},
        **rest,
    }


def to_company(object_id: str = "acme", **attributes: Any) -> dict[str, Any]:
    identifiers = {"object_type_id": "1", "object_id": object_id}
    return {"identifiers": identifiers, "relationship_attributes": attributes}


async def do(track: httpx2.AsyncClient, *operations: dict[str, Any]) -> None:
    for operation in operations:
        answer = await track.post("/api/v2/entity", json=operation)
        assert (answer.status_code, answer.text) == (200, "{}"), operation


async def rows(workspace: Workspace, query: str) -> list[tuple[Any, ...]]:
    return await workspace.database.read(lambda tx: [tuple(row) for row in tx._connection.execute(query)])


async def noted(workspace: Workspace) -> list[tuple[Any, ...]]:
    """Type, person and data of each activity."""
    found = await rows(workspace, "SELECT type, person, data FROM activities ORDER BY activity")
    return [(kind, who, json.loads(data) if data else None) for kind, who, data in found]


async def attributes(http: httpx2.AsyncClient, customer: str) -> dict[str, Any]:
    found: dict[str, Any] = (await http.get(f"/v1/customers/{customer}/attributes")).json()["customer"]
    return found


# People not known yet.


async def test_events_of_somebody_unknown_are_theirs_once_they_are_known(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    for name, anonymous_id, at in (
        ("seen", "anon/é", NOW - 10),
        ("bought", "anon/é", NOW - 30 * DAY),
        ("too old", "anon/é", NOW - 30 * DAY - 1),
        ("another's", "other", NOW),
        ("nobody's", None, NOW),
    ):
        event = {"name": name, "timestamp": at, "data": {"n": 1}, "anonymous_id": anonymous_id}
        assert (await track.post("/api/v1/events", json=event)).text == "{}"
    assert await rows(workspace, "SELECT * FROM events") == []
    for _ in range(2):
        await track.put("/api/v1/customers/u1", json={"anonymous_id": "anon/é"})
    assert await rows(workspace, "SELECT person, name, data FROM events ORDER BY event") == [
        (1, "bought", '{"n":1}'),
        (1, "seen", '{"n":1}'),
    ]
    assert [each[:2] for each in await noted(workspace)] == [
        ("profile_create", 1),
        ("anon_merge", 1),
        ("event", 1),
        ("event", 1),
    ]


async def test_the_same_anonymous_event_twice_is_one_event(workspace: Workspace, track: httpx2.AsyncClient) -> None:
    event = {"name": "seen", "id": "01KAPT4C7D8E9F0G1H2J3K4M5N", "anonymous_id": "a"}
    for _ in range(2):
        await track.post("/api/v1/events", json=event)
        await track.post("/api/v1/events", json=event)
        await do(track, person("identify", {"id": "u1"}, attributes={"anonymous_id": "a"}))
    assert await rows(workspace, "SELECT name FROM events") == [("seen",)]


async def test_an_object_of_somebody_unknown_is_theirs_once_they_are_known(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    known = {"identifiers": {"anonymous_id": "a"}, "relationship_attributes": {"role": "owner"}}
    await do(track, company("identify_anonymous", attributes={"name": "Acme"}, cio_relationships=[known]))
    assert await rows(workspace, "SELECT * FROM relationships") == []
    await track.put("/api/v1/customers/u1", json={"anonymous_id": "a"})
    assert await rows(workspace, "SELECT object, person, attributes FROM relationships") == [
        (1, 1, '{"role":"owner"}')
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"anonymous_id": "a"}, "name is required"),
        ({"name": "x", "anonymous_id": 1.5}, "anonymous_id must be text"),
        ({"name": "x", "anonymous_id": "y" * 151}, "anonymous_id is longer than 150 bytes."),
        ({"name": "x", "type": "view"}, "type must be event, page or screen"),
    ],
)
async def test_a_bad_anonymous_event_is_refused_by_field(track: httpx2.AsyncClient, body: Any, message: str) -> None:
    answer = await track.post("/api/v1/events", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["meta"]["errors"][0]


# Two people who are one.


@pytest.mark.parametrize("version", [1, 2])
async def test_a_merge_gives_the_primary_what_it_lacks_and_the_secondary_goes(
    workspace: Workspace,
    track: httpx2.AsyncClient,
    http: httpx2.AsyncClient,
    put: Callable[..., int],
    version: int,
) -> None:
    put("segments", id=3, name="By hand")
    await do(
        track,
        person("identify", {"id": "u1"}, attributes={"plan": "pro"}, cio_relationships=[to_company(role="owner")]),
        person(
            "identify", {"email": "a@b.example"}, attributes={"plan": "free", "city": "Oslo", "unsubscribed": True}
        ),
        person("event", {"email": "a@b.example"}, name="came"),
        person("add_device", {"email": "a@b.example"}, device={"token": "t1", "platform": "ios"}),
        person(
            "add_relationships", {"email": "a@b.example"}, cio_relationships=[to_company(role="x"), to_company("b")]
        ),
    )
    put("segment_people", segment=3, person=2)
    put("deliveries", content_id=1, person=2, type="email", state="sent", created=NOW)
    sides = {"primary": {"id": "u1"}, "secondary": {"email": "A@b.example"}}
    if version == 1:
        assert (await track.post("/api/v1/merge_customers", json=sides)).text == "{}"
    else:
        await do(track, {"type": "person", "action": "merge", **sides})
    found = await attributes(http, "u1")
    assert found["attributes"] == {
        "id": "u1",
        "email": "a@b.example",
        "cio_id": "a3000001",
        "plan": "pro",
        "city": "Oslo",
        "unsubscribed": "true",
    }
    assert [device["id"] for device in found["devices"]] == ["t1"]
    assert await rows(workspace, "SELECT person FROM people") == [(1,)]
    for table in ("events", "segment_people", "deliveries"):
        assert await rows(workspace, f"SELECT person FROM {table}") == [(1,)], table
    assert await rows(workspace, "SELECT object, person, attributes FROM relationships") == [
        (1, 1, '{"role":"owner"}'),
        (2, 1, "{}"),
    ]
    merged = [each for each in await noted(workspace) if each[0] == "profile_merge"]
    primary = {"id": "u1", "email": None, "cio_id": "a3000001"}
    secondary = {"id": None, "email": "a@b.example", "cio_id": "a3000002"}
    assert merged == [("profile_merge", 1, {"primary": primary, "secondary": secondary})]
    assert {who for _, who, _ in await noted(workspace)} == {1, None}


async def test_who_said_yes_to_mail_stays_subscribed_through_a_merge(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    await do(
        track,
        person("identify", {"id": "u1"}, attributes={"unsubscribed": True}),
        person("identify", {"id": "u1"}, attributes={"unsubscribed": False}),
        person("identify", {"id": "u2"}, attributes={"unsubscribed": True}),
        {"type": "person", "action": "merge", "primary": {"id": "u1"}, "secondary": {"id": "u2"}},
    )
    assert await rows(workspace, "SELECT id, unsubscribed FROM people") == [("u1", 0)]


@pytest.mark.parametrize(("primary", "secondary"), [("u1", "nobody"), ("nobody", "u1"), ("u1", "u1")])
async def test_a_merge_of_fewer_than_two_people_changes_nothing(
    workspace: Workspace, track: httpx2.AsyncClient, primary: str, secondary: str
) -> None:
    await do(track, person("identify", {"id": "u1"}))
    answer = await track.post(
        "/api/v1/merge_customers", json={"primary": {"id": primary}, "secondary": {"id": secondary}}
    )
    assert (answer.status_code, answer.text) == (200, "{}")
    assert [kind for kind, *_ in await noted(workspace)] == ["profile_create"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "primary must hold exactly one of id, email, cio_id; got nothing."),
        ({"primary": {"id": "1"}}, "secondary must hold exactly one of id, email, cio_id; got nothing."),
        ({"primary": {"id": "1", "email": "a"}, "secondary": {"id": "2"}}, "primary must hold exactly one of"),
        ({"primary": {"phone": "1"}, "secondary": {"id": "2"}}, "primary.phone does not identify people here"),
        ({"primary": {"id": ""}, "secondary": {"id": "2"}}, "primary.id is empty."),
    ],
)
async def test_a_merge_that_names_no_two_people_is_told_in_one_sentence(
    track: httpx2.AsyncClient, body: Any, message: str
) -> None:
    answer = await track.post("/api/v1/merge_customers", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["meta"]["error"]


# Activities.


CHANGES: list[tuple[list[dict[str, Any]], list[tuple[Any, ...]]]] = [
    ([person("identify", {"id": "u1"}, attributes={"plan": "pro"})], [("profile_create", 1, None)]),
    (
        [
            person("identify", {"id": "u1"}, attributes={"plan": "pro", "seats": 5}),
            person("identify", {"id": "u1"}, attributes={"plan": "free", "seats": 5, "city": "Oslo"}),
            person("identify", {"id": "u1"}, attributes={"plan": "free"}),
            person("identify", {"id": "u1"}, attributes={"plan": "", "unsubscribed": True, "email": "a@b.example"}),
        ],
        [
            ("profile_create", 1, None),
            ("attribute_change", 1, {"plan": {"from": "pro", "to": "free"}, "city": {"from": None, "to": "Oslo"}}),
            (
                "attribute_change",
                1,
                {
                    "plan": {"from": "free", "to": None},
                    "email": {"from": None, "to": "a@b.example"},
                    "unsubscribed": {"from": False, "to": True},
                },
            ),
        ],
    ),
    (
        [
            person("identify", {"email": "a@b.example"}),
            person("identify", {"id": "u1"}),
            person("identify", {"id": "u1"}, attributes={"email": "a@b.example"}),
        ],
        [
            ("profile_create", 1, None),
            ("profile_create", 2, None),
            ("failed_attribute_change", 2, {"email": {"from": None, "to": "a@b.example"}}),
        ],
    ),
    (
        [person("identify", {"id": "u1"}), person("delete", {"id": "u1"}), person("delete", {"id": "u1"})],
        [("profile_create", 1, None), ("profile_delete", 1, None)],
    ),
    ([person("suppress", {"id": "u1"}), person("identify", {"id": "u1"})], []),
    (
        [
            person("add_device", {"id": "u1"}, device={"token": "t", "platform": "ios", "last_used": 1}),
            person("add_device", {"id": "u1"}, device={"token": "t", "platform": "ios", "last_used": 2}),
            person("delete_device", {"id": "u1"}, device={"token": "t"}),
            person("delete_device", {"id": "u1"}, device={"token": "t"}),
        ],
        [
            ("profile_create", 1, None),
            ("device_change", 1, {"device": {"from": None, "to": {"id": "t", "platform": "ios", "attributes": {}}}}),
            ("device_change", 1, {"device": {"from": {"id": "t", "platform": "ios", "attributes": {}}, "to": None}}),
        ],
    ),
    (
        [
            company("identify", attributes={"seats": 1}),
            company("identify", attributes={"seats": 2}),
            company("identify", attributes={"seats": 2}),
            company("delete"),
            company("delete"),
        ],
        [
            ("_o:1:create", None, {"object_type_id": "1", "object_id": "acme", "cio_object_id": "ob000001"}),
            ("_o:1:attribute_change", None, {"seats": {"from": 1, "to": 2}}),
            ("_o:1:delete", None, {"object_type_id": "1", "object_id": "acme", "cio_object_id": "ob000001"}),
        ],
    ),
]


@pytest.mark.parametrize(("operations", "expected"), CHANGES)
async def test_what_changed_is_noted_and_nothing_else(
    workspace: Workspace, track: httpx2.AsyncClient, operations: list[dict[str, Any]], expected: list[Any]
) -> None:
    await do(track, *operations)
    assert await noted(workspace) == expected


async def test_a_relationship_is_noted_for_the_person_and_for_the_object(
    workspace: Workspace, track: httpx2.AsyncClient
) -> None:
    await do(
        track,
        person("identify", {"id": "u1"}, cio_relationships=[to_company(role="user")]),
        company("identify", cio_relationships=[{"identifiers": {"id": "u1"}}]),
        company(
            "add_relationships",
            cio_relationships=[{"identifiers": {"id": "u1"}, "relationship_attributes": {"role": "owner"}}],
        ),
        person("delete_relationships", {"id": "u1"}, cio_relationships=[to_company(), to_company("unknown")]),
        person("add_relationships", {"id": "u1"}, cio_relationships=[to_company()]),
        company("delete"),
    )
    changed = {"role": {"from": "user", "to": "owner"}}
    about = {"object_type_id": "1", "object_id": "acme", "cio_object_id": "ob000001"}
    assert [each for each in await noted(workspace) if each[0] not in ("profile_create", "_o:1:create")] == [
        ("add_relationship", 1, about),
        ("_o:1:add_relationship", None, about),
        ("relationship_attribute_change", 1, changed),
        ("_r:1:attribute_change", None, changed),
        ("delete_relationship", 1, about),
        ("_o:1:delete_relationship", None, about),
        ("add_relationship", 1, about),
        ("_o:1:add_relationship", None, about),
        ("delete_relationship", 1, about),
        ("_o:1:delete", None, about),
    ]


# Subscription preferences.


@pytest.mark.parametrize(
    ("calls", "kept"),
    [
        ([{"cio_subscription_preferences": {"topics": {"topic_1": True}}}], {"topic_1": True}),
        ([{"cio_subscription_preferences": {"topics": {"topic_1": "false"}, "x": 1}}], {"topic_1": False}),
        ([{"cio_subscription_preferences": '{"topics":{"topic_1":true}}'}], {"topic_1": True}),
        ([{"cio_subscription_preferences.topics.topic_2": False}], {"topic_2": False}),
        (
            [
                {"cio_subscription_preferences": {"topics": {"topic_1": True, "topic_2": True}}},
                {"cio_subscription_preferences.topics.topic_2": "false"},
            ],
            {"topic_1": True, "topic_2": False},
        ),
        (
            [
                {"cio_subscription_preferences": {"topics": {"topic_1": True}}},
                {"cio_subscription_preferences": {"topics": {"topic_2": True}}},
            ],
            {"topic_2": True},
        ),
    ],
)
async def test_subscription_preferences_have_one_shape(
    track: httpx2.AsyncClient, http: httpx2.AsyncClient, calls: list[dict[str, Any]], kept: dict[str, bool]
) -> None:
    for call in calls:
        assert (await track.put("/api/v1/customers/u1", json=call)).text == "{}"
    found = (await attributes(http, "u1"))["attributes"]
    assert json.loads(found["cio_subscription_preferences"]) == {"topics": kept}
    assert not [name for name in found if "." in name]


@pytest.mark.parametrize(
    "body",
    [
        {"cio_subscription_preferences": {"topics": {"topic_1": "perhaps"}}},
        {"cio_subscription_preferences": {"topics": [1]}},
        {"cio_subscription_preferences": "yes"},
        {"cio_subscription_preferences": 5},
        {"cio_subscription_preferences.topics.topic_1": {}},
    ],
)
async def test_other_preferences_are_refused(track: httpx2.AsyncClient, body: Any) -> None:
    answer = await track.put("/api/v1/customers/u1", json=body)
    assert answer.status_code == 400
    assert "cio_subscription_preferences" in answer.json()["meta"]["errors"][0]


# Reports about deliveries.


BY_TYPE = {
    "email": "bounced clicked converted deferred delivered dropped opened spammed",
    "webhook": "bounced clicked converted deferred delivered dropped opened spammed",
    "in_app": "clicked converted opened",
    "push": "converted delivered opened",
    "slack": "clicked converted delivered opened",
    "twilio": "bounced clicked delivered opened",
}


@pytest.mark.parametrize("type_", BY_TYPE)
@pytest.mark.parametrize("metric", BY_TYPE["email"].split())
async def test_a_metric_is_taken_where_the_channel_has_it(
    workspace: Workspace, track: httpx2.AsyncClient, put: Callable[..., int], type_: str, metric: str
) -> None:
    track.auth = None  # type: ignore[assignment]
    number = put("deliveries", content_id=1, person=9, type=type_, state="sent", created=NOW)
    report = {"delivery_id": delivery_ids.seal(workspace.secret, number), "metric": metric, "timestamp": NOW - 5}
    answer = await track.post("/api/v1/metrics", json=report | {"href": "https://film.example/"})
    [(at,)] = await rows(workspace, f"SELECT {metric} FROM deliveries")
    if metric in BY_TYPE[type_].split():
        assert (answer.text, at) == ("{}", NOW - 5)
        assert (f"{metric}_{type_}", 9) in [each[:2] for each in await noted(workspace)]
    else:
        assert (answer.status_code, at) == (400, None)
        assert "metric" in answer.json()["meta"]["errors"][0]


@pytest.mark.parametrize("path", ["/api/v1/push/events", "/push/events"])
async def test_a_push_is_reported_on_without_a_key(
    workspace: Workspace, track: httpx2.AsyncClient, put: Callable[..., int], path: str
) -> None:
    track.auth = None  # type: ignore[assignment]
    number = put("deliveries", content_id=1, person=9, type="push", state="sent", created=NOW)
    report = {"delivery_id": delivery_ids.seal(workspace.secret, number), "event": "opened", "device_id": "t"}
    for _ in range(2):
        assert (await track.post(path, json=report)).text == "{}"
    assert await rows(workspace, "SELECT opened FROM deliveries") == [(NOW,)]
    assert await noted(workspace) == [("opened_push", 9, {"device_id": "t"})] * 2


async def test_version_two_reports_on_deliveries_among_other_operations(
    workspace: Workspace, track: httpx2.AsyncClient, put: Callable[..., int]
) -> None:
    number = put("deliveries", content_id=1, person=9, type="push", state="sent", created=NOW)
    known = {"id": delivery_ids.seal(workspace.secret, number)}
    report = {"type": "delivery", "action": "event", "identifiers": known, "attributes": {"device_token": "t"}}
    batch = [report | {"name": "delivered"}, report | {"name": "clicked"}, report | {"identifiers": {"id": "x"}}]
    answer = await track.post("/api/v2/batch", json={"batch": [*batch[:2], batch[2] | {"name": "opened"}]})
    assert answer.status_code == 207
    assert [(error["batch_index"], error["field"]) for error in answer.json()["errors"]] == [
        (1, "name"),
        (2, "identifiers.id"),
    ]
    assert await rows(workspace, "SELECT delivered, opened FROM deliveries") == [(NOW, None)]


@pytest.mark.parametrize(("metric", "reason"), [("bounced", "bounce"), ("spammed", "complaint"), ("dropped", None)])
async def test_a_bounce_and_a_complaint_block_the_address(
    workspace: Workspace, track: httpx2.AsyncClient, put: Callable[..., int], metric: str, reason: str | None
) -> None:
    await do(track, person("identify", {"email": "Ann@film.example"}))
    number = put("deliveries", content_id=1, person=1, type="email", state="sent", created=NOW)
    report = {"delivery_id": delivery_ids.seal(workspace.secret, number), "metric": metric, "reason": "550 no"}
    assert (await track.post("/api/v1/metrics", json=report)).text == "{}"
    expected = [("ann@film.example", reason, "550 no")] if reason else []
    assert await rows(workspace, "SELECT identifier, reason, detail FROM suppressions") == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"metric": "opened"}, "delivery_id must be text; got nothing."),
        ({"delivery_id": "RPTbAgUBlKtWZN71bMqYJ0xTQ2nV", "metric": "opened"}, "is no delivery of this workspace."),
        ({"delivery_id": "x", "metric": "read"}, "metric must be one of bounced, clicked, converted"),
        ({"delivery_id": "x", "metric": "opened", "timestamp": "now"}, "timestamp must be Unix seconds"),
    ],
)
async def test_a_report_that_is_wrong_says_so(track: httpx2.AsyncClient, body: Any, message: str) -> None:
    answer = await track.post("/api/v1/metrics", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["meta"]["errors"][0]


# Forms.


async def test_a_form_makes_its_sender_known_and_is_counted(
    workspace: Workspace, track: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    data = {"email": "a@b.example", "first_name": "Zoë", "form_name": "Newsletter"}
    for _ in range(2):
        answer = await track.post("/api/v1/forms/news%2Fletter/submit", json={"data": data})
        assert (answer.status_code, answer.content) == (204, b"")
    found = (await attributes(http, "cio_a3000001"))["attributes"]
    assert (found["email"], found["first_name"], "form_name" in found) == ("a@b.example", "Zoë", False)
    assert await rows(workspace, "SELECT id, submissions FROM forms") == [("news/letter", 2)]


@pytest.mark.parametrize(
    ("data", "known", "message"),
    [
        ({"email_address": "a@b.example"}, True, "data must hold the id or email"),
        ({"email": None}, True, "data must hold the id or email"),
        ({"email": "a@b.example", "age": 5}, False, "data.age must be text; got 5."),
        ([], False, "data must be an object of text values; got a list."),
        (None, False, "data must be an object of text values; got nothing."),
    ],
)
async def test_a_form_without_sender_or_with_other_values_is_refused(
    workspace: Workspace, track: httpx2.AsyncClient, data: Any, known: bool, message: str
) -> None:
    answer = await track.post("/api/v1/forms/f1/submit", json={"data": data})
    assert answer.status_code == 400
    assert message in answer.json()["meta"]["errors"][0]
    assert len(await rows(workspace, "SELECT * FROM forms")) == int(known)
    assert await rows(workspace, "SELECT * FROM people") == []
