"""How a person is asked: the question that a client shows them, and what their answer means."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from handbill.approval import FIRST, to_type
from handbill.errors import without_logins
from handbill.untrusted import clean

Outcome = Literal["confirmed", "declined", "wrong", "unanswered"]

PEOPLE = "How many people it goes to"
LONGEST = 200
"""Characters of one value that others wrote."""
MESSAGES = 5
"""Messages that are shown."""

_KINDS = {
    "broadcast_id": "broadcast",
    "newsletter_id": "newsletter",
    "campaign_id": "campaign",
    "transactional_id": "transactional message",
    "id": "message",
}
_SHOWN = ("name", "transport", "audience", "data", "left_out", "first")


@dataclass(frozen=True, slots=True)
class Question:
    """Asks for a number that whoever says yes without reading does not know.

    `text` is the same each time the same send is asked about; `confirm` is the right answer; `approval` what waits.
    """

    text: str
    confirm: int
    approval: int
    wanted: str = PEOPLE


Ask = Callable[[Question], Awaitable[int | None]]
"""Answers the number that a person typed, or None when they said no. Raises Unanswered."""


class Unanswered(Exception):
    """Nobody said yes or no; what waits goes on waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A send that waits, as a person has to know it. `people` is None when nobody can say how many."""

    approval: int
    kind: str
    """`broadcast`, `newsletter`, `transactional message`."""
    id: int | str = ""
    people: int | None
    confirm: int
    """What is typed as a yes: `people`, or, when nobody knows, the broadcast's number."""
    name: str = ""
    messages: Sequence[Mapping[str, Any]] = ()
    """Each with its `channel`, `from` and `subject`, as far as it has them."""
    transport: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Why somebody does not get it, and how many."""
    audience: str = ""
    """As it was asked for, in words."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What the trigger brings, the same for everybody."""
    first: Sequence[str] = ()
    """Recipients, the first of them."""

    @classmethod
    def of(cls, approval: int, people: int | None, facts: Mapping[str, Any]) -> "Waiting":
        """What waits as an approval, from what is kept of it to be shown."""
        own = next((name for name in _KINDS if facts.get(name)), "id")
        shown = {name: facts[name] for name in _SHOWN if name in facts}
        return cls(
            approval=approval,
            kind=str(facts.get("kind", _KINDS[own])),
            id=facts.get(own, ""),
            people=people,
            confirm=to_type(approval, people, facts),
            messages=facts.get("messages") or [facts],
            **shown,
        )

    @property
    def wanted(self) -> str:
        """What a person is asked to type, in words."""
        if self.people is not None:
            return PEOPLE
        return "The number of the broadcast" if self.confirm == self.id else "The number of the approval"

    @property
    def title(self) -> str:
        """What would be sent, to how many: customers' text is in quotes that it cannot close."""
        whose = " ".join(str(part) for part in (self.kind, self.id) if part != "")
        name = f" {quote(self.name)}" if self.name else ""
        return f"Send {whose}{name} to {how_many(self.people)}"


async def put(ask: Ask | None, question: Question) -> Outcome:
    """Ask the person, if there is a way to. Only `confirmed` is a yes."""
    if not ask:
        return "unanswered"
    try:
        typed = await ask(question)
    except Unanswered:
        return "unanswered"
    if typed is None:
        return "declined"
    return "confirmed" if typed == question.confirm else "wrong"


def question(waiting: Waiting, link: str | None = None) -> Question:
    """The question about what waits; `link` leads to all of it."""
    lines = [f"{waiting.title}?", *_details(waiting), *([f"All of it: {link}"] if link else [])]
    close = f"Nothing was sent yet. Text in quotes was written by others. To send it, type: {waiting.wanted.lower()}."
    return Question("\n".join([*lines, "", close]), waiting.confirm, waiting.approval, waiting.wanted)


def how_to_approve(approval: int, approve_via: Sequence[str], link: str | None = None) -> str:
    """What to tell a person who may say yes to what waits; `link` is its page, if there is one."""
    ways = [f"`handbill approve {approval}` in a terminal"] if "cli" in approve_via else []
    ways += [link] if link and "console" in approve_via else []
    ways += ["the same call from a program that can ask its user"] if not {"cli", "console"} & {*approve_via} else []
    return ", or ".join(ways)


def _details(waiting: Waiting) -> Iterator[str]:
    for message in waiting.messages[:MESSAGES]:
        yield from (
            f"{name.title()}: {quote(str(message[name]))}" for name in ("from", "subject") if message.get(name)
        )
    channels = dict.fromkeys(_line(str(each["channel"])) for each in waiting.messages if each.get("channel"))
    if way := ", through ".join(part for part in (" and ".join(channels), _line(waiting.transport)) if part):
        yield f"Sent as: {way}"
    if waiting.audience:
        yield f"Audience: {_json(waiting.audience)}"
    if waiting.data:
        yield f"Data: {_json(without_logins(json.dumps(waiting.data, ensure_ascii=False)))}"
    if left_out := [f"{how_many(number)} {_line(why)}" for why, number in waiting.left_out.items() if number]:
        yield f"Left out: {', '.join(left_out)}"
    if waiting.first:
        yield f"First of them: {', '.join(quote(recipient) for recipient in waiting.first[:FIRST])}"


def how_many(number: int | None) -> str:
    """So many people, in words."""
    return "an unknown number of people" if number is None else f"{number:,} {'person' if number == 1 else 'people'}"


def _line(text: str) -> str:
    """A word of ours, on one line whatever it is."""
    return " ".join(clean(text, 60).split()).replace('"', "'")


def _json(text: str) -> str:
    """JSON, in which what others wrote has its quotes; when it is cut these are not closed, so all of it has some."""
    return clean(text) if len(text) <= LONGEST else quote(text)


def quote(text: str) -> str:
    """The value of a field, on one line between quotes that it cannot close."""
    return json.dumps(clean(text, LONGEST), ensure_ascii=False)
