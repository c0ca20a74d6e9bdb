"""Attends to chores: looks what waits, and works on each thing in a task of its own.

One process at a time does so, the one that holds a lock of the operating system; when it dies, another goes on. What
was begun and not finished still waits, so nothing is lost; each chore sees to it that nothing is done twice.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from filelock import FileLock, Timeout

from handbill.errors import Unavailable
from handbill.workspace.chores import exports, imports, reporting_webhooks
from handbill.workspace.store import calls
from handbill.workspace.store import exports as stored_exports
from handbill.workspace.store import imports as stored_imports
from handbill.workspace.store import reporting_webhooks as stored_webhooks
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How often is looked what waits, and whether the process that attends has died."""

RETRY_SECONDS = 60.0
"""How long a thing is left alone that a fault befell."""
STOP_SECONDS = 10.0
"""How long a stop waits for what is in hand, such as an endpoint's answer."""


@dataclass(frozen=True, slots=True)
class Chore:
    """`due` says by number what waits at a time (Unix seconds).

    `do` works on one of these until it waits no more, or until the event is set: then it ends in good order.
    """

    name: str
    due: Callable[[Transaction, int], list[int]]
    do: Callable[[Workspace, int, asyncio.Event], Awaitable[None]]


async def _expire(workspace: Workspace, number: int, _: asyncio.Event) -> None:
    await workspace.database.write(calls.expire, number, workspace.clock.now())


CHORES = (
    Chore("approval", calls.overdue, _expire),
    Chore("reporting webhook", stored_webhooks.due, reporting_webhooks.tell),
    Chore("export", stored_exports.due, exports.make),
    Chore("import", stored_imports.due, imports.take),
)

Tasks = dict[tuple[str, int], asyncio.Task[None]]


async def attend(workspace: Workspace, stopping: asyncio.Event) -> None:
    """Do chores until `stopping` is set, whenever no other process does them."""
    lock = FileLock(f"{workspace.database.path}.chores", thread_local=False)
    while not stopping.is_set():
        with contextlib.suppress(Timeout), lock.acquire(timeout=0):
            await _attend(workspace, stopping)
        await _pause(stopping, POLL_SECONDS)


async def _attend(workspace: Workspace, stopping: asyncio.Event) -> None:
    tasks: Tasks = {}
    try:
        while not stopping.is_set():
            with _logged("Chores"):
                await _begin(workspace, tasks, stopping)
            await _pause(stopping, POLL_SECONDS)
    finally:
        await _end(tasks)


async def _end(tasks: Tasks) -> None:
    """Wait until all is laid down; what takes too long, such as a download, is broken off."""
    if tasks:
        _, late = await asyncio.wait(tasks.values(), timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _begin(workspace: Workspace, tasks: Tasks, stopping: asyncio.Event) -> None:
    """Start on all that waits and is not worked on yet."""
    for key in [key for key, task in tasks.items() if task.done()]:
        del tasks[key]
    for chore in CHORES:
        for number in await workspace.database.read(chore.due, workspace.clock.now()):
            if (chore.name, number) not in tasks:
                tasks[chore.name, number] = asyncio.create_task(_do(chore, workspace, number, stopping))


async def _do(chore: Chore, workspace: Workspace, number: int, stopping: asyncio.Event) -> None:
    with _logged(f"The {chore.name} {number}"):
        await chore.do(workspace, number, stopping)
        return
    await _pause(stopping, RETRY_SECONDS)


@contextlib.contextmanager
def _logged(what: str) -> Iterator[None]:
    """Faults never end the attending: what they befell waits, and is begun again."""
    try:
        yield
    except Unavailable as error:
        log.warning("%s: to be done later. %s", what, error)
    except Exception:
        log.exception("%s: stopped by a fault of ours, to be begun again", what)


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
