"""From settings to what tools work with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from handbill.connections import Connection, connect
from handbill.gate.gate import Gate
from handbill.settings import Settings
from handbill.tools import Context


def context_of(connection: Connection) -> Context:
    """What tools work with on this connection."""
    return Context(connection.client, Gate(connection.client, connection.policy), connection.name)


@asynccontextmanager
async def opened(settings: Settings, *, engine: bool) -> AsyncIterator[Context]:
    """The workspace of `settings`; with `engine` this process also sends what is triggered."""
    async with connect(settings, engine=engine) as connection:
        yield context_of(connection)
