"""Connecting through a real MCP client: a link, a page, and the next call acts on the workspace at Customer.io."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import mcp_types as types
import pytest
from mcp.client import Client
from tests.connections.played import Played
from tests.console.test_connect_page import sent
from tests.keyrings import Memory
from tests.tools.film_club import fill

from handbill.connections import Connection, reach
from handbill.connections.saved import Saved, change, fails
from handbill.connections.switching import Connections
from handbill.console.pages import Pages
from handbill.mcp import changes
from handbill.mcp.changes import Announcer, meanwhile
from handbill.mcp.server import create_server
from handbill.opening import contexts
from handbill.tools import toolsets
from handbill.workspace.workspace import Workspace

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("memory")]

ERAS = ("auto", "legacy")
MANAGE, WAIT, SEGMENTS = "CUSTOMERIO_MANAGE_CONNECTIONS", "CUSTOMERIO_WAIT_FOR_CONNECTION", "CUSTOMERIO_GET_SEGMENTS"


@pytest.fixture
async def embedded(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connection]:
    monkeypatch.setattr(changes, "LOOK", 0.01)
    await workspace.database.write(fill)
    async with reach(workspace) as connection:
        yield connection


@asynccontextmanager
async def client_of(embedded: Connection, mode: str, played: Played, **given: Any) -> AsyncIterator[Client]:
    settings, announcer = embedded.workspace.settings, Announcer()
    async with Pages() as pages, Connections(embedded, pages, played) as connections:
        server = create_server(
            contexts(connections), toolsets.shown("all"), fails=lambda: fails(settings), announcer=announcer
        )
        async with meanwhile(announcer.watch(connections.state)), Client(server, mode=mode, **given) as client:
            yield client


def text(result: Any) -> str:
    return "\n".join(part.text for part in result.content)


def link(result: Any) -> str:
    found = re.search(r"\[Connect Customer\.io\]\((http://127\.0\.0\.1:\d+/[\w-]+)\)", text(result))
    assert found, text(result)
    return found[1]


@pytest.mark.parametrize("mode", ERAS)
async def test_from_a_link_to_the_workspace_at_customerio_and_back(embedded: Connection, mode: str) -> None:
    played = Played(embedded.workspace, region="eu")
    async with client_of(embedded, mode, played) as client:
        before = await client.call_tool(SEGMENTS, {})
        assert before.structured_content["workspace"] == "embedded (sandbox)"
        started = await client.call_tool(MANAGE, {"action": "start", "name": "acme"})
        assert started.structured_content["link"] == link(started)
        again = await client.call_tool(MANAGE, {"action": "start", "name": "acme"})
        assert link(again) == link(started)
        waiting = asyncio.create_task(client.call_tool(WAIT, {"name": "acme", "timeout": 20}))
        page = await sent(link(started), **played.keys, name="acme")
        assert page.status_code == 200
        assert (await waiting).structured_content["connected"] is True
        after = await client.call_tool(SEGMENTS, {})
        assert after.structured_content["workspace"] == "acme (Customer.io, EU)"
        status = await client.call_tool(MANAGE, {})
        [acme] = [each for each in status.structured_content["connections"] if each["current"]]
        assert (acme["name"], acme["keys"]) == ("acme", ["app", "track", "pipelines"])
        everything = str([started, waiting.result(), after, status])
        for key in ("app_key", "track_key", "pipelines_key"):
            assert played.keys[key] not in everything
        removed = await client.call_tool(MANAGE, {"action": "remove"})
        assert removed.structured_content["current"] == "embedded"
        assert removed.structured_content["workspace"] == "embedded (sandbox)"


async def test_nothing_is_sent_over_a_connection_that_a_person_has_just_made(embedded: Connection) -> None:
    played = Played(embedded.workspace)
    async with client_of(embedded, "auto", played) as client:
        await sent(link(await client.call_tool(MANAGE, {"action": "start"})), **played.keys, name="acme")
        played.asked.clear()
        for tool, arguments in (
            ("TRIGGER_BROADCAST", {"broadcast_id": 5, "ids": ["u1"], "data": {"headline": "x"}}),
            ("SEND_TRANSACTIONAL_MESSAGE", {"transactional_message_id": "Receipt", "identifier": "u1"}),
        ):
            answer = await client.call_tool(f"CUSTOMERIO_{tool}", arguments)
            assert answer.structured_content["state"] == "held"
        sends = re.compile(r"POST .*(/v1/send/|/triggers$)")
        assert [asked for asked in played.asked if sends.match(asked)] == []


@pytest.mark.parametrize("mode", ERAS)
async def test_a_call_whose_keys_are_gone_or_refused_leads_to_the_page(
    embedded: Connection, mode: str, memory: Memory
) -> None:
    settings, played = embedded.workspace.settings, Played(embedded.workspace)
    lost = Saved(name="acme", region="us", apis=("app",), place="keyring")
    change(settings.home, lambda book: book.with_(lost))
    async with client_of(embedded, mode, played) as client:
        result = await client.call_tool(SEGMENTS, {})
        assert result.is_error
        assert "The keys of acme (Customer.io, US) are gone from the keyring" in text(result)
        assert (await sent(link(result), **played.keys, name="acme")).status_code == 200
        assert not (await client.call_tool(SEGMENTS, {})).is_error
        played.region = "eu"
        result = await client.call_tool(SEGMENTS, {})
        assert "acme (Customer.io, US) does not let its key do this. api.customer.io does not take" in text(result)
        assert link(result)
        assert (await client.call_tool(MANAGE, {})).structured_content["current"] == "acme"


@pytest.mark.parametrize(("mode", "action"), [("auto", "accept"), ("legacy", "accept"), ("auto", "decline")])
async def test_a_client_that_shows_links_shows_the_page_and_the_model_does_not_get_its_address(
    embedded: Connection, mode: str, action: Any
) -> None:
    shown: list[str] = []

    async def show(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        assert isinstance(params, types.ElicitRequestURLParams)
        shown.append(params.url)
        return types.ElicitResult(action=action)

    played = Played(embedded.workspace)
    async with client_of(embedded, mode, played, elicitation_callback=show) as client:
        started = await client.call_tool(MANAGE, {"action": "start", "name": "acme"})
        assert len(shown) == 1
        assert shown[0] not in str(started)
        told = {"accept": "The person was shown the page.", "decline": "did not want to open the page"}
        assert told[action] in started.structured_content["then"]
        assert (await sent(shown[0], **played.keys)).status_code == 200


async def test_tools_that_do_not_work_say_why_in_the_list_and_the_client_is_told_when_that_changes(
    embedded: Connection,
) -> None:
    settings, told = embedded.workspace.settings, asyncio.Event()

    async def hear(message: Any) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            told.set()

    async with client_of(embedded, "legacy", Played(embedded.workspace), message_handler=hear) as client:
        capabilities = client.server_capabilities
        assert capabilities.tools
        assert capabilities.tools.list_changed
        assert not [tool for tool in (await client.list_tools()).tools if "Not working" in (tool.description or "")]
        failing = Saved(name="acme", region="us", fails={SEGMENTS: "No scope."})
        change(settings.home, lambda book: book.with_(failing))  # as another process does
        await asyncio.wait_for(told.wait(), 5)
        tools = {tool.name: tool.description or "" for tool in (await client.list_tools()).tools}
        assert tools[SEGMENTS].endswith("Not working now. No scope.")


async def test_a_client_of_today_listens_for_the_change(embedded: Connection) -> None:
    settings = embedded.workspace.settings
    async with client_of(embedded, "auto", Played(embedded.workspace)) as client:
        capabilities = client.server_capabilities
        assert capabilities.tools
        assert capabilities.tools.list_changed
        async with client.listen(tools_list_changed=True) as events:
            change(settings.home, lambda book: book.with_(Saved(name="acme", region="us")))
            heard = await asyncio.wait_for(anext(aiter(events)), 5)
        assert type(heard).__name__ == "ToolsListChanged"


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        (WAIT, {}, "No page was opened."),
        (WAIT, {"timeout": 301}, "timeout must be 1 to 300"),
        (MANAGE, {"action": "start", "name": "../x"}, "name must be a short word"),
        (MANAGE, {"action": "remove", "name": "acme"}, "There is no connection"),
        (MANAGE, {"action": "remove"}, "The embedded workspace cannot be removed"),
        (MANAGE, {"action": "stop"}, "action must be one of status, start, remove"),
        (MANAGE, {"action": "start", "app_key": "k"}, "Unknown parameter `app_key`."),
    ],
)
async def test_what_cannot_be_done_is_told(
    embedded: Connection, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    async with client_of(embedded, "auto", Played(embedded.workspace)) as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert sentence in text(result)


async def test_a_process_that_is_to_work_on_what_is_not_there_acts_nowhere_else(embedded: Connection) -> None:
    workspace = replace(embedded.workspace, settings=replace(embedded.workspace.settings, connection="acme"))
    played = Played(workspace)
    async with client_of(replace(embedded, workspace=workspace), "auto", played) as client:
        result = await client.call_tool(SEGMENTS, {})
        assert 'There is no connection "acme".' in text(result)
        await sent(link(result), **played.keys, name="acme")
        after = await client.call_tool(SEGMENTS, {})
        assert after.structured_content["workspace"] == "acme (Customer.io, US)"
