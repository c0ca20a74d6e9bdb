"""Messages: deliveries to one person each, with what became of them."""

import time
from collections.abc import Iterator
from typing import Annotated, get_args

from pydantic import Field

from handbill.contract.app.messages import Message, MessagesQuery, MessageType, Metric
from handbill.contract.limits import MESSAGES_DEFAULT, MESSAGES_MAX
from handbill.errors import Fault, NotFound
from handbill.tools.answers import Answer, page
from handbill.tools.parameters import Choice, Cursor, Flag, Id, Number, Timestamp
from handbill.tools.tool import Arguments, Context, continuing, tool

LONGEST_SPAN = 366 * 86_400
"""Seconds that one list covers at most: twelve months, as at Customer.io (reference 4.1)."""

TYPES = ("email", "webhook", "twilio", "slack", "push", "in_app")
TypeOption = Annotated[
    MessageType | None,
    Choice(does="Only this kind.", options=TYPES, accepts=get_args(MessageType), hint=" (SMS is twilio)"),
]
MetricOption = Annotated[
    Metric | None, Choice(does="Only messages to which this has happened.", options=get_args(Metric))
]
From = Annotated[int | None, Timestamp(does="Only messages made at or after this time, in Unix seconds.")]
Until = Annotated[int | None, Timestamp(does="Only messages made before or at this time, in Unix seconds.")]
Limit = Annotated[int, Number(does="How many at most; an answer holds up to 100.", high=MESSAGES_MAX)]


class MessageList(Answer):
    messages: list[Message]
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


def check_range(arguments: Arguments) -> Iterator[Fault]:
    """The fault of a time range that ends before it starts."""
    if arguments.get("start_ts", 0) > arguments.get("end_ts", float("inf")):
        yield Fault("start_ts", "start_ts is after end_ts.")


def check_filters(arguments: Arguments) -> Iterator[Fault]:
    """The faults of filters that cannot go together."""
    yield from check_range(arguments)
    if "campaign_id" in arguments and "newsletter_id" in arguments:
        yield Fault("campaign_id", "Give campaign_id or newsletter_id, not both: no message belongs to both.")
    if arguments.get("drafts") and "metric" in arguments:
        yield Fault("metric", "drafts have no metrics; leave out metric.")


@tool(effect="reads", toolset="messages", command="messages list", check=check_filters)
async def get_messages(
    context: Context,
    type: TypeOption = None,  # noqa: A002 - the documented name
    metric: MetricOption = None,
    campaign_id: Annotated[int | None, Id(does="Only messages of this campaign.")] = None,
    newsletter_id: Annotated[int | None, Id(does="Only messages of this newsletter.")] = None,
    action_id: Annotated[int | None, Id(does="Only messages made from this action.")] = None,
    start_ts: From = None,
    end_ts: Until = None,
    limit: Limit = MESSAGES_DEFAULT,
    start: Annotated[str, Cursor()] = "",
    drafts: Annotated[bool, Flag(does="true: messages waiting as drafts, instead of those sent.")] = False,
) -> MessageList:
    """List messages (deliveries), newest first: to whom, when, and what became of each. Bodies are not included.

    `metrics` of each message maps what happened to when. `next` goes on to the following page.
    """
    span = cut_range(context, start_ts, end_ts)
    query = MessagesQuery(
        type=type,
        metric=metric,
        campaign_id=campaign_id,
        newsletter_id=newsletter_id,
        action_id=action_id,
        start_ts=span,
        end_ts=end_ts,
        start=start,
        drafts=drafts,
    )

    async def fetch(size: int) -> MessageList:
        found = await context.client.messages.list(query.model_copy(update={"limit": size}))
        return MessageList(messages=found.messages, next=found.next)

    with continuing():
        answer = await page(fetch, limit)
    if not answer.messages and not start:
        await _explain_nothing(context, campaign_id, newsletter_id)
    return answer


def cut_range(context: Context, start_ts: int | None, end_ts: int | None) -> int | None:
    """`start_ts`, moved so that the range is no longer than the service answers; says so in a note."""
    now = int(time.time())
    if start_ts is None:
        return None
    if start_ts > now:
        context.notes.append("start_ts is in the future, so there is nothing yet.")
    earliest = (end_ts if end_ts is not None else now) - LONGEST_SPAN
    if start_ts < earliest:
        context.notes.append("A list covers twelve months at most: this is the last twelve before end_ts.")
    return max(start_ts, earliest)


async def _explain_nothing(context: Context, campaign_id: int | None, newsletter_id: int | None) -> None:
    """Add a note when nothing was found because there is no such parent, or it is of another kind."""
    try:
        if newsletter_id is not None:
            await context.client.newsletters.get(newsletter_id)
        if campaign_id is not None:
            await context.client.broadcasts.get(campaign_id)
            said = f"{campaign_id} is a broadcast: CUSTOMERIO_GET_BROADCAST_MESSAGES lists its messages."
            context.notes.append(said)
    except NotFound:
        missing = f"newsletter {newsletter_id}" if newsletter_id is not None else f"campaign {campaign_id}"
        context.notes.append(f"There is no {missing}.")
