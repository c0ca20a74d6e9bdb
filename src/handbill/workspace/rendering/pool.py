"""Rendering in child processes: a template that hangs, grows or kills costs its own delivery and no other."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Self

from handbill.errors import Unavailable
from handbill.workspace.engine.needs import Content, Rendered, RenderFailure, Work
from handbill.workspace.rendering.process import ChildProcess, Limits
from handbill.workspace.rendering.turns import Answers, Lesson, Turn
from handbill.workspace.rendering.wire import Group

TURN = 50
"""Works in one turn; a child gives back what it did not come to (see `child.TURN_SECONDS` and `TURN_BYTES`)."""
AHEAD = 2
"""Turns under way to one child, so that it need not wait for the next; also how many one call may be ahead."""
START_TRIES = 3


class ProcessRenderer:
    """needs.Renderer with up to `processes` children, each started when there is something to do.

    One message may take `memory_mb` megabytes (kept on Linux only) and `deadline` seconds. What one call may have
    waiting is bounded: AHEAD turns for each child, each of TURN works and about a megabyte of messages.
    Close it in the event loop it was used in.
    """

    def __init__(
        self, processes: int = min(os.cpu_count() or 1, 4), memory_mb: int = 256, deadline: float = 2.0
    ) -> None:
        self._processes = processes
        self._limits = Limits(memory_mb, deadline)
        self._turns: deque[Turn] = deque()
        self._more = asyncio.Event()
        self._calls: set[Answers] = set()
        self._slots: list[asyncio.Task[None]] = []
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End all children at once; calls that still wait raise Unavailable."""
        self._closed = True
        for slot in self._slots:
            slot.cancel()
        await asyncio.gather(*self._slots, return_exceptions=True)
        self._fail_calls(Unavailable("The renderer is closed."))

    async def render(
        self, content: Content, works: Sequence[Work], dictionary: bytes = b""
    ) -> AsyncIterator[Sequence[Rendered | RenderFailure]]:
        """Every work comes back once, in groups, in any order. Raises Unavailable when no child can be started."""
        lesson, answers = Lesson.of(content, dictionary), Answers()
        turns = [Turn(lesson, works[start : start + TURN], answers) for start in range(0, len(works), TURN)]
        async with aclosing(self._take(turns, answers)) as groups:
            async for group in groups:
                outcomes: list[Rendered | RenderFailure] = [*group.done, *group.failed]
                if outcomes:
                    yield outcomes

    async def check(self, content: Content) -> Sequence[str]:
        """The template's faults, as sentences with field, line and column; empty when it compiles."""
        return (await self._look(content)).faults

    async def paths(self, content: Content) -> frozenset[str]:
        """Every variable the content uses, also through its layout and snippets, like `customer.first_name`."""
        return frozenset((await self._look(content)).paths)

    async def _look(self, content: Content) -> Group:
        answers = Answers()
        groups = [group async for group in self._take([Turn(Lesson.of(content), (), answers)], answers)]
        return groups[-1]

    async def _take(self, turns: Sequence[Turn], answers: Answers) -> AsyncGenerator[Group, None]:
        """What comes back of these turns, and of those they leave behind, until all are over."""
        waiting, under_way = deque(turns), 0
        self._begin_call(answers)
        try:
            while waiting or under_way:
                while waiting and under_way < AHEAD * self._processes:
                    self._submit(waiting.popleft())
                    under_way += 1
                progress = await answers.get()
                if isinstance(progress, BaseException):
                    raise progress
                yield progress.group
                waiting.extendleft(progress.left)
                under_way -= progress.group.over
        finally:
            self._end_call(answers)

    def _begin_call(self, answers: Answers) -> None:
        if self._closed:
            raise Unavailable("The renderer is closed.")
        self._calls.add(answers)
        while len(self._slots) < self._processes:
            slot = asyncio.create_task(self._keep_a_child())
            slot.add_done_callback(self._slot_ended)
            self._slots.append(slot)

    def _end_call(self, answers: Answers) -> None:
        """A call that was given up leaves nothing to render."""
        self._calls.discard(answers)
        self._turns = deque(turn for turn in self._turns if turn.answers is not answers)

    def _submit(self, turn: Turn) -> None:
        self._turns.append(turn)
        self._more.set()

    async def _next_turn(self) -> Turn:
        while not self._turns:
            self._more.clear()
            await self._more.wait()
        return self._turns.popleft()

    async def _keep_a_child(self) -> None:
        failed_starts = 0
        while True:
            turn = await self._next_turn()
            try:
                async with ChildProcess.running(self._limits) as child:
                    failed_starts = 0
                    await self._serve(child, turn)
            except Unavailable as fault:  # it did not start, so nothing was done of the turn
                failed_starts += 1
                if failed_starts < START_TRIES:
                    self._submit(turn)
                else:
                    turn.answers.put_nowait(fault)

    async def _serve(self, child: ChildProcess, turn: Turn) -> None:
        """Give the child one turn after the other until it dies."""
        try:
            while True:
                child.send(turn)
                await self._until_idle(child)
                turn = await self._next_turn()
        except EOFError:
            await child.bury()

    async def _until_idle(self, child: ChildProcess) -> None:
        watch = asyncio.create_task(child.watch())
        try:
            while child.under_way:
                while self._turns and len(child.under_way) < AHEAD:
                    child.send(self._turns.popleft())
                await child.receive()
        finally:
            watch.cancel()

    def _slot_ended(self, slot: asyncio.Task[None]) -> None:
        """A fault of ours must not leave calls waiting for ever."""
        if not slot.cancelled() and (fault := slot.exception()):
            self._slots.remove(slot)
            self._fail_calls(fault)

    def _fail_calls(self, fault: BaseException) -> None:
        for answers in self._calls:
            answers.put_nowait(fault)
