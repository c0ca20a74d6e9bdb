"""`handbill serve` and `handbill worker`: the workspace for other programs, and more hands for its sending."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import click
import uvicorn
from starlette.routing import Route

from handbill.cli.stdio import READ_ONLY, TOOLSETS
from handbill.connections import Connection, reach
from handbill.connections.saved import fails
from handbill.connections.switching import Connections
from handbill.console.pages import Pages
from handbill.errors import Unavailable
from handbill.hosts import OwnHosts, local_hosts
from handbill.mcp.changes import Announcer, meanwhile
from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.opening import Page, contexts, desk
from handbill.settings import Settings
from handbill.tools import Tool, toolsets
from handbill.workspace.app import OPEN_PATHS, create_app
from handbill.workspace.running import running, work
from handbill.workspace.workspace import Workspace

HOST, PORT = "127.0.0.1", 8622
GRACE = 5
"""Seconds that answers may take to their end at Ctrl+C; a client that listens for changes never ends by itself."""
OWN = {HOST: HOST, "localhost": HOST, "0.0.0.0": HOST, "::1": "[::1]", "::": "[::1]"}  # noqa: S104 (bound if asked to)
"""By `--host`, the address that is this machine's alone."""
BACKLOG = 2048
"""Callers that may wait until they are taken."""


@click.command
@click.option("--host", default=HOST, show_default=True, help="Address to listen on.")
@click.option("--port", default=PORT, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--limits/--no-limits", default=True, help="Hold callers to Customer.io's rates.", show_default=True)
@TOOLSETS
@READ_ONLY
@click.pass_obj
def serve(settings: Settings, host: str, port: int, limits: bool, names: str | None, readonly: bool) -> None:
    """Serve the workspace: App API and Pipelines (/v1), Track API (/api/v1, /api/v2), MCP (/mcp), and send.

    \b
    Examples:
      handbill serve
      handbill serve --port 9000 --no-limits
    """
    settings = settings.tightened(readonly)
    shown = toolsets.shown(names or settings.toolsets)
    asyncio.run(_serve(settings, host, port, limits, shown))


async def _serve(settings: Settings, host: str, port: int, limits: bool, shown: Mapping[str, Tool]) -> None:
    async with Workspace.open(settings) as workspace, running(workspace), reach(workspace) as connection:
        with _listening(host, port) as sock:
            bound: int = sock.getsockname()[1]
            async with _for_agents(settings, connection, shown, host, bound) as routes:
                app = create_app(workspace, limits=limits)
                app.router.routes[:0] = routes  # routes are tried in their order, and there are many
                guarded = OwnHosts(app, _names(settings, host, bound), OPEN_PATHS)
                click.echo(f"Handbill serves http://{host}:{bound}: Customer.io's APIs, MCP at /mcp. Ctrl+C ends it.")
                config = uvicorn.Config(guarded, log_level="warning", lifespan="off", timeout_graceful_shutdown=GRACE)
                gc.freeze()  # the contract and its models stay: looking through them again took a tenth of the time
                await uvicorn.Server(config).serve([sock])


def _listening(host: str, port: int) -> socket.socket:
    """The socket, taken before anything is said. Raises Unavailable when another program has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, or asyncio would not switch off Nagle's delay: 40 ms for each answer in two parts.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        reason = error.strerror or "it is not an address of this machine"
        raise Unavailable(f"Cannot listen on {host}:{port}: {reason}. Try --port.") from error
    return sock


@asynccontextmanager
async def _for_agents(
    settings: Settings, embedded: Connection, shown: Mapping[str, Tool], host: str, port: int
) -> AsyncIterator[list[Route]]:
    """MCP on whichever connection is current, and the pages for the person whom its tools ask."""
    announcer = Announcer()
    async with Pages() as pages, Connections(embedded, pages) as connections:
        context = contexts(connections, _approval_page(host, port))
        server = create_server(context, shown, fails=partial(fails, settings), announcer=announcer)
        async with (
            mcp_app(server, embedded.workspace.keys.app_key) as app,
            meanwhile(announcer.watch(connections.state)),
        ):
            yield [Route("/mcp", app), *desk(embedded.workspace, connections).routes(port)]


def _approval_page(host: str, port: int) -> Page | None:
    """Where an approval's page is; None when this server has no address that is this machine's alone."""
    if host not in OWN:
        return None

    async def page(approval: int) -> str:
        return f"http://{OWN[host]}:{port}/approvals/{approval}"

    return page


def _names(settings: Settings, host: str, port: int) -> list[str]:
    """What callers may call this server: as this machine does, as links in mails do, and as the operator says."""
    bound = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    public = settings.base_url.partition("://")[2].partition("/")[0]
    return [*local_hosts(port), bound, public, *settings.hosts]


@click.command
@click.option("-v", "--verbose", is_flag=True, help="Say what is recorded, as it happens.")
@click.pass_obj
def worker(settings: Settings, verbose: bool) -> None:
    """Send what is triggered on this workspace, beside `handbill serve`; several may run at once.

    \b
    Examples:
      handbill worker
      handbill --home ./shop worker --verbose
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", force=True)
    # Ours alone: what HTTP clients say of each call holds addresses, and Slack's is a secret.
    logging.getLogger("handbill").setLevel(logging.INFO if verbose else logging.WARNING)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    async with Workspace.open(settings) as workspace:
        await work(workspace, stopping)
