from collections.abc import Callable

import httpx2
import pytest

from handbill.client import Client
from handbill.errors import Conflict, InvalidInput, NotFound

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
CANADIANS = {"attribute": {"field": "country", "operator": "eq", "value": "Canada"}}
Put = Callable[..., int]


async def test_a_new_segment_is_manual_and_empty(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/segments", json={"segment": {"name": "VIP", "description": "Regulars"}})
    assert answer.status_code == 200
    segment = answer.json()["segment"]
    assert segment == {
        "id": 1,
        "deduplicate_id": f"1:{NOW}",
        "name": "VIP",
        "description": "Regulars",
        "state": "finished",
        "progress": None,
        "type": "manual",
        "tags": [],
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert (await http.get("/v1/segments/1")).json() == {"segment": segment}
    assert (await http.get("/v1/segments")).json() == {"segments": [segment]}
    assert (await http.get("/v1/segments/1/customer_count")).json() == {"count": 0}


async def test_a_segment_with_conditions_is_dynamic_and_counted_as_of_now(client: Client, put: Put) -> None:
    put("segments", id=3, name="Canadians", conditions=CANADIANS)
    for country in ("Canada", "Canada", "Peru"):
        put("people", attributes={"country": country})
    assert (await client.segments.get(3)).segment.type == "dynamic"
    assert (await client.segments.count(3)).count == 2


async def test_membership_is_paged_and_names_people_without_an_id_by_the_rest(client: Client, put: Put) -> None:
    put("segments", id=3, name="Canadians", conditions=CANADIANS)
    put("people", id="u1", email="ann@customer.example", attributes={"country": "Canada"})
    put("people", id="u2", attributes={"country": "Peru"})
    put("people", email="bob@customer.example", attributes={"country": "Canada"})
    first = await client.segments.membership(3, limit=1)
    assert first.ids == ["u1"]
    assert first.identifiers[0].model_dump() == {"id": "u1", "email": "ann@customer.example", "cio_id": "a3000001"}
    second = await client.segments.membership(3, first.next, 1)
    assert second.ids == [""]
    assert second.identifiers[0].model_dump() == {"id": None, "email": "bob@customer.example", "cio_id": "a3000003"}
    assert second.next == ""


async def test_a_membership_cursor_of_another_segment_is_refused(client: Client, put: Put) -> None:
    for id_ in (3, 4):
        put("segments", id=id_, name="Canadians", conditions=CANADIANS)
    for _ in range(2):
        put("people", attributes={"country": "Canada"})
    cursor = (await client.segments.membership(3, limit=1)).next
    with pytest.raises(InvalidInput, match="start must be"):
        await client.segments.membership(4, cursor)


async def test_a_manual_segment_is_deleted_with_204_and_no_body(http: httpx2.AsyncClient) -> None:
    await http.post("/v1/segments", json={"segment": {"name": "VIP"}})
    answer = await http.delete("/v1/segments/1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await http.delete("/v1/segments/1")).status_code == 404


async def test_a_dynamic_segment_cannot_be_deleted(http: httpx2.AsyncClient, put: Put) -> None:
    put("segments", id=3, name="Canadians", conditions=CANADIANS)
    answer = await http.delete("/v1/segments/3")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "segment_id"
    assert (await http.get("/v1/segments/3")).status_code == 200


async def test_what_uses_a_segment_is_listed_and_keeps_it(client: Client, put: Put) -> None:
    await client.segments.create("VIP")
    put("broadcasts", id=5, name="Restock", audience={"segment": {"id": 1}})
    put("campaigns", id=6, name="Welcome", event_name="joined", audience={"segment": {"id": 1}})
    put("newsletters", id=7, name="Sent", audience={"and": [{"segment": {"id": 1}}]}, sent_at=NOW)
    put("newsletters", id=8, name="Draft", audience={"not": {"segment": {"id": 1}}})
    used_by = (await client.segments.used_by(1)).used_by
    assert (used_by.campaigns, used_by.sent_newsletters, used_by.draft_newsletters) == ([5, 6], [7], [8])
    with pytest.raises(Conflict, match="broadcasts 5"):
        await client.segments.delete(1)


async def test_an_unknown_segment_is_not_found_anywhere(client: Client) -> None:
    calls = client.segments.get, client.segments.count, client.segments.membership, client.segments.used_by
    for call in (*calls, client.segments.delete):
        with pytest.raises(NotFound, match="There is no segment 99"):
            await call(99)
