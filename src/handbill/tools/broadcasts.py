"""Broadcasts: which there are, and the deliveries of each."""

from typing import Annotated, get_args

from handbill.contract.app.broadcasts import Broadcast
from handbill.contract.app.messages import DeliveryState, ParentMessagesQuery
from handbill.contract.limits import MESSAGES_DEFAULT
from handbill.tools.answers import Answer, fitting, page
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
    return fitting(BroadcastList(broadcasts=broadcasts, total=len(broadcasts)), "broadcasts")


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
    query = ParentMessagesQuery(
        trigger_id=number_of(trigger_id) if trigger_id else None,
        metric=metric,
        state=state,
        start_ts=cut_range(context, start_ts, end_ts),
        end_ts=end_ts,
        start=start,
    )

    async def fetch(size: int) -> MessageList:
        found = await context.client.broadcasts.messages(broadcast_id, query.model_copy(update={"limit": size}))
        return MessageList(messages=found.messages, next=found.next)

    with continuing():
        return await page(fetch, limit)
