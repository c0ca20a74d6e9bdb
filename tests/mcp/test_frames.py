"""Whatever is sent to the MCP endpoint or typed as a command is answered: never a 5xx, never a stack trace."""

from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route
from tests.tools.film_club import film_club

from handbill.cli import COMMANDS, root
from handbill.errors import HandbillError
from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.tools import TOOLS

Post = Callable[[Any, dict[str, str]], httpx2.Response]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.sampled_from(["broadcast_id", "ids", "segment_id", "limit", "start", "x"]), JSON)
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "fuzz", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
PARAMS = st.fixed_dictionaries(
    {},
    optional={"name": st.sampled_from([*TOOLS]) | st.text(), "arguments": ARGUMENTS | JSON, "_meta": st.just(META)},
)
FRAMES = JSON | st.fixed_dictionaries(
    {"jsonrpc": st.sampled_from(["2.0", "1.0"]) | JSON, "id": st.integers() | st.text() | JSON},
    optional={
        "method": st.sampled_from(["initialize", "tools/list", "tools/call", "ping", "server/discover"]) | st.text(),
        "params": PARAMS | JSON,
    },
)
HEADERS = st.sampled_from([{}, {"MCP-Protocol-Version": "2026-07-28"}, {"MCP-Protocol-Version": "2025-11-25"}])


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    home: Path = tmp_path_factory.mktemp("frames")

    @asynccontextmanager
    async def served() -> Any:
        async with film_club(home) as (_, context):

            async def connected() -> Any:
                return context

            async with mcp_app(create_server(connected, TOOLS), "key") as app:
                yield httpx2.ASGITransport(Starlette(routes=[Route("/mcp", app)]))

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served()) as transport:

        async def send(frame: Any, headers: dict[str, str]) -> httpx2.Response:
            accept = {"Authorization": "Bearer key", "Accept": "application/json, text/event-stream", **headers}
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8622") as http:
                return await http.post("/mcp", json=frame, headers=accept)

        yield lambda frame, headers: portal.call(send, frame, headers)


@settings(max_examples=100)
@given(frame=FRAMES, headers=HEADERS)
def test_every_frame_is_answered_and_none_breaks_the_server(post: Post, frame: Any, headers: dict[str, str]) -> None:
    answer = post(frame, headers)
    assert answer.status_code < 500
    assert "Something went wrong" not in answer.text
    assert "Traceback" not in answer.text


@settings(max_examples=100)
@given(name=st.sampled_from([*TOOLS]) | st.from_regex(r"[A-Z_]{1,20}", fullmatch=True), arguments=ARGUMENTS)
def test_every_call_is_answered_with_a_result(post: Post, name: str, arguments: dict[str, Any]) -> None:
    params = {"name": name, "arguments": arguments, "_meta": META}
    frame = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name}
    answer = post(frame, headers)
    assert answer.status_code == 200, answer.text
    assert "Something went wrong" not in answer.text


LEAVE = {"serve", "worker", "mcp", "demo", "setup", "connect", "connections", "openapi", "doctor", "keys", "import"}
"""Commands that stay, ask a person, or take long and read no arguments of others."""
WORDS = st.sampled_from(["--json", "--id", "--ids", "5", "[", "{}", "@/nowhere", "-", "list", "show"]) | st.text(
    max_size=8
)


@settings(max_examples=60)
@given(command=st.sampled_from(sorted({*COMMANDS} - LEAVE)), arguments=st.lists(WORDS, max_size=4))
def test_whatever_is_typed_is_answered_without_a_stack_trace(
    tmp_path_factory: pytest.TempPathFactory, command: str, arguments: list[str]
) -> None:
    home = tmp_path_factory.getbasetemp() / "typed"
    result = CliRunner(env={"HANDBILL_HOME": str(home)}).invoke(root, [command, *arguments])
    assert isinstance(result.exception, HandbillError | SystemExit | None), (command, arguments, result.exception)
