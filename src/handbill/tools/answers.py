"""What tools answer: always an object, its text made safe to show, no larger than a reader can take."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from handbill.untrusted import clean

ITEMS = 100
BYTES = 200_000
"""The most a list answers at once; `next` goes on from there."""

_TIMES = frozenset(
    [
        "created",
        "updated",
        "created_at",
        "updated_at",
        "sent_at",
        "processed_at",
        "first_started",
        "timestamp",
        "last_used",
        "queued_at",
        "send_at",
    ]
)

AnswerT = TypeVar("AnswerT", bound="Answer")


class Answer(BaseModel):
    """The answer of a tool. `workspace` says where it acted, `notes` what else is worth knowing."""

    workspace: str = Field("", description="Where this was done, such as `embedded (sandbox)`.")
    notes: list[str] = Field([], description="What else is worth knowing about this answer.")

    def data(self) -> dict[str, Any]:
        """The answer as JSON data, its text cleaned and cut."""
        return {key: _clean(key, value) for key, value in self.model_dump(mode="json", by_alias=True).items()}

    def text_data(self) -> dict[str, Any]:
        """The same with times readable beside their Unix seconds."""
        return {key: _readable(key, value) for key, value in self.data().items()}


async def page(fetch: Callable[[int], Awaitable[AnswerT]], limit: int) -> AnswerT:
    """The page `fetch` answers for `limit` items, or for fewer when it would be too large.

    The cursor in it is the service's own, so it goes on exactly where the page ends.
    """
    asked = min(limit, ITEMS)
    answer = await fetch(asked)
    while asked > 1 and _size(answer) > BYTES:
        asked //= 2
        answer = await fetch(asked)
    if asked < limit and answer.model_dump(include={"next"}).get("next"):
        answer.notes.append(f"{asked} at a time; pass `next` as `start` for more.")
    return answer


def fitting(answer: AnswerT, field: str) -> AnswerT:
    """`answer` with as much of the list `field` as can be shown at once; for lists that have no cursor."""
    items = getattr(answer, field)
    shown = items
    while len(shown) > 1 and _size(answer) > BYTES:
        shown = shown[: len(shown) // 2]
        answer = answer.model_copy(update={field: shown})
    if len(shown) < len(items):
        answer.notes.append(f"Only {len(shown)} of {len(items):,} are shown: more would be too large an answer.")
    return answer


def _size(answer: Answer) -> int:
    return len(answer.model_dump_json().encode())


def _clean(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {clean(name): _clean(name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_clean(key, inner) for inner in value]
    return clean(value) if isinstance(value, str) and key != "next" else value


def _readable(key: str, value: Any, time: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: _readable(name, inner, key == "metrics") for name, inner in value.items()}
    if isinstance(value, list):
        return [_readable(key, inner) for inner in value]
    if isinstance(value, int) and value and (time or key in _TIMES):
        return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return value
