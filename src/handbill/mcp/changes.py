"""Telling clients that the tools are not what they were: another connection is current, or it can do more or less.

Since 2026-07-28 a client listens for it; before, it was told on its standing connection.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp.server import NotificationOptions, Server, ServerRequestContext
from mcp.server.models import InitializationOptions
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp_types.version import is_version_at_least

SESSIONS = 100
"""Clients of older revisions that are told; of more, those that were seen last."""
LOOK = 1.0
"""Seconds between two looks at what is current: another process may have changed it."""


class Announcer:
    """Knows who is to be told."""

    def __init__(self) -> None:
        self._bus = InMemorySubscriptionBus()
        self.listen = ListenHandler(self._bus)
        self._sessions: dict[str, ServerSession] = {}

    def seen(self, request: ServerRequestContext[Any]) -> None:
        """Remember the client of this request, if it will not ask to be told."""
        if is_version_at_least(request.protocol_version, "2026-07-28"):
            return
        http = getattr(request, "request", None)
        name = http.headers.get("mcp-session-id", "") if http else ""
        self._sessions.pop(name, None)
        self._sessions[name] = request.session
        for oldest in [*self._sessions][:-SESSIONS]:
            del self._sessions[oldest]

    async def announce(self) -> None:
        """Tell every client that is still there."""
        await self._bus.publish(ToolsListChanged())
        for name, session in [*self._sessions.items()]:
            try:
                await session.send_tool_list_changed()
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                self._sessions.pop(name, None)

    async def watch(self, state: Callable[[], Awaitable[object]]) -> None:
        """Announce, until this is cancelled, whenever `state` answers with something else than before."""
        known = await state()
        while True:
            await asyncio.sleep(LOOK)
            if (now := await state()) != known:
                known = now
                await self.announce()


@asynccontextmanager
async def meanwhile(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Do `work` while the block runs."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()


class ToolServer(Server[Any]):
    """A server that says to every client that its list of tools may change."""

    def create_initialization_options(
        self, notification_options: NotificationOptions | None = None, *rest: Any, **others: Any
    ) -> InitializationOptions:
        options = notification_options or NotificationOptions(tools_changed=True)
        return super().create_initialization_options(options, *rest, **others)
