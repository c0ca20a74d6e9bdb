"""The engine at work on an open workspace, for as long as the workspace is in use."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from handbill.errors import Unavailable
from handbill.workspace import ways
from handbill.workspace.chores.attending import attend
from handbill.workspace.engine.needs import Channel
from handbill.workspace.engine.worker import Worker
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.workspace import Workspace

log = logging.getLogger(__name__)

RESTART_SECONDS = 5.0
"""How long until a new worker, after the last was failed by a full disk, another process's long write, or us."""


@asynccontextmanager
async def running(workspace: Workspace, engine: bool = True) -> AsyncIterator[None]:
    """Send what is triggered while the block runs; at its end, wait for what is on its way."""
    if not engine:
        yield
        return
    stopping = asyncio.Event()
    task = asyncio.create_task(work(workspace, stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


async def work(workspace: Workspace, stopping: asyncio.Event) -> None:
    """Send, and do the chores beside it, until `stopping` is set; neither waits for the other."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_send(workspace, stopping))
        tasks.create_task(attend(workspace, stopping))


async def _send(workspace: Workspace, stopping: asyncio.Event) -> None:
    """Run a worker until `stopping` is set, a new one when something failed it: a trigger may not wait for ever."""
    while not stopping.is_set():
        ledger = WorkspaceLedger(workspace)
        worker = Worker(
            ledger, workspace.renderer, lambda *way: channel(workspace, *way), workspace.clock, workspace.bell
        )
        stopper = asyncio.create_task(_stop(worker, stopping))
        try:
            await worker.run()
        except* Unavailable as errors:
            log.warning("Sending waits: %s", errors.exceptions[0])
            await _pause(stopping)
        except* Exception:
            log.exception("Sending stopped by a fault of ours; it starts again")
            await _pause(stopping)
        finally:
            stopper.cancel()


def channel(workspace: Workspace, transport: str, type_: str) -> Channel:
    """The way out for messages of this transport and type."""
    return ways.channel(workspace.settings, transport, type_)


async def _stop(worker: Worker, stopping: asyncio.Event) -> None:
    await stopping.wait()
    worker.stop()


async def _pause(stopping: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), RESTART_SECONDS)
    except TimeoutError:
        return
