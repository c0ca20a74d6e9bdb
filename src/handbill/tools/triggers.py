"""Triggers: a broadcast sent to an audience, previewed before and followed after."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Unpack, get_args

from pydantic import Field

from handbill.contract import audience
from handbill.contract.app.triggers import (
    Counts,
    LeftOut,
    MissingAttribute,
    Preview,
    Progress,
    Sample,
    Trigger,
    TriggerState,
)
from handbill.errors import Fault, HandbillError, InvalidInput
from handbill.gate.gate import Outcome
from handbill.tools.answers import Answer
from handbill.tools.approvals import Sending, decided, waiting
from handbill.tools.broadcasts import BroadcastId
from handbill.tools.parameters import TriggerId
from handbill.tools.tool import Context, tool
from handbill.tools.triggering import TriggerBody, check_audience, check_trigger_id, number_of, remarks

SETTLED = ("finished", "failed", "stopped")
TOLD = {"id", "broadcast_id", "state", "counts"}
"""What an answer tells of a trigger's progress."""
ASKED = ("audience", "data")
"""What a trigger was asked for, which its answers do not repeat."""
POLL_SECONDS = 0.25
FOLLOW_SECONDS = 600
"""How long a call stays to report on its trigger; the trigger goes on without it."""
UNDECIDED = ("accepted", "preparing")
"""Nobody knows yet whether it goes or waits for a person."""
DECIDED_SECONDS = 3
"""How long any call stays for that."""


class Triggered(Sending):
    id: int | None = Field(
        None, description="The trigger's id, for CUSTOMERIO_GET_TRIGGER; none while a call to Customer.io is held."
    )
    broadcast_id: int
    state: TriggerState | Literal["declined"]
    recipients: int | None = Field(None, description="How many people; empty when nobody knows.")
    counts: Counts | None = Field(None, description="Deliveries by state; empty when that is not told.")


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
    state: TriggerState
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

    state `held`: it waits for a person, who is told how in `approve`; you need do nothing. The same call again, or
    CUSTOMERIO_LIST_APPROVALS, tells what became of it.
    """
    context.notes.extend(remarks(body))
    return await (_at_customerio if context.client.live else _here)(context, broadcast_id, body)


async def _at_customerio(context: Context, broadcast_id: int, body: TriggerBody) -> Triggered:
    """There is no preview there, and no more to follow than the trigger itself."""
    outcome = await context.gate.trigger(broadcast_id, {**body}, context.tell)
    outcome = await decided(context, outcome)
    context.notes.extend(outcome.notes)
    people = outcome.approval.people if outcome.approval else None
    if outcome.held or outcome.answer is None:
        return Triggered(broadcast_id=broadcast_id, recipients=people, **await waiting(context, outcome))
    _note_repeated(context, outcome.repeated)
    number = outcome.answer["id"]
    state = await _state(context, broadcast_id, number) if outcome.repeated else "accepted"
    return Triggered(id=number, broadcast_id=broadcast_id, state=state, recipients=people, repeated=outcome.repeated)


async def _state(context: Context, broadcast_id: int, number: int) -> TriggerState:
    """How far an earlier trigger is; that it was accepted is certain."""
    try:
        return (await context.client.triggers.standing(broadcast_id, number)).state
    except HandbillError as error:
        context.notes.append(f"How far it is could not be read: {error}")
        return "accepted"


async def _here(context: Context, broadcast_id: int, body: TriggerBody) -> Triggered:
    await context.gate.check()
    preview = await context.client.triggers.preview(broadcast_id, {**body}, samples=0)
    _refuse_faults(preview, body)
    made = await context.gate.trigger(broadcast_id, {**body})
    assert made.answer
    accepted = Progress(
        id=made.answer["id"], broadcast_id=broadcast_id, state="accepted", recipients=preview.people, counts=Counts()
    )
    progress, waits = await _follow(context, accepted), dict[str, Any]()
    if progress.state == "held" and progress.approval:
        held = Outcome(None, await context.gate.register.get(progress.approval), made.repeated)
        progress, waits = await _asked(context, progress, held)
    unresolved = progress.state in UNDECIDED
    recipients = preview.people if unresolved else progress.recipients
    told = {**progress.model_dump(include=TOLD), "recipients": recipients, "repeated": made.repeated} | waits
    _note_repeated(context, told["repeated"])
    return Triggered(**told)


async def _asked(context: Context, progress: Progress, held: Outcome) -> tuple[Progress, dict[str, Any]]:
    """A trigger that is held, once the person in front of the client was asked, and what there is to say of it."""
    outcome = await decided(context, held)
    context.notes.extend(outcome.notes)
    if outcome.approval and outcome.approval.state == "approved":
        return await _follow(context, progress, ("held",)), {"repeated": False}  # this very call was said yes to
    return progress, await waiting(context, outcome)


def _note_repeated(context: Context, repeated: bool) -> None:
    context.notes.extend(["the same call came before: this is its trigger, nothing new is sent"] * repeated)


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
    return TriggerList(triggers=newest, total=len(newest))


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
    context.notes.extend([progress.note] if progress.note and progress.note not in errors else [])
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


async def _follow(context: Context, progress: Progress, passed: Sequence[str] = ()) -> Progress:
    """How far the trigger is: when it is settled or 10 minutes passed, if the caller wants to be told; else when it
    is decided whether it waits for a person. States that are `passed` are not the end.

    The trigger is accepted by now, so nothing that goes wrong here may hide its id.
    """
    loop = asyncio.get_running_loop()
    try:
        ends, patience = await _ends(context, passed)
        end = loop.time() + patience
        progress = await context.client.triggers.progress(progress.broadcast_id, progress.id)
        while True:
            if context.report:
                await context.report(progress)
            if progress.state in ends or loop.time() >= end:
                break
            await asyncio.sleep(POLL_SECONDS)
            progress = await context.client.triggers.progress(progress.broadcast_id, progress.id)
    except HandbillError as error:
        context.notes.append(f"The trigger was accepted, but how far it is could not be read: {error}")
    context.notes.extend([progress.note] if progress.note else [])
    return progress


async def _ends(context: Context, passed: Sequence[str]) -> tuple[Sequence[str], float]:
    """The states in which following ends, and after how many seconds it ends in any."""
    if context.report:
        return [state for state in (*SETTLED, "held") if state not in passed], FOLLOW_SECONDS
    live = (await context.gate.policy()).mode == "live"
    return [state for state in get_args(TriggerState) if state not in (*UNDECIDED, *passed)], DECIDED_SECONDS * live
