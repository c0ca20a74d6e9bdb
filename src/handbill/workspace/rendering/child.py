"""The child process: renders what it is asked to, within its limits, until its parent hangs up.

Started by `process.py` as `python -m handbill.workspace.rendering.child MEMORY_MB DEADLINE MARK PARENT`.
"""

import ctypes
import gc
import mmap
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import BinaryIO, TypeVar

import msgspec

from handbill.workspace.engine.needs import Content, Rendered, RenderFailure, Work
from handbill.workspace.rendering.message import Message
from handbill.workspace.rendering.wire import LENGTH, Group, Learn, RawWork, Render, Request, framed, too_slow

GROUP_BYTES = 128 * 1024
GROUP_SECONDS = 0.02
"""Finished messages wait no longer than this, nor in larger groups, before they are handed over."""
TURN_BYTES = 1024 * 1024
TURN_SECONDS = 0.25
"""After this much, a request is given back with what is left of it, so that nobody waits behind slow templates."""

PR_SET_PDEATHSIG = 1
_request = msgspec.msgpack.Decoder(Request)
T = TypeVar("T")


class DeadlineError(BaseException):
    """The time for one message is over. Not an Exception, so that nothing on the way takes it for its own."""


class Child:
    """Answers requests with groups. `mark` is shared with the parent and counts the works begun."""

    def __init__(self, answers: BinaryIO, mark: memoryview, memory_mb: int, deadline: float) -> None:
        self._answers = answers
        self._mark = mark
        self._memory_mb = memory_mb
        self._deadline = deadline
        self._messages: dict[bytes, Message | str] = {}

    def answer(self, request: Request) -> None:
        if isinstance(request, Learn):
            self._learn(request)
        elif request.works:
            self._render(request)
        else:
            self._check(request)

    def _learn(self, request: Learn) -> None:
        self._messages.pop(request.forget, None)
        self._messages[request.key] = self._limited(
            lambda: Message(msgspec.json.decode(request.content, type=Content), request.dictionary)
        )

    def _check(self, request: Render) -> None:
        message = self._messages[request.key]
        if isinstance(message, str):
            self._send(Group(faults=[message], over=True))
        else:
            self._send(Group(faults=message.faults, paths=sorted(message.paths), over=True))

    def _render(self, request: Render) -> None:
        message, works = self._messages[request.key], deque(request.works)
        end, room, over = time.monotonic() + TURN_SECONDS, TURN_BYTES, False
        while not over:
            outcomes, size = self._some(message, works)
            room -= size
            over = not works or room < 0 or time.monotonic() > end
            done = [outcome for outcome in outcomes if isinstance(outcome, Rendered)]
            failed = [outcome for outcome in outcomes if isinstance(outcome, RenderFailure)]
            self._send(Group(done=done, failed=failed, over=over))

    def _some(self, message: Message | str, works: deque[RawWork]) -> tuple[list[Rendered | RenderFailure], int]:
        """Render until there is enough to hand over; how much that is, in bytes."""
        outcomes: list[Rendered | RenderFailure] = []
        size, end = 0, time.monotonic() + GROUP_SECONDS
        while works and size < GROUP_BYTES and time.monotonic() < end:
            self._mark[0] += 1
            outcome = self._outcome(message, works.popleft())
            outcomes.append(outcome)
            size += (
                len(outcome.payload) + len(outcome.archive) if isinstance(outcome, Rendered) else len(outcome.reason)
            )
        return outcomes, size

    def _outcome(self, message: Message | str, raw: RawWork) -> Rendered | RenderFailure:
        if isinstance(message, str):
            return RenderFailure(raw.delivery, message)
        customer, roots, devices, fields = map(msgspec.Raw, (raw.customer, raw.roots, raw.devices, raw.fields))
        work = Work(raw.delivery, raw.id, customer, raw.created, roots, devices, fields)
        outcome = self._limited(lambda: message.render(work))
        return RenderFailure(raw.delivery, outcome) if isinstance(outcome, str) else outcome

    def _limited(self, make: Callable[[], T]) -> T | str:
        """What `make` returns, or a sentence why it could not within the deadline and the memory limit."""
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, self._deadline)
                return make()
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except DeadlineError:
            return too_slow(self._deadline)
        except MemoryError:
            return f"Rendering needs more than {self._memory_mb} MB; make the template do less"
        except Exception as error:  # a fault of ours must not cost other deliveries
            return f"Rendering failed with {type(error).__name__}; this is a fault in Handbill"

    def _send(self, group: Group) -> None:
        self._answers.write(framed(group))
        self._answers.flush()


def main(memory_mb: int, deadline: float, mark: int, parent: int) -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print must not end up between the answers
    for number in (signal.SIGINT, signal.SIGTERM):  # both reach the whole group; the parent decides
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _deadline_is_over)
    _die_with(parent)
    gc.freeze()
    _limit_memory(memory_mb)
    child = Child(answers, memoryview(mmap.mmap(mark, 8)).cast("Q"), memory_mb, deadline)
    answers.write(framed(Group()))  # ready
    answers.flush()
    try:
        while request := _next_request(sys.stdin.buffer):
            child.answer(request)
    except BrokenPipeError:  # the parent is gone
        os._exit(0)


def _next_request(requests: BinaryIO) -> Request | None:
    length = requests.read(LENGTH)
    return _request.decode(requests.read(int.from_bytes(length, "big"))) if length else None


def _deadline_is_over(_number: int, _frame: FrameType | None) -> None:
    raise DeadlineError


def _limit_memory(memory_mb: int) -> None:
    """No core dumps, and no more memory than now plus `memory_mb`; only Linux keeps the second."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = now + memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _die_with(parent: int) -> None:
    """A killed parent takes a busy child with it; an idle one sees the end of its input anyway."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
