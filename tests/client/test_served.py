"""The client over a real socket against a workspace of ours, which meets faults on the way."""

from collections.abc import AsyncIterator

import pytest
from tests.client.test_faults import Rest

from handbill.client import Client, Hosts, OutcomeUnknown, Waits
from handbill.errors import InvalidInput, NotFound, Unauthorized
from handbill.testing import Handbill

pytestmark = pytest.mark.anyio

DEFINED = {
    "broadcasts": [
        {"id": 5, "name": "Restock", "messages": [{"from": "a@shop.example", "subject": "Hi", "body": "Hi"}]}
    ],
}


@pytest.fixture
def rest() -> Rest:
    return Rest()


@pytest.fixture
async def live(handbill: Handbill, rest: Rest) -> AsyncIterator[Client]:
    """The workspace, called as if it were Customer.io."""
    handbill.define(DEFINED)
    keys = handbill.keys
    async with Client.at(
        Hosts(handbill.url, handbill.url, handbill.url),
        keys.app_key,
        site_id=keys.site_id,
        track_key=keys.track_key,
        pipelines_key=keys.pipelines_key,
        waits=Waits(sleep=rest),
    ) as client:
        yield client


async def test_all_three_apis_are_reached(live: Client) -> None:
    await live.pipelines.identify({"userId": "u1", "traits": {"email": "u1@shop.example"}})
    assert [each.id for each in (await live.customers.find("u1@shop.example")).results] == ["u1"]
    await live.segments.create("Regulars")
    assert [each.name for each in (await live.segments.list()).segments] == ["Regulars"]
    with pytest.raises(InvalidInput, match='1 of 1 ids are not in the workspace: "u2"'):
        await live.triggers.create(5, {"ids": ["u2"]})
    await live.track.suppress("u1")
    with pytest.raises(NotFound):
        await live.customers.attributes("u1")


async def test_faults_on_the_way_are_met_as_at_customerio(handbill: Handbill, live: Client, rest: Rest) -> None:
    handbill.fault("app", 502, times=1)
    handbill.fault("app", 429, retry_after=3, times=1)
    assert (await live.segments.list()).segments == []
    assert [seconds for seconds in rest.seconds if seconds >= 0.5] == [0.5, 3.0]
    for status, error in ((500, OutcomeUnknown), (422, InvalidInput)):
        handbill.fault("app", status, times=1)
        with pytest.raises(error):
            await live.triggers.create(5, {"ids": ["u1"]})
    assert (await live.triggers.list(5)).triggers == []


async def test_a_wrong_key_is_refused_in_the_same_words_as_at_customerio(handbill: Handbill) -> None:
    async with Client.at(Hosts(handbill.url, handbill.url, handbill.url), "wrong") as client:
        with pytest.raises(Unauthorized, match="does not take the key"):
            await client.segments.list()
