"""What Customer.io tells of what only a workspace of ours tells whole: how triggers get on and what they would do."""

from collections.abc import Mapping
from typing import Any

from handbill.client.call import Caller
from handbill.contract import audience
from handbill.contract.app import broadcasts, customers, segments
from handbill.contract.app.messages import Messages, ParentMessagesQuery
from handbill.contract.app.triggers import (
    ERRORS,
    GET,
    LIST,
    LeftOut,
    Preview,
    Standing,
    Trigger,
    TriggerErrors,
    Triggers,
    TriggerState,
)
from handbill.contract.limits import ATTRIBUTES_IDS_MAX
from handbill.errors import NotFound, quoted

STANDING = (
    "Customer.io tells when a trigger was accepted, when it was processed and what was wrong with its audience; not "
    "for how many people it was, nor how many messages are in which state."
)
PREVIEW = (
    "Customer.io previews nothing: who is unsubscribed or suppressed, and what messages will look like, is not told."
)
UNCOUNTED = "For how many people this is, Customer.io does not tell before it is sent."


async def standing(call: Caller, broadcast_id: int, trigger_id: int | str) -> Standing:
    """How far a trigger is. `processed_at` is the only state there is; failed is what has errors and no message."""
    path = {"broadcast_id": broadcast_id, "trigger_id": trigger_id}
    trigger: Trigger = await call(GET, path)
    told: TriggerErrors = await call(ERRORS, path)
    state: TriggerState = "finished" if trigger.processed_at else "accepted"
    if told.errors and not await _wrote(call, broadcast_id, trigger.created_at):
        state = "failed"
    return Standing(id=trigger.id, broadcast_id=broadcast_id, state=state, note=STANDING)


async def _wrote(call: Caller, broadcast_id: int, since: int) -> bool:
    """Whether the broadcast has made a message since this time, in Unix seconds."""
    query = ParentMessagesQuery(start_ts=since, limit=1)
    found: Messages = await call(broadcasts.MESSAGES, {"broadcast_id": broadcast_id}, query)
    return bool(found.messages)


async def span(call: Caller, broadcast_id: int, trigger_id: int | str) -> tuple[int, int | None]:
    """From when until when messages are a trigger's, in Unix seconds: before the next one, which may not be there."""
    trigger: Trigger = await call(GET, {"broadcast_id": broadcast_id, "trigger_id": trigger_id})
    told: Triggers = await call(LIST, {"broadcast_id": broadcast_id})
    later = [each.created_at - 1 for each in told.triggers if each.id > trigger.id]
    return trigger.created_at, min(later, default=None)


async def preview(call: Caller, broadcast_id: int, body: Mapping[str, Any]) -> Preview:
    """What can be counted of the trigger `body`. Raises NotFound when there is no such broadcast."""
    await call(broadcasts.GET, {"broadcast_id": broadcast_id})
    people, missing, faults = await _counted(call, body)
    return Preview(
        broadcast_id=broadcast_id,
        people=people,
        people_in_workspace=None,
        left_out=[LeftOut(reason="not in the workspace", count=missing)] if missing else [],
        samples=[],
        faults=faults,
        missing_attributes=[],
        note=f"{PREVIEW}{f' {UNCOUNTED}' if people is None else ''}",
    )


async def _counted(call: Caller, body: Mapping[str, Any]) -> tuple[int | None, int, list[str]]:
    """How many people, or None; how many of those named are missing, as far as that is asked; and what is wrong."""
    if segment := audience.segment(body):
        return await _in_segment(call, segment)
    named = {*audience.people(body)}
    if not named or body.get("email_add_duplicates"):  # an address may be several people's
        return None, 0, []
    missing = await _missing(call, named)
    faults = []
    if missing and not body.get("id_ignore_missing"):
        said = f"{len(missing):,} of {len(named):,} are not in the workspace: {', '.join(map(quoted, missing[:3]))}"
        faults = [f"{said}{', …' if len(missing) > 3 else ''}. Set id_ignore_missing to true to skip them."]
    return len(named) - len(missing), len(missing), faults


async def _in_segment(call: Caller, segment: int) -> tuple[int | None, int, list[str]]:
    try:
        found: segments.Count = await call(segments.COUNT, {"segment_id": segment})
    except NotFound:
        return None, 0, [f"recipients: there is no segment {segment}. CUSTOMERIO_GET_SEGMENTS lists them."]
    return found.count, 0, []


async def _missing(call: Caller, named: set[tuple[str, str]]) -> list[str]:
    """The ids that nobody has, where one call can ask for all of them."""
    ids = sorted(value for kind, value in named if kind == "id")
    if not 0 < len(ids) <= ATTRIBUTES_IDS_MAX:
        return []
    found: customers.People = await call(customers.ATTRIBUTES_OF, body={"ids": ids})
    known = {each.customer.identifiers.id for each in found.customers}
    return [each for each in ids if each not in known]
