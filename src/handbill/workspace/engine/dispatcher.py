"""Hands finished messages to one channel and records what became of them, many in one transaction.

A message is marked `sending` in a committed transaction before its first byte leaves, and at most as many are marked
as the channel has connections: these are the only ones whose fate a crash can leave unknown. Marking the next ones
and recording the finished ones is one commit, so the cost of a durable commit is shared.
"""

import asyncio
from dataclasses import dataclass

from handbill.workspace.engine import retry
from handbill.workspace.engine.needs import (
    Batch,
    Channel,
    Clock,
    Departure,
    Ledger,
    Outcome,
    Receipt,
    Rendered,
    Result,
    TransportDown,
    Work,
)

WAITING = 200
"""Finished messages that may wait for a connection; with mails of 10 KB, 2 MB."""

LONGEST_PAUSE = 30.0
"""Seconds between two tries of a transport that is down."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message ready to leave, with what it was made from."""

    message: Rendered
    work: Work
    batch: Batch


class Dispatcher:
    """The sending end of one channel. `run` goes on until `stop`; what is on its way then is waited for."""

    def __init__(self, ledger: Ledger, channel: Channel, clock: Clock) -> None:
        self._ledger = ledger
        self._channel = channel
        self._clock = clock
        self._waiting: asyncio.Queue[Parcel] = asyncio.Queue(WAITING)
        self._finished: list[Result] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._slots = channel.connections
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._down: TransportDown | None = None
        self._paused: set[int] = set()
        self._pauses = 0

    async def put(self, parcel: Parcel) -> None:
        """Queue a message; waits while too many are queued."""
        await self._waiting.put(parcel)
        self._changed.set()

    def finish(self, result: Result) -> None:
        """Note a result for the next transaction."""
        self._finished.append(result)
        self._changed.set()

    def stop(self) -> None:
        """Start nothing new."""
        self._stopping.set()
        self._changed.set()

    async def run(self) -> None:
        while self._sending or self._finished or not self._stopping.is_set():
            await self._changed.wait()
            self._changed.clear()
            starting = [] if self._stopping.is_set() or self._down else self._take()
            finished, self._finished = self._finished, []
            if finished or starting:
                departures = [Departure(parcel.message, parcel.batch.dictionary) for parcel in starting]
                back = await self._ledger.record(finished, departures)
                starting = [parcel for parcel in starting if parcel.message.delivery not in back]
                if back:  # their connections are free for the next ones
                    self._changed.set()
            for parcel in starting:
                self._start(parcel)
            if self._down and not self._sending and not self._finished:
                await self._pause(self._down)
        await self._channel.close()

    def _take(self) -> list[Parcel]:
        """The messages that get a connection now. A channel without connections is the ledger itself."""
        parcels: list[Parcel] = []
        while not self._waiting.empty() and (not self._channel.connections or self._free() > len(parcels)):
            parcels.append(self._waiting.get_nowait())
        if self._channel.connections:
            return parcels
        self._finished += [self._result(parcel, Receipt(Outcome.SENT), delivered=True) for parcel in parcels]
        return []

    def _free(self) -> int:
        return self._slots - len(self._sending)

    def _start(self, parcel: Parcel) -> None:
        task = asyncio.create_task(self._send(parcel))
        self._sending.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._changed.set()

    async def _send(self, parcel: Parcel) -> None:
        message = parcel.message
        try:
            receipt = await self._channel.send(message.sender, message.recipients, message.payload)
        except TransportDown as down:
            self._down = down
            self._paused.add(parcel.batch.trigger)
            self.finish(Result(message.delivery, Outcome.QUEUED, self._clock.now(), down.reason))
        else:
            self._pace(receipt)
            self.finish(self._result(parcel, receipt))

    def _pace(self, receipt: Receipt) -> None:
        """Half as many connections when the server asks for less, one more for each message that went well."""
        if receipt.slow_down:
            self._slots = max(1, self._slots // 2)
        elif receipt.outcome is Outcome.SENT:
            self._slots = min(self._channel.connections, self._slots + 1)
            self._pauses = 0

    def _result(self, parcel: Parcel, receipt: Receipt, *, delivered: bool = False) -> Result:
        now = self._clock.now()
        outcome, due = retry.settle(receipt, parcel.work.attempts + 1, parcel.work.created, now)
        return Result(
            parcel.message.delivery,
            outcome,
            now,
            receipt.detail,
            parcel.batch.content.type,
            receipt.code,
            retry_at=due,
            suppress=receipt.suppress,
            delivered=delivered,
            message=parcel.message,
            dictionary=parcel.batch.dictionary,
            devices=receipt.devices,
        )

    async def _pause(self, down: TransportDown) -> None:
        """Say why sending waits, and wait: longer each time, and until a restart when the login was refused."""
        for trigger in self._paused:
            await self._ledger.pause(trigger, down.reason)
        seconds = None if down.kind == "login" else min(LONGEST_PAUSE, 2.0**self._pauses)
        self._pauses += 1
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            for trigger in self._paused:
                await self._ledger.pause(trigger, "")
            self._paused.clear()
        self._down = None
        self._changed.set()
