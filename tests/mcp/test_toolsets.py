"""What an agent's program chooses of the tools. The rules of a workspace: tests/agents/test_matrix.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Route

from handbill.connections import reach
from handbill.errors import InvalidInput
from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.opening import context_of
from handbill.settings import Settings
from handbill.tools import TOOLS, Context, toolsets
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

CHOICES = ["", "all", "default,people", "metrics workspace"]


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


@pytest.mark.parametrize("names", CHOICES)
async def test_a_tool_is_shown_and_answers_or_is_hidden_and_refused(tmp_path: Path, names: str) -> None:
    shown = toolsets.shown(names)
    async with over_http(tmp_path, names) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == shown.keys()
        for name, tool in TOOLS.items():
            result = await client.call_tool(name, {})
            said = str(result.content[0])
            off = f"{name} is in the toolset {tool.toolset}, which is off here."
            assert (off in said) is (name not in shown)
            assert result.is_error or name in shown


@pytest.mark.parametrize(("names", "meant"), [("peple", "did you mean people?"), ("all,x", 'Got "x"')])
def test_a_toolset_that_is_not_there_is_named_with_those_that_are(names: str, meant: str) -> None:
    with pytest.raises(InvalidInput, match="HANDBILL_TOOLSETS names toolsets: all, default, broadcasts,") as refused:
        toolsets.shown(names)
    assert meant in str(refused.value)


def test_the_default_is_what_the_first_eight_tools_need() -> None:
    assert len(toolsets.shown("")) == 15
    assert toolsets.shown("all") == TOOLS
