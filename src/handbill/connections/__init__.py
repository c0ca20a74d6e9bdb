"""Which workspace, with which keys: the only place that knows both the client and the workspace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

from handbill.client import Client, Server, basic
from handbill.connections.register import WorkspaceRegister
from handbill.connections.saved import Saved
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.workspace.api.route import WITHIN
from handbill.workspace.app import create_app
from handbill.workspace.running import running
from handbill.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Connection:
    """A workspace within reach: this machine's own, or one at Customer.io.

    `workspace` is this machine's either way: the rules, the approvals and the audit log of all are in its database.
    """

    client: Client
    workspace: Workspace
    saved: Saved | None = None
    """What is known of the one at Customer.io."""

    @property
    def register(self) -> WorkspaceRegister:
        """Where its sends are entered, with the rules for them."""
        return WorkspaceRegister(self.workspace, self.saved.name if self.saved else "")

    async def policy(self) -> Policy:
        """What may be sent without a person, as it is at this moment."""
        return await self.register.policy()

    async def name(self) -> str:
        """Where calls go, as answers say it: `embedded (sandbox)`, or `acme (Customer.io, EU)`."""
        if self.saved:
            return self.saved.title
        return f"embedded ({(await self.policy()).mode})"


@asynccontextmanager
async def connect(settings: Settings, *, engine: bool = True) -> AsyncIterator[Connection]:
    """The embedded workspace, in this process and without a socket; `engine` sends what is triggered meanwhile."""
    async with Workspace.open(settings) as workspace, running(workspace, engine), reach(workspace) as connection:
        yield connection


@asynccontextmanager
async def reach(workspace: Workspace) -> AsyncIterator[Connection]:
    """A connection to a workspace that is already open."""
    transport = httpx2.ASGITransport(create_app(workspace, limits=False), client=(WITHIN, 0))
    url, keys = "http://embedded", workspace.keys
    track = Server(url, basic(keys.site_id, keys.track_key))
    pipelines = Server(url, basic(keys.pipelines_key))
    async with Client(url, keys.app_key, transport, track=track, pipelines=pipelines) as client:
        yield Connection(client, workspace)
