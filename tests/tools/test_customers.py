"""People found and read, in one call."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import NOW
from tests.tools.conftest import Ask

from handbill.errors import InvalidInput, NotFound
from handbill.workspace.store import people
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
Put = Callable[..., int]


@pytest.mark.parametrize("identifier", ["u1", "ann@shop.example", "ANN@shop.example", "cio_a3000001"])
async def test_a_person_is_read_by_any_identifier(ask: Ask, ann: str, put: Put, identifier: str) -> None:
    put("topics", id=4, name="Offers", subscribed_by_default=1)
    put("segments", id=3, name="Regulars")
    put("segment_people", segment=3, person=1)
    await ask("TRACK_EVENT", event="purchase", user_id="u1", properties={"total": 40})
    shown = await ask("GET_PERSON", identifier=identifier, activities=1)
    assert shown["person"]["attributes"]["first_name"] == "Ann"
    assert [segment["name"] for segment in shown["segments"]] == ["Regulars"]
    assert shown["topics"] == [{"name": "Offers", "subscribed": True}]
    [last] = shown["activities"]
    assert (last["type"], last["name"], last["data"]["total"]) == ("event", "purchase", 40)


async def test_of_several_with_one_address_the_first_is_shown_and_the_others_are_told(
    workspace: Workspace, ask: Ask, put: Put
) -> None:
    put("workspace", key="identifiers", value="id")
    for name in ("u1", "u2"):
        await workspace.database.write(people.identify, "id", name, {"email": "us@shop.example"}, NOW)
    shown = await ask("GET_PERSON", identifier="us@shop.example")
    assert shown["person"]["id"] == "u1"
    assert shown["notes"] == ["2 people have this address; this is the first of them."]


@pytest.mark.parametrize("identifier", ["u9", "cio_a3ffffff", "who@shop.example", "../x"])
async def test_who_is_not_there_is_named(ask: Ask, ann: str, identifier: str) -> None:
    with pytest.raises(NotFound, match="There is no person"):
        await ask("GET_PERSON", identifier=identifier)


async def test_people_are_found_by_address_and_by_filter_page_by_page(workspace: Workspace, ask: Ask) -> None:
    for number in range(5):
        given = {"email": f"p{number}@shop.example", "plan": "pro"}
        await workspace.database.write(people.identify, "id", f"p{number}", given, NOW)
    assert [each["id"] for each in (await ask("FIND_PEOPLE", email="p3@shop.example"))["identifiers"]] == ["p3"]
    wanted = {"filter": {"attribute": {"field": "plan", "operator": "eq", "value": "pro"}}, "limit": 3}
    first = await ask("FIND_PEOPLE", **wanted)
    second = await ask("FIND_PEOPLE", **wanted, start=first["next"])
    assert [each["id"] for each in first["identifiers"] + second["identifiers"]] == ["p0", "p1", "p2", "p3", "p4"]
    assert second["next"] == ""


@pytest.mark.parametrize("sort", ["asc", "desc"])
async def test_a_segments_people_are_listed_from_either_end(
    workspace: Workspace, ask: Ask, put: Put, sort: str
) -> None:
    put("segments", id=3, name="Regulars")
    for number in range(1, 6):
        await workspace.database.write(people.identify, "id", f"p{number}", {}, NOW)
        put("segment_people", segment=3, person=number)
    found: list[str] = []
    start = ""
    while start or not found:
        page = await ask("GET_SEGMENT_MEMBERSHIP", segment_id=3, limit=2, sort=sort, start=start)
        found += page["ids"]
        start = page["next"]
    assert found == sorted(found, reverse=sort == "desc")
    assert len(found) == 5


async def test_a_cursor_of_the_other_order_is_refused(ask: Ask, put: Put, workspace: Workspace) -> None:
    put("segments", id=3, name="Regulars")
    for number in (1, 2):
        await workspace.database.write(people.identify, "id", f"p{number}", {}, NOW)
        put("segment_people", segment=3, person=number)
    page: dict[str, Any] = await ask("GET_SEGMENT_MEMBERSHIP", segment_id=3, limit=1)
    with pytest.raises(InvalidInput, match="start must be the `next` value"):
        await ask("GET_SEGMENT_MEMBERSHIP", segment_id=3, limit=1, sort="desc", start=page["next"])


async def test_a_suppressed_person_is_gone_and_stays_away(ask: Ask, ann: str) -> None:
    assert (await ask("CUSTOMER_IO_SUPPRESS_PERSON", identifier=ann))["identifier"] == "u1"
    await ask("IDENTIFY_PERSON", user_id=ann, traits={"plan": "pro"})
    with pytest.raises(NotFound):
        await ask("GET_PERSON", identifier=ann)
