"""Approvals: what may not be sent without a person, asked for and answered once."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from handbill.errors import Conflict, InvalidInput, NotFound
from handbill.workspace.store import audit
from handbill.workspace.store.database import Row, Transaction

WAITS = 86_400
"""Seconds that a person has to decide."""
GOOD_FOR = 900
"""Seconds in which a yes must be used."""

State = Literal["waiting", "approved", "used", "declined", "changed", "expired"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is asked to allow. `parts` are digests, by what they are of, so that a change can be named."""

    endpoint: str
    reason: str
    people: int | None
    connection: str = ""
    trigger_id: int | None = None
    delivery: int | None = None
    request: dict[str, Any] | None = None
    call: str = ""
    facts: dict[str, Any] = {}
    parts: dict[str, str] = {}
    until: int | None = None


class Approval(Asked, frozen=True, kw_only=True):
    """The same with its number and what was decided; times are Unix seconds."""

    id: int
    state: State
    created_at: int
    expires_at: int
    decided_at: int | None = None
    via: str | None = None
    outcome: dict[str, Any] | None = None

    @property
    def confirm(self) -> int:
        """What the person types to say yes: how many people, or, when nobody knows, which broadcast."""
        return int(self.facts.get("broadcast_id", self.id)) if self.people is None else self.people


def digest(value: Any) -> str:
    """A digest of JSON data, whatever the order of its keys."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def ask(tx: Transaction, asked: Asked, via: str, now: int) -> Approval:
    """Let something wait for a person; nobody has to do anything meanwhile."""
    row = msgspec.structs.asdict(asked)
    texts = {name: msgspec.json.encode(row[name]).decode() for name in ("facts", "parts")}
    request = None if asked.request is None else msgspec.json.encode(asked.request).decode()
    number = int(
        tx.value("approvals.add", {**row, **texts, "request": request, "now": now, "expires_at": now + WAITS})
    )
    approval = get(tx, number)
    _record(tx, approval, "held", via, now, reason=asked.reason, parts=asked.parts)
    return approval


def get(tx: Transaction, number: int) -> Approval:
    """Raises NotFound."""
    row = tx.one("approvals.get", {"id": number})
    if row is None:
        raise NotFound(f"There is no approval {number}. `handbill approve` lists what waits.")
    return _read(row)


def waiting(tx: Transaction) -> list[Approval]:
    """What waits for a person, or was approved and not yet used; the oldest first."""
    return [_read(row) for row in tx.all("approvals.waiting")]


def recent(tx: Transaction, limit: int = 50) -> list[Approval]:
    """The newest approvals in any state."""
    return [_read(row) for row in tx.all("approvals.recent", {"limit": limit})]


def of_trigger(tx: Transaction, trigger: int) -> Approval | None:
    row = tx.one("approvals.of_trigger", {"trigger": trigger})
    return _read(row) if row else None


def of_delivery(tx: Transaction, delivery: int) -> Approval | None:
    row = tx.one("approvals.of_delivery", {"delivery": delivery})
    return _read(row) if row else None


def earlier(tx: Transaction, connection: str, call: str, since: int) -> Approval | None:
    """The newest approval that the same call led to after `since`."""
    row = tx.one("approvals.earlier", {"connection": connection, "call": call, "since": since})
    return _read(row) if row else None


def approve(tx: Transaction, number: int, typed: int, via: str, now: int) -> Approval:
    """A person's yes, with the number they typed. Raises NotFound, Conflict and InvalidInput."""
    approval = _open(tx, number, now)
    if typed != approval.confirm:
        what = "the number of people" if approval.people is not None else "the broadcast's id, as its size is unknown"
        raise InvalidInput.of("people", f"people must be {what}; approval {number} is not for {typed:,}.")
    return _decide(tx, approval, "approved", via, now)


def decline(tx: Transaction, number: int, via: str, now: int) -> Approval:
    """A no, or the withdrawal of what waits. Raises NotFound and Conflict."""
    return _decide(tx, _open(tx, number, now), "declined", via, now)


def _open(tx: Transaction, number: int, now: int) -> Approval:
    approval = get(tx, number)
    if approval.state != "waiting":
        raise Conflict(f"Approval {number} is {approval.state} already; ask again by making the call again.")
    if approval.expires_at <= now:
        raise Conflict(f"Approval {number} waited for a day and has expired; make the call again.")
    return approval


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
    changed = [name for name, digest in approval.parts.items() if parts.get(name) != digest]
    close(tx, number, "changed" if changed else "used", via, now, changed)
    return changed


def close(tx: Transaction, number: int, state: State, via: str, now: int, changed: list[str] | None = None) -> None:
    """End an approval that is still open, as `used`, `changed` or `expired`."""
    if tx.run("approvals.close", {"id": number, "state": state}):
        _record(tx, get(tx, number), state, via, now, **({"changed": changed} if changed else {}))


def overdue(tx: Transaction, now: int) -> list[Approval]:
    """What nobody decided in time, or approved and did not use."""
    return [_read(row) for row in tx.all("approvals.overdue", {"now": now, "good_for": GOOD_FOR})]


def finish(tx: Transaction, number: int, outcome: Mapping[str, Any]) -> None:
    """Keep what came of the call that was approved."""
    tx.run("approvals.finish", {"id": number, "outcome": msgspec.json.encode(outcome).decode()})


def _record(tx: Transaction, approval: Approval, action: str, via: str, now: int, **more: Any) -> None:
    about = {"approval": approval.id, "endpoint": approval.endpoint, "people": approval.people}
    about |= {name: approval.facts[name] for name in ("broadcast_id",) if name in approval.facts}
    about |= {"trigger_id": approval.trigger_id} if approval.trigger_id else {}
    audit.record(tx, audit.Entry(approval.connection, action, via, {**about, **more}), now)


def _read(row: Row) -> Approval:
    texts = {name: msgspec.json.decode(row[name]) for name in ("facts", "parts", "request", "outcome") if row[name]}
    return msgspec.convert({**dict(row), **texts}, Approval)
