"""A live connection `acme`, with its rules in this machine's workspace, to a far one that plays Customer.io."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.conftest import FixedClock
from tests.tools.film_club import film_club

from handbill.approval import Approval
from handbill.client import Client, Hosts, Waits
from handbill.connections.register import WorkspaceRegister
from handbill.gate.gate import Gate
from handbill.policy import Policy
from handbill.tools import Context, call
from handbill.workspace.app import create_app
from handbill.workspace.store import approvals, audit, sending
from handbill.workspace.workspace import Workspace

FAR = Hosts("http://far", "http://far", "http://far")


@dataclass
class Live:
    """The connection, and what tests do with it."""

    workspace: Workspace
    client: Client
    clock: FixedClock
    posted: list[httpx2.Request] = field(default_factory=list)
    """Requests that change something at the far side."""

    @property
    def gate(self) -> Gate:
        return Gate(self.client, WorkspaceRegister(self.workspace, "acme"), self.rest)

    async def rest(self, seconds: float) -> None:
        """Time passes, and others get their turn."""
        self.clock.advance(seconds)
        await asyncio.sleep(0.001)

    async def rules(self, **rules: Any) -> None:
        await self.workspace.database.write(sending.put, Policy(**{"mode": "live", **rules}), "acme")

    async def call(self, tool: str, *, context: Context | None = None, **arguments: Any) -> dict[str, Any]:
        return (await call(context or self.context, f"CUSTOMERIO_{tool}", arguments)).data()

    async def trigger(self, *, context: Context | None = None, **arguments: Any) -> dict[str, Any]:
        given = {"broadcast_id": 5, **(arguments or {"ids": ["u1", "u2"]})}
        return await self.call("TRIGGER_BROADCAST", context=context, **given)

    @property
    def context(self) -> Context:
        return Context(self.client, self.gate, self.name)

    def asking(self, answer: Callable[[Any], int | None]) -> Context:
        """With a person in front of the client, who answers so."""

        async def ask(question: Any) -> int | None:
            return answer(question)

        return replace(self.context, ask=ask)

    def following(self, told: list[str]) -> Context:
        async def tell(sentence: str) -> None:
            told.append(sentence)

        return replace(self.context, tell=tell)

    async def name(self) -> str:
        return "acme (Customer.io, EU)"

    async def approval(self, number: int) -> Approval:
        return await self.workspace.database.read(approvals.get, number)

    async def log(self) -> list[tuple[str, str]]:
        return [(each.action, each.via) for each in await self.workspace.database.read(audit.read)]


class Counting(httpx2.AsyncBaseTransport):
    """To the far workspace; writes down what changes something."""

    def __init__(self, app: Any, posted: list[httpx2.Request]) -> None:
        self._inner, self._posted = httpx2.ASGITransport(app), posted

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method != "GET":
            self._posted.append(request)
        return await self._inner.handle_async_request(request)


@pytest.fixture
async def far(tmp_path: Path, clock: FixedClock, empty_database: Path) -> AsyncIterator[Workspace]:
    """The film club, in sandbox mode."""
    (tmp_path / "far").mkdir()
    shutil.copy(empty_database, tmp_path / "far" / "workspace.db")
    async with film_club(tmp_path / "far", clock) as (opened, _):
        yield opened


@pytest.fixture
async def live(workspace: Workspace, far: Workspace, clock: FixedClock) -> AsyncIterator[Live]:
    posted: list[httpx2.Request] = []
    keys = far.keys
    transport = Counting(create_app(far, limits=False), posted)
    async with Client.at(
        FAR,
        keys.app_key,
        transport,
        site_id=keys.site_id,
        track_key=keys.track_key,
        pipelines_key=keys.pipelines_key,
    ) as client:
        opened = Live(workspace, client, clock, posted)
        await opened.rules()
        yield opened


Played = Callable[[str], Any]


@pytest.fixture
def played(workspace: Workspace, clock: FixedClock) -> Callable[[str], Any]:
    """A connection to the server at this URL."""

    @asynccontextmanager
    async def connect(url: str) -> AsyncIterator[Live]:
        opened = Live(workspace, cast_client(), clock)

        async def rest(seconds: float) -> None:
            await opened.rest(seconds)

        waits = Waits(connect=5, silence=5, whole=10, sleep=rest)
        async with Client.at(Hosts(url, url, url), "key", pipelines_key="key", waits=waits) as client:
            opened.client = client
            await opened.rules(auto_send_max=100)
            yield opened

    return connect


def cast_client() -> Any:
    """Set as soon as there is one."""
    return None
