"""Attending to chores: what goes wrong with one thing leaves the others alone."""

import asyncio
import logging

import pytest

from handbill.errors import Unavailable
from handbill.workspace.chores import attending
from handbill.workspace.chores.attending import Chore, attend
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("fault", [Unavailable("The disk is full."), RuntimeError("a fault of ours")])
async def test_a_fault_is_logged_and_what_it_befell_is_begun_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    done: list[int] = []
    faults, stopping = [fault], asyncio.Event()

    async def do(_workspace: Workspace, number: int, _stopping: asyncio.Event) -> None:
        if number == 1 and faults:
            raise faults.pop()
        done.append(number)
        if {1, 2} <= set(done):
            stopping.set()

    monkeypatch.setattr(attending, "CHORES", (Chore("thing", lambda _tx, _now: [1, 2], do),))
    monkeypatch.setattr(attending, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(attending, "RETRY_SECONDS", 0.001)
    with caplog.at_level(logging.WARNING):
        await asyncio.wait_for(attend(workspace, stopping), 20)
    assert done[0] == 2
    assert "The thing 1" in caplog.text


async def test_what_takes_too_long_to_stop_is_broken_off(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping, broken = asyncio.Event(), []

    async def do(_workspace: Workspace, number: int, stopping: asyncio.Event) -> None:
        stopping.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            broken.append(number)
            raise

    monkeypatch.setattr(attending, "CHORES", (Chore("thing", lambda _tx, _now: [7], do),))
    monkeypatch.setattr(attending, "STOP_SECONDS", 0.01)
    await asyncio.wait_for(attend(workspace, stopping), 20)
    assert broken == [7]
