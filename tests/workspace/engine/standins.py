"""Stand-ins: a renderer that needs no template, a channel that does as told; and small things to send."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from functools import partial
from typing import Any

import msgspec

from handbill.contract.app.triggers import Progress
from handbill.policy import ANYONE, Policy
from handbill.workspace import archive
from handbill.workspace.engine.needs import (
    Batch,
    Content,
    Departure,
    Outcome,
    Receipt,
    Rendered,
    RenderFailure,
    Result,
    TransportDown,
    Work,
)
from handbill.workspace.engine.worker import Worker
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.running import channel
from handbill.workspace.store import drafts, holding, ledger, sending, triggers
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

PEOPLE = 30
EVERYBODY = {"recipients": {"attribute": {"field": "id", "operator": "exists"}}}


class PlainRenderer:
    """Writes the person's address on the message; fails for the people in `failing` (by id)."""

    def __init__(self) -> None:
        self.failing: set[str] = set()

    async def paths(self, content: Content) -> frozenset[str]:
        return frozenset()

    async def check(self, content: Content) -> Sequence[str]:
        return []

    async def render(
        self, content: Content, works: Sequence[Work], sample: bytes = b""
    ) -> AsyncIterator[Sequence[Rendered | RenderFailure]]:
        for work in works:
            yield [self._one(work, sample)]

    def _one(self, work: Work, sample: bytes) -> Rendered | RenderFailure:
        customer = msgspec.json.decode(work.customer)
        if customer["id"] in self.failing:
            return RenderFailure(work.delivery, "body line 1, column 4: Variable 'customer.x' is missing")
        kept = archive.compress({"recipient": customer["email"], "body": work.id}, sample)
        to = customer["email"]
        return Rendered(work.delivery, "a@shop.example", to, "Hello", work.id.encode(), kept, (to,))


class ScriptedChannel:
    """Answers each message as `answer` says; keeps what it was handed, and the most at once."""

    def __init__(self, connections: int = 4) -> None:
        self.connections = connections
        self.sent: list[str] = []
        self.at_once = self.most = 0
        self.answer: Callable[[str], Receipt | TransportDown] = lambda recipient: Receipt(Outcome.SENT)

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
        (recipient,) = recipients
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(0)  # a turn for the others, as a real connection would give
        self.at_once -= 1
        answer = self.answer(recipient)
        if isinstance(answer, TransportDown):
            raise answer
        self.sent.append(recipient)
        return answer

    async def close(self) -> None:
        pass


class WatchedLedger(WorkspaceLedger):
    """Lets a test wait for a moment in a trigger's life instead of sleeping."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.workspace = workspace
        self.changed = asyncio.Condition()

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def record(self, results: Sequence[Result], sending: Sequence[Departure] = ()) -> Collection[int]:
        back = await super().record(results, sending)
        await self._tell()
        return back

    async def begin(self, *args: object) -> None:
        await super().begin(*args)  # type: ignore[arg-type]
        await self._tell()

    async def fail(self, *args: object) -> None:
        await super().fail(*args)  # type: ignore[arg-type]
        await self._tell()

    async def release(self) -> bool:
        released = await super().release()
        await self._tell()
        return released

    async def claim(self, worker: int, limit: int) -> Sequence[Batch]:
        batches = await super().claim(worker, limit)
        await self._tell()
        return batches

    async def pause(self, *args: object) -> None:
        await super().pause(*args)  # type: ignore[arg-type]
        await self._tell()

    async def until(self, number: int, reached: Callable[[Progress], bool]) -> Progress:
        """The progress of broadcast 5's trigger once `reached` says so; at most 20 s."""
        async with asyncio.timeout(20), self.changed:
            while True:
                progress = await self.workspace.database.read(triggers.progress, 5, number)
                if reached(progress):
                    return progress
                await self.changed.wait()

    async def until_idle(self) -> None:
        """Until nothing that may go now waits or is on its way; at most 20 s."""
        async with asyncio.timeout(20), self.changed:
            while await self.workspace.database.read(_busy, self.workspace.clock.now()):
                await self.changed.wait()


_UNDER_WAY = """
SELECT (SELECT count(*) FROM triggers WHERE state = 'preparing' OR state = 'accepted'
    AND start_at - iif(local_at IS NULL, 0, 93600) <= :now)
  + (SELECT count(*) FROM deliveries WHERE worker IS NOT NULL)
"""


def _busy(tx: Transaction, now: int) -> bool:
    under_way = tx._connection.execute(_UNDER_WAY, {"now": now}).fetchone()[0]
    return bool(under_way or holding.due(tx, now) or drafts.due(tx, now)) or ledger.anything_due(tx, now)


async def send_everything(workspace: Workspace) -> None:
    """Run a worker with the workspace's own renderer and channels until nothing is left that may go now."""
    watched = WatchedLedger(workspace)
    way = partial(channel, workspace)
    worker = Worker(watched, workspace.renderer, way, workspace.clock, workspace.bell)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run())
        await watched.until_idle()
        worker.stop()


def go_live(tx: Transaction, /, crowd: int = 1000, **rules: Any) -> None:
    """Live, as by a person who lets everything go, and a `crowd` beside which nobody else is half of all people."""
    sending.put(tx, Policy(**{"mode": "live", "auto_send_max": ANYONE, "daily_max": 10**9, **rules}))
    tx._connection.execute(_CROWD, [crowd])


_CROWD = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO people (email, email_key, created)
SELECT 'crowd' || i || '@crowd.example', 'crowd' || i || '@crowd.example', 1 FROM n
"""


def add_broadcast(tx: Transaction, number: int) -> None:
    connection = tx._connection
    connection.execute("INSERT INTO broadcasts (id, name, created, updated) VALUES (?, 'Restock', 1, 1)", [number])
    connection.execute(
        "INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (?, 'Mail', ?, 1, 1)",
        [number, '{"from": "a@shop.example", "subject": "Hello", "body": "Hi"}'],
    )


async def trigger(workspace: Workspace, number: int, **body: object) -> int:
    """Trigger a broadcast, for everybody unless `body` says otherwise; 11 s are between two calls."""
    clock = workspace.clock
    clock.advance(11)  # type: ignore[attr-defined]
    accepted = await workspace.database.write(
        triggers.accept, number, body or EVERYBODY, lacking={}, time=clock.time(), anew=True
    )
    return accepted.id
