"""Held triggers: what may not go without a person is written out all the same, waits, and goes as it was approved.

    begin ──► sending
      └─────► held ──yes, and nothing changed──► sending
                └────no, too late, or changed──► failed, its deliveries skipped

A held trigger whose newest approval is not open any more, or that has a note in place of one, is on its way out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from handbill.approval import FIRST, Approval, Asked, digest, in_words, of_snippets
from handbill.contract.audience import described, segment
from handbill.contract.fields import reach
from handbill.policy import GO, Decision
from handbill.policy import decide as by_rules
from handbill.workspace.engine.needs import Content, Job
from handbill.workspace.store import approvals, audience, audit, contents, ledger, sending
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.triggers import broadcast

PORTION = 10_000
"""Deliveries given up in one transaction."""

ENDS = {
    "declined": "A person declined it; nothing was sent.",
    "expired": "Nobody approved it in time; nothing was sent. Trigger it again.",
    "changed": "It changed after it was approved; nothing was sent. Trigger it again.",
}
"""What is said of a trigger that is given up, by the state of its approval."""


def begin(
    tx: Transaction,
    job: Job,
    written: Sequence[Content],
    samples: Mapping[int, bytes],
    seen: Mapping[str, Any],
    now: int,
) -> None:
    """Let a trigger that is prepared start, or hold it. `seen` are its `facts`, if somebody looked them up before."""
    ledger.begin(tx, job, written, samples)
    if ledger.trigger(tx, job.trigger)["state"] == "held":  # or it was stopped meanwhile
        _begin(tx, job, seen, now)


def _begin(tx: Transaction, job: Job, seen: Mapping[str, Any], now: int) -> None:
    decision, people = _decide(tx, job.trigger, now)
    if decision.outcome == "go":
        _start(tx, job, people, ledger.trigger(tx, job.trigger)["via"], now)
    elif decision.outcome == "refuse":
        tx.run("holding.note", {"trigger": job.trigger, "note": decision.reason})
    else:
        _ask(tx, job, decision, people, seen or facts(tx, job), now)


def look(tx: Transaction, job: Job, now: int) -> Mapping[str, Any]:
    """The `facts` of a trigger that will be held as things are now; empty when it will go."""
    return facts(tx, job) if _decide(tx, job.trigger, now)[0].outcome == "hold" else {}


def due(tx: Transaction, now: int) -> list[int]:
    """Held triggers with something to be done about them."""
    return list(tx.column("holding.due", {"now": now}))


def follow_up(tx: Transaction, trigger: int, now: int) -> None:
    """Do what there is to be done about a trigger that is `due`: let it go, ask again, or give up a portion of it."""
    row = ledger.trigger(tx, trigger)
    approval = approvals.of_trigger(tx, trigger)
    if row["state"] != "held":
        return
    if not approval and not row["note"]:
        _begin(tx, _job(row), {}, now)
    elif approval and approval.state == "approved":
        _use(tx, row, approval, now)
    elif approval and approval.state == "waiting" and approval.expires_at <= now:
        approvals.close(tx, approval.id, "expired", "worker", now)
    elif approval and approval.state == "waiting":
        _after_quiet_hours(tx, row, approval, now)
    else:
        _give_up(tx, row, row["note"] or ENDS[approval.state if approval else "changed"], now)


def _job(row: Row) -> Job:
    return Job(row["id"], row["broadcast_id"], row["newsletter_id"])


def _decide(tx: Transaction, trigger: int, now: int) -> tuple[Decision, int]:
    """What becomes of a prepared trigger, and how many people it reaches."""
    row = ledger.trigger(tx, trigger)
    policy = sending.get(tx)
    if off := sending.off(tx):
        return Decision("refuse", f"{off} Nothing was sent."), 0
    if row["transport"] == "capture":
        return GO, 0
    if policy.mode == "sandbox":
        return Decision("refuse", "This was to be sent live, and the workspace is in sandbox mode now."), 0
    people, further = _people(tx, row)
    reached, everyone = sending.reached(tx, now), audience.everyone(tx)
    decision = by_rules(policy, people=people + further, everyone=everyone, reached=reached, now=now)
    return with_copies(decision, further), people + further


def with_copies(decision: Decision, further: int) -> Decision:
    """The decision, saying why it is about more people than have a message of their own."""
    if decision.outcome != "hold" or not further:
        return decision
    return replace(decision, reason=f"{decision.reason} (with cc, bcc and further addresses)")


def _people(tx: Transaction, row: Row) -> tuple[int, int]:
    """How many people get something, and how many addresses a copy of it; drafts reach nobody."""
    written = msgspec.json.decode(row["contents"], type=list[Content])
    query = "holding.to_send" if len(written) == 1 else "holding.count_people"
    people = int(tx.value(query, {"trigger": row["id"]}))
    further = {content.id: copies for content in written if (copies := reach(content.type, content.fields) - 1)}
    sent = tx.all("holding.by_content", {"trigger": row["id"]}) if further else []
    return people, sum(each["count"] * further.get(each["content_id"], 0) for each in sent)


def _start(tx: Transaction, job: Job, people: int, via: str, now: int) -> None:
    ledger.start(tx, job, now)
    if people:  # none are counted of what stays on this machine
        sending.let_through(tx, people, now)
        about = {"broadcast_id": job.broadcast, "newsletter_id": job.newsletter}
        told = {"trigger_id": job.trigger, "people": people, **{name: id_ for name, id_ in about.items() if id_}}
        audit.record(tx, audit.Entry("", "sent", via, told), now)


# Asking


def _ask(tx: Transaction, job: Job, decision: Decision, people: int, seen: Mapping[str, Any], now: int) -> None:
    asked = Asked(
        endpoint="triggers.create" if job.broadcast else "newsletters.send",
        reason=decision.reason,
        people=people,
        trigger_id=job.trigger,
        facts={**seen},
        parts=parts(tx, job.trigger),
        until=decision.until,
    )
    approvals.ask(tx, asked, ledger.trigger(tx, job.trigger)["via"], now)


def facts(tx: Transaction, job: Job) -> dict[str, Any]:
    """What a person is shown who is to approve this: whose it is, what it says, and whom it reaches."""
    parent = _parent(tx, job.broadcast, job.newsletter)
    own = {"broadcast_id": job.broadcast} if job.broadcast else {"newsletter_id": job.newsletter}
    row = ledger.trigger(tx, job.trigger)
    people = tx.column("holding.people", {"trigger": job.trigger})
    left_out = audience.left_out(tx, people, parent["topic_id"])
    first = tx.all("holding.first", {"trigger": job.trigger, "limit": FIRST})
    return {
        **own,
        "name": parent["name"],
        "transport": "live",
        "messages": [shown(content) for content in contents.of_trigger(tx, row, "") if not content.translation_of],
        "audience": _asked_for(tx, row),
        "data": msgspec.json.decode(row["data"]),
        "left_out": {reason: count for reason, count in left_out.items() if count},
        "first": [row["email"] or row["id"] for row in first],
    }


def _asked_for(tx: Transaction, trigger: Row) -> str:
    """The audience as it was asked for, in words."""
    given = msgspec.json.decode(trigger["audience"], type=dict[str, Any])
    own = audience.saved(broadcast(tx, trigger["broadcast_id"])) if trigger["broadcast_id"] else None
    number = segment(given if given.get("recipients") else {"recipients": own})
    return described(given, tx.value("holding.segment", {"id": number}) or "", own)


def shown(content: Content) -> dict[str, Any]:
    """What a person is shown of one message."""
    told = {name: content.fields[name] for name in ("from", "subject") if content.fields.get(name)}
    return {"content": content.id, "channel": content.type, **told}


def _parent(tx: Transaction, broadcast: int | None, newsletter: int | None) -> Row:
    query = "holding.broadcast" if broadcast else "holding.newsletter"
    row = tx.one(query, {"id": broadcast or newsletter})
    assert row
    return row


# What is approved


def parts(tx: Transaction, trigger: int) -> dict[str, str]:
    """Digests of all that is approved of a trigger, as it is at this moment, by what they are of."""
    row = ledger.trigger(tx, trigger)
    written = contents.of_trigger(tx, row, "")
    parent = dict(_parent(tx, row["broadcast_id"], row["newsletter_id"]))
    people = tx.one("holding.written_out", {"trigger": trigger})
    assert people
    noun = "broadcast" if row["broadcast_id"] else "newsletter"
    number = parent.pop("id")
    own = {f"{noun} {number}: {name}": digest(value) for name, value in parent.items()}
    said = [each for content in written for each in texts(content).items()]
    common = {"data": digest(row["data"]), "audience": digest([*people]), "the mode": digest(sending.get(tx).mode)}
    return {**own, **dict(said), **snippets(written), **common}


def texts(content: Content) -> dict[str, str]:
    """What one message says, and how it is sent."""
    about = ("type", "headers", "draft", "tracked", "link_tracking", "open_tracking", "language", "test_group")
    settings = [getattr(content, name) for name in about]
    whole = {**content.fields, "settings": settings}
    return {f"content {content.id}: {name}": digest(value) for name, value in whole.items()}


def snippets(written: Sequence[Content]) -> dict[str, str]:
    """Those that are used in what is written."""
    kept = written[0].snippets if written else {}
    return of_snippets(kept, (text for content in written for text in content.fields.values()))


# What becomes of it


def _use(tx: Transaction, row: Row, approval: Approval, now: int) -> None:
    changed = approvals.use(tx, approval.id, parts(tx, row["id"]), "worker", now)
    if not changed:
        _start(tx, _job(row), approval.people or 0, "worker", now)
    elif approvals.get(tx, approval.id).state == "expired":
        note = "The yes was not used within 15 minutes; nothing was sent. Trigger it again."
        tx.run("holding.note", {"trigger": row["id"], "note": note})
    else:
        said = f"{in_words(changed)} changed after it was approved; nothing was sent. Trigger it again."
        tx.run("holding.note", {"trigger": row["id"], "note": said[0].upper() + said[1:]})


def _after_quiet_hours(tx: Transaction, row: Row, approval: Approval, now: int) -> None:
    """It goes by itself, unless something else speaks against it by now."""
    decision, people = _decide(tx, row["id"], now)
    if decision.outcome == "go":
        approvals.close(tx, approval.id, "used", "worker", now)
        _start(tx, _job(row), people, "worker", now)
    elif decision.outcome == "hold":
        approvals.ask_again(tx, approval, decision.reason, decision.until, now)
    else:
        approvals.close(tx, approval.id, "expired", "worker", now)
        tx.run("holding.note", {"trigger": row["id"], "note": decision.reason})


def _give_up(tx: Transaction, row: Row, said: str, now: int) -> None:
    """Skip a portion of the deliveries; when there are none left, the trigger has failed."""
    values = {"trigger": row["id"], "limit": PORTION}
    left = [each for query in ("holding.unsent", "holding.unsent_later") for each in tx.column(query, values)]
    skipped = {"detail": said, "metric": "", "at": now, "recipient": None}
    ledger.apply(tx, [ledger.Change(delivery, "skipped", "ledger.skipped", skipped) for delivery in left], now)
    if len(left) < PORTION:
        ledger.fail(tx, row["id"], [said], now)
