"""An approval: what may not be sent without a person, as the workspace keeps it and the gate reads it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

WAITS = 86_400
"""Seconds that a person has to decide."""
GOOD_FOR = 900
"""Seconds in which a yes must be used."""
FIRST = 5
"""Recipients that a person is shown by their address, of all who get it."""

State = Literal["waiting", "approved", "used", "failed", "unknown", "declined", "changed", "expired"]
"""`used` was carried out, or is just now; `failed` was, and sent nothing; of `unknown` nobody can tell."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is asked to allow. `parts` are digests, by what they are of, so that a change can be named."""

    endpoint: str
    reason: str
    people: int | None
    connection: str = ""
    trigger_id: int | None = None
    delivery: int | None = None
    request: dict[str, Any] | None = None
    call: str = ""
    facts: dict[str, Any] = {}
    parts: dict[str, str] = {}
    until: int | None = None


class Approval(Asked, frozen=True, kw_only=True):
    """The same with its number, what was decided, and `via` whom; times are Unix seconds."""

    id: int
    state: State
    created_at: int
    expires_at: int
    decided_at: int | None = None
    via: str | None = None
    outcome: dict[str, Any] | None = None

    @property
    def confirm(self) -> int:
        """What the person types to say yes: how many people, or, when nobody knows, which broadcast."""
        return to_type(self.id, self.people, self.facts)


class Begun(msgspec.Struct, frozen=True):
    """What a call led to. `go`: the caller makes it now, and nobody else does; else it came before, or waits."""

    approval: Approval
    go: bool = False
    repeated: bool = False


def to_type(number: int, people: int | None, facts: Mapping[str, Any]) -> int:
    """What a yes to approval `number` is: see `Approval.confirm`."""
    return int(facts.get("broadcast_id", number)) if people is None else people


def digest(value: Any) -> str:
    """A digest of JSON data, whatever the order of its keys."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def of_snippets(kept: Mapping[str, str], written: Iterable[str]) -> dict[str, str]:
    """Digests of the snippets that are named anywhere in what is written, or in another snippet."""
    everything = "\n".join([*written, *kept.values()])
    return {f"snippet {name}": digest(value) for name, value in kept.items() if name in everything}


def in_words(changed: Iterable[str]) -> str:
    """`content 12: body`, `content 12: subject`, `data` become `content 12: body and subject; data`."""
    grouped: dict[str, list[str]] = {}
    for name in changed:
        whose, _, what = name.rpartition(": ")
        grouped.setdefault(whose, []).append(what)
    return "; ".join(f"{whose}{': ' * bool(whose)}{_and(what)}" for whose, what in grouped.items())


def _and(names: Sequence[str]) -> str:
    *others, last = sorted(names)
    return f"{', '.join(others)} and {last}" if others else last
