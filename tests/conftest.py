"""A fresh workspace in a folder of its own, with a clock that stands still until a test moves it."""

import asyncio
import dataclasses
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from handbill.client import Client
from handbill.client.transport import Waits
from handbill.settings import Settings
from handbill.workspace.app import create_app
from handbill.workspace.engine.needs import Content, Rendered, RenderFailure, Work
from handbill.workspace.rendering.message import Message
from handbill.workspace.store.database import Database
from handbill.workspace.workspace import Workspace

if TYPE_CHECKING:
    from tests.keyrings import Memory

if os.access("/dev/shm", os.W_OK):
    # Waiting for a disk's fsync is most of what most tests do; that commits outlive a kill is shown in tests/crash.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")

# The processes that tests start find everything compiled: compiling is half of their start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test, and no process of one, touches the keyring of the machine it runs on.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

# How long an example takes says how busy the machine is, nothing of the code.
hypothesis_settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("any machine")

pytest_plugins = ["tests.canary"]

NOW = 1_764_000_000
"""24 November 2025, 16:00:00 UTC."""


class FixedClock:
    """Stands still; tests move it with `advance`."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def now(self) -> int:
        return NOW + int(self._seconds)

    def time(self) -> float:
        return NOW + self._seconds

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += seconds


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


class RenderedHere:
    """The real rendering without its child processes, whose start costs more than most tests."""

    async def paths(self, content: Content) -> frozenset[str]:
        return frozenset(Message(content).paths)

    async def check(self, content: Content) -> Sequence[str]:
        return Message(content).faults

    async def render(
        self, content: Content, works: Sequence[Work], sample: bytes = b""
    ) -> AsyncIterator[Sequence[Rendered | RenderFailure]]:
        message = Message(content, sample)
        yield [message.render(work) for work in works]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is made once, and copied by each test: making one takes longer than most tests."""

    async def make(path: Path) -> None:
        await (await Database.open(path)).close()

    path = tmp_path_factory.mktemp("empty") / "workspace.db"
    asyncio.run(make(path))
    return path


@pytest.fixture
def first_database(empty_database: Path) -> Path:
    """What `workspace` begins with. A module whose tests all need the same in it makes it once, with `filled`."""
    return empty_database


@pytest.fixture
async def workspace(tmp_path: Path, clock: FixedClock, first_database: Path) -> AsyncIterator[Workspace]:
    async with opened(first_database, tmp_path, clock) as workspace:
        yield workspace


@asynccontextmanager
async def opened(database: Path, folder: Path, clock: FixedClock) -> AsyncIterator[Workspace]:
    """A workspace that begins with a copy of this database."""
    (folder / "home").mkdir()
    shutil.copy(database, folder / "home" / "workspace.db")
    async with Workspace.open(Settings.load({}, folder / "home"), clock) as workspace:
        yield dataclasses.replace(workspace, renderer=RenderedHere())


def filled(empty: Path, folder: Path, fill: Callable[[Workspace], Awaitable[object]]) -> Path:
    """A database in which `fill` was done."""

    async def make() -> Path:
        async with opened(empty, folder, FixedClock()) as workspace:
            await fill(workspace)
        return folder / "home" / "workspace.db"

    return asyncio.run(make())


@pytest.fixture
def put(workspace: Workspace) -> Callable[..., int]:
    """`insert` into this workspace: `put("broadcasts", name="Restock")`."""
    return partial(insert, workspace)


def insert(workspace: Workspace, table: str, **values: Any) -> int:
    """Write one row as it is, for what no call can make; its number comes back.

    Objects and lists become JSON; `created` and `updated` are NOW unless given.
    """
    with sqlite3.connect(workspace.database.path) as connection:
        known = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
        row = {name: NOW for name in ("created", "updated") if name in known} | values
        texts = {name: json.dumps(v) if isinstance(v, dict | list) else v for name, v in row.items()}
        marks = ", ".join(f":{name}" for name in texts)
        cursor = connection.execute(f"INSERT INTO {table} ({', '.join(texts)}) VALUES ({marks})", texts)
    connection.close()
    return cursor.lastrowid or 0


@pytest.fixture
def memory() -> Iterator["Memory"]:
    """A keyring for this process that a test can look into."""
    import keyring
    from tests.keyrings import Memory

    before, memory = keyring.get_keyring(), Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture
def app_key(workspace: Workspace) -> str:
    return workspace.keys.app_key


@pytest.fixture
def transport(workspace: Workspace) -> httpx2.ASGITransport:
    """The way to the workspace's HTTP side without a socket."""
    return httpx2.ASGITransport(create_app(workspace, limits=False))


@pytest.fixture
async def client(transport: httpx2.ASGITransport, app_key: str) -> AsyncIterator[Client]:
    """The App API as our own client sees it."""
    async with Client("http://workspace", app_key, transport, waits=Waits(sleep=no_time)) as opened:
        yield opened


async def no_time(seconds: float) -> None:
    """How long our client waits before it calls again, after it was told to."""


@pytest.fixture
async def http(transport: httpx2.ASGITransport, app_key: str) -> AsyncIterator[httpx2.AsyncClient]:
    """The App API as any HTTP client sees it, with the right key."""
    headers = {"Authorization": f"Bearer {app_key}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://workspace", headers=headers) as opened:
        yield opened
