"""The register: where calls to a live connection are entered before they are made. The gate's needs, in one place."""

from collections.abc import Mapping
from typing import Any, Protocol

from handbill.approval import Approval, Asked, Begun, State
from handbill.policy import Judge, Policy


class Register(Protocol):
    """Of one connection, shared by all processes; what changes something is one transaction."""

    def now(self) -> int:
        """Unix seconds."""

    async def policy(self) -> Policy:
        """The rules as they are at this moment."""

    async def begin(self, asked: Asked, judge: Judge, *, repeats: bool) -> Begun | None:
        """Let the call go, or wait; or find it begun before. None: it has to wait, and `asked` says not for what.

        With `repeats` the same call is another one as soon as the first is done. Raises SendingRefused, RateLimited.
        """

    async def get(self, number: int) -> Approval:
        """Raises NotFound."""

    async def of_message(self, delivery_id: str) -> Approval | None:
        """What the embedded workspace asks a person about this message of its own."""

    async def recent(self) -> list[Approval]:
        """What a person was asked for last, the newest first."""

    async def approve(self, number: int, people: int, via: str) -> Approval:
        """A person's yes, with the number they typed. Raises NotFound, Conflict and InvalidInput."""

    async def decline(self, number: int, via: str) -> Approval:
        """A no. Raises NotFound and Conflict."""

    async def use(self, number: int, parts: Mapping[str, str]) -> list[str]:
        """Use a yes: what changed, if anything did; else the call is made now. Raises Conflict, RateLimited."""

    async def finish(self, number: int, state: State, outcome: Mapping[str, Any]) -> Approval:
        """Keep what came of a call."""

    async def record(self, action: str, facts: Mapping[str, Any]) -> None:
        """Write a decision into the audit log that led to no call."""
