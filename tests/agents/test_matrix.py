"""Every mode x every way in x every tool: what is listed, what a call does, and how many messages leave.

The modes and the ways in are tables, the tools are TOOLS, and what each asks of the HTTP API is recorded from the
tool itself: a new tool, or a new call of an old one, is in all of it as soon as it is written.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from click.testing import CliRunner
from mcp import ClientSession, StdioServerParameters
from mcp.client import Client as Agent
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Route
from tests.agents.calls import TOLD, right
from tests.agents.planted import context_in, planted
from tests.conftest import FixedClock
from tests.workspace.engine.standins import send_everything

from handbill.cli import root, running
from handbill.client.call import Caller, _parameters
from handbill.client.transport import basic, bearer
from handbill.connections import Connection
from handbill.contract.endpoint import Auth, Endpoint
from handbill.errors import HandbillError
from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.policy import Policy
from handbill.tools import TOOLS, Tool, call
from handbill.workspace.app import create_app
from handbill.workspace.store import sending

pytestmark = pytest.mark.anyio

LIVE = Policy(mode="live", auto_send_max=100)
RAW = "the APIs"
Outcome = Literal["done", "hidden", "read-only", "off", "waits"]


@dataclass(frozen=True)
class Mode:
    """Rules of the workspace, and how the process was started."""

    policy: Policy
    started_readonly: bool = False

    @property
    def readonly(self) -> bool:
        return self.policy.readonly or self.started_readonly

    def expected(self, tool: Tool) -> Outcome:
        """What becomes of a right call of this tool."""
        if not self.policy.offers(tool.toolset):
            return "hidden"
        if self.readonly and tool.effect in ("changes", "sends"):
            return "read-only"
        if tool.effect == "sends" and self.policy.mode != "sandbox" and not self.sends(RAW):
            return "off" if self.policy.mode == "off" else "waits"
        return "done"

    def fits(self, tool: Tool, way: str, said: str) -> bool:
        """Is this what must be said? Toolsets are for tools, and what waits is no error over the APIs."""
        expected = self.expected(tool)
        if way == RAW and expected not in ("done", "read-only"):
            return True
        if expected == "waits":
            return said == "" or SAID["waits"] in said
        told = TOLD.get(tool.name, "") if expected == "done" else SAID[expected]
        return told in said if told else said == ""

    def sends(self, way: str) -> bool:
        """Do messages leave when everything is called in this way?"""
        small_goes = self.policy.mode == "live" and self.policy.auto_send_max > 0 and not self.readonly
        return small_goes and (way == RAW or self.policy.toolsets == "all")


@dataclass(frozen=True)
class Request:
    """One call of the HTTP API."""

    endpoint: Endpoint
    url: str
    query: dict[str, Any]
    body: Any


MODES = {
    "sandbox": Mode(Policy()),
    "live, nobody without a person": Mode(Policy(mode="live")),
    "live, a few without a person": Mode(LIVE),
    "off": Mode(Policy(mode="off")),
    "read-only": Mode(Policy(mode="live", auto_send_max=100, readonly=True)),
    "started read-only": Mode(LIVE, started_readonly=True),
    "one toolset": Mode(Policy(mode="live", auto_send_max=100, toolsets="segments")),
}
SAID: Mapping[Outcome, str] = {
    "hidden": "which is off in this workspace",
    "read-only": "This is read-only, so nothing was done.",
    "off": "Sending is off in this workspace.",
    "waits": "go without a person",
}


Ask = Callable[[str, dict[str, Any]], Awaitable[str]]
"""Call a tool; what is told when it is refused, nothing when it worked."""


@asynccontextmanager
async def in_python(connection: Connection) -> AsyncIterator[Ask]:
    context = context_in(connection)

    async def ask(name: str, arguments: dict[str, Any]) -> str:
        try:
            await call(context, name, arguments)
        except HandbillError as error:
            return str(error)
        return ""

    yield ask


@asynccontextmanager
async def over_http(connection: Connection, era: str) -> AsyncIterator[Ask]:
    async def connected() -> Any:
        return context_in(connection)

    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(mcp_app(create_server(connected, TOOLS), "key"))
        transport = httpx2.ASGITransport(Starlette(routes=[Route("/mcp", app)]))
        http = httpx2.AsyncClient(transport=transport, headers={"Authorization": "Bearer key"})
        stream: Any = streamable_http_client(
            "http://127.0.0.1:8622/mcp", http_client=await stack.enter_async_context(http)
        )
        yield await asked_by(await stack.enter_async_context(Agent(stream, mode=era)))


async def asked_by(agent: Agent) -> Ask:
    """Calls of an MCP client, which also finds listed exactly what it may call."""
    listed = {tool.name for tool in (await agent.list_tools()).tools}

    async def ask(name: str, arguments: dict[str, Any]) -> str:
        result = await agent.call_tool(name, arguments)
        said = "".join(getattr(part, "text", "") for part in result.content) if result.is_error else ""
        shut = SAID["hidden"] in said or SAID["read-only"] in said
        if (name in listed) is shut:
            return f"This should {'not ' * shut}be listed."
        return said

    return ask


@asynccontextmanager
async def as_commands(connection: Connection, line: Callable[[str, dict[str, Any]], list[str]]) -> AsyncIterator[Ask]:
    """The command line, in this process and on the workspace that is open."""

    @asynccontextmanager
    async def opened(*_: Any, **__: Any) -> AsyncIterator[Any]:
        yield context_in(connection)

    async def ask(name: str, arguments: dict[str, Any]) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, root, line(name, arguments))
        if result.exception and not isinstance(result.exception, HandbillError):
            raise result.exception
        return str(result.exception or "")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "opened", opened)
        yield ask


def by_call(name: str, arguments: dict[str, Any]) -> list[str]:
    return ["call", "--no-wait", name, json.dumps(arguments)]


def by_command(name: str, arguments: dict[str, Any]) -> list[str]:
    tool = TOOLS[name]
    if tool.toolset == "connections":
        return by_call(name, arguments)  # a person's commands of this name are others
    options = [
        part
        for option, value in arguments.items()
        for part in (f"--{option.replace('_', '-')}", value if isinstance(value, str) else json.dumps(value))
    ]
    return [*tool.command.split(), *options, "--json", *["--no-wait"] * (tool.effect == "sends")]


@asynccontextmanager
async def over_the_apis(connection: Connection, asked: Mapping[str, list[Request]]) -> AsyncIterator[Ask]:
    """What the tools ask of the workspace, asked by somebody who has its keys."""
    keys = connection.workspace.keys
    right_keys = {
        Auth.APP: bearer(keys.app_key),
        Auth.TRACK: basic(keys.site_id, keys.track_key),
        Auth.PIPELINES: basic(keys.pipelines_key),
        Auth.NONE: "",
    }
    transport = httpx2.ASGITransport(create_app(connection.workspace, limits=False))
    async with httpx2.AsyncClient(transport=transport, base_url="http://workspace") as http:

        async def ask(name: str, arguments: dict[str, Any]) -> str:
            answers = [
                await http.request(
                    made.endpoint.method,
                    made.url,
                    params=made.query,
                    json=made.body,
                    headers={"Authorization": right_keys[made.endpoint.auth]},
                )
                for made in asked[name]
            ]
            return " ".join(answer.text for answer in answers if answer.is_error)

        yield ask


Way = Callable[[Connection], AbstractAsyncContextManager[Ask]]
WAYS: dict[str, Way] = {
    "Python": in_python,
    "MCP over HTTP": lambda connection: over_http(connection, "auto"),
    "MCP over HTTP, older revisions": lambda connection: over_http(connection, "legacy"),
    "handbill call": lambda connection: as_commands(connection, by_call),
    "commands": lambda connection: as_commands(connection, by_command),
}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
async def test_the_rules_hold_on_every_way_in_for_every_tool(
    tmp_path: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClientSession, "validate_tool_result", nothing)  # is looked at in tests/mcp, and takes long
    clock = FixedClock()
    async with planted(tmp_path, lambda place: place, clock) as (connection, post):
        workspace = connection.workspace
        known = await known_of(connection)
        asked = await recorded(connection, known)
        await workspace.database.write(sending.put, mode.policy)
        object.__setattr__(workspace, "settings", workspace.settings.tightened(mode.started_readonly))
        ways: dict[str, Way] = {**WAYS, RAW: partial(over_the_apis, asked=asked)}
        for way, entered in ways.items():
            clock.advance(86_400)
            async with entered(connection) as ask:
                names = [name for name in TOOLS if way != RAW or asked[name]]
                said = {name: await ask(name, right(TOOLS[name], **known)) for name in names}
            assert {name: text for name, text in said.items() if not mode.fits(TOOLS[name], way, text)} == {}, way
            await send_everything(workspace)
            assert sorted(post.reached) == (REACHED if mode.sends(way) else []), way
            post.reached.clear()


REACHED = ["ann1@shop.example"] * 4 + ["ann2@shop.example"]
"""Whom right calls of all tools write to: a trigger, a transactional message, a campaign twice."""


async def known_of(connection: Connection) -> dict[str, Any]:
    """A delivery, of somebody to whom nothing else happens."""
    messages = (await connection.client.messages.list()).messages
    return {"delivery_id": next(message.id for message in messages if message.customer_id == "u7")}


async def recorded(connection: Connection, known: Mapping[str, Any]) -> dict[str, list[Request]]:
    """What each tool asks of the HTTP API, as it asks in a sandbox."""
    asked: dict[str, list[Request]] = {name: [] for name in TOOLS}
    await connection.workspace.database.write(sending.put, Policy())
    for name, tool in TOOLS.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Caller, "told", told_and_kept(asked[name]))
            with suppress(HandbillError):
                await call(context_in(connection), name, right(tool, **known))
    return asked


def told_and_kept(made: list[Request]) -> Callable[..., Awaitable[Any]]:
    whole = Caller.told

    async def told(
        self: Caller, endpoint: Endpoint, path: Any = None, query: Any = None, body: Any = None, *more: Any
    ) -> Any:
        made.append(Request(endpoint, endpoint.url(**path or {}), _parameters(query), body))
        return await whole(self, endpoint, path, query, body, *more)

    return told


async def nothing(*_: object) -> None:
    pass


async def test_a_process_on_stdio_holds_to_rules_that_change_while_it_runs(tmp_path: Path) -> None:
    """One process for all modes; the right client closes it, and what it left is sent here."""
    async with planted(tmp_path, lambda place: place) as (connection, post):
        workspace = connection.workspace
        known = await known_of(connection)
        environment = {"HANDBILL_SMTP": str(workspace.settings.smtp), "HANDBILL_TOOLSETS": "all"}
        command = ["-m", "handbill", "mcp", "--home", str(workspace.settings.home)]
        process = StdioServerParameters(command=sys.executable, args=command, env=environment)
        once = iter([(5, "1"), (8, "3")])  # each only once in 10 seconds
        async with Agent(process) as agent:
            for mode in (mode for mode in MODES.values() if not mode.started_readonly):
                await workspace.database.write(sending.put, mode.policy)
                ask = await asked_by(agent)
                if all(mode.expected(tool) == "done" for tool in TOOLS.values()):
                    known["broadcast_id"], known["trigger_id"] = next(once)
                said = {name: await ask(name, right(tool, **known)) for name, tool in TOOLS.items()}
                assert {name: text for name, text in said.items() if not mode.fits(TOOLS[name], "stdio", text)} == {}
        await workspace.database.write(sending.put, LIVE)
        await send_everything(workspace)
        assert sorted(post.reached) == REACHED
