"""Approvals: what may not be sent without a person, asked for and answered once."""

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.approval import GOOD_FOR, WAITS, Approval, Asked, State
from handbill.errors import Conflict, InvalidInput, NotFound
from handbill.workspace.store import audit
from handbill.workspace.store.database import Row, Transaction

RULES = "rules"
"""Who decided, when it was no person."""


def ask(tx: Transaction, asked: Asked, via: str, now: int) -> Approval:
    """Let something wait for a person; nobody has to do anything meanwhile."""
    approval = _add(tx, asked, now)
    _record(tx, approval, "held", via, now, reason=asked.reason, parts=asked.parts)
    return approval


def allow(tx: Transaction, asked: Asked, now: int) -> Approval:
    """Reserve a call that the rules let go without a person, before it is made: the same call again finds it."""
    number = _add(tx, msgspec.structs.replace(asked, request=None), now).id
    return go(tx, number, now)


def go(tx: Transaction, number: int, now: int) -> Approval:
    """Let what waits go by the rules."""
    return _decide(tx, get(tx, number), "used", RULES, now)


def _add(tx: Transaction, asked: Asked, now: int) -> Approval:
    row = msgspec.structs.asdict(asked)
    texts = {name: msgspec.json.encode(row[name]).decode() for name in ("facts", "parts")}
    request = None if asked.request is None else msgspec.json.encode(asked.request).decode()
    values = {**row, **texts, "request": request, "now": now, "expires_at": now + WAITS}
    return get(tx, int(tx.value("approvals.add", values)))


def get(tx: Transaction, number: int) -> Approval:
    """Raises NotFound."""
    row = tx.one("approvals.get", {"id": number})
    if row is None:
        raise NotFound(f"There is no approval {number}. `handbill approve` lists what waits.")
    return _read(row)


def waiting(tx: Transaction) -> list[Approval]:
    """What waits for a person, or was approved and not yet used; the oldest first."""
    return [_read(row) for row in tx.all("approvals.waiting")]


def recent(tx: Transaction, connection: str, limit: int = 50) -> list[Approval]:
    """The newest approvals that a person was asked for, in any state."""
    return [_read(row) for row in tx.all("approvals.recent", {"connection": connection, "limit": limit})]


def of_trigger(tx: Transaction, trigger: int) -> Approval | None:
    row = tx.one("approvals.of_trigger", {"trigger": trigger})
    return _read(row) if row else None


def of_delivery(tx: Transaction, delivery: int) -> Approval | None:
    row = tx.one("approvals.of_delivery", {"delivery": delivery})
    return _read(row) if row else None


def earlier(tx: Transaction, connection: str, call: str, window: int, now: int) -> Approval | None:
    """What the same call led to in the last `window` seconds; what waits, or is being made, also before.

    A call that sent nothing for certain is none.
    """
    values = {"connection": connection, "call": call, "since": now - window, "now": now, "yes": now - GOOD_FOR}
    row = tx.one("approvals.earlier", values)
    return _read(row) if row else None


def approve(tx: Transaction, number: int, typed: int, via: str, now: int) -> Approval:
    """A person's yes, with the number they typed. Raises NotFound, Conflict and InvalidInput."""
    approval = get(tx, number)
    check_open(approval, now)
    if typed != approval.confirm:
        what = "the number of people" if approval.people is not None else "the broadcast's id, as its size is unknown"
        raise InvalidInput.of("people", f"people must be {what}; approval {number} is not for {typed:,}.")
    return _decide(tx, approval, "approved", via, now)


def decline(tx: Transaction, number: int, via: str, now: int) -> Approval:
    """A no, or the withdrawal of what waits. Raises NotFound and Conflict."""
    approval = get(tx, number)
    check_open(approval, now)
    return _decide(tx, approval, "declined", via, now)


def check_open(approval: Approval, now: int) -> None:
    """Raise Conflict when nobody can decide about it any more."""
    number = approval.id
    if approval.state != "waiting":
        raise Conflict(f"Approval {number} is {approval.state} already; ask again by making the call again.")
    if approval.expires_at <= now:
        raise Conflict(f"Approval {number} waited for a day and has expired; make the call again.")


def _decide(tx: Transaction, approval: Approval, state: State, via: str, now: int) -> Approval:
    tx.run("approvals.decide", {"id": approval.id, "state": state, "via": via, "now": now})
    _record(tx, approval, state, via, now)
    return get(tx, approval.id)


def use(tx: Transaction, number: int, parts: Mapping[str, str], via: str, now: int) -> list[str]:
    """Use a yes, once: what has changed since it was asked for, by name; the yes is void when anything has.

    Raises Conflict when there is none, it was used, or it is older than 15 minutes.
    """
    approval = get(tx, number)
    if approval.state != "approved":
        raise Conflict(f"Approval {number} is {approval.state}: there is no yes to use.")
    if now >= (approval.decided_at or 0) + GOOD_FOR:
        close(tx, number, "expired", via, now)
        return ["the yes: it is older than 15 minutes"]
    changed = [name for name in {**approval.parts, **parts} if parts.get(name) != approval.parts.get(name)]
    close(tx, number, "changed" if changed else "used", via, now, changed)
    return changed


def close(tx: Transaction, number: int, state: State, via: str, now: int, changed: list[str] | None = None) -> None:
    """End an approval that is still open, as `used`, `changed` or `expired`."""
    if tx.run("approvals.close", {"id": number, "state": state}):
        _record(tx, get(tx, number), state, via, now, **({"changed": changed} if changed else {}))


def ask_again(tx: Transaction, approval: Approval, reason: str, until: int | None, now: int) -> None:
    """What waited for a time waits for something else from now on."""
    values = {"id": approval.id, "reason": reason, "until": until, "expires_at": now + WAITS}
    tx.run("approvals.ask_again", values)
    _record(tx, approval, "held", "worker", now, reason=reason)


def finish(tx: Transaction, number: int, state: State, outcome: Mapping[str, Any], now: int) -> Approval:
    """Keep what came of a call that was made, and forget the call itself."""
    tx.run("approvals.finish", {"id": number, "state": state, "outcome": msgspec.json.encode(outcome).decode()})
    approval = get(tx, number)
    made = {"made": outcome["id"]} if "id" in outcome else {}
    _record(tx, approval, "sent" if state == "used" else state, approval.via or RULES, now, **made)
    return approval


def _record(tx: Transaction, approval: Approval, action: str, via: str, now: int, **more: Any) -> None:
    about = {"approval": approval.id, "endpoint": approval.endpoint, "people": approval.people}
    about |= {name: approval.facts[name] for name in ("broadcast_id",) if name in approval.facts}
    about |= {name: of for name in ("trigger_id", "delivery") if (of := getattr(approval, name))}
    audit.record(tx, audit.Entry(approval.connection, action, via, {**about, **more}), now)


def _read(row: Row) -> Approval:
    texts = {name: msgspec.json.decode(row[name]) for name in ("facts", "parts", "request", "outcome") if row[name]}
    return msgspec.convert({**dict(row), **texts}, Approval)
