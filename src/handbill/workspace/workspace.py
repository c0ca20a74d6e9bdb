"""An open workspace: its database, keys, clock and secret, and the bell that wakes the engine."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from handbill.errors import InvalidInput
from handbill.settings import Settings
from handbill.workspace import keys
from handbill.workspace.channels.smtp import SmtpSettings
from handbill.workspace.clock import SystemClock
from handbill.workspace.engine.needs import Clock, Renderer
from handbill.workspace.rendering.pool import ProcessRenderer
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
        if settings.smtp:
            _check_smtp(settings.smtp)
        database = await Database.open(settings.sqlite_path)
        try:
            secret = await database.write(_secret)
            async with ProcessRenderer() as renderer:
                yield cls(settings, database, keys.load(settings), clock or SystemClock(), secret, renderer)
        finally:
            await database.close()


def _check_smtp(url: str) -> None:
    try:
        SmtpSettings.from_url(url)
    except ValueError as error:
        raise InvalidInput.of("HANDBILL_SMTP", f"HANDBILL_SMTP is not right: {error}") from None


def _secret(tx: Transaction) -> bytes:
    tx.run("workspace.put_if_absent", {"key": "secret", "value": secrets.token_hex(32)})
    return bytes.fromhex(tx.value("workspace.get", {"key": "secret"}))
