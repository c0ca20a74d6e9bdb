"""`handbill mcp`, as an agent's host starts it."""

import sys
from pathlib import Path

import pytest
from mcp import StdioServerParameters
from mcp.client import Client

from handbill.tools import toolsets

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_agents_host_lists_and_calls_tools(tmp_path: Path, mode: str) -> None:
    command = StdioServerParameters(command=sys.executable, args=["-m", "handbill", "mcp", "--home", str(tmp_path)])
    async with Client(command, mode=mode) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == toolsets.shown("").keys()
        result = await client.call_tool("CUSTOMERIO_GET_SEGMENTS", {})
        assert result.structured_content["workspace"] == "embedded (sandbox)"
        assert (await client.call_tool("CUSTOMERIO_GET_SEGMENT_DETAILS", {"segment_id": 3})).is_error
