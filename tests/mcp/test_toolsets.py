"""Every choice of toolsets, on each transport, for every tool: shown and called, or neither; and the gate."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Route
from tests.tools.film_club import RESTOCK, fill

from handbill.connections import reach
from handbill.errors import InvalidInput
from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.opening import context_of
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.tools import TOOLS, Context, toolsets
from handbill.workspace.store import sending
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

CHOICES = ["", "all", "default,people", "metrics workspace"]
Served = Callable[[Path, str], AbstractAsyncContextManager[Client]]


@asynccontextmanager
async def over_http(home: Path, names: str) -> AsyncIterator[Client]:
    async with Workspace.open(Settings.load({}, home)) as workspace, reach(workspace) as connection:

        async def connected() -> Context:
            return context_of(connection)

        server = create_server(connected, toolsets.shown(names))
        async with mcp_app(server, "key") as app:
            transport = httpx2.ASGITransport(Starlette(routes=[Route("/mcp", app)]))
            headers = {"Authorization": "Bearer key"}
            async with httpx2.AsyncClient(transport=transport, headers=headers) as http:
                stream: Any = streamable_http_client("http://127.0.0.1:8622/mcp", http_client=http)
                async with Client(stream) as client:
                    yield client


@asynccontextmanager
async def over_stdio(home: Path, names: str) -> AsyncIterator[Client]:
    arguments = ["-m", "handbill", "mcp", "--home", str(home)]
    environment = {"HANDBILL_TOOLSETS": names}
    async with Client(StdioServerParameters(command=sys.executable, args=arguments, env=environment)) as client:
        yield client


TRANSPORTS = [over_http, over_stdio]


@pytest.mark.parametrize(
    ("served", "names"),
    [*((served, names) for served in TRANSPORTS for names in CHOICES), *((over_http, n) for n in toolsets.every())],
)
async def test_a_tool_is_shown_and_answers_or_is_hidden_and_refused(
    tmp_path: Path, served: Served, names: str
) -> None:
    shown = toolsets.shown(names)
    async with served(tmp_path, names) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == shown.keys()
        for name, tool in TOOLS.items():
            result = await client.call_tool(name, {})
            said = str(result.content[0])
            off = f"{name} is in the toolset {tool.toolset}, which is off here."
            assert (off in said) is (name not in shown)
            assert result.is_error or name in shown


SENDING: dict[str, dict[str, Any]] = {
    "TRIGGER_BROADCAST": {"broadcast_id": RESTOCK, "ids": ["u1"], "data": {"headline": "x"}},
    "SEND_TRANSACTIONAL_MESSAGE": {"transactional_message_id": "Receipt", "identifier": "u1"},
    "IDENTIFY_PERSON": {"user_id": "u1"},
    "TRACK_EVENT": {"user_id": "u1", "event": "purchase"},
    "TRACK_PAGE": {"user_id": "u1"},
    "TRACK_SCREEN": {"user_id": "u1", "name": "Basket"},
    "SEND_BATCH": {"batch": [{"type": "identify", "userId": "u1"}]},
}


def test_every_tool_that_may_send_is_held_to_the_gate_here() -> None:
    assert {f"CUSTOMERIO_{name}" for name in SENDING} == {n for n, tool in TOOLS.items() if tool.effect == "sends"}


@pytest.mark.parametrize("served", TRANSPORTS)
async def test_the_gate_stands_before_every_tool_that_may_send(tmp_path: Path, served: Served) -> None:
    async with Workspace.open(Settings.load({}, tmp_path)) as workspace:
        await workspace.database.write(fill)
        await workspace.database.write(sending.put, Policy(mode="off"))
    async with served(tmp_path, "all") as client:
        for name, arguments in SENDING.items():
            result = await client.call_tool(f"CUSTOMERIO_{name}", arguments)
            assert result.is_error
            assert "Sending is off" in str(result.content[0])


@pytest.mark.parametrize(("names", "meant"), [("peple", "did you mean people?"), ("all,x", 'Got "x"')])
def test_a_toolset_that_is_not_there_is_named_with_those_that_are(names: str, meant: str) -> None:
    with pytest.raises(InvalidInput, match="HANDBILL_TOOLSETS names toolsets: all, default, broadcasts,") as refused:
        toolsets.shown(names)
    assert meant in str(refused.value)


def test_the_default_is_what_the_first_eight_tools_need() -> None:
    assert len(toolsets.shown("")) == 15
    assert toolsets.shown("all") == TOOLS
