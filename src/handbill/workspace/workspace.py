"""An open workspace: its database, keys, clock and secret, and the bell that wakes the engine."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from handbill.errors import ReadOnly
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.workspace import keys, ways
from handbill.workspace.clock import SystemClock
from handbill.workspace.engine.needs import Clock, Renderer
from handbill.workspace.rendering.pool import ProcessRenderer
from handbill.workspace.store import sending
from handbill.workspace.store.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class Workspace:
    settings: Settings
    database: Database
    keys: keys.Keys
    clock: Clock
    secret: bytes = field(repr=False)
    """Seals delivery ids and cursors; lives in the database, so that every process has the same one."""
    renderer: Renderer
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    """Rung when there is something to send."""

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, clock: Clock | None = None) -> AsyncIterator["Workspace"]:
        """Open the workspace of `settings`, making it when there is none. Raises InvalidInput for a wrong setting."""
        ways.check(settings)
        database = await Database.open(settings.sqlite_path)
        try:
            secret = await database.write(_secret)
            async with ProcessRenderer() as renderer:
                yield cls(settings, database, keys.load(settings), clock or SystemClock(), secret, renderer)
        finally:
            await database.close()

    async def policy(self, connection: str = "") -> Policy:
        """The rules of a connection (`''`: of this workspace) as they are now, and as tight as this process's."""
        rules = await self.database.read(sending.get, connection)
        return rules.tightened(readonly=self.settings.readonly)

    async def check_writable(self) -> None:
        """Raise ReadOnly when this process, or the workspace for everybody, may only look."""
        if (await self.policy()).readonly:
            raise ReadOnly


def _secret(tx: Transaction) -> bytes:
    tx.run("workspace.put_if_absent", {"key": "secret", "value": secrets.token_hex(32)})
    return bytes.fromhex(tx.value("workspace.get", {"key": "secret"}))
