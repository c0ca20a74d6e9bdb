"""A renderer whose children can be made to fail by a person's attributes, and a way to see them."""

from collections.abc import Callable
from pathlib import Path

import pytest

SABOTAGE = """
import os, signal, time
from handbill.workspace.rendering.message import Message

render = Message.render

def sabotaged(self, work):
    if b'"kill"' in bytes(work.customer):
        os.kill(os.getpid(), signal.SIGKILL)
    if b'"hang"' in bytes(work.customer):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(60)
    if b'"print"' in bytes(work.customer):
        print("a stray line")
    if b'"crash"' in bytes(work.customer):
        raise ZeroDivisionError
    return render(self, work)

Message.render = sabotaged
"""


@pytest.fixture
def sabotage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children die at a person with the attribute `kill`, and stop hearing alarms at one with `hang`."""
    (tmp_path / "sitecustomize.py").write_text(SABOTAGE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.fixture
def children() -> Callable[[], list[int]]:
    """The process ids of the rendering children that this process has now."""

    def found() -> list[int]:
        tasks = Path("/proc/self/task").glob("*/children")
        numbers = [int(number) for task in tasks for number in task.read_text().split()]
        return [number for number in numbers if b"rendering.child" in Path(f"/proc/{number}/cmdline").read_bytes()]

    return found
