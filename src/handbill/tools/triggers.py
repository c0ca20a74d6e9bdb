"""Triggers: a broadcast sent to an audience, previewed before and followed after."""

import asyncio
from typing import Annotated, Unpack

from pydantic import Field

from handbill.contract import audience
from handbill.contract.app.triggers import Counts, LeftOut, MissingAttribute, Preview, Progress, Sample, Trigger
from handbill.contract.app.triggers import TriggerState as State
from handbill.errors import Fault, HandbillError, InvalidInput
from handbill.tools.answers import Answer, fitting
from handbill.tools.broadcasts import BroadcastId
from handbill.tools.parameters import TriggerId
from handbill.tools.tool import Context, tool
from handbill.tools.triggering import TriggerBody, check_audience, check_trigger_id, number_of, remarks

SETTLED = ("finished", "failed", "stopped", "held")
ASKED = ("audience", "data")
"""What a trigger was asked for, which its answers do not repeat."""
POLL_SECONDS = 0.25
FOLLOW_SECONDS = 600
"""How long a call stays to report on its trigger; the trigger goes on without it."""


class Triggered(Answer):
    id: int = Field(description="The trigger's id, for CUSTOMERIO_GET_TRIGGER.")
    broadcast_id: int
    state: State
    recipients: int | None = None
    counts: Counts | None = Field(None, description="Deliveries by state; empty when that is not told.")
    reason: str = Field("", description="Why it waits for a person, if it is held.")
    approval: int | None = Field(None, description="The number under which a person approves it, if it is held.")
    expires_at: int | None = Field(None, description="Until when it waits (Unix seconds).")
    repeated: bool = Field(False, description="The same call came before: this is its trigger, and no new one.")


class Previewed(Answer):
    broadcast_id: int
    people: int | None = Field(description="How many people would get it; empty when that is not told.")
    people_in_workspace: int | None
    left_out: list[LeftOut]
    samples: list[Sample]
    faults: list[str] = Field(description="Why the trigger would be refused, or the template fail.")
    missing_attributes: list[MissingAttribute]


class TriggerList(Answer):
    triggers: list[Trigger]
    total: int


class TriggerDetails(Answer):
    id: int
    broadcast_id: int
    created_at: int
    processed_at: int | None = None
    state: State
    recipients: int | None = None
    counts: Counts | None = Field(None, description="Deliveries by state; empty when that is not told.")
    reason: str = Field("", description="Why it waits for a person, if it is held.")
    approval: int | None = Field(None, description="The number under which a person approves it, if it is held.")
    expires_at: int | None = Field(None, description="Until when it waits (Unix seconds).")
    errors: list[str] = Field([], description="What was wrong with the audience, if it failed.")


@tool(effect="sends", toolset="broadcasts", command="broadcast trigger", check=check_audience)
async def trigger_broadcast(context: Context, broadcast_id: BroadcastId, **body: Unpack[TriggerBody]) -> Triggered:
    """Send a broadcast to an audience: exactly one of ids, emails, recipients, per_user_data or data_file_url.

    Everyone named must be in the workspace already, unless a flag says to skip who is missing. At most one trigger
    per 10 seconds and broadcast; the same call again within 10 minutes is answered with the trigger of the first. A
    refused call sends nothing and does not count. CUSTOMERIO_PREVIEW_BROADCAST shows what would happen.
    """
    preview = await context.client.triggers.preview(broadcast_id, {**body}, samples=0)
    await context.gate.check(0)
    _refuse_faults(preview, body)
    context.notes.extend(remarks(body))
    made = await context.gate.trigger(broadcast_id, {**body}, preview.people)
    context.notes.extend(["the same call came before: this is its trigger, nothing new is sent"] * made.repeated)
    accepted = Progress(
        id=made.id, broadcast_id=broadcast_id, state="accepted", recipients=preview.people, counts=Counts()
    )
    progress = await _follow(context, accepted)
    unresolved = progress.state in ("accepted", "preparing")
    recipients = preview.people if unresolved else progress.recipients
    told = progress.model_dump(exclude={"note", "recipients", *ASKED})
    return Triggered(**told, recipients=recipients, repeated=made.repeated)


@tool(effect="reads", toolset="broadcasts", command="broadcast preview", check=check_audience)
async def preview_broadcast(context: Context, broadcast_id: BroadcastId, **body: Unpack[TriggerBody]) -> Previewed:
    """Show what CUSTOMERIO_TRIGGER_BROADCAST would do with the same parameters. Sends and records nothing.

    Says how many people would get it, who is left out and why, what is wrong with the templates, which attributes
    people lack, and shows three messages as they would arrive (each field cut at 500 characters).
    """
    preview = await context.client.triggers.preview(broadcast_id, {**body})
    context.notes.extend(remarks(body))
    context.notes.extend([preview.note] if preview.note else [])
    return Previewed(**preview.model_dump(exclude={"note"}))


@tool(effect="reads", toolset="broadcasts", command="triggers list")
async def get_triggers(context: Context, broadcast_id: BroadcastId) -> TriggerList:
    """List the times a broadcast was triggered, newest first. processed_at is empty until everything is settled."""
    triggers = (await context.client.triggers.list(broadcast_id)).triggers
    newest = sorted(triggers, key=lambda trigger: trigger.id, reverse=True)
    return fitting(TriggerList(triggers=newest, total=len(newest)), "triggers")


@tool(effect="reads", toolset="broadcasts", command="triggers show", check=check_trigger_id)
async def get_trigger(
    context: Context,
    broadcast_id: BroadcastId,
    trigger_id: Annotated[str, TriggerId(does="The trigger's id, such as 456 or 5-37.")],
) -> TriggerDetails:
    """Get one trigger: its state, how many people it has, and how many deliveries are in each state."""
    triggers, number = context.client.triggers, number_of(trigger_id)
    trigger = await triggers.get(broadcast_id, number)
    progress = await triggers.standing(broadcast_id, number)
    ask = context.client.live or progress.state == "failed"
    errors = (await triggers.errors(broadcast_id, number)).errors if ask else []
    context.notes.extend([progress.note] if progress.note else [])
    return TriggerDetails(
        **(progress.model_dump(exclude={"note", *ASKED}) | trigger.model_dump() | {"errors": errors})
    )


def _refuse_faults(preview: Preview, body: TriggerBody) -> None:
    option = audience.named(body)[0]
    if preview.faults:
        raise InvalidInput(*(Fault(option, fault) for fault in preview.faults))
    if preview.people == 0:
        reasons = ", ".join(f"{left.count:,} {left.reason}" for left in preview.left_out)
        left_out = f" Left out: {reasons}." if reasons else ""
        raise InvalidInput.of(option, f"{option} matches nobody now; nothing was sent.{left_out}")


async def _follow(context: Context, progress: Progress) -> Progress:
    """How far the trigger is: at once, or, if the caller wants to be told, when it is settled or 10 minutes passed.

    The trigger is accepted by now, so nothing that goes wrong here may hide its id.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + FOLLOW_SECONDS
    try:
        progress = await context.client.triggers.progress(progress.broadcast_id, progress.id)
        while context.report:
            await context.report(progress)
            if progress.state in SETTLED or loop.time() > end:
                break
            await asyncio.sleep(POLL_SECONDS)
            progress = await context.client.triggers.progress(progress.broadcast_id, progress.id)
    except HandbillError as error:
        context.notes.append(f"The trigger was accepted, but how far it is could not be read: {error}")
    context.notes.extend([progress.note] if progress.note else [])
    return progress
