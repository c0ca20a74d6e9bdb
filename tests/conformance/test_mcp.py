"""Other people's tools against our MCP server: the official conformance suite in both eras, and the inspector.

The suite brings no key and ours is always wanted, so a layer in front adds it; nothing else is changed. Only
scenarios that need no fixture tools, resources or prompts of the suite's own are run.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from handbill.connections import connect
from handbill.hosts import OwnHosts, local_hosts
from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.opening import context_of
from handbill.settings import Settings
from handbill.tools import Context

pytestmark = [pytest.mark.anyio, pytest.mark.conformance]

NODE = Path(sys.executable).parent
TOOLS_DIR = Path(__file__).parents[2] / ".conformance"

LEGACY = ["server-initialize", "ping", "tools-list", "dns-rebinding-protection"]
CURRENT = [
    "server-stateless",
    "tools-list",
    "dns-rebinding-protection",
    "caching",
    "http-header-validation",
    "input-required-result-unsupported-methods",
]
NEEDS_FIXTURES = {
    "server-stateless": {
        "sep-2575-server-rejects-undeclared-capability",
        "sep-2575-missing-capability-http-400",
    },
    "caching": {
        "sep-2549-prompts-list-caching-hints",
        "sep-2549-resources-list-caching-hints",
        "sep-2549-resources-templates-list-caching-hints",
    },
}
"""Checks inside these scenarios that call a tool, prompt or resource of the suite's own; they fail just for that."""

SCENARIOS = [("2025-11-25", name) for name in LEGACY] + [("2026-07-28", name) for name in CURRENT]


async def run(*command: str, cwd: Path) -> tuple[int, str]:
    """Exit status and everything printed."""
    environment = os.environ | {"PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=environment, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), 300)
    assert process.returncode is not None
    return process.returncode, output.decode()


class WithKey:
    """Adds the key that the suite does not know."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._header = (b"authorization", f"Bearer {key}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "headers": [*scope["headers"], self._header]}, receive, send)


@asynccontextmanager
async def serving(home: Path) -> AsyncIterator[str]:
    """An MCP server on a fresh workspace, at a free port of loopback."""
    async with connect(Settings.load({}, home), engine=False) as connection:

        async def context() -> Context:
            return context_of(connection)

        server = uvicorn.Server(uvicorn.Config(_nothing, port=0, log_level="error", lifespan="off"))
        sock = server.config.bind_socket()
        port: int = sock.getsockname()[1]
        key = connection.workspace.keys.app_key
        async with mcp_app(create_server(context), key) as app:
            server.config.app = OwnHosts(WithKey(app, key), local_hosts(port))
            task = asyncio.create_task(server.serve([sock]))
            yield f"http://127.0.0.1:{port}/mcp"
            server.should_exit = True
            await task


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Replaced before the server starts: the port has to be known first."""


@pytest.mark.parametrize(("revision", "scenario"), SCENARIOS)
async def test_a_scenario_of_the_official_suite_passes(tmp_path: Path, revision: str, scenario: str) -> None:
    async with serving(tmp_path) as url:
        arguments = ["server", "--url", url, "--scenario", scenario, "--spec-version", revision]
        status, output = await run("npx", "conformance", *arguments, cwd=TOOLS_DIR)
    failed = set(re.findall(r"\[([\w-]+) *\] \S*FAILURE", output))
    assert failed == NEEDS_FIXTURES.get(scenario, set()), output
    assert (status == 0) == (not failed), output
    assert "SUCCESS" in output


async def test_the_inspector_lists_and_calls_tools_over_stdio(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "handbill", "--home", str(tmp_path), "mcp"]
    status, output = await run("npx", "mcp-inspector", "--cli", *command, "--method", "tools/list", cwd=TOOLS_DIR)
    assert status == 0, output
    assert "CUSTOMERIO_TRIGGER_BROADCAST" in output
    call = ["--method", "tools/call", "--tool-name", "CUSTOMERIO_GET_SEGMENTS"]
    status, output = await run("npx", "mcp-inspector", "--cli", *command, *call, cwd=TOOLS_DIR)
    assert status == 0, output
    assert "embedded (sandbox)" in output
