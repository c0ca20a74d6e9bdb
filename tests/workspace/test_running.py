"""The engine beside an open workspace: it goes on after faults, of the disk's and of ours."""

import asyncio

import pytest
from tests.workspace.engine.standins import EVERYBODY, PEOPLE, add_broadcast, trigger

from handbill.errors import Unavailable
from handbill.workspace import running
from handbill.workspace.engine.needs import Job
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.store import people, triggers
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("fault", [Unavailable("The disk is full."), RuntimeError("a fault of ours")])
async def test_a_worker_that_fails_is_followed_by_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(PEOPLE):
            people.identify(tx, "id", f"u{number}", {"email": f"u{number}@film.example"}, 1)
        add_broadcast(tx, 5)

    faults, recorded = [fault], asyncio.Event()
    next_job, record = WorkspaceLedger.next_job, WorkspaceLedger.record

    async def failing(self: WorkspaceLedger, worker: int) -> Job | None:
        if faults:
            raise faults.pop()
        return await next_job(self, worker)

    async def telling(self: WorkspaceLedger, *results: object) -> None:
        await record(self, *results)  # type: ignore[arg-type]
        recorded.set()

    monkeypatch.setattr(WorkspaceLedger, "next_job", failing)
    monkeypatch.setattr(WorkspaceLedger, "record", telling)
    monkeypatch.setattr(running, "RESTART_SECONDS", 0.001)
    await workspace.database.write(fill)
    number = await trigger(workspace, 5, **EVERYBODY)
    async with running.running(workspace), asyncio.timeout(20):
        await recorded.wait()
    assert faults == []
    assert (await workspace.database.read(triggers.progress, 5, number)).counts.sent > 0
