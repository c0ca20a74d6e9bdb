"""From settings to what tools work with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from handbill.connections import Connection, reach
from handbill.connections.switching import Connections
from handbill.gate.gate import Gate
from handbill.settings import Settings
from handbill.tools import Context
from handbill.workspace.running import running
from handbill.workspace.workspace import Workspace

if TYPE_CHECKING:
    from handbill.console.approvals import Desk
    from handbill.console.pages import Pages

Connected = Callable[[], Awaitable[Context]]
Page = Callable[[int], Awaitable[str]]
"""The address of an approval's page."""


def gate_of(connection: Connection) -> Gate:
    """What stands before its sends."""
    return Gate(connection.client, connection.register)


def context_of(connection: Connection, connections: Connections | None = None, page: Page | None = None) -> Context:
    """What tools work with on this connection, which is one of `connections`."""
    live = connection.saved is not None
    return Context(
        connection.client, gate_of(connection), connection.name, connections=connections, live=live, page=page
    )


def contexts(connections: Connections, page: Page | None = None) -> Connected:
    """Answers each call with a context on the connection that is current at that moment."""

    async def context() -> Context:
        return context_of(await connections.current(), connections, page)

    return context


def desk(workspace: Workspace, connections: Connections) -> "Desk":
    """Where a person decides, on pages, about the sends of all of these."""
    from handbill.console.approvals import Desk

    async def gate(name: str) -> Gate:
        return gate_of(await connections.named(name))

    return Desk(workspace, gate)


@asynccontextmanager
async def opened(settings: Settings, *, engine: bool) -> AsyncIterator[Context]:
    """The workspace that is current; with `engine` this process also sends what is triggered on the embedded one."""
    async with connected(settings, engine=engine) as context:
        yield await context()


@asynccontextmanager
async def connected(settings: Settings, *, engine: bool, pages: "Pages | None" = None) -> AsyncIterator[Connected]:
    """The same for a process that stays: each call is answered with what is current then."""
    async with (
        Workspace.open(settings) as workspace,
        running(workspace, engine),
        reach(workspace) as embedded,
        Connections(embedded, pages) as connections,
    ):
        if pages is None:
            yield contexts(connections)
            return
        pages.add(desk(workspace, connections).routes)
        yield contexts(connections, lambda approval: pages.at(f"/approvals/{approval}"))
