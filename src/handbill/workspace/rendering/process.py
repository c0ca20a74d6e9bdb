"""The parent's end of one child process: start it, give it turns, take what it rendered, end it when it hangs."""

import asyncio
import contextlib
import mmap
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import msgspec

from handbill.errors import Unavailable
from handbill.workspace.rendering.turns import Lesson, Turn
from handbill.workspace.rendering.wire import LENGTH, Group, Learn, framed, too_slow

LEARNED = 16
"""Contents that a child keeps compiled."""
START_SECONDS = 30.0
GRACE_SECONDS = 0.25
"""A child that does not stop at the deadline by itself is killed this much later."""
TICK_SECONDS = 0.1
READ_AHEAD = 1024 * 1024

_group = msgspec.msgpack.Decoder(Group)


@dataclass(frozen=True, slots=True)
class Limits:
    """What rendering one message may take: megabytes, and seconds."""

    memory_mb: int
    deadline: float


class ChildProcess:
    """A running child. It takes turns in the order they are sent, and answers in that order."""

    def __init__(self, process: Process, limits: Limits, mark: mmap.mmap) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018
        self._process = process
        self._requests = process.stdin
        self._answers = process.stdout
        self._limits = limits
        self._begun = memoryview(mark).cast("Q")
        self._answered = 0
        self._learned: dict[bytes, bool] = {}
        self._overdue = False
        self.under_way: deque[Turn] = deque()

    @classmethod
    @asynccontextmanager
    async def running(cls, limits: Limits) -> AsyncIterator[Self]:
        """A child that is ready for its first turn. Raises Unavailable when it does not start."""
        child = await cls._start(limits)
        try:
            await child._ready()
            yield child
        finally:
            await child.end()

    @classmethod
    async def _start(cls, limits: Limits) -> Self:
        try:
            with tempfile.TemporaryFile() as file:
                file.truncate(8)
                mark = mmap.mmap(file.fileno(), 8)
                return cls(await _spawn(limits, file.fileno()), limits, mark)
        except OSError as error:
            raise Unavailable(f"No rendering process can be started: {error.strerror}.") from error

    async def _ready(self) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._next_group()
        except (EOFError, TimeoutError) as error:
            raise Unavailable("The rendering process does not start; its own words are in the log.") from error

    def send(self, turn: Turn) -> None:
        """Put the turn under way. A child that is dead by now is noticed by `receive`, after its last answers."""
        self.under_way.append(turn)
        if not self._requests.is_closing():
            self._teach(turn.lesson)
            self._requests.write(framed(turn.request()))

    def _teach(self, lesson: Lesson) -> None:
        """Make sure that the child knows the lesson, in place of the one that was not needed for longest."""
        if self._learned.pop(lesson.key, None) is None:
            forget = next(iter(self._learned)) if len(self._learned) == LEARNED else b""
            self._learned.pop(forget, None)
            self._requests.write(framed(Learn(lesson.key, lesson.content, lesson.dictionary, forget)))
        self._learned[lesson.key] = True

    async def receive(self) -> None:
        """Wait for the next group and hand it on. Raises EOFError when the child is dead."""
        group = await self._next_group()
        self._answered += self.under_way[0].take(group)
        if group.over:
            self.under_way.popleft()

    async def _next_group(self) -> Group:
        length = await self._answers.readexactly(LENGTH)
        return _group.decode(await self._answers.readexactly(int.from_bytes(length, "big")))

    async def watch(self) -> None:
        """Kill the child when it is at one work for too long.

        Ticks are counted, not clocks compared: while this process itself does not run, no child grows old.
        """
        seen, ticks = -1, 0
        while ticks * TICK_SECONDS <= self._limits.deadline + GRACE_SECONDS:
            await asyncio.sleep(TICK_SECONDS)
            ticks = ticks + 1 if seen == self._begun[0] else 0
            seen = self._begun[0]
        self._overdue = True
        self._kill()

    async def end(self) -> None:
        """Kill the child, if it lives, and wait until it is gone."""
        self._kill()
        self._requests.close()
        await self._process.communicate()

    async def bury(self) -> None:
        """After an EOFError: end all turns under way. Only the work that the child was at may be to blame."""
        await self._process.communicate()  # no kill before it: that could take its exit status away from asyncio
        reason = f"The process that rendered this message died of it, twice (exit status {self._process.returncode})"
        if self._overdue:
            reason = too_slow(self._limits.deadline)
        culprit = max(self._begun[0] - self._answered, 1) - 1
        self.under_way.popleft().cut_short(reason, culprit, certain=self._overdue)
        while self.under_way:
            self.under_way.popleft().give_back()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


async def _spawn(limits: Limits, mark: int) -> Process:
    """Without our secrets in its environment, and importing nothing from the folder we happen to be in (-P)."""
    figures = (limits.memory_mb, limits.deadline, mark, os.getpid())
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "handbill.workspace.rendering.child", *map(str, figures)),
        stdin=PIPE,
        stdout=PIPE,
        limit=READ_AHEAD,
        pass_fds=[mark],
        env={name: value for name, value in os.environ.items() if not name.startswith("HANDBILL_")},
    )
