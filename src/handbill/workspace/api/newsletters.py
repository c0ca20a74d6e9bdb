"""Newsletters: one-time sends. Reference 6.1."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from handbill.contract import recipients
from handbill.contract.app import newsletters as contract
from handbill.contract.endpoint import Nothing
from handbill.contract.fields import FIELDS, NEEDED
from handbill.contract.limits import LATEST_TIMESTAMP, NEWSLETTERS_MAX
from handbill.errors import Fault, InvalidInput, NotFound, quoted
from handbill.workspace import periods, ways
from handbill.workspace.api.contents import liquid_faults
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import conditions, newsletters, senders
from handbill.workspace.store.attributes import plain
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.segments import within


@serves(contract.LIST)
async def listed(call: Call) -> contract.Newsletters:
    limit, after = call.limit(NEWSLETTERS_MAX), call.position()
    rows = await call.workspace.database.read(newsletters.page, call.query.sort, after, limit + 1)
    shown, following = call.page(rows, limit, "created", "id")
    return contract.Newsletters(newsletters=[_newsletter(row) for row in shown], next=following)


@serves(contract.GET)
async def get(call: Call) -> contract.OneNewsletter:
    row = await call.workspace.database.read(newsletters.get, call.number("newsletter_id"))
    return contract.OneNewsletter(newsletter=_newsletter(row))


@serves(contract.DELETE)
async def delete(call: Call) -> Nothing:
    await call.workspace.database.write(newsletters.delete, call.number("newsletter_id"))
    return Nothing()


@serves(contract.CREATE)
async def create(call: Call) -> contract.OneNewsletter:
    wanted: contract.NewNewsletter = call.body
    now = call.workspace.clock.now()
    liquid = await liquid_faults(call, wanted.model_dump(by_alias=True))
    _refuse([*recipients.check(wanted.recipients), *_content_faults(wanted), *liquid, *_time_faults(wanted, now)])
    start = None
    if wanted.send_now or wanted.scheduled_at:
        start = _start(wanted, at=wanted.scheduled_at or 0)
    lacking = ways.lacking(call.workspace.settings)
    row = await call.workspace.database.write(_create, wanted, start, lacking, now)
    return _begun(call, row)


@serves(contract.SEND)
async def send(call: Call) -> contract.OneNewsletter:
    return await _send(call, _start(call.body))


@serves(contract.SCHEDULE)
async def schedule(call: Call) -> contract.OneNewsletter:
    wanted: contract.Schedule = call.body
    if wanted.scheduled_at == 0:
        row = await call.workspace.database.write(_unschedule, call.number("newsletter_id"))
        return contract.OneNewsletter(newsletter=_newsletter(row))
    zone = periods.zone(wanted.timezone or "")
    faults = [] if zone else [Fault("timezone", "timezone must be IANA's name, such as Europe/Lisbon.")]
    _refuse([*faults, *_future(wanted.scheduled_at, call.workspace.clock.now())])
    local = None
    if wanted.tz_match_enabled:
        local = int(datetime.fromtimestamp(wanted.scheduled_at, zone).replace(tzinfo=UTC).timestamp())
    return await _send(call, _start(wanted, at=wanted.scheduled_at, local_at=local))


async def _send(call: Call, start: newsletters.Start) -> contract.OneNewsletter:
    lacking, now = ways.lacking(call.workspace.settings), call.workspace.clock.now()
    row = await call.workspace.database.write(_sent, call.number("newsletter_id"), start, lacking, now)
    return _begun(call, row)


def _begun(call: Call, row: Row) -> contract.OneNewsletter:
    call.workspace.bell.set()
    return contract.OneNewsletter(newsletter=_newsletter(row))


def _create(
    tx: Transaction,
    wanted: contract.NewNewsletter,
    start: newsletters.Start | None,
    lacking: Mapping[str, str],
    now: int,
) -> Row:
    own = {"name": wanted.name, "type": wanted.type, "topic_id": wanted.subscription_topic_id}
    audience = recipients.plain(wanted.recipients)
    try:
        conditions.of_filter(tx, audience, now)
    except NotFound as error:
        raise InvalidInput.of("recipients", f"recipients: {error}") from None
    headers = [header.model_dump() for header in wanted.headers or []]
    content = {"fields": _fields(tx, wanted), "headers": headers, "layout": wanted.layout}
    number = newsletters.create(tx, {**own, "audience": audience}, content, now)
    if start:
        newsletters.send(tx, number, start, lacking, now)
    return newsletters.get(tx, number)


def _sent(tx: Transaction, number: int, start: newsletters.Start, lacking: Mapping[str, str], now: int) -> Row:
    newsletters.send(tx, number, start, lacking, now)
    return newsletters.get(tx, number)


def _unschedule(tx: Transaction, number: int) -> Row:
    newsletters.unschedule(tx, number)
    return newsletters.get(tx, number)


def _start(pace: contract.Pace, at: int = 0, local_at: int | None = None) -> newsletters.Start:
    rate, period, spread = pace.rate_limit_email_rate, pace.rate_limit_time_period, pace.rate_limit_spread
    return newsletters.Start(at=at, local_at=local_at, rate=rate, period=period, spread=spread)


def _fields(tx: Transaction, wanted: contract.NewNewsletter) -> dict[str, str]:
    """The texts of the newsletter's type; senders may be named by the number of an identity."""
    given = wanted.model_dump(by_alias=True, exclude_none=True)
    for name in ("from", "reply_to"):
        if (field := f"{name}_id") in given:
            given[name] = senders.named(tx, field, given[field])
    given["body"] = given.get("body") or given.get("body_json", "")
    return {name: plain(given[name]) for name in FIELDS[wanted.type] if given.get(name)}


def _content_faults(wanted: contract.NewNewsletter) -> list[Fault]:
    """What a newsletter of its type cannot do without (reference 6.2)."""
    given = wanted.model_dump(by_alias=True, exclude_none=True)
    if wanted.type in ("in_app", "inbox"):
        given["body"] = given.get("body") or given.get("body_json")
    elif wanted.type == "push":
        given["body"] = given.get("body") or given.get("subject")
    needed = {
        **NEEDED[wanted.type],
        **({"subject": '"Hello"', "body": '"<p>Hello"'} if wanted.type == "email" else {}),
    }
    return [
        Fault(name, f"{name} is required for a newsletter of type {wanted.type}, such as {example}.")
        for name, example in needed.items()
        if not given.get(name) and not given.get(f"{name}_id")
    ]


def _time_faults(wanted: contract.NewNewsletter, now: int) -> list[Fault]:
    if wanted.send_now and wanted.scheduled_at:
        return [Fault("scheduled_at", "Give send_now or scheduled_at, not both.")]
    return _future(wanted.scheduled_at, now) if wanted.scheduled_at is not None else []


def _future(at: int, now: int) -> list[Fault]:
    if now < at <= LATEST_TIMESTAMP:
        return []
    return [Fault("scheduled_at", f"scheduled_at must be in the future, in Unix seconds; got {quoted(str(at))}.")]


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidInput(*faults)


def _newsletter(row: Row) -> contract.Newsletter:
    return contract.Newsletter(
        id=row["id"],
        deduplicate_id=f"{row['id']}:{row['updated']}",
        content_ids=msgspec.json.decode(row["content_ids"]),
        name=row["name"],
        sent_at=row["sent_at"],
        created=row["created"],
        updated=row["updated"],
        type=row["type"],
        tags=msgspec.json.decode(row["tags"]),
        subscription_topic_id=row["topic_id"],
        recipient_segment_ids=sorted({*within(msgspec.json.decode(row["audience"]))}),
    )
