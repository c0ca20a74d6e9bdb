"""MCP on standard input and output: the client is answered before the workspace is open."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager

from mcp.server.stdio import stdio_server

from handbill.mcp.changes import Announcer, meanwhile
from handbill.mcp.server import Connected, create_server
from handbill.policy import Policy
from handbill.tools import Context, Tool

HEAD_START = 0.2
"""Seconds between telling a client the tools and opening the workspace, so that the first does not wait."""


Connect = Callable[[], AbstractAsyncContextManager[Connected]]


async def serve_stdio(
    connect: Connect,
    shown: Mapping[str, Tool],
    rules: Callable[[], Awaitable[Policy]],
    fails: Callable[[], Mapping[str, str]],
) -> None:
    """Serve one client until it closes standard input; it is shown the tools in `shown`, if the rules allow.

    Those that `fails` names are shown with the reason.
    """
    announcer = Announcer()
    opening = _Opening(connect, announcer)
    server = create_server(opening.context, shown, opening.soon, rules, fails, announcer)
    keeper = asyncio.create_task(opening.keep_open())
    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    finally:
        opening.close()
        await keeper


class _Opening:
    """What gives contexts, opened when first needed or soon after the tools were listed, closed by the same task."""

    def __init__(self, connect: Connect, announcer: Announcer) -> None:
        self._connect = connect
        self._announcer = announcer
        self._wanted = asyncio.Event()
        self._closed = asyncio.Event()
        self._connected: asyncio.Future[Connected] = asyncio.get_running_loop().create_future()

    async def context(self) -> Context:
        self._wanted.set()
        return await (await asyncio.shield(self._connected))()

    def soon(self) -> None:
        asyncio.get_running_loop().call_later(HEAD_START, self._wanted.set)

    def close(self) -> None:
        self._closed.set()
        self._wanted.set()

    async def keep_open(self) -> None:
        await self._wanted.wait()
        if self._closed.is_set():
            return
        try:
            async with self._connect() as connected:
                connections = (await connected()).connections
                self._connected.set_result(connected)
                assert connections
                async with meanwhile(self._announcer.watch(connections.state)):
                    await self._closed.wait()
        except Exception as error:
            if self._connected.done():
                raise
            self._connected.set_exception(error)
            self._connected.exception()  # looked at: it need not be told when no call comes
