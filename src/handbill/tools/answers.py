"""What tools answer: always an object, its text made safe to show, no larger than a reader can take."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from handbill.untrusted import clean

ITEMS = 100
BYTES = 200_000
"""The most that is answered at once; where there is a `next`, it goes on from there."""

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

    model_config = ConfigDict(defer_build=True)

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
    while asked > 1 and _too_large(answer):
        asked //= 2
        answer = await fetch(asked)
    if asked < limit and answer.model_dump(include={"next"}).get("next"):
        answer.notes.append(f"{asked} at a time; pass `next` as `start` for more.")
    return answer


def fitted(answer: AnswerT) -> AnswerT:
    """`answer` with as much of its lists and objects as can be shown at once, the largest halved until it fits."""
    if not _too_large(answer):
        return answer
    answer = answer.model_copy(deep=True)
    whole: dict[tuple[int, str], tuple[BaseModel, int]] = {}
    while _too_large(answer) and (parts := list(_parts(answer))):
        model, field, items = max(parts, key=lambda part: len(to_json(part[2])))
        whole.setdefault((id(model), field), (model, len(items)))
        kept = islice(items.items() if isinstance(items, dict) else items, len(items) // 2)
        setattr(model, field, type(items)(kept))
    for (_, field), (model, count) in whole.items():
        shown = f"Only {len(getattr(model, field))} of {count:,} {field} are shown"
        answer.notes.append(f"{shown}: more would be too large an answer.")
    return answer


def _parts(model: BaseModel) -> Iterator[tuple[BaseModel, str, Any]]:
    """Everything within that could be shorter: lists, and objects whose keys are not fixed."""
    for field, value in model:
        if isinstance(value, BaseModel):
            yield from _parts(value)
        elif isinstance(value, list | dict) and len(value) > 1:
            yield model, field, value
        if isinstance(value, list):
            for each in value:
                yield from _parts(each) if isinstance(each, BaseModel) else ()


def _too_large(answer: Answer) -> bool:
    """Texts are cut when they are told, so what is too large as it is may not be."""
    return len(answer.model_dump_json().encode()) > BYTES and len(to_json(answer.data())) > BYTES


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
