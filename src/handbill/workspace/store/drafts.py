"""Messages to one person that wait: beyond the limits they are written as drafts, which a person's yes queues."""

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.approval import Approval, Asked, digest, in_words
from handbill.policy import GO, Decision, decide, quiet_until
from handbill.workspace.store import approvals, audit, contents, holding, ledger, sending
from handbill.workspace.store.database import Row, Transaction

CHANGED = "{} changed after it was approved; nothing was sent."


def judge(tx: Transaction, *, transport: str, each: int, at: int) -> Decision:
    """May a message that goes to `each` addresses at the time `at` go without a person's yes?

    Quiet hours do not hold it: it answers somebody. What campaigns write waits for their end all
    the same: see `ends_quiet`.
    """
    if transport == "capture":
        return GO
    policy = msgspec.structs.replace(sending.get(tx), quiet_hours="")
    decision = decide(policy, people=each, everyone=None, reached=sending.reached(tx, at), now=at)
    return holding.with_copies(decision, each - 1)


def ends_quiet(tx: Transaction, transport: str, now: int) -> int | None:
    """When the quiet hours that it is now end, in Unix seconds; None when nothing waits for that."""
    return quiet_until(sending.get(tx).quiet_hours, now) if transport == "live" else None


def go(tx: Transaction, delivery: int, each: int, via: str, now: int, later: int | None = None) -> None:
    """Count a live message that is let through, for the day on which it goes."""
    sending.let_through(tx, each, now, later=later)
    audit.record(tx, audit.Entry("", "sent", via, {"delivery": delivery, "people": each}), now)


def earlier(tx: Transaction, call: str, now: int) -> int | None:
    """The message that the same call wrote, as long as it waits: who is asked in between calls again."""
    found = approvals.earlier(tx, "", call, 0, now) if call else None
    return found.delivery if found else None


def ask(tx: Transaction, delivery: int, each: int, reason: str, call: str, via: str, now: int) -> None:
    """Let a message that was written as a draft wait for a person; `call`: see `Send.call`."""
    row = _row(tx, delivery)
    content = contents.of_send(tx, row, "")
    parent = "campaign" if row["campaign_id"] else "transactional"
    name = content.shared["campaign"]
    asked = Asked(
        endpoint="events" if row["campaign_id"] else f"sends.{row['type']}",
        reason=reason,
        people=each,
        delivery=delivery,
        call=call,
        facts={
            f"{parent}_id": row[f"{parent}_id"],
            "name": name["name"] if isinstance(name, Mapping) else "",
            "transport": "live",
            "messages": [holding.shown(content)],
            "left_out": {},
            "first": _recipients(row),
        },
        parts=_parts(tx, row),
    )
    approvals.ask(tx, asked, via, now)


def due(tx: Transaction, now: int) -> list[int]:
    """Approvals of messages with something to be done about them."""
    return list(tx.column("drafts.due", {"now": now}))


def follow_up(tx: Transaction, number: int, now: int) -> None:
    """Queue the message that an approval is about, or give it up."""
    approval = approvals.get(tx, number)
    if approval.state == "waiting":
        approvals.close(tx, number, "expired", "worker", now)
    said = _use(tx, approval, now) if approval.state == "approved" else ""
    state = approvals.get(tx, number).state
    row = tx.one("drafts.waiting", {"delivery": approval.delivery})
    if row and state == "used":
        _queue(tx, row, approval.people or 1, now)
    elif row:
        _give_up(tx, row["delivery"], said or holding.ENDS[state], now)
    tx.run("drafts.settled", {"id": number, "outcome": msgspec.json.encode({"state": state}).decode()})


def _use(tx: Transaction, approval: Approval, now: int) -> str:
    """What has changed since it was asked for, as a sentence; empty when the yes was used."""
    rows = _rows(tx, approval.delivery or 0)
    changed = approvals.use(tx, approval.id, _parts(tx, rows[0]) if rows else {}, "worker", now)
    if approvals.get(tx, approval.id).state == "changed":
        said = in_words(changed)
        return CHANGED.format(said[0].upper() + said[1:])
    return ""


def _queue(tx: Transaction, row: Row, each: int, now: int) -> None:
    later = row["retry_at"] is not None and row["retry_at"] > now
    state, query = ("deferred", "drafts.later") if later else ("queued", "ledger.queued")
    ledger.apply(tx, [ledger.Change(row["delivery"], state, query, {})], now)
    go(tx, row["delivery"], each, "worker", now, row["retry_at"])


def _give_up(tx: Transaction, delivery: int, said: str, now: int) -> None:
    values = {"detail": said, "metric": "", "at": now, "recipient": None}
    ledger.apply(tx, [ledger.Change(delivery, "skipped", "ledger.skipped", values)], now)


def _parts(tx: Transaction, row: Mapping[str, Any]) -> dict[str, str]:
    """Digests of all that is approved of a message, as it is at this moment, by what they are of."""
    content = contents.of_send(tx, row, "")
    own = {"data": digest([row["roots"], row["fields"]]), "audience": digest([row["person"], row["email"]])}
    return {**holding.texts(content), **holding.snippets([content]), **own, "the mode": digest(sending.get(tx).mode)}


def _row(tx: Transaction, delivery: int) -> dict[str, Any]:
    [row] = _rows(tx, delivery)
    return row


def _rows(tx: Transaction, delivery: int) -> list[dict[str, Any]]:
    works = tx.all("sends.works", {"deliveries": msgspec.json.encode([delivery]).decode()})
    return [{**dict(row), **dict(tx.all("drafts.parents", {"delivery": delivery})[0])} for row in works]


def _recipients(row: Mapping[str, Any]) -> list[str]:
    """Whom it goes to, with those of whom the call asked for copies."""
    given = msgspec.json.decode(row["fields"], type=dict[str, str])
    own = given.get("recipient") or row["email"] or row["id"] or ""
    return [own, *(given[name] for name in ("cc", "bcc") if given.get(name))]
