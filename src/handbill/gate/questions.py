"""How a person is asked: the question that a client shows them, and what their answer means."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from handbill.untrusted import clean

Outcome = Literal["confirmed", "declined", "wrong", "unanswered"]

PEOPLE = "How many people it goes to"
LONGEST = 200
"""Characters of one value that others wrote."""
FIRST = 5
"""Recipients who are shown."""


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
    id: int | str
    people: int | None
    name: str = ""
    channel: str = ""
    sender: str = ""
    subject: str = ""
    transport: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Why somebody does not get it, and how many."""
    first: Sequence[str] = ()
    """Recipients, the first of them."""

    @classmethod
    def of(cls, approval: int, people: int | None, facts: Mapping[str, Any]) -> "Waiting":
        """What waits as an approval, from its `facts`.

        They are `kind`, `broadcast_id` (or `id`), `name`, `channel`, `from`, `subject`, `transport`, `left_out` and
        `first`; what is not there is not shown.
        """
        known = {
            name: facts[name]
            for name in ("name", "channel", "subject", "transport", "left_out", "first")
            if name in facts
        }
        number = facts.get("broadcast_id", facts.get("id", approval))
        kind = facts.get("kind", "broadcast")
        return cls(approval=approval, kind=kind, id=number, people=people, sender=facts.get("from", ""), **known)


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
    """The question about what waits; `link` leads to all of it. Raises ValueError without any number to ask for."""
    wanted = PEOPLE if waiting.people is not None else f"The number of the {waiting.kind}"
    lines = [_headline(waiting), *_details(waiting), *([f"All of it: {link}"] if link else [])]
    close = f"Nothing was sent yet. Text in quotes was written by others. To send it, type: {wanted.lower()}."
    confirm = int(waiting.id) if waiting.people is None else waiting.people
    return Question("\n".join([*lines, "", close]), confirm, waiting.approval, wanted)


def how_to_approve(approval: int, approve_via: Sequence[str], link: str | None = None) -> str:
    """What to tell a person who may say yes to what waits; `link` is its page, if there is one."""
    ways = [f"`handbill approve {approval}` in a terminal"] if "cli" in approve_via else []
    ways += [link] if link and "console" in approve_via else []
    ways += ["the same call from a program that can ask its user"] if approve_via == ["elicitation"] else []
    return ", or ".join(ways)


def _headline(waiting: Waiting) -> str:
    who = "an unknown number of people" if waiting.people is None else _people(waiting.people)
    return f"Send {waiting.kind} {waiting.id} {_quote(waiting.name)} to {who}?"


def _details(waiting: Waiting) -> list[str]:
    values = {"From": waiting.sender, "Subject": waiting.subject}
    lines = [f"{name}: {_quote(value)}" for name, value in values.items() if value]
    way = ", through ".join(part for part in (waiting.channel, waiting.transport) if part)
    lines += [f"Sent as: {way}"] if way else []
    left_out = ", ".join(f"{_people(number)} {clean(why, 60)}" for why, number in waiting.left_out.items() if number)
    lines += [f"Left out: {left_out}"] if left_out else []
    first = ", ".join(_quote(recipient) for recipient in waiting.first[:FIRST])
    return [*lines, f"First of them: {first}"] if first else lines


def _people(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"


def _quote(text: str) -> str:
    """The value of a field, on one line between quotes that it cannot close."""
    return json.dumps(clean(text, LONGEST), ensure_ascii=False)
