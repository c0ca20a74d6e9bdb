"""Objects over the App API: what the Track API brought in, listed, searched and shown. Reference 9."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.objects import ObjectQuery, OfCustomerQuery

pytestmark = pytest.mark.anyio
NOW = 1_764_000_000
WEIRD = Path(__file__).parents[4] / "shared" / "data" / "weird-inputs"


async def put_object(track: httpx2.AsyncClient, object_id: str, type_id: str = "1", **rest: Any) -> None:
    identifiers = {"object_type_id": type_id, "object_id": object_id}
    operation = {"type": "object", "action": "identify", "identifiers": identifiers, **rest}
    answer = await track.post("/api/v2/entity", json=operation)
    assert (answer.status_code, answer.text) == (200, "{}")


@pytest.fixture
async def companies(track: httpx2.AsyncClient) -> None:
    """Three companies and a course; two people."""
    everybody = [{"identifiers": {"id": name}} for name in ("u1", "u2")]
    owner = [{"identifiers": {"id": "u1"}, "relationship_attributes": {"role": "owner", "gone": ""}}]
    await put_object(track, "acme", attributes={"name": "Acme", "seats": 5}, cio_relationships=everybody)
    await put_object(track, "borg", attributes={"name": "Borg", 'a.b"c': True})
    await put_object(track, "none")
    await put_object(track, "latin", "2", attributes={"name": "Acme"}, cio_relationships=owner)


@pytest.mark.usefixtures("companies")
async def test_a_type_comes_into_being_with_its_first_object(client: Client) -> None:
    assert [(each.id, each.name, each.slug, each.enabled) for each in (await client.objects.types()).types] == [
        ("1", "Type 1", "type-1", True),
        ("2", "Type 2", "type-2", True),
    ]


@pytest.mark.usefixtures("companies")
async def test_an_object_is_shown_by_either_of_its_ids(client: Client) -> None:
    by_id = await client.objects.attributes("1", "acme")
    assert by_id.object.model_dump() == {
        "attributes": {"name": "Acme", "seats": 5},
        "timestamps": {"name": NOW, "seats": NOW},
        "identifiers": {"object_id": "acme", "cio_object_id": "ob000001"},
        "object_type_id": "1",
    }
    assert await client.objects.attributes("1", "ob000001", ObjectQuery(id_type="cio_object_id")) == by_id


@pytest.mark.usefixtures("companies")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/objects/1/unknown/attributes", 404),
        ("/v1/objects/9/acme/attributes", 404),
        ("/v1/objects/2/ob000001/attributes?id_type=cio_object_id", 404),
        ("/v1/objects/1/ob/attributes?id_type=cio_object_id", 404),
        ("/v1/objects/x/acme/attributes", 400),
        ("/v1/objects/1/acme/attributes?id_type=name", 400),
        ("/v1/objects/1/unknown/relationships", 404),
        ("/v1/customers/nobody/relationships", 404),
        ("/v1/customers/u1/relationships?start=x", 400),
    ],
)
async def test_what_is_not_there_is_said_to_be_missing(http: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await http.get(path)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["status"] == str(status)


@pytest.mark.usefixtures("companies")
async def test_relationships_are_read_from_both_ends(http: httpx2.AsyncClient, client: Client) -> None:
    of_object = (await http.get("/v1/objects/1/acme/relationships?limit=1")).json()
    assert of_object["cio_relationships"] == [
        {
            "identifiers": {"email": None, "id": "u1", "cio_id": "a3000001"},
            "object_type_id": "1",
            "object_type_disabled": False,
        }
    ]
    rest = (await http.get(f"/v1/objects/1/acme/relationships?limit=1&start={of_object['next']}")).json()
    assert ([each["identifiers"]["id"] for each in rest["cio_relationships"]], rest["next"]) == (["u2"], "")

    first = await client.objects.of_customer("u1", OfCustomerQuery(limit=1))
    then = await client.objects.of_customer("u1", OfCustomerQuery(limit=1, start=first.next))
    assert [each.identifiers.object_id for each in first.cio_relationships] == ["acme"]
    assert [each.model_dump() for each in then.cio_relationships] == [
        {
            "object_type_id": 2,
            "identifiers": {"object_id": "latin", "cio_object_id": "ob000004"},
            "attributes": {"role": "owner"},
            "timestamps": {"role": NOW},
        }
    ]
    assert then.next == ""


def part(field: str, operator: str = "exists", **rest: Any) -> dict[str, Any]:
    return {"object_attribute": {"field": field, "operator": operator, "type_id": "1", **rest}}


@pytest.mark.usefixtures("companies")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (part("name"), ["acme", "borg"]),
        (part("name", "eq", value="Acme"), ["acme"]),
        (part("seats", "eq", value="5"), ["acme"]),
        (part('a.b"c', "eq", value=True), ["borg"]),
        ({"not": part("name")}, ["none"]),
        ({"and": [part("name"), {"not": part("seats")}]}, ["borg"]),
        ({"or": [part("seats"), part("object_id", "eq", value="none")]}, ["acme", "none"]),
        (part("cio_object_id"), ["acme", "borg", "none"]),
        (part("cio_object_id", "eq", value="ob000002"), ["borg"]),
        (part("unknown"), []),
    ],
)
async def test_a_search_finds_objects_of_its_type(client: Client, wanted: dict[str, Any], found: list[str]) -> None:
    answer = await client.objects.search("1", wanted)
    assert (answer.ids, [each.object_id for each in answer.identifiers], answer.next) == (found, found, "")


@pytest.mark.usefixtures("companies")
async def test_a_search_goes_on_where_it_stopped(http: httpx2.AsyncClient) -> None:
    ids, start = [], ""
    while True:
        body = {"object_type_id": 1, "filter": part("object_id")}
        page = (await http.post(f"/v1/objects?limit=2&start={start}", json=body)).json()
        ids.append(page["ids"])
        if not (start := page["next"]):
            break
    assert ids == [["acme", "borg"], ["none"]]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"filter": part("x")}, "object_type_id is required"),
        ({"object_type_id": "x", "filter": part("x")}, "object_type_id must be the number of a type"),
        ({"object_type_id": "1", "filter": {}}, "filter matches everyone or nobody"),
        ({"object_type_id": "1", "filter": {"attribute": {}}}, "filter.attribute is not known"),
        ({"object_type_id": "2", "filter": part("x")}, 'filter.object_attribute.type_id must be "2", too; got "1".'),
        ({"object_type_id": "1", "filter": part("x", "like")}, "operator must be eq or exists"),
        ({"object_type_id": "1", "filter": part("x", "eq")}, "value must be text, a number, true or false"),
        ({"object_type_id": "1", "filter": part("")}, "field must be a name"),
    ],
)
async def test_a_bad_search_names_its_fault(http: httpx2.AsyncClient, body: Any, message: str) -> None:
    answer = await http.post("/v1/objects", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ({"action": "identify", "identifiers": {}}, "identifiers"),
        ({"action": "identify", "identifiers": {"object_id": "a"}}, "identifiers.object_type_id"),
        (
            {"action": "identify", "identifiers": {"object_id": "a", "object_type_id": "-1"}},
            "identifiers.object_type_id",
        ),
        ({"action": "identify", "identifiers": {"object_type_id": "1"}}, "identifiers.object_id"),
        ({"action": "identify", "identifiers": {"cio_object_id": ""}}, "identifiers.cio_object_id"),
        ({"action": "event"}, "action"),
        ({"action": "identify", "attributes": {"n": "x" * 1001}}, "attributes.n"),
        ({"action": "identify", "cio_relationships": {}}, "cio_relationships"),
        ({"action": "add_relationships"}, "cio_relationships"),
        (
            {"action": "add_relationships", "cio_relationships": [{"identifiers": {"phone": "1"}}]},
            "cio_relationships[0].identifiers.phone",
        ),
        (
            {"action": "identify_anonymous", "cio_relationships": [{"identifiers": {"id": "1"}}]},
            "cio_relationships[0].identifiers.id",
        ),
        (
            {
                "action": "add_relationships",
                "cio_relationships": [{"identifiers": {"id": "1"}, "relationship_attributes": [1]}],
            },
            "cio_relationships[0].relationship_attributes",
        ),
    ],
)
async def test_a_bad_operation_on_an_object_names_its_field(
    track: httpx2.AsyncClient, operation: dict[str, Any], field: str
) -> None:
    usual = {"type": "object", "identifiers": {"object_type_id": "1", "object_id": "acme"}}
    answer = await track.post("/api/v2/entity", json={**usual, **operation})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_an_object_may_hold_a_hundred_kilobytes(track: httpx2.AsyncClient, client: Client) -> None:
    for number in range(3):
        await put_object(track, "acme", attributes={f"a{number}_{i}": "x" * 1000 for i in range(31)})
    identifiers = {"object_type_id": "1", "object_id": "acme"}
    more = {f"b{i}": "x" * 1000 for i in range(15)}
    operation = {"type": "object", "action": "identify", "identifiers": identifiers, "attributes": more}
    answer = await track.post("/api/v2/entity", json=operation)
    assert answer.status_code == 400
    assert "more than 102400 bytes together" in answer.json()["errors"][0]["message"]
    assert len((await client.objects.attributes("1", "acme")).object.attributes) == 93


async def test_an_operation_that_cannot_be_done_leaves_nothing_behind(
    track: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    await put_object(track, "big", attributes={f"a{i}": "x" * 1000 for i in range(30)})
    related = {"identifiers": {"object_type_id": "1", "object_id": "acme"}}
    many = {f"a{i}": i for i in range(301)}
    batch = [
        {"type": "person", "action": "identify", "identifiers": {"id": "u1"}, "cio_relationships": [related]},
        {
            "type": "person",
            "action": "identify",
            "identifiers": {"id": "u2"},
            "attributes": many,
            "cio_relationships": [related],
        },
    ]
    answer = await track.post("/api/v2/batch", json={"batch": batch})
    assert (answer.status_code, [error["batch_index"] for error in answer.json()["errors"]]) == (207, [1])
    assert (await http.get("/v1/customers/u2/attributes")).status_code == 404
    people = (await http.get("/v1/objects/1/acme/relationships")).json()["cio_relationships"]
    assert [each["identifiers"]["id"] for each in people] == ["u1"]


@pytest.mark.parametrize(
    "body",
    [
        {"cio_relationships": []},
        {"cio_relationships": {"action": "join", "relationships": []}},
        {"cio_relationships": {"action": "add_relationships"}},
        {"cio_relationships": {"action": "add_relationships", "relationships": [{"identifiers": {"id": "1"}}]}},
    ],
)
async def test_relationships_in_an_identify_call_are_checked(track: httpx2.AsyncClient, body: Any) -> None:
    answer = await track.put("/api/v1/customers/u1", json=body)
    if body["cio_relationships"] == []:
        assert answer.text == "{}"
    else:
        assert answer.status_code == 400
        assert "cio_relationships" in answer.json()["meta"]["errors"][0]


async def test_an_identify_call_joins_and_leaves_objects(track: httpx2.AsyncClient, client: Client) -> None:
    acme = {"identifiers": {"object_type_id": 1, "object_id": "acme"}, "relationship_attributes": {"role": "owner"}}
    for action, expected in (("add_relationships", ["acme"]), ("delete_relationships", [])):
        related = {"action": action, "relationships": [acme]}
        assert (await track.put("/api/v1/customers/u1", json={"cio_relationships": related})).text == "{}"
        found = await client.objects.of_customer("u1")
        assert [each.identifiers.object_id for each in found.cio_relationships] == expected


async def test_odd_names_of_objects_come_out_as_they_went_in(
    track: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    if not WEIRD.exists():
        pytest.skip("shared/data/weird-inputs is not beside the repository")
    texts = json.loads((WEIRD / "naughty-strings.json").read_text(encoding="utf-8"))
    names = [
        text for text in dict.fromkeys(texts) if text.strip() and text.isprintable() and len(text.encode()) <= 150
    ]
    related = [{"identifiers": {"object_type_id": "1", "object_id": name}} for name in names]
    operations = [
        {"type": "person", "action": "add_relationships", "identifiers": {"id": "u1"}, "cio_relationships": [each]}
        for each in related
    ]
    assert (await track.post("/api/v2/batch", json={"batch": operations})).text == "{}"
    found, start = [], ""
    while True:
        page = (await http.get("/v1/customers/u1/relationships", params={"start": start})).json()
        found += [each["identifiers"]["object_id"] for each in page["cio_relationships"]]
        if not (start := page["next"]):
            break
    assert found == names
