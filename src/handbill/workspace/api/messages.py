"""Messages: deliveries, listed for the workspace, for a parent or for a person. Reference 4."""

from dataclasses import replace
from typing import Any

from handbill.contract.app import broadcasts as of_broadcasts
from handbill.contract.app import campaigns as of_campaigns
from handbill.contract.app import messages as contract
from handbill.contract.app import newsletters as of_newsletters
from handbill.contract.app import transactional as of_transactional
from handbill.contract.app.messages import Message, MessagesQuery, ParentMessagesQuery
from handbill.contract.app.segments import Identifiers
from handbill.contract.limits import MESSAGES_MAX
from handbill.errors import NotFound
from handbill.workspace import archive, delivery_ids
from handbill.workspace.api.places import place
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import messages, people, writing
from handbill.workspace.store.database import Row
from handbill.workspace.store.messages import Filters


@serves(contract.LIST)
async def listed(call: Call) -> contract.Messages:
    return await answer(call)


@serves(of_broadcasts.MESSAGES, of_campaigns.MESSAGES, of_newsletters.MESSAGES, of_transactional.MESSAGES)
async def of_parent(call: Call) -> contract.Messages:
    parent = place(call)
    await call.workspace.database.read(writing.check, parent)
    return await answer(call, **{parent.parent: parent.number})


@serves(contract.GET)
async def get(call: Call) -> contract.OneMessage:
    row = await call.workspace.database.read(messages.get, _delivery(call))
    return contract.OneMessage(message=_message(call.workspace.secret, row))


@serves(contract.ARCHIVED_MESSAGE)
async def archived(call: Call) -> contract.OneArchivedMessage:
    packed = await call.workspace.database.read(messages.archived, _delivery(call))
    fields = archive.expand(*packed) if packed else None
    kept: dict[str, Any] = {"forgotten": True} if fields is None else fields
    return contract.OneArchivedMessage(
        archived_message=contract.ArchivedMessage.model_validate({**kept, "id": call.path["message_id"]})
    )


async def answer(call: Call, **only: Any) -> contract.Messages:
    """One page of the deliveries that the query, and columns with `only` this number, let through; newest first."""
    limit, before = call.limit(MESSAGES_MAX), call.position()
    rows = await call.workspace.database.read(
        messages.page,
        replace(_filters(call.query), **only),
        before[0] if before else None,
        limit + 1,
        call.workspace.clock.now(),
    )
    shown, following = call.page(rows, limit, "delivery")
    told = [_message(call.workspace.secret, row) for row in shown]
    if call.query.get_tracked_responses:
        for message in told:
            message.tracked_responses = {}  # no channel here asks people to choose
    return contract.Messages(messages=told, next=following)


def _filters(query: MessagesQuery) -> Filters:
    """The query's filters; a `state` is the metric of its name, or the drafts."""
    own = query if isinstance(query, ParentMessagesQuery) else ParentMessagesQuery()
    metrics = {name for name in (query.metric, own.state) if name and name != "drafted"}
    return Filters(
        campaign_id=query.campaign_id,
        newsletter_id=query.newsletter_id,
        content_id=query.action_id,
        trigger_id=own.trigger_id,
        type=query.type,
        metrics=frozenset(metrics),
        drafts=query.drafts or own.state == "drafted",
        since=query.start_ts,
        until=query.end_ts,
    )


def _delivery(call: Call) -> int:
    delivery = delivery_ids.unseal(call.workspace.secret, call.path["message_id"])
    if delivery is None:
        raise NotFound("There is no such message.")
    return delivery


def _message(secret: bytes, row: Row) -> Message:
    sealed = delivery_ids.seal(secret, row["delivery"])
    metrics = {name: row[name] for name in (*messages.TIMES, *messages.COUNTS) if row[name]}
    of_newsletter = row["newsletter_id"] is not None
    return Message(
        id=sealed,
        deduplicate_id=f"{sealed}:{max([row['created'], *metrics.values()])}",
        msg_template_id=row["action_id"],
        action_id=None if of_newsletter else row["action_id"],
        customer_id=row["id"],
        customer_identifiers=Identifiers(**people.identifiers(row)) if row["known"] else None,
        recipient=row["recipient"],
        subject=row["subject"],
        metrics=metrics,
        created=row["created"],
        failure_message=row["failure_message"],
        campaign_id=row["campaign_id"],
        newsletter_id=row["newsletter_id"],
        broadcast_id=row["broadcast_id"],
        trigger_event_id=row["trigger_event_id"],
        content_id=row["content_id"] if of_newsletter else None,
        type=row["type"],
    )
