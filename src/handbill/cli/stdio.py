"""`handbill mcp`: the tools for an agent that starts us as its child."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import click

from handbill.mcp.server import Connected
from handbill.mcp.stdio import serve_stdio
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.tools import toolsets
from handbill.workspace.store import sending

TOOLSETS = click.option(
    "--toolsets",
    "names",
    metavar="NAMES",
    help="Which tools agents are shown: names with commas, default, or all [env HANDBILL_TOOLSETS].",
)


READ_ONLY = click.option(
    "--read-only",
    "readonly",
    is_flag=True,
    help="Only tools that read, and no request that changes anything [env HANDBILL_READONLY].",
)


@click.command
@TOOLSETS
@READ_ONLY
@click.pass_obj
def mcp(settings: Settings, names: str | None, readonly: bool) -> None:
    """Serve the tools to an agent over MCP on standard input and output, and send what it triggers.

    \b
    Examples:
      handbill mcp
      handbill mcp --toolsets default,people,metrics
      handbill mcp --read-only
      claude mcp add handbill -- handbill mcp
    """
    logging.basicConfig(level=logging.WARNING, force=True)
    settings = settings.tightened(readonly)
    shown = toolsets.shown(names or settings.toolsets)

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connected]:
        # Imported here: the client is told the tools before the workspace, the larger part of the program, is read.
        from handbill.console.pages import Pages
        from handbill.opening import connected

        async with Pages() as pages, connected(settings, engine=True, pages=pages) as context:
            yield context

    asyncio.run(serve_stdio(connect, shown, partial(rules, settings), partial(fails, settings)))


async def rules(settings: Settings) -> Policy:
    """The rules of the current connection, as the file has them."""
    name = ""
    if _connections(settings):
        from handbill.connections.saved import EMBEDDED, chosen

        current, _ = chosen(settings)
        name = "" if current == EMBEDDED else current
    return sending.peek(settings.sqlite_path, name).tightened(readonly=settings.readonly)


def fails(settings: Settings) -> Mapping[str, str]:
    """The tools that do not work on the current connection, each with the reason."""
    if not _connections(settings):
        return {}
    from handbill.connections import saved

    return saved.fails(settings)


def _connections(settings: Settings) -> bool:
    """Whether there are any: without, the larger part of the program need not be read to list the tools."""
    return bool(settings.connection) or (settings.home / "connections.json").exists()
