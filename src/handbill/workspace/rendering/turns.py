"""Who renders what next: works are given out in turns, and every turn ends, also when a child dies of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple, Self

import msgspec

from handbill.workspace.engine.needs import Content, RenderFailure, Work
from handbill.workspace.rendering.wire import Group, RawWork, Render


class Lesson(NamedTuple):
    """A content as a child learns it; the same content has the same key."""

    key: bytes
    content: bytes
    dictionary: bytes

    @classmethod
    def of(cls, content: Content, dictionary: bytes = b"") -> Self:
        text = msgspec.json.encode(content)
        return cls(blake2b(dictionary + text, digest_size=16).digest(), text, dictionary)


@dataclass(frozen=True, slots=True)
class Progress:
    """Something came back. When its turn is over, `left` are the turns that still have to be taken."""

    group: Group
    left: "Sequence[Turn]" = ()


Answers = asyncio.Queue[Progress | BaseException]


@dataclass(slots=True)
class Turn:
    """Works that go to a child in one request; without works it is a check.

    A turn ends with exactly one Progress whose group is over. `alone` marks a work's second and last chance.
    """

    lesson: Lesson
    works: Sequence[Work]
    answers: Answers
    alone: bool = False
    answered: int = field(default=0, init=False)

    def request(self) -> Render:
        return Render(self.lesson.key, [RawWork.of(work) for work in self.works])

    def take(self, group: Group) -> int:
        """Hand on what a child rendered; returns how many works that were."""
        count = len(group.done) + len(group.failed)
        self.answered += count
        rest = self.works[self.answered :] if group.over else ()
        self.answers.put_nowait(Progress(group, self._turns(rest)))
        return count

    def give_back(self) -> None:
        """No child began with it."""
        self.answers.put_nowait(Progress(Group(over=True), [self]))

    def cut_short(self, reason: str, culprit: int, *, certain: bool) -> None:
        """A child died at the work with number `culprit` among those that are not answered.

        Unless it is `certain` that the work is to blame it gets a second chance, alone.
        """
        at = self.answered + culprit
        suspects, rest = self.works[at : at + 1], [*self.works[self.answered : at], *self.works[at + 1 :]]
        if certain or self.alone:
            failed = [RenderFailure(work.delivery, reason) for work in suspects]
            progress = Progress(Group(failed=failed, faults=[reason], over=True), self._turns(rest))
        else:
            second = Turn(self.lesson, suspects, self.answers, alone=True)
            progress = Progress(Group(over=True), [second, *self._turns(rest)])
        self.answers.put_nowait(progress)

    def _turns(self, works: Sequence[Work]) -> "list[Turn]":
        return [Turn(self.lesson, works, self.answers)] if works else []
