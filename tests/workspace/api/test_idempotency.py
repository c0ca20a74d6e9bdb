"""`Idempotency-Key`: what comes twice is written once and answered alike (reliability 1.1, R15)."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.conftest import FixedClock

from handbill.workspace.store import people
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

KEY = {"Idempotency-Key": "order-1"}
VIP = {"segment": {"name": "VIP"}}
MAIL = {
    "transactional_message_id": 1,
    "to": "ana@film.example",
    "identifiers": {"id": "u1"},
}


@pytest.fixture(autouse=True)
async def filled(workspace: Workspace, put: Callable[..., int]) -> None:
    """Ana; broadcast 5 with a mail; transactional message 1."""
    await workspace.database.write(people.identify, "id", "u1", {"email": "ana@film.example"}, 1)
    mail = {"from": "news@film.example", "subject": "Your tickets", "body": "Two seats."}
    put("contents", broadcast_id=put("broadcasts", id=5, name="Restock"), name="Mail", fields=mail)
    put("contents", transactional_id=put("transactional", id=1, name="Receipt"), name="Mail", fields=mail)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/segments", VIP), ("/v1/send/email", MAIL), ("/v1/campaigns/5/triggers", {"ids": ["u1"]})],
)
async def test_the_same_call_with_the_same_key_is_answered_as_the_first(
    http: httpx2.AsyncClient, clock: FixedClock, path: str, body: dict[str, Any]
) -> None:
    first = await http.post(path, json=body, headers=KEY)
    assert first.status_code == 200
    clock.advance(86_399)
    second = await http.post(path, json=body, headers=KEY)
    assert (second.status_code, second.content, second.headers["Idempotent-Replayed"]) == (200, first.content, "true")
    assert second.headers["content-type"] == first.headers["content-type"]
    clock.advance(1)
    third = await http.post(path, json=body, headers=KEY)
    assert third.status_code == 200
    assert third.content != first.content


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/segments", {"segment": {"name": "Regulars"}}), ("/v1/segments?x=1", VIP), ("/v1/newsletters", VIP)],
)
async def test_another_request_with_the_same_key_is_refused(
    http: httpx2.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    await http.post("/v1/segments", json=VIP, headers=KEY)
    refused = await http.post(path, json=body, headers=KEY)
    assert refused.status_code in (400, 422)
    assert "Idempotency-Key came with another request" in refused.text
    assert len((await http.get("/v1/segments")).json()["segments"]) == 1


async def test_an_error_is_repeated_when_something_was_written(http: httpx2.AsyncClient) -> None:
    answers = [await http.post("/v1/campaigns/5/triggers", json={"ids": ["u9"]}, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].content == answers[1].content
    assert len((await http.get("/v1/broadcasts/5/triggers")).json()["triggers"]) == 1


async def test_a_refused_call_keeps_nothing_and_may_be_put_right(http: httpx2.AsyncClient) -> None:
    wrongs: list[Any] = [{"segment": {}}, {"segment": {"name": 7}}, []]
    for wrong in wrongs:
        assert (await http.post("/v1/segments", json=wrong, headers=KEY)).status_code in (400, 422)
    assert (await http.post("/v1/segments", json=VIP, headers=KEY)).status_code == 200


async def test_too_soon_keeps_nothing(http: httpx2.AsyncClient, clock: FixedClock) -> None:
    path, body = "/v1/campaigns/5/triggers", {"ids": ["u1"]}
    assert (await http.post(path, json=body)).json() == {"id": 1}
    assert (await http.post(path, json=body, headers=KEY)).status_code == 429  # a key of its own: a call of its own
    clock.advance(10)
    assert (await http.post(path, json=body, headers=KEY)).json() == {"id": 2}


@pytest.mark.parametrize(("key", "status"), [("k" * 255, 200), ("k" * 256, 400), ("", 400)])
async def test_a_key_has_1_to_255_characters(http: httpx2.AsyncClient, key: str, status: int) -> None:
    answer = await http.post("/v1/segments", json=VIP, headers={"Idempotency-Key": key})
    assert answer.status_code == status
    assert status == 200 or "Idempotency-Key must have 1 to 255 characters" in answer.text


@pytest.mark.parametrize(("path", "body"), [("/v1/send/email", MAIL), ("/v1/campaigns/5/triggers", {"ids": ["u1"]})])
async def test_of_fifty_calls_at_once_one_works(http: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> None:
    answers = await asyncio.gather(*(http.post(path, json=body, headers=KEY) for _ in range(50)))
    good = {answer.content for answer in answers if answer.status_code == 200}
    assert len(good) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert (await http.post(path, json=body, headers=KEY)).content in good


async def test_an_event_that_comes_twice_with_a_key_happens_once(
    workspace: Workspace, http: httpx2.AsyncClient
) -> None:
    auth = (workspace.keys.site_id, workspace.keys.track_key)
    for _ in range(2):
        answer = await http.post("/api/v1/customers/u1/events", json={"name": "rental"}, headers=KEY, auth=auth)
        assert answer.status_code == 200
    activities = (await http.get("/v1/customers/u1/activities?type=event")).json()["activities"]
    assert len(activities) == 1
