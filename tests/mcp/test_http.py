"""MCP over HTTP: who is let in, and how much a call may carry."""

import json
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
from tests.tools.film_club import RESTOCK, film_club

from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.tools import Context, toolsets

pytestmark = pytest.mark.anyio

KEY = "the-key"
BASE = "http://127.0.0.1:8622"
RIGHT = {"Authorization": f"Bearer {KEY}"}


@asynccontextmanager
async def served(home: Path) -> AsyncIterator[httpx2.ASGITransport]:
    async with film_club(home) as (_, context):

        async def connected() -> Context:
            return context

        async with mcp_app(create_server(connected), KEY) as app:
            yield httpx2.ASGITransport(Starlette(routes=[Route("/mcp", app)]))


async def test_a_client_with_the_key_lists_and_calls_tools(tmp_path: Path) -> None:
    async with served(tmp_path) as transport, client_of(transport) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == toolsets.shown("").keys()
        result = await client.call_tool("CUSTOMERIO_GET_SEGMENT_DETAILS", {"segment_id": 3})
        assert result.structured_content["people"] == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": KEY}, 401),
        ({"Authorization": f"Bearer {KEY}x"}, 401),
        ({"Authorization": b"Bearer \xff\xfe"}, 401),
        ({**RIGHT, "Content-Length": str(26 * 2**20)}, 413),
    ],
)
async def test_anyone_else_is_turned_away_before_any_work(tmp_path: Path, headers: Any, status: int) -> None:
    async with served(tmp_path) as transport, httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        answer = await http.post("/mcp", headers=headers, content=b"not even JSON")
        assert answer.status_code == status
        assert KEY not in answer.text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_call_of_almost_25_mb_works(tmp_path: Path, mode: str) -> None:
    people = [{"id": f"u{number}", "data": {"x": "x" * 2_000_000}} for number in range(1, 11)]
    people += [{"id": f"p{number}", "data": {"x": "x" * 1_200_000}} for number in range(4)]
    assert 24 * 2**20 < len(json.dumps({"per_user_data": people})) + 800_000 < 25 * 2**20
    async with served(tmp_path) as transport, client_of(transport, mode) as client:
        arguments = {"broadcast_id": RESTOCK, "per_user_data": people, "id_ignore_missing": True}
        result = await client.call_tool("CUSTOMERIO_TRIGGER_BROADCAST", arguments)
        assert result.structured_content["recipients"] == 9


@asynccontextmanager
async def client_of(transport: httpx2.ASGITransport, mode: str = "auto") -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(transport=transport, headers=RIGHT, timeout=60) as http:
        stream: Any = streamable_http_client(f"{BASE}/mcp", http_client=http)
        async with Client(stream, mode=mode) as client:
            yield client
