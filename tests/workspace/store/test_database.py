"""Units of work that wait together: each stands for itself, and one commit is for all."""

import asyncio
import threading
from typing import Any

import pytest

from handbill.errors import Unavailable
from handbill.workspace.store import database
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


def keep(tx: Transaction, key: str, fail: Exception | None = None) -> str:
    tx.run("workspace.put", {"key": key, "value": key})
    if fail:
        raise fail
    return key


async def kept(workspace: Workspace) -> list[str]:
    keys = "0123456789x"
    found = [await workspace.database.read(Transaction.value, "workspace.get", {"key": key}) for key in keys]
    return [key for key in found if key]


async def test_what_fails_among_many_is_undone_alone(workspace: Workspace) -> None:
    work = [workspace.database.write(keep, f"{n}", ValueError() if n % 3 == 0 else None) for n in range(10)]
    results = await asyncio.gather(*work, return_exceptions=True)
    assert [isinstance(result, ValueError) for result in results] == [n % 3 == 0 for n in range(10)]
    assert await kept(workspace) == [f"{n}" for n in range(10) if n % 3]


async def test_many_that_wait_share_a_commit(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    together, groups = database._each, list[int]()

    def counted(tx: Transaction, units: list[Any]) -> None:
        groups.append(len(units))
        together(tx, units)

    monkeypatch.setattr(database, "_each", counted)
    gate = threading.Event()
    first = asyncio.create_task(workspace.database.write(lambda _: gate.wait(20)))
    others = [asyncio.create_task(workspace.database.write(keep, f"{n}")) for n in range(10)]
    await asyncio.sleep(0)
    gate.set()
    assert await first
    assert await asyncio.gather(*others) == [f"{n}" for n in range(10)]
    assert len(groups) <= 2


async def test_what_nobody_waits_for_any_more_is_not_begun(workspace: Workspace) -> None:
    gate = threading.Event()
    first = asyncio.create_task(workspace.database.write(lambda _: gate.wait(20)))
    await asyncio.sleep(0)
    others = [asyncio.create_task(workspace.database.write(keep, f"{n}")) for n in range(10)]
    await asyncio.sleep(0)
    for other in others[1:]:
        other.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await first
    assert await others[0] == "0"
    assert set(await kept(workspace)) <= {"0"}


async def test_nothing_is_said_to_be_written_that_was_not(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(tx: Transaction, units: object) -> None:
        keep(tx, "x")
        raise Unavailable("The disk is full.")

    monkeypatch.setattr(database, "_each", full)
    work = [workspace.database.write(keep, f"{n}") for n in range(3)]
    results = await asyncio.gather(*work, return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    assert await kept(workspace) == []
