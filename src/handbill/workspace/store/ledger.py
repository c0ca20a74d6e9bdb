"""The ledger's operations: claiming, recording, settling. Each runs inside one transaction.

Every change of a delivery's state goes through `apply`, which asks the table of legal moves, keeps the counters and
settles triggers, all in the same transaction.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec

from handbill.policy import Policy
from handbill.workspace.engine.needs import Content, Departure, DeviceResult, Job, Outcome, Rendered, Result
from handbill.workspace.engine.states import OPEN, legal
from handbill.workspace.engine.variants import shares
from handbill.workspace.periods import local_time
from handbill.workspace.store import activities, audit, people, stopping
from handbill.workspace.store import sending as rules
from handbill.workspace.store.database import Row, Transaction

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Change:
    """A delivery's next state: `query` writes it with `values`. `metrics` happened; `counted` are only counted."""

    delivery: int
    state: str
    query: str
    values: dict[str, Any]
    metrics: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    message: Rendered | None = None
    dictionary: int = 0


def apply(tx: Transaction, changes: Sequence[Change], now: int) -> None:
    """Make the changes that are legal moves from the states the deliveries are in."""
    if not changes:
        return
    deliveries = _json([change.delivery for change in changes])
    rows = {row["delivery"]: row for row in tx.all("ledger.rows", {"deliveries": deliveries})}
    moves = [
        (rows[change.delivery], change)
        for change in changes
        if change.delivery in rows and legal(rows[change.delivery]["state"], change.state)
    ]
    for query in {change.query for _, change in moves}:
        tx.many(query, [_values(change) for _, change in moves if change.query == query])
    tx.many("ledger.archive", [_archived(change) for _, change in moves if change.message])
    _count_states(tx, ((row["trigger_id"], row["state"], change.state) for row, change in moves))
    happened = [(row, metric, change) for row, change in moves for metric in change.metrics]
    counted = [(row, metric) for row, change in moves for metric in (*change.metrics, *change.counted)]
    count_metrics(tx, counted, now)
    activities.add(
        tx, (activities.of_delivery(row, metric, now, _reason(metric, change)) for row, metric, change in happened)
    )
    settle(tx, {row["trigger_id"] for row, _ in moves} - {None}, now)
    settled = [row for row, change in moves if row["trigger_id"] is None and change.state not in OPEN]
    tx.many("sends.forget", [{"delivery": row["delivery"]} for row in settled])


def _reason(metric: str, change: Change) -> dict[str, str] | None:
    """Why a try failed, which the delivery itself forgets when the next one goes well."""
    detail = change.values.get("detail") if metric in ("attempted", "deferred") else None
    return {"failure_message": detail} if detail else None


def settle(tx: Transaction, triggers: Iterable[int], now: int) -> None:
    """Finish those of `triggers` that have nothing left to do."""
    tx.many("ledger.settle", [{"trigger": trigger, "now": now} for trigger in triggers])


def _values(change: Change) -> dict[str, Any]:
    return {"delivery": change.delivery, **change.values}


def _archived(change: Change) -> dict[str, Any]:
    assert change.message
    return {
        "delivery": change.delivery,
        "dictionary": change.dictionary,
        "message": change.message.archive,
    }


def _count_states(tx: Transaction, moves: Iterable[tuple[int, str, str]]) -> None:
    balance: Counter[tuple[int, str]] = Counter()
    for trigger, before, after in moves:
        if trigger is None:  # a message to one person
            continue
        balance[trigger, before] -= 1
        balance[trigger, after] += 1
    tx.many(
        "ledger.count_state",
        [
            {"trigger": trigger, "state": state, "change": change}
            for (trigger, state), change in balance.items()
            if change
        ],
    )


def count_metrics(
    tx: Transaction, happened: Iterable[tuple[Row | Mapping[str, Any], str]], now: int, by: int = 1
) -> None:
    """Count metrics of deliveries in this hour, each `by` times. Of each row content, parents and type are read."""
    counted = Counter((metric, *_counted(row)) for row, metric in happened)
    rows = [
        {**dict(zip(_COUNTED, owners, strict=True)), "metric": metric, "hour": now - now % HOUR, "count": count * by}
        for (metric, *owners), count in counted.items()
    ]
    tx.many("ledger.count_metric", rows)


_COUNTED = ("content_id", "broadcast_id", "newsletter_id", "transactional_id", "campaign_id", "type")
_counted = itemgetter(*_COUNTED)


# Workers


def join(tx: Transaction, token: str, now: int) -> int:
    return int(tx.value("ledger.join", {"token": token, "now": now}))


def others(tx: Transaction, worker: int) -> list[tuple[int, str]]:
    """The other workers that have not said goodbye, with their lock's name."""
    return [(row["worker"], row["token"]) for row in tx.all("ledger.others", {"worker": worker})]


def take_over(tx: Transaction, worker: int, now: int) -> int:
    """Give back all that `worker` had; returns how many deliveries it may or may not have sent.

    Those are marked unknown and, as the rules have it (`on_unknown`), flagged and queued again (RFC 5321 4.2.5 treats
    a lost answer as "try again"), or wait as unknown for a person.
    """
    sending = [row["delivery"] for row in tx.all("ledger.claimed", {"worker": worker}) if row["state"] == "sending"]
    reason = {"detail": "The process ended before the server's answer was recorded."}
    apply(tx, [Change(delivery, "unknown", "ledger.unknown", reason) for delivery in sending], now)
    if rules.get(tx).on_unknown == "resend":
        apply(tx, [Change(delivery, "queued", "ledger.resent", {}) for delivery in sending], now)
    tx.run("ledger.unclaim", {"worker": worker})
    for row in tx.all("ledger.half_prepared", {"worker": worker}):
        _prepare_again(tx, row["id"])
    tx.run("ledger.leave", {"worker": worker})
    return len(sending)


def undecided(tx: Transaction) -> list[Row]:
    """Deliveries of which nobody knows whether they arrived, and which wait for a person (`on_unknown`)."""
    return tx.all("ledger.undecided")


def settle_unknown(tx: Transaction, resend: bool, via: str, now: int) -> int:
    """A person's word on all that is `undecided`: sent again and flagged, or closed as failed; how many it was."""
    deliveries = [row["delivery"] for row in undecided(tx)]
    closed = {"at": now, "detail": "Nobody knows whether it arrived; a person closed it."}
    state, query, values = ("queued", "ledger.resent", {}) if resend else ("failed", "ledger.failed", closed)
    metrics = () if resend else ("failed",)
    apply(tx, [Change(delivery, state, query, values, metrics) for delivery in deliveries], now)
    if deliveries:
        action = "resent" if resend else "closed"
        audit.record(tx, audit.Entry("", action, via, {"deliveries": len(deliveries)}), now)
    return len(deliveries)


def _prepare_again(tx: Transaction, trigger: int) -> None:
    """Forget a half-written audience, of which nothing was sent."""
    for query in ("ledger.forget_deliveries", "ledger.forget_counts", "ledger.accept_again"):
        tx.run(query, {"trigger": trigger})


# Preparing


def next_job(tx: Transaction, worker: int, now: int) -> Job | None:
    row = tx.one("ledger.next_job", {"worker": worker, "now": now})
    return Job(row["id"], row["broadcast_id"], row["newsletter_id"]) if row else None


def trigger(tx: Transaction, number: int) -> Row:
    row = tx.one("ledger.trigger", {"trigger": number})
    assert row
    return row


def write_out(tx: Transaction, job: Job, contents: Sequence[Content], people: Sequence[int], now: int) -> None:
    """Add a ledger row for each message and person that has none yet, and count them."""
    translated = any(content.translation_of for content in contents)
    languages = dict(map(tuple, tx.all("ledger.languages", {"people": _json(list(people))}))) if translated else {}
    for content, theirs in shares(contents, people, languages):
        for due, at_once in _by_time(tx, job, theirs, now).items():
            _write_out(tx, job, content, at_once, due, now)


def _by_time(tx: Transaction, job: Job, people: Sequence[int], now: int) -> dict[int, Sequence[int]]:
    """Who gets it when: all now, or each at a time of day where they are (attribute `timezone`)."""
    row = trigger(tx, job.trigger)
    if row["local_at"] is None:
        return {now: people}
    due: dict[int, list[int]] = defaultdict(list)
    for each in tx.all("ledger.timezones", {"people": _json(list(people))}):
        due[local_time(row["local_at"], each["timezone"], row["start_at"])].append(each["person"])
    return dict(due)


def _write_out(tx: Transaction, job: Job, content: Content, people: Sequence[int], due: int, now: int) -> None:
    state = "drafted" if content.draft else "deferred" if due > now else "queued"
    values = {
        "trigger": job.trigger,
        "broadcast": job.broadcast,
        "newsletter": job.newsletter,
        "content": content.id,
        "type": content.type,
        "state": state,
        "retry_at": due if due > now else None,
        "people": _json(list(people)),
        "now": now,
    }
    made = tx.run("ledger.write_out", values)
    tx.run("ledger.count_state", {"trigger": job.trigger, "state": state, "change": made})
    _count_created(tx, job, content, made, now)


def _count_created(tx: Transaction, job: Job, content: Content, made: int, now: int) -> None:
    none = dict.fromkeys(("transactional_id", "campaign_id"))
    row = {"content_id": content.id, "broadcast_id": job.broadcast, "newsletter_id": job.newsletter}
    metrics = ("created", "drafted") if content.draft else ("created",)
    count_metrics(tx, [({**none, **row, "type": content.type}, metric) for metric in metrics], now, made)


def begin(tx: Transaction, job: Job, contents: Sequence[Content], samples: Mapping[int, bytes]) -> None:
    """The audience is complete, and the contents are kept as they are at this moment: what waits now can `start`."""
    for content, sample in samples.items():
        tx.run("ledger.add_dictionary", {"trigger": job.trigger, "content": content, "sample": sample})
    tx.run("ledger.prepared", {"trigger": job.trigger, "contents": msgspec.json.encode(contents).decode()})


def start(tx: Transaction, job: Job, now: int) -> None:
    """Let sending start."""
    tx.run("ledger.start", {"trigger": job.trigger, "now": now})
    tx.run("ledger.started", {"broadcast": job.broadcast, "now": now})
    tx.run("ledger.newsletter_started", {"newsletter": job.newsletter, "now": now})
    settle(tx, [job.trigger], now)


def fail(tx: Transaction, number: int, faults: Sequence[str], now: int) -> None:
    """Close a trigger of which nothing is sent; `faults` become its errors."""
    for fault in faults:
        tx.run("ledger.add_error", {"trigger": number, "text": fault})
    tx.run("ledger.fail", {"trigger": number, "now": now, "note": faults[0] if faults else ""})


# Sending


def anything_due(tx: Transaction, now: int) -> bool:
    """Whether a claim would find something: asked first, so that an idle worker writes nothing."""
    values = {"now": now, **_may_leave(tx)}
    return any(tx.one(query, values) for query in ("ledger.next_trigger", "sends.next", "ledger.due"))


def under_way(tx: Transaction, now: int) -> bool:
    """Whether something waits for no clock: it is to be prepared or sent, or somebody is at it."""
    return anything_due(tx, now) or any(
        tx.one(query, {"now": now}) for query in ("ledger.in_hand", "holding.due", "drafts.due")
    )


def dictionary(tx: Transaction, number: int, content: int) -> tuple[int, bytes]:
    """What archives of this trigger and content are compressed against: its number and the sample itself."""
    row = tx.one("ledger.dictionary", {"trigger": number, "content": content})
    return (row["dictionary"], row["sample"]) if row else (0, b"")


def requeue_due(tx: Transaction, now: int) -> None:
    """Queue deferred deliveries whose time has come."""
    due = [row["delivery"] for row in tx.all("ledger.due", {"now": now})]
    if due:
        apply(tx, [Change(delivery, "queued", "ledger.queued", {}) for delivery in due], now)


def claim(tx: Transaction, worker: int, limit: int, now: int) -> tuple[Row | None, list[Row]]:
    """Claim due deliveries of the trigger served least recently: the trigger and what to render.

    People who were unsubscribed, suppressed or deleted meanwhile are recorded as skipped and left out.
    """
    requeue_due(tx, now)
    row = tx.one("ledger.next_trigger", {"now": now})
    if row is None:
        return None, []
    most = min(limit, row["allowance"])
    claimed = tx.all("ledger.claim", {"trigger": row["id"], "worker": worker, "limit": most})
    tx.run("ledger.served", {"trigger": row["id"], "claimed": len(claimed)})
    deliveries = _json([delivery["delivery"] for delivery in claimed])
    return row, _willing(tx, tx.all("ledger.works", {"deliveries": deliveries, "own_data": row["own_data"]}), now)


def _may_leave(tx: Transaction) -> dict[str, bool]:
    """Which messages to one person go in this mode; the others wait."""
    mode = rules.get(tx).mode
    return {"live": mode == "live", "captured": mode != "off"}


def claim_sends(tx: Transaction, worker: int, limit: int, now: int) -> list[Row]:
    """Claim due messages to one person each, the oldest first: what to render, those who must not get it left out."""
    claimed = tx.all("sends.claim", {"worker": worker, "limit": limit, **_may_leave(tx)})
    deliveries = _json([delivery["delivery"] for delivery in claimed])
    return _willing(tx, tx.all("sends.works", {"deliveries": deliveries}), now)


def _willing(tx: Transaction, works: Sequence[Row], now: int) -> list[Row]:
    """The works of people who may get them; the others are recorded as skipped."""
    values = {"deliveries": _json([work["delivery"] for work in works])}
    declined = {row["delivery"]: row["reason"] for row in tx.all("subscriptions.declined", values)}
    skips = [skip for work in works if (skip := _skip(work, declined.get(work["delivery"]), now))]
    apply(tx, skips, now)
    skipped = {skip.delivery for skip in skips}
    return [work for work in works if work["delivery"] not in skipped]


def _skip(work: Row, declined: str | None, now: int) -> Change | None:
    """Why this person gets nothing, if so (reference 4.3: undeliverable, suppressed)."""
    if work["person"] is None:
        reason, metric = "The person was deleted.", "undeliverable"
    elif work["unwilling"]:
        reason, metric = "The person is unsubscribed.", "undeliverable"
    elif declined:
        reason, metric = declined, "undeliverable"
    elif work["suppression"]:
        reason, metric = f"The address is suppressed ({work['suppression']}).", "suppressed"
    else:
        return None
    values = {"detail": reason, "metric": metric, "at": now, "recipient": work["email"]}
    return Change(work["delivery"], "skipped", "ledger.skipped", values, (metric,))


def record(tx: Transaction, results: Sequence[Result], sending: Sequence[Departure], now: int) -> set[int]:
    """Write down what happened and mark `sending` as about to leave; the deliveries that may not, any more."""
    policy = rules.get(tx) if sending else Policy()
    back = stopping.held_back(tx, results, sending, policy.mode)
    skips = _strangers(tx, [each for each in sending if each.message.delivery not in back], policy.only_domains, now)
    apply(tx, skips, now)
    back |= {skip.delivery for skip in skips}
    results = [result for result in results if result.delivery not in back]
    starting = [_departing(departure) for departure in sending if departure.message.delivery not in back]
    apply(tx, [*map(_change, results), *starting], now)
    unknown = [result.delivery for result in results if result.outcome is Outcome.UNKNOWN]
    if unknown and rules.get(tx).on_unknown == "resend":
        apply(tx, [Change(delivery, "queued", "ledger.resent", {}) for delivery in unknown], now)
    tx.many("ledger.suppress", [{"delivery": r.delivery, "at": r.at} for r in results if r.suppress])
    for delivery, token in [(r.delivery, each.device_id) for r in results for each in r.devices if each.gone]:
        people.delete_device(tx, tx.value("ledger.person", {"delivery": delivery}), token, now)
    return back


def _strangers(tx: Transaction, departures: Sequence[Departure], allowed: Sequence[str], now: int) -> list[Change]:
    """Messages that the rules (`only_domains`) let nobody have: all addresses on the envelope must be of one.

    A message without an address goes by the person's own.
    """
    if not allowed or not departures:
        return []
    numbers = _json([departure.message.delivery for departure in departures])
    own = {row["delivery"]: row["email"] or "" for row in tx.all("ledger.emails", {"deliveries": numbers})}
    skips = []
    for message in (departure.message for departure in departures):
        named = [each for each in message.recipients if "@" in each] or [own.get(message.delivery, "")]
        strange = [domain for each in named if (domain := each.rpartition("@")[2].lower()) not in allowed]
        if strange:
            reason = f"{strange[0]} is not among only_domains." if strange[0] else "There is no address to go by."
            values = {"detail": reason, "metric": "undeliverable", "at": now, "recipient": message.recipient}
            skips.append(Change(message.delivery, "skipped", "ledger.skipped", values, ("undeliverable",)))
    return skips


def state(tx: Transaction, delivery: int) -> str:
    """The state a delivery is in."""
    return str(tx.value("ledger.state", {"delivery": delivery}))


def person(tx: Transaction, delivery: int) -> int | None:
    """Whom a delivery is for; None when there is no such delivery."""
    number: int | None = tx.value("ledger.person", {"delivery": delivery})
    return number


def pause(tx: Transaction, number: int, reason: str) -> None:
    """Note why a trigger waits; empty when it goes on."""
    tx.run("ledger.pause", {"trigger": number, "note": reason})


def _departing(departure: Departure) -> Change:
    message = departure.message
    return Change(message.delivery, "sending", "ledger.sending", {}, message=message, dictionary=departure.dictionary)


def _change(result: Result) -> Change:
    made = result.message is not None
    fate = "refused" if result.outcome is Outcome.FAILED and made and result.type in _NEVER_BOUNCE else result.outcome
    state, metrics, query = _FATES[fate, made]
    values = {
        "at": result.at,
        "detail": result.detail,
        "retry_at": result.retry_at,
        "delivered": result.delivered,
        "recipient": result.message and result.message.recipient,
        "subject": result.message and result.message.subject,
        "devices": _shown(result.devices),
    }
    metrics += ("delivered",) if result.delivered else ()
    counted = (f"{result.code // 100}xx",) if result.type == "webhook" and result.code else ()
    kept = result.message if result.delivered else None  # all others were kept as they left
    return Change(result.delivery, state, query, values, metrics, counted, kept, result.dictionary)


_NEVER_BOUNCE = ("webhook", "slack", "in_app", "inbox")
"""Types without a bounce (reference 15): what their server refuses has failed."""

_FATES: dict[tuple[str, bool], tuple[str, tuple[str, ...], str]] = {
    (Outcome.SENT, True): ("sent", ("sent",), "ledger.sent"),
    (Outcome.DEFERRED, True): ("deferred", ("attempted", "deferred"), "ledger.deferred"),
    (Outcome.FAILED, True): ("failed", ("bounced",), "ledger.bounced"),
    ("refused", True): ("failed", ("failed",), "ledger.refused"),
    (Outcome.FAILED, False): ("failed", ("failed",), "ledger.failed"),
    (Outcome.UNKNOWN, True): ("unknown", (), "ledger.unknown"),
    (Outcome.QUEUED, True): ("queued", (), "ledger.queued"),
    (Outcome.QUEUED, False): ("queued", (), "ledger.queued"),
}
"""State, metrics and statement for each outcome, with and without a message (that could not be rendered)."""


def _shown(devices: Sequence[DeviceResult]) -> str | None:
    """Of a push, as reporting webhooks tell it (reference 15)."""
    told = [
        {"device_id": device.device_id, "device_platform": device.device_platform}
        | ({"failure_message": device.failure_message} if device.failure_message else {})
        for device in devices
    ]
    return msgspec.json.encode(told).decode() if told else None


def _json(values: Sequence[int]) -> str:
    return msgspec.json.encode(values).decode()
