"""Broadcasts: which there are, and the deliveries of each."""

from typing import Annotated, get_args

from handbill.contract.app.broadcasts import Broadcast
from handbill.contract.app.messages import DeliveryState, ParentMessagesQuery
from handbill.contract.limits import MESSAGES_DEFAULT
from handbill.tools.answers import Answer, page
from handbill.tools.messages import From, Limit, MessageList, MetricOption, Until, check_range, cut_range
from handbill.tools.parameters import Choice, Cursor, Id, TriggerId
from handbill.tools.tool import Context, continuing, tool
from handbill.tools.triggering import check_trigger_id, number_of

BroadcastId = Annotated[
    int,
    Id(
        does="The broadcast's id: a whole number, see its Triggering Details or CUSTOMERIO_LIST_BROADCASTS.",
        where="see the broadcast's Triggering Details",
    ),
]


class BroadcastList(Answer):
    broadcasts: list[Broadcast]
    total: int


@tool(effect="reads", toolset="broadcasts", command="broadcast list")
async def list_broadcasts(context: Context) -> BroadcastList:
    """List the API-triggered broadcasts, with their ids, names and messages (actions)."""
    broadcasts = (await context.client.broadcasts.list()).broadcasts
    return BroadcastList(broadcasts=broadcasts, total=len(broadcasts))


@tool(
    effect="reads",
    toolset="broadcasts",
    command="messages list",
    check=lambda arguments: (*check_range(arguments), *check_trigger_id(arguments)),
)
async def get_broadcast_messages(
    context: Context,
    broadcast_id: BroadcastId,
    trigger_id: Annotated[str | None, TriggerId(does="Only this trigger's deliveries, such as 456 or 5-37.")] = None,
    metric: MetricOption = None,
    state: Annotated[
        DeliveryState | None, Choice(does="Only deliveries in this state.", options=get_args(DeliveryState))
    ] = None,
    start_ts: From = None,
    end_ts: Until = None,
    limit: Limit = MESSAGES_DEFAULT,
    start: Annotated[str, Cursor()] = "",
) -> MessageList:
    """List the deliveries of one broadcast, newest first, of all its triggers or of one. Bodies are not included.

    Without dates and trigger it lists the month after the broadcast was first triggered.
    """
    number = number_of(trigger_id) if trigger_id else None
    since, until = cut_range(context, start_ts, end_ts), end_ts
    if number and context.client.live:
        first, last = await context.client.triggers.span(broadcast_id, number)
        since, until = max(first, since or 0), min((each for each in (last, end_ts) if each), default=None)
        context.notes.append("Customer.io lists by time: these are from the trigger until the broadcast's next one.")
        number = None
    query = ParentMessagesQuery(
        trigger_id=number, metric=metric, state=state, start_ts=since, end_ts=until, start=start
    )

    async def fetch(size: int) -> MessageList:
        found = await context.client.broadcasts.messages(broadcast_id, query.model_copy(update={"limit": size}))
        return MessageList(messages=found.messages, next=found.next)

    with continuing():
        return await page(fetch, limit)
