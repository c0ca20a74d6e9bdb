"""A call that may reach people, and what the gate wants to know of each kind of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from handbill.approval import digest
from handbill.client import Client
from handbill.contract.app.contents import Text
from handbill.policy import Policy

UNKNOWN_ADDRESSES = "only_domains is set, and nobody knows all the addresses this reaches"

VOLATILE = ("created", "updated", "deduplicate_id")
"""Fields of a content that say nothing about what is sent."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it is kept while it waits. `endpoint` is the contract's name of it."""

    endpoint: str
    body: Any
    path: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The same for the same call."""
        return digest([self.endpoint, self.path, self.body])


@dataclass(frozen=True, slots=True)
class Sized:
    """A call as it may be made, and how many people it reaches at most: None when nobody knows.

    `waits` says why it waits whatever its size; `notes` what was left out of it.
    """

    call: Call
    people: int | None
    waits: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """What a person is shown of a call, and digests of all they approve, by what these are of."""

    facts: Mapping[str, Any]
    parts: Mapping[str, str]


class Kind(Protocol):
    """What is different between triggers, sends and Pipelines calls. All of it raises HandbillErrors."""

    repeats: bool
    """The same call again, after the first is done, is meant as another one."""
    sure: bool
    """That nothing is found means that nothing was made."""

    def __init__(self, client: Client) -> None: ...

    def about(self, call: Call) -> dict[str, Any]:
        """What can be said of the call without asking anybody."""

    async def size(self, call: Call, rules: Policy) -> Sized:
        """Whom it reaches, without what `only_domains` leaves out. Raises SendingRefused when nobody is left."""

    async def details(self, sized: Sized) -> Details:
        """All that is approved, as it is at this moment."""

    async def mark(self, call: Call) -> Any:
        """What is there before it is made, so that what it makes can be found."""

    async def make(self, call: Call) -> dict[str, Any]:
        """Make it, once."""

    async def made(self, call: Call, mark: Any, began: int) -> list[dict[str, Any]] | None:
        """What was made like it since: what `make` would have answered, for each; None when nobody can tell."""

    def found(self, call: Call, outcome: Mapping[str, Any]) -> str:
        """How to call what was found."""

    def look(self, call: Call) -> str:
        """Where to look for what may have been made, when nobody can tell."""


def of_texts(texts: Iterable[Text]) -> dict[str, str]:
    """Digests of each field of each content, by names such as `content 12: subject`."""
    return {
        f"content {text.id}{f' ({text.language})' if text.language else ''}: {name}": digest(value)
        for text in texts
        for name, value in text.model_dump(mode="json", by_alias=True).items()
        if name not in VOLATILE
    }


def messages(texts: Iterable[Text]) -> list[dict[str, Any]]:
    """What a person is shown of the contents."""
    return [
        {"content": text.id, "channel": text.type, "from": text.from_, "subject": text.subject}
        for text in texts
        if not text.language
    ]
