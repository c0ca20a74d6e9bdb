from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.customers import PersonMessagesQuery
from handbill.errors import InvalidInput, NotFound

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
Put = Callable[..., int]


@pytest.fixture
def people(put: Put) -> None:
    """Ann (id and email), Bob (id), an address alone; one more of Ann's address."""
    put("people", id="u1", email="Ann@customer.example", email_key="ann@customer.example", attributes={"vip": True})
    put("people", id="u/2 ü", attributes={"country": "Peru"})
    put("people", email="cleo@customer.example", email_key="cleo@customer.example")
    put("people", id="u4", email="ann@customer.example", email_key="ann@customer.example")


@pytest.mark.usefixtures("people")
async def test_everyone_with_an_address_is_found_whatever_its_case(client: Client) -> None:
    results = (await client.customers.find("ANN@customer.example")).results
    assert [(person.id, person.cio_id) for person in results] == [("u1", "a3000001"), ("u4", "a3000004")]
    assert (await client.customers.find("nobody@customer.example")).results == []


async def test_finding_needs_an_email(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/v1/customers")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "email is required."


@pytest.mark.usefixtures("people")
async def test_a_person_is_shown_with_text_for_values(http: httpx2.AsyncClient, put: Put) -> None:
    put(
        "people",
        person=9,
        id="u9",
        unsubscribed=1,
        attributes={"vip": True, "age": 41, "tags": ["a"], "name": "Zoë"},
        timestamps={"vip": NOW},
    )
    put("devices", person=9, token="t1", platform="ios", last_used=NOW, attributes={"push_enabled": True})
    customer = (await http.get("/v1/customers/u9/attributes")).json()["customer"]
    assert customer == {
        "id": "u9",
        "identifiers": {"id": "u9", "email": None, "cio_id": "a3000009"},
        "attributes": {
            "id": "u9",
            "email": None,
            "cio_id": "a3000009",
            "vip": "true",
            "age": "41",
            "tags": '["a"]',
            "name": "Zoë",
            "unsubscribed": "true",
        },
        "timestamps": {"vip": NOW},
        "unsubscribed": True,
        "devices": [{"id": "t1", "platform": "ios", "last_used": NOW, "attributes": {"push_enabled": "true"}}],
    }


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("path", "cio_id"),
    [
        ("u1", "a3000001"),
        ("u%2F2%20%C3%BC", "a3000002"),
        ("cleo%40customer.example?id_type=email", "a3000003"),
        ("cleo@customer.example?id_type=email", "a3000003"),
        ("a3000003?id_type=cio_id", "a3000003"),
        ("cio_a3000003?id_type=cio_id", "a3000003"),
        ("cio_a3000003", "a3000003"),
    ],
)
async def test_a_person_is_known_by_any_identifier(http: httpx2.AsyncClient, path: str, cio_id: str) -> None:
    name, _, query = path.partition("?")
    answer = await http.get(f"/v1/customers/{name}/attributes?{query}")
    assert answer.json()["customer"]["identifiers"]["cio_id"] == cio_id


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("path", ["u99", "a3000001", "u1?id_type=email", "cio_a3ffffff", "u1?id_type=cio_id", "%00"])
async def test_an_unknown_person_is_not_found(http: httpx2.AsyncClient, path: str) -> None:
    name, _, query = path.partition("?")
    for part in ("attributes", "segments", "messages"):
        assert (await http.get(f"/v1/customers/{name}/{part}?{query}")).status_code == 404


@pytest.mark.usefixtures("people")
async def test_an_identifier_type_that_is_none_is_named(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/v1/customers/u1/attributes?id_type=phone")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "id_type must be 'id', 'email' or 'cio_id'; got \"phone\"."


@pytest.mark.usefixtures("people")
async def test_several_people_at_once_leave_out_the_unknown(client: Client) -> None:
    answer = await client.customers.attributes_of(["u4", "nobody", "u1", "u1"])
    assert [one.customer.id for one in answer.customers] == ["u1", "u4"]
    with pytest.raises(InvalidInput, match="ids has 101 entries"):
        await client.customers.attributes_of([str(number) for number in range(101)])


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"and": [{"attribute": {"field": "cio_id", "operator": "exists"}}]}, ["u1", "u/2 ü", "", "u4"]),
        ({"attribute": {"field": "vip", "operator": "eq", "value": True}}, ["u1"]),
        ({"attribute": {"field": "vip", "operator": "eq", "value": "true"}}, ["u1"]),
        ({"not": {"attribute": {"field": "email", "operator": "exists"}}}, ["u/2 ü"]),
    ],
)
async def test_a_search_gives_those_who_match(client: Client, wanted: dict[str, Any], ids: list[str]) -> None:
    first = await client.customers.search(wanted, limit=2)
    rest = await client.customers.search(wanted, first.next, limit=10) if first.next else None
    assert [*first.ids, *(rest.ids if rest else [])] == ids


async def test_a_search_for_an_unknown_segment_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound, match="There is no segment 99"):
        await client.customers.search({"segment": {"id": 99}})


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "filter"),
        ({"filter": [1]}, 400, "filter"),
        ({"filter": {"any": []}}, 422, "filter.any"),
        ({"filter": {"segment": {"id": "VIP"}}}, 422, "filter.segment.id"),
    ],
)
async def test_a_filter_that_cannot_be_is_named(
    http: httpx2.AsyncClient, body: dict[str, Any], status: int, field: str
) -> None:
    answer = await http.post("/v1/customers", json=body)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.usefixtures("people")
async def test_a_cursor_of_another_filter_is_refused(client: Client) -> None:
    everyone = {"attribute": {"field": "cio_id", "operator": "exists"}}
    cursor = (await client.customers.search(everyone, limit=1)).next
    with pytest.raises(InvalidInput, match="start must be"):
        await client.customers.search({"not": everyone}, cursor)


@pytest.mark.usefixtures("people")
async def test_the_segments_of_a_person_are_those_of_this_moment(client: Client, put: Put) -> None:
    put(
        "segments",
        id=3,
        name="Peru",
        conditions={"attribute": {"field": "country", "operator": "eq", "value": "Peru"}},
    )
    put("segments", id=4, name="By hand", description="Ours")
    put("segment_people", segment=4, person=2)
    segments = (await client.customers.segments("u/2 ü")).segments
    assert [(segment.id, segment.name, segment.description) for segment in segments] == [
        (3, "Peru", ""),
        (4, "By hand", "Ours"),
    ]
    assert (await client.customers.segments("u1")).segments == []


@pytest.mark.usefixtures("people")
async def test_a_persons_messages_are_theirs_alone(client: Client, put: Put) -> None:
    for person in (1, 2, 1):
        put("deliveries", content_id=1, person=person, type="email", state="sent", created=NOW, sent=NOW)
    page = await client.customers.messages("u1", PersonMessagesQuery(limit=1))
    rest = await client.customers.messages("u1", PersonMessagesQuery(limit=5, start=page.next))
    assert [message.customer_id for message in (*page.messages, *rest.messages)] == ["u1", "u1"]
    with pytest.raises(InvalidInput, match="start must be"):
        await client.customers.messages("u/2 ü", PersonMessagesQuery(start=page.next))
