"""Pipelines: who people are and what they do, taken in; what comes in may start a campaign, and so send."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from handbill.contract.limits import BATCH_BYTES, EVENT_NAME_BYTES, OPERATION_BYTES
from handbill.errors import Fault, InvalidInput
from handbill.gate.gate import Outcome, PipelinesCall
from handbill.tools.approvals import Sending, decided, waiting
from handbill.tools.parameters import Json, Text, Timestamp
from handbill.tools.tool import Context, tool

OBJECT = {"type": "object"}
CALLS = {"type": "array", "items": {"type": "object"}}
WORDS = {"userId": "user_id", "anonymousId": "anonymous_id", "groupId": "group_id", "previousId": "previous_id"}
"""Customer.io's names of fields, and the tools'."""
_FIELDS = re.compile("|".join(WORDS))

UserId = Annotated[str | None, Text(does="Who: the person's id, or email address.", example="u1")]
KnownUserId = Annotated[str, Text(does="Who: the person's id, or email address.", example="u1")]
AnonymousId = Annotated[
    str | None, Text(does="Who, as long as nobody knows: an id of your own.", example="visitor-81f2")
]
Properties = Annotated[
    dict[str, Any] | None, Json(does="What else is known about it.", of=OBJECT, example='{"total": 40}')
]
When = Annotated[int | None, Timestamp(does="When it happened, in Unix seconds; now, if left out.")]


class TakenIn(Sending):
    accepted: int = Field(description="How many calls were taken in.")
    state: Literal["accepted", "held", "declined"] = "accepted"


class Tracked(TakenIn):
    campaigns: list[int] = Field(description="Running campaigns that this event starts for its person.")


@tool(effect="sends", toolset="pipelines", command="person identify")
async def identify_person(
    context: Context,
    user_id: UserId = None,
    anonymous_id: AnonymousId = None,
    traits: Annotated[
        dict[str, Any] | None,
        Json(does="The person's attributes; an empty one is removed.", of=OBJECT, example='{"plan": "pro"}'),
    ] = None,
) -> TakenIn:
    """Add a person, or change the attributes of one. Exactly who is said by user_id, anonymous_id or both."""
    return await _take_in(context, "identify", userId=user_id, anonymousId=anonymous_id, traits=traits)


@tool(effect="sends", toolset="pipelines", command="event track")
async def track_event(
    context: Context,
    event: Annotated[str, Text(does="The event's name.", example="purchase", longest=EVENT_NAME_BYTES)],
    user_id: UserId = None,
    anonymous_id: AnonymousId = None,
    properties: Properties = None,
    timestamp: When = None,
) -> Tracked:
    """Record that a person did something. A running campaign that this event starts writes to the person at once.

    Customer.io's reserved names, such as User Deleted, do what they say.
    """
    who = {"userId": user_id, "anonymousId": anonymous_id}
    taken = await _take_in(context, "track", **who, event=event, properties=properties, timestamp=_iso(timestamp))
    if not taken.accepted:
        return Tracked(**taken.model_dump(), campaigns=[])
    campaigns = (await context.client.campaigns.list()).campaigns
    started = [each.id for each in campaigns if each.state == "running" and each.event_name == event]
    return Tracked(**taken.model_dump(), campaigns=started if user_id else [])


@tool(effect="sends", toolset="pipelines", command="event page")
async def track_page(
    context: Context,
    user_id: UserId = None,
    anonymous_id: AnonymousId = None,
    name: Annotated[str | None, Text(does="The page's name.", example="Pricing")] = None,
    properties: Annotated[
        dict[str, Any] | None,
        Json(does="url, title, path and what else is known.", of=OBJECT, example='{"url": "https://shop.example/"}'),
    ] = None,
    timestamp: When = None,
) -> TakenIn:
    """Record that a person looked at a page."""
    who = {"userId": user_id, "anonymousId": anonymous_id}
    return await _take_in(context, "page", **who, name=name, properties=properties, timestamp=_iso(timestamp))


@tool(effect="sends", toolset="pipelines", command="event screen")
async def track_screen(
    context: Context,
    name: Annotated[str, Text(does="The screen's name.", example="Basket")],
    user_id: UserId = None,
    anonymous_id: AnonymousId = None,
    properties: Properties = None,
    timestamp: When = None,
) -> TakenIn:
    """Record that a person looked at a screen of an app."""
    who = {"userId": user_id, "anonymousId": anonymous_id}
    return await _take_in(context, "screen", **who, name=name, properties=properties, timestamp=_iso(timestamp))


@tool(effect="sends", toolset="pipelines", command="person group")
async def add_person_to_group(
    context: Context,
    user_id: KnownUserId,
    group_id: Annotated[str, Text(does="The group's id: an account, a course, a shop.", example="acme")],
    traits: Annotated[
        dict[str, Any] | None,
        Json(
            does="The group's own attributes; objectTypeId says of which type it is, 1 if left out.",
            of=OBJECT,
            example='{"name": "Acme"}',
        ),
    ] = None,
) -> TakenIn:
    """Make a person belong to a group (an object), which is added when it is not there yet.

    A running campaign about such groups may write to all who belong to it.
    """
    return await _take_in(context, "group", userId=user_id, groupId=group_id, traits=traits)


@tool(effect="sends", toolset="pipelines", command="person alias")
async def create_alias(
    context: Context,
    user_id: Annotated[str, Text(does="Who stays: the person's id or email address.", example="u1")],
    previous_id: Annotated[str, Text(does="Who becomes part of that one, and is gone then.", example="u9")],
) -> TakenIn:
    """Make one person of two: previous_id is merged into user_id. This cannot be taken back."""
    return await _take_in(context, "alias", userId=user_id, previousId=previous_id)


@tool(effect="sends", toolset="pipelines", command="event batch")
async def send_batch(
    context: Context,
    batch: Annotated[
        list[dict[str, Any]],
        Json(
            does="The calls, in Customer.io's words: type (identify, track, page, screen, group or alias), userId or "
            "anonymousId, traits, event, properties. "
            f"{OPERATION_BYTES // 1024} KB each, {BATCH_BYTES // 1024} KB in all.",
            of=CALLS,
            example='[{"type": "track", "userId": "u1", "event": "purchase"}]',
        ),
    ],
) -> TakenIn:
    """Take in many calls at once. When one of them is not right, it is named and none is done."""
    return await _taken(context, await context.gate.take_in("batch", batch), len(batch))


async def _take_in(context: Context, call: PipelinesCall, **said: Any) -> TakenIn:
    with _our_words():
        return await _taken(context, await context.gate.take_in(call, _said(**said)), 1)


async def _taken(context: Context, outcome: Outcome, calls: int) -> TakenIn:
    outcome = await decided(context, outcome)
    context.notes.extend(outcome.notes)
    if outcome.held:
        return TakenIn(accepted=0, **await waiting(context, outcome))
    return TakenIn(accepted=calls, repeated=outcome.repeated)


def _said(**said: Any) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


def _iso(timestamp: int | None) -> str | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC).isoformat()


@contextmanager
def _our_words() -> Iterator[None]:
    """Faults of a Pipelines call name the tool's parameters, not Customer.io's fields."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(*(Fault(_ours(fault.field), _ours(fault.message)) for fault in error.faults)) from None


def _ours(text: str) -> str:
    return _FIELDS.sub(lambda found: WORDS[found[0]], text)
