"""Approvals: sends that wait for a person's yes, as their tools answer them, and the list of them."""

from dataclasses import replace
from typing import Any

from msgspec import structs
from pydantic import BaseModel, Field

from handbill.approval import Approval, State
from handbill.gate.gate import Outcome
from handbill.gate.questions import Waiting, how_to_approve, put, question
from handbill.tools.answers import Answer
from handbill.tools.tool import Context, tool

ENDED = {
    "declined": "a person declined it; nothing was sent",
    "changed": "something changed after it was asked for; nothing was sent",
    "expired": "nobody approved it in time; nothing was sent",
}


class Sending(Answer):
    """What a send answers: also when it waits for a person, which is no error."""

    approval: int | None = Field(None, description="Its number, if a person is asked for it.")
    reason: str = Field("", description="Why it waits for a person.")
    approve: str = Field(
        "", description="What a person does to let it go. There is nothing else to do; the same call tells later."
    )
    expires_at: int | None = Field(None, description="Until when a person can let it go, in Unix seconds.")
    repeated: bool = Field(False, description="The same call came before: this is its answer, nothing new is sent.")


class Waits(BaseModel):
    approval: int
    state: State
    what: str = Field(description="Such as `broadcast 5`.")
    name: str = ""
    people: int | None = Field(None, description="How many it reaches; empty when nobody knows.")
    reason: str
    approve: str = Field("", description="What a person does to let it go, as long as it waits.")
    created_at: int
    expires_at: int
    trigger_id: int | None = Field(None, description="The trigger it is, or became.")
    outcome: str = ""


class Approvals(Answer):
    approvals: list[Waits]


@tool(effect="reads", toolset="broadcasts", command="approvals list")
async def list_approvals(context: Context) -> Approvals:
    """List the sends that wait for a person's yes, and what became of the last 50, newest first.

    Only a person can say yes: in a terminal, on a page, or when asked by the program you run in.
    """
    register = context.gate.register
    found = [_in_time(each, register.now()) for each in await register.recent()]
    listed = [_listed(each, await _how(context, each) if each.state == "waiting" else "") for each in found]
    return Approvals(approvals=listed)


async def decided(context: Context, outcome: Outcome) -> Outcome:
    """`outcome` after the person in front of the client was asked, if it waits and they can be."""
    approval = outcome.approval
    if not approval or approval.state != "waiting":
        return outcome
    if not context.ask or context.asks_via not in (await context.gate.policy()).approve_via:
        return outcome
    waits = Waiting.of(approval.id, approval.people, approval.facts)
    said = await put(context.ask, question(waits, await _link(context, approval)))
    if said == "confirmed":
        made = await context.gate.approve(approval.id, approval.confirm, context.asks_via)
        return replace(made, answer=made.answer or outcome.answer)
    if said == "declined":
        return replace(outcome, approval=(await context.gate.decline(approval.id, context.asks_via)).approval)
    notes = ["The number was not the right one, so nothing was sent."] if said == "wrong" else []
    return replace(outcome, notes=[*outcome.notes, *notes])


async def waiting(context: Context, outcome: Outcome) -> dict[str, Any]:
    """The fields of a `Sending` for what waits, or was declined."""
    approval = outcome.approval
    assert approval
    if approval.state != "waiting":
        context.notes.append(f"{ENDED.get(approval.state, approval.state)[0].upper()}{ENDED[approval.state][1:]}.")
        return {"state": "declined", "approval": approval.id, "repeated": outcome.repeated}
    if approval.until:
        context.notes.append(f"The same call at or after {approval.until} (Unix seconds) goes by itself.")
    return {
        "state": "held",
        "approval": approval.id,
        "reason": approval.reason,
        "approve": await _how(context, approval),
        "expires_at": approval.expires_at,
        "repeated": outcome.repeated,
    }


async def _how(context: Context, approval: Approval) -> str:
    rules = await context.gate.policy()
    return how_to_approve(approval.id, rules.approve_via, await _link(context, approval))


async def _link(context: Context, approval: Approval) -> str | None:
    """The page of this approval, where pages decide."""
    rules = await context.gate.policy()
    return await context.page(approval.id) if context.page and "console" in rules.approve_via else None


def _in_time(approval: Approval, now: int) -> Approval:
    """One that waited for too long has expired, whether somebody has seen to it already or not."""
    late = approval.state == "waiting" and approval.expires_at <= now
    return structs.replace(approval, state="expired") if late else approval


def _listed(approval: Approval, how: str) -> Waits:
    waits, outcome = Waiting.of(approval.id, approval.people, approval.facts), approval.outcome or {}
    return Waits(
        approval=approval.id,
        state=approval.state,
        what=f"{waits.kind} {waits.id}",
        name=waits.name,
        people=approval.people,
        reason=approval.reason,
        approve=how,
        created_at=approval.created_at,
        expires_at=approval.expires_at,
        trigger_id=approval.trigger_id or outcome.get("id"),
        outcome=outcome.get("error", "") or ENDED.get(approval.state, ""),
    )
