"""`handbill mcp`: the tools for an agent that starts us as its child."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from handbill.mcp.stdio import serve_stdio
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.tools import Context, toolsets
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
    async def connect() -> AsyncIterator[Context]:
        # Imported here: the client is told the tools before the workspace, the larger part of the program, is read.
        from handbill.opening import opened

        async with opened(settings, engine=True) as context:
            yield context

    async def rules() -> Policy:
        return sending.peek(settings.sqlite_path).tightened(readonly=settings.readonly)

    asyncio.run(serve_stdio(connect, shown, rules))
