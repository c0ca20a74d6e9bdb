"""A worker: prepares accepted triggers, sends what is due, and takes over what dead workers left."""

import asyncio
import contextlib
from collections.abc import Callable

from handbill.workspace.engine.broadcast import deliver, prepare
from handbill.workspace.engine.dispatcher import Dispatcher
from handbill.workspace.engine.needs import Batch, Channel, Clock, Ledger, Renderer

CLAIMED = 200
"""Deliveries taken from the ledger at a time."""

BATCHES = 3
"""Batches rendered at once: one being sent, one being rendered, one being fetched."""

POLL_SECONDS = 0.5
"""How often another process's triggers and deaths are looked for."""


class Worker:
    """Runs until `stop`; several may share one ledger, in one process or many."""

    def __init__(
        self,
        ledger: Ledger,
        renderer: Renderer,
        channel: Callable[[str, str], Channel],
        clock: Clock,
        bell: asyncio.Event,
    ) -> None:
        """`channel(transport, type)` opens the way out; `bell` rings when there is something to do."""
        self._ledger = ledger
        self._renderer = renderer
        self._channel = channel
        self._clock = clock
        self._bell = bell
        self._stopping = asyncio.Event()
        self._room = asyncio.Semaphore(BATCHES)
        self._dispatchers: dict[tuple[str, str], Dispatcher] = {}
        self._tasks: asyncio.TaskGroup

    def stop(self) -> None:
        """Claim nothing new, wait for what is on its way, give the rest back."""
        self._stopping.set()
        self._bell.set()
        for dispatcher in self._dispatchers.values():
            dispatcher.stop()

    async def run(self) -> None:
        number = await self._ledger.join()
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._recover(number))
                self._tasks.create_task(self._prepare(number))
                self._tasks.create_task(self._send(number))
        finally:
            await self._ledger.leave(number)

    async def _recover(self, number: int) -> None:
        while not self._stopping.is_set():
            if await self._ledger.recover(number):
                self._bell.set()
            await self._wait(self._stopping, POLL_SECONDS * 2)

    async def _prepare(self, number: int) -> None:
        while not self._stopping.is_set():
            released = await self._ledger.release()
            if released:
                self._bell.set()
            job = await self._ledger.next_job(number)
            if job:
                await prepare(job, self._ledger, self._renderer)
                self._bell.set()
            elif not released:
                await self._idle()

    async def _send(self, number: int) -> None:
        while not self._stopping.is_set():
            async with self._room:
                batches = await self._ledger.claim(number, CLAIMED)
            for batch in batches:
                await self._room.acquire()
                self._tasks.create_task(self._deliver(batch))
            if not batches:
                await self._idle()

    async def _deliver(self, batch: Batch) -> None:
        try:
            dispatcher = self._dispatcher(batch.transport, batch.content.type)
            delivering = asyncio.create_task(deliver(batch, self._renderer, dispatcher, self._clock.now))
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({delivering, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not delivering.done():
                delivering.cancel()
                return
            delivering.result()
        finally:
            self._room.release()

    def _dispatcher(self, transport: str, type_: str) -> Dispatcher:
        key = (transport, type_)
        if key not in self._dispatchers:
            dispatcher = Dispatcher(self._ledger, self._channel(*key), self._clock)
            self._dispatchers[key] = dispatcher
            self._tasks.create_task(dispatcher.run())
            if self._stopping.is_set():
                dispatcher.stop()
        return self._dispatchers[key]

    async def _idle(self) -> None:
        """Until the bell rings, or it is time to look for other processes' work."""
        await self._wait(self._bell, POLL_SECONDS)
        if not self._stopping.is_set():
            self._bell.clear()

    @staticmethod
    async def _wait(event: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
