"""A person connects a workspace on the page, wrongly and rightly; the keys they type are in no answer."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from tests.connections.played import Played
from tests.console.test_pages import csrf, origin
from tests.keyrings import Memory

from handbill.connections import Connection, reach
from handbill.connections.saved import load
from handbill.connections.switching import Connections
from handbill.console.pages import Pages
from handbill.policy import Policy
from handbill.workspace.store import audit, sending
from handbill.workspace.workspace import Workspace

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("memory")]


@pytest.fixture
async def embedded(workspace: Workspace) -> AsyncIterator[Connection]:
    async with reach(workspace) as connection:
        yield connection


async def sent(address: str, **fields: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as http:
        token = csrf(await http.get(address))
        return await http.post(address, data={"csrf": token, **fields}, headers=origin(address))


async def test_a_wrong_key_keeps_the_form_open_and_says_what_is_wrong_without_showing_it(
    embedded: Connection, memory: Memory
) -> None:
    played = Played(embedded.workspace)
    async with Pages() as pages, Connections(embedded, pages, played) as connections:
        address = await connections.start("acme")
        wrong = await sent(address, **{**played.keys, "app_key": "wrong-key-1", "name": "acme<"})
        assert wrong.status_code == 422
        assert "name must be a short word" in wrong.text
        assert 'value="acme&lt;"' in wrong.text
        wrong = await sent(address, **{**played.keys, "app_key": "wrong-key-1"})
        assert "app_key is refused in the US region and in the EU region" in wrong.text
        for key in ("wrong-key-1", played.keys["track_key"], played.keys["pipelines_key"]):
            assert key not in wrong.text
        assert pages.is_open(address)
        assert not await connections.wait("acme", 0)
        assert memory.kept == {}
        right = await sent(address, **played.keys, name="acme")
        assert right.status_code == 200
        assert "acme (Customer.io, US) answers, and is the current connection." in right.text
        for key in ("app_key", "track_key", "pipelines_key"):
            assert played.keys[key] not in right.text
        assert not pages.is_open(address)
        assert await connections.wait("acme", 0)


async def test_the_page_tells_the_region_and_which_tools_will_not_work(embedded: Connection) -> None:
    played = Played(embedded.workspace, region="eu", lacking=["campaigns"])
    async with Pages() as pages, Connections(embedded, pages, played) as connections:
        answer = await sent(await connections.start(""), app_key=played.keys["app_key"], region="us", name="")
        assert "This App API key is of the EU region." in answer.text
        assert "no scope for campaigns" in answer.text
        assert "This needs a key of the Pipelines API" in answer.text
        assert await connections.wait("", 0)
        assert (await connections.workspace()).endswith("(Customer.io, EU)")


async def test_a_new_connection_lets_nobody_be_reached_without_a_person_even_if_an_older_one_did(
    embedded: Connection,
) -> None:
    played, database = Played(embedded.workspace), embedded.workspace.database
    async with Pages() as pages, Connections(embedded, pages, played) as connections:
        await sent(await connections.start("acme"), **played.keys, name="acme")
        rules = await database.read(sending.get, "acme")
        assert (rules.mode, rules.auto_send_max) == ("live", 0)
        loose = type(rules)(mode="live", auto_send_max=-1, pii="masked")
        await database.write(sending.put, loose, "acme")
        await sent(await connections.start("acme"), **played.keys, name="acme")
        assert (await database.read(sending.get, "acme")) == loose
        await connections.remove("acme")
        await sent(await connections.start("acme"), **played.keys, name="acme")
        again = await database.read(sending.get, "acme")
        assert (again.auto_send_max, again.pii) == (0, "masked")
        actions = [(record.action, record.via) for record in await database.read(audit.read)]
        assert ("connected", "console") in actions
        assert ("removed", "tool") in actions
        assert load(embedded.workspace.settings.home).current == "acme"


async def test_a_name_that_is_connected_to_another_workspace_begins_anew(embedded: Connection) -> None:
    played, database = Played(embedded.workspace), embedded.workspace.database
    async with Pages() as pages, Connections(embedded, pages, played) as connections:
        await sent(await connections.start("acme"), **played.keys, name="acme")
        await database.write(sending.put, Policy(mode="live", auto_send_max=-1), "acme")
        played.region = "eu"
        await sent(await connections.start("acme"), **played.keys, name="acme")
        assert (await database.read(sending.get, "acme")).auto_send_max == 0
