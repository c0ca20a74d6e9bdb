"""Calls to a live connection: decided, reserved and counted in one transaction, before any of them leaves."""

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.approval import GOOD_FOR, Approval, Asked, Begun, State
from handbill.contract.limits import TRIGGER
from handbill.errors import SendingRefused
from handbill.policy import Judge
from handbill.workspace.store import approvals, sending
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.triggers import MILLISECONDS, too_soon


def begin(tx: Transaction, asked: Asked, judge: Judge, time: float, *, repeats: bool) -> Begun | None:
    """Let the call go, or wait; or find it begun before. None: it has to wait, and `asked` does not say for what.

    With `repeats` the same call is another one as soon as the first is done. Raises SendingRefused; RateLimited
    when it is not the broadcast's turn.
    """
    now, rules = int(time), sending.get(tx, asked.connection)
    window = 0 if repeats else rules.repeat_window
    earlier = approvals.earlier(tx, asked.connection, asked.call, window, now)
    if earlier and not (earlier.state == "waiting" and earlier.until and earlier.until <= now):
        return Begun(earlier, repeated=True)
    decision = judge(rules, sending.reached(tx, max(now, _later(asked)), asked.connection), now)
    if decision.outcome == "refuse":
        raise SendingRefused(decision.reason)
    if decision.outcome == "go":
        _leave(tx, asked, time)
        return Begun(approvals.go(tx, earlier.id, now) if earlier else approvals.allow(tx, asked, now), go=True)
    if earlier:
        return Begun(earlier, repeated=True)
    waits = msgspec.structs.replace(asked, reason=decision.reason, until=decision.until)
    return Begun(approvals.ask(tx, waits, "tool", now)) if asked.parts else None


def use(tx: Transaction, number: int, parts: Mapping[str, str], time: float) -> list[str]:
    """Use a person's yes: what changed, if anything did; else the call is made now. Raises Conflict, RateLimited."""
    approval = approvals.get(tx, number)
    changed = approvals.use(tx, number, parts, approval.via or "", int(time))
    if not changed:
        _leave(tx, approval, time)
    return changed


def finish(tx: Transaction, number: int, state: State, outcome: Mapping[str, Any], now: int) -> Approval:
    """Keep what came of a call; who was not reached is not counted."""
    approval = approvals.finish(tx, number, state, outcome, now)
    if state == "failed":
        sending.let_through(tx, -(approval.people or 0), now, approval.connection, _later(approval))
    return approval


def overdue(tx: Transaction, now: int) -> list[int]:
    """Approvals of calls that nobody decided in time, or allowed and did not make."""
    return list(tx.column("approvals.overdue", {"now": now, "good_for": GOOD_FOR}))


def expire(tx: Transaction, number: int, now: int) -> None:
    """End one that is overdue, and forget the call."""
    approvals.close(tx, number, "expired", approvals.RULES, now)


def _leave(tx: Transaction, asked: Asked, time: float) -> None:
    """Take the broadcast's turn, and count who is about to be reached."""
    if broadcast := asked.facts.get("broadcast_id"):
        now, interval = int(time * MILLISECONDS), TRIGGER.seconds * MILLISECONDS
        turn = {"connection": asked.connection, "broadcast": broadcast, "now": now, "interval": interval}
        if not tx.run("sending.take_turn", turn):
            raise too_soon(broadcast, tx.value("sending.free_at", turn) - now)
    sending.let_through(tx, asked.people or 0, int(time), asked.connection, _later(asked))


def _later(asked: Asked) -> int:
    """When the service is to send it, if not at once."""
    return int(asked.facts.get("send_at", 0))
