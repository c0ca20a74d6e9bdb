"""`handbill mcp`, as an agent's host starts it."""

import asyncio
import stat
import sys
from pathlib import Path

import mcp_types as types
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from tests.console.test_connect_page import sent

from handbill.connections.saved import change
from handbill.testing import Handbill
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


async def test_a_person_connects_a_workspace_while_the_agents_host_runs(tmp_path: Path, handbill: Handbill) -> None:
    """`handbill`, a workspace that is served, plays Customer.io."""
    environment = {
        "HANDBILL_HOME": str(tmp_path),
        "HANDBILL_CUSTOMERIO_URL": handbill.url,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    told = asyncio.Event()

    async def hear(message: object) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            told.set()

    command = StdioServerParameters(command=sys.executable, args=["-m", "handbill", "mcp"], env=environment)
    async with Client(command, mode="legacy", message_handler=hear) as client:
        started = await client.call_tool("CUSTOMERIO_MANAGE_CONNECTIONS", {"action": "start", "name": "acme"})
        keys = handbill.keys
        page = await sent(started.structured_content["link"], app_key=keys.app_key, name="acme")
        assert keys.app_key not in page.text
        waited = await client.call_tool("CUSTOMERIO_WAIT_FOR_CONNECTION", {"name": "acme"})
        assert waited.structured_content["connected"] is True
        listed = await client.call_tool("CUSTOMERIO_LIST_BROADCASTS", {})
        assert listed.structured_content["workspace"] == "acme (Customer.io, US)"
        await asyncio.wait_for(told.wait(), 10)
        change(tmp_path, lambda book: book.using("embedded"))  # `handbill connections use embedded`
        listed = await client.call_tool("CUSTOMERIO_LIST_BROADCASTS", {})
        assert listed.structured_content["workspace"] == "embedded (sandbox)"
    assert stat.S_IMODE((tmp_path / "connection-keys.json").stat().st_mode) == 0o600
