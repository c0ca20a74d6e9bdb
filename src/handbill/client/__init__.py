"""Calls Customer.io's App, Track and Pipelines APIs, wherever they are: at Customer.io, on a server of ours, or here.

async with Client.at(REGIONS["eu"], key) as client:
    page = await client.messages.list(MessagesQuery(metric="bounced"))
"""

from types import TracebackType
from typing import Self

import httpx2

from handbill.client.activities import Activities
from handbill.client.broadcasts import Broadcasts
from handbill.client.call import Caller
from handbill.client.campaigns import Campaigns
from handbill.client.collections import Collections
from handbill.client.customers import Customers
from handbill.client.exports import Exports
from handbill.client.imports import Imports
from handbill.client.info import Info
from handbill.client.messages import Messages
from handbill.client.newsletters import Newsletters
from handbill.client.objects import Objects
from handbill.client.optouts import Optouts
from handbill.client.pipelines import Pipelines
from handbill.client.regions import REGIONS, Hosts
from handbill.client.reporting_webhooks import ReportingWebhooks
from handbill.client.segments import Segments
from handbill.client.senders import Senders
from handbill.client.sends import Sends
from handbill.client.snippets import Snippets
from handbill.client.subscriptions import Subscriptions
from handbill.client.suppressions import Suppressions
from handbill.client.track import Track
from handbill.client.transactional import Transactional
from handbill.client.transport import OutcomeUnknown, Server, Transport, Waits, WrongRegion, basic, bearer, telling
from handbill.client.triggers import Triggers
from handbill.client.workspaces import Workspaces
from handbill.contract.endpoint import Auth

__all__ = ["REGIONS", "Client", "Hosts", "OutcomeUnknown", "Server", "Waits", "WrongRegion", "basic", "telling"]


class Client:
    """One workspace's APIs, by resource. Answers are the contract's models, failures are HandbillErrors.

    `track` and `pipelines` are where those two APIs are and what opens them; without them only the App API is called.
    A `track` without a key is called for what is open.
    With a `transport` (`httpx2.ASGITransport(app)` for a workspace in this process) calls are not paced.
    """

    live: bool
    """The far side is Customer.io, and no workspace of ours: what only Handbill tells is not asked."""

    def __init__(
        self,
        base_url: str,
        app_key: str,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        track: Server | None = None,
        pipelines: Server | None = None,
        live: bool = False,
        waits: Waits | None = None,
    ) -> None:
        self.live = live
        servers = {Auth.APP: Server(base_url, bearer(app_key), live), Auth.TRACK: track, Auth.PIPELINES: pipelines}
        transports = {auth: Transport(server, transport, waits) for auth, server in servers.items() if server}
        self._transports = list(transports.values())
        if track:
            transports[Auth.NONE] = transports[Auth.TRACK] if track.authorization else transports.pop(Auth.TRACK)
        call = Caller(transports, live)
        self.activities = Activities(call)
        self.broadcasts = Broadcasts(call)
        self.campaigns = Campaigns(call)
        self.collections = Collections(call)
        self.customers = Customers(call)
        self.exports = Exports(call)
        self.info = Info(call)
        self.imports = Imports(call)
        self.messages = Messages(call)
        self.newsletters = Newsletters(call)
        self.objects = Objects(call)
        self.reporting_webhooks = ReportingWebhooks(call)
        self.optouts = Optouts(call)
        self.pipelines = Pipelines(call)
        self.segments = Segments(call)
        self.senders = Senders(call)
        self.sends = Sends(call)
        self.snippets = Snippets(call)
        self.suppressions = Suppressions(call)
        self.subscriptions = Subscriptions(call)
        self.track = Track(call)
        self.transactional = Transactional(call)
        self.triggers = Triggers(call)
        self.workspaces = Workspaces(call)

    @classmethod
    def at(
        cls,
        hosts: Hosts,
        app_key: str,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        site_id: str = "",
        track_key: str = "",
        pipelines_key: str = "",
        waits: Waits | None = None,
    ) -> Self:
        """A workspace at Customer.io. What is open needs no Track key.

        Raises InvalidInput for a key that cannot be one.
        """
        track = Server(hosts.track, basic(site_id, track_key) if track_key else "", live=True)
        pipelines = Server(hosts.pipelines, basic(pipelines_key), live=True) if pipelines_key else None
        return cls(hosts.app, app_key, transport, track=track, pipelines=pipelines, live=True, waits=waits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in self._transports:
            await transport.close()
