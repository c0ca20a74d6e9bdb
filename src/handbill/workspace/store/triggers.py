"""Triggers: accepting one, and reading what became of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from handbill.contract.app.triggers import Counts, Progress, Trigger
from handbill.contract.audience import named
from handbill.contract.limits import TRIGGER, TRIGGERS_WAITING
from handbill.errors import Fault, InvalidInput, NotFound, RateLimited, quoted
from handbill.workspace.store import approvals, audience, sending
from handbill.workspace.store.database import Row, Transaction

MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Accepted:
    """A trigger's number. With `faults` it has one all the same, and sends nothing (reference 3.3)."""

    id: int
    faults: Sequence[Fault] = ()
    repeated: bool = False
    """It is the number of an earlier one, and this call changed nothing."""


def broadcast(tx: Transaction, number: int) -> Row:
    """The broadcast, or NotFound with what there is instead."""
    row = tx.one("triggers.broadcast", {"broadcast": number})
    if row:
        return row
    if kind := tx.value("triggers.other_kind", {"id": number}):
        raise NotFound(f"{number} is a {kind}, not an API-triggered broadcast.")
    known = ", ".join(f"{row['id']} {quoted(row['name'])}" for row in tx.all("triggers.known_broadcasts"))
    raise NotFound(f"There is no broadcast {number}. Known: {known or 'none yet; `handbill apply` makes them'}.")


def obstacle(tx: Transaction, row: Row, lacking: Mapping[str, str]) -> str:
    """Why this broadcast cannot be sent at all; empty when it can. `lacking`: see `ways.lacking`."""
    number = row["id"]
    types = [content["type"] for content in tx.all("triggers.content_types", {"broadcast": number})]
    if off := sending.off(tx):
        return off
    if row["state"] == "draft":
        return f"Broadcast {number} cannot be sent: it is a draft."
    if not types:
        return f"Broadcast {number} cannot be sent: it has no active message."
    reason = sending.obstacle(tx, types, lacking)
    return f"Broadcast {number} cannot be sent: {reason}" if reason else ""


def accept(
    tx: Transaction,
    number: int,
    body: Mapping[str, Any],
    *,
    lacking: Mapping[str, str],
    time: float,
    via: str = "api",
    anew: bool = False,
) -> Accepted:
    """Take a trigger in: `body` was checked, `time` is Unix seconds, `via` says what asked for it.

    The same body within the workspace's `repeat_window` is the earlier trigger, unless it is meant `anew`.
    Raises NotFound, InvalidInput (nothing is recorded) and RateLimited; people who cannot be found give a trigger
    that failed.
    """
    row = broadcast(tx, number)
    digest = hashlib.sha256(msgspec.json.encode(body, order="sorted")).digest()
    if not anew and (earlier := _earlier(tx, number, digest, int(time))):
        return Accepted(earlier, repeated=True)
    if reason := obstacle(tx, row, lacking):
        raise InvalidInput.of("broadcast_id", reason)
    if tx.value("triggers.waiting", {"broadcast": number}) >= TRIGGERS_WAITING:
        raise RateLimited(
            f"{TRIGGERS_WAITING} triggers of broadcast {number} are waiting; wait for one to finish.", 1
        )
    option, entries = audience.entries(body)
    flags = audience.Flags.of(body)
    found = audience.find(tx, entries, flags)
    faults = found.faults(option, flags)
    if not named(body) and not audience.saved(row):
        faults = [Fault("recipients", f"Broadcast {number} has no audience of its own; name recipients.")]
    if not faults:
        _take_turn(tx, row, time)
    trigger = _add(tx, number, body, digest, found, faults, via, int(time))
    errors = found.errors or [fault.message for fault in faults]
    tx.many("ledger.add_error", [{"trigger": trigger, "text": text} for text in errors])
    return Accepted(trigger, faults)


def _earlier(tx: Transaction, number: int, digest: bytes, now: int) -> int | None:
    """The trigger that was asked for in the same words a short time ago; one that failed has sent nothing."""
    values = {"broadcast": number, "digest": digest, "now": now, "window": sending.get(tx).repeat_window}
    earlier: int | None = tx.value("triggers.earlier", values)
    return earlier


def _take_turn(tx: Transaction, row: Row, time: float) -> None:
    """One trigger per broadcast in 10 s, for any number of processes: one conditional UPDATE (reference 2.2)."""
    now, interval = int(time * MILLISECONDS), TRIGGER.seconds * MILLISECONDS
    values = {"broadcast": row["id"], "now": now, "interval": interval}
    if not tx.run("triggers.take_turn", values):
        raise too_soon(row["id"], row["triggered_at"] + interval - now)


def too_soon(number: int, left: int) -> RateLimited:
    """What is said to a trigger that comes `left` milliseconds too early."""
    seconds = min(TRIGGER.seconds, max(1, -(-left // MILLISECONDS)))
    return RateLimited(
        f"Broadcast {number} was triggered {TRIGGER.seconds - seconds} s ago; at most once per "
        f"{TRIGGER.seconds} s. Retry in {seconds} s.",
        seconds,
    )


def _add(
    tx: Transaction,
    number: int,
    body: Mapping[str, Any],
    digest: bytes,
    found: audience.Named,
    faults: Sequence[Fault],
    via: str,
    now: int,
) -> int:
    own_data = any(data != "{}" for data in found.people.values())
    kept = {key: body[key] for key in ("recipients", "data_file_url", *audience.Flags.__slots__) if body.get(key)}
    values = {
        "broadcast": number,
        "audience": msgspec.json.encode(kept | ({"named": True} if found.entries else {})).decode(),
        "data": msgspec.json.encode(body.get("data") or {}).decode(),
        "transport": sending.transport(tx),
        "state": "failed" if faults else "accepted",
        "note": faults[0].message if faults else "",
        "own_data": own_data,
        "digest": digest,
        "via": via,
        "now": now,
        "processed_at": now if faults else None,
    }
    trigger = int(tx.value("triggers.add", values))
    if not faults:
        people = msgspec.json.encode(list(found.people.items())).decode()
        tx.run("ledger.name_people", {"trigger": trigger, "people": people})
    return trigger


# Reading


def list_(tx: Transaction, number: int) -> list[Trigger]:
    """The triggers of a broadcast, newest first."""
    broadcast(tx, number)
    return [Trigger(**dict(row)) for row in tx.all("triggers.list", {"broadcast": number})]


def row(tx: Transaction, number: int, trigger: int) -> Row:
    """One trigger, or NotFound naming the latest."""
    broadcast(tx, number)
    found = tx.one("triggers.get", {"broadcast": number, "trigger": trigger})
    if found:
        return found
    latest = tx.value("triggers.latest", {"broadcast": number})
    hint = f"the latest is {latest}" if latest else "it was never triggered"
    raise NotFound(f"Broadcast {number} has no trigger {trigger}; {hint}.")


def get(tx: Transaction, number: int, trigger: int) -> Trigger:
    return Trigger.model_validate(dict(row(tx, number, trigger)))


def errors(tx: Transaction, number: int, trigger: int, start: int, limit: int) -> list[str]:
    row(tx, number, trigger)
    values = {"trigger": trigger, "start": start, "limit": limit}
    return [error["text"] for error in tx.all("triggers.errors", values)]


def progress(tx: Transaction, number: int, trigger: int) -> Progress:
    """How far a trigger of this broadcast is. Raises NotFound."""
    row(tx, number, trigger)
    return followed(tx, trigger)


def followed(tx: Transaction, trigger: int) -> Progress:
    """How far a trigger is, of a broadcast, or of a newsletter: then `broadcast_id` is 0. Raises NotFound."""
    found = tx.one("triggers.any", {"trigger": trigger})
    if found is None:
        raise NotFound(f"There is no trigger {trigger} any more.")
    counts = {count["state"]: count["count"] for count in tx.all("triggers.counts", {"trigger": trigger})}
    resent = tx.value("triggers.resent", {"trigger": trigger})
    return Progress(
        id=found["id"],
        broadcast_id=found["broadcast_id"] or 0,
        state=found["state"],
        recipients=found["recipients"],
        counts=Counts(**counts, resent=resent),
        note=found["note"],
        data=msgspec.json.decode(found["data"]),
        audience=_filter(tx, found),
        **_waiting(tx, found),
    )


def _waiting(tx: Transaction, row: Row) -> dict[str, Any]:
    """What a trigger that is held waits for."""
    approval = approvals.of_trigger(tx, row["id"]) if row["state"] == "held" else None
    if approval is None or approval.state != "waiting":
        return {}
    return {"reason": approval.reason, "approval": approval.id, "expires_at": approval.until or approval.expires_at}


def _filter(tx: Transaction, row: Row) -> dict[str, Any] | None:
    """The filter a trigger is for; None when it names people, by themselves or in a file."""
    given = msgspec.json.decode(row["audience"], type=dict[str, Any])
    if given.get("named") or given.get("data_file_url") or not row["broadcast_id"]:
        return None
    return given.get("recipients") or dict(audience.saved(broadcast(tx, row["broadcast_id"])) or {}) or None
