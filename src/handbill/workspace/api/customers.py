"""Customers: people, found, searched and shown. Reference 9."""

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.contract import filters
from handbill.contract.app import customers as contract
from handbill.contract.app.messages import Messages
from handbill.contract.app.segments import Identifiers
from handbill.contract.limits import ATTRIBUTES_IDS_MAX, CUSTOMERS_MAX, MESSAGES_MAX
from handbill.errors import InvalidInput, NotFound
from handbill.workspace import archive, delivery_ids
from handbill.workspace.api import messages
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import conditions, people, segments, subscriptions
from handbill.workspace.store import messages as deliveries
from handbill.workspace.store.attributes import plain
from handbill.workspace.store.database import Row, Transaction


@serves(contract.FIND)
async def find(call: Call) -> contract.Found:
    rows = await call.workspace.database.read(_with_email, call.query.email)
    return contract.Found(results=[_identifiers(row) for row in rows])


def _with_email(tx: Transaction, email: str) -> list[Row]:
    return [row for person in people.by_email(tx, email) if (row := people.get(tx, person))]


@serves(contract.SEARCH)
async def search(call: Call) -> contract.SearchResult:
    limit, after = call.limit(CUSTOMERS_MAX), call.position()
    if faults := filters.check(call.body.filter, "filter"):
        raise InvalidInput(*faults)
    now = call.workspace.clock.now()
    rows = await call.workspace.database.read(_matching, call.body.filter, now, after[0] if after else 0, limit + 1)
    shown, following = call.page(rows, limit, "person")
    return contract.SearchResult(
        identifiers=[_identifiers(row) for row in shown],
        ids=[row["id"] or "" for row in shown],
        next=following,
    )


def _matching(tx: Transaction, wanted: Mapping[str, Any], now: int, after: int, limit: int) -> list[Row]:
    return people.search(tx, conditions.of_filter(tx, wanted, now), after, limit)


@serves(contract.ATTRIBUTES_OF)
async def attributes_of(call: Call) -> contract.People:
    if len(call.body.ids) > ATTRIBUTES_IDS_MAX:
        raise InvalidInput.of(
            "ids", f"ids has {len(call.body.ids)} entries; the limit is {ATTRIBUTES_IDS_MAX}. Ask in several calls."
        )
    return contract.People(customers=await call.workspace.database.read(_people, call.body.ids))


def _people(tx: Transaction, ids: list[str]) -> list[contract.OnePerson]:
    return [contract.OnePerson(customer=_person(tx, row)) for row in people.by_ids(tx, ids)]


@serves(contract.ATTRIBUTES)
async def attributes(call: Call) -> contract.OnePerson:
    return await call.workspace.database.read(_one_person, call.query.id_type, call.path["customer_id"])


def _one_person(tx: Transaction, id_type: contract.IdType, value: str) -> contract.OnePerson:
    row = people.get(tx, found(tx, id_type, value))
    assert row
    return contract.OnePerson(customer=_person(tx, row))


@serves(contract.SEGMENTS)
async def segments_of(call: Call) -> contract.PersonSegments:
    now = call.workspace.clock.now()
    rows = await call.workspace.database.read(_segments, call.query.id_type, call.path["customer_id"], now)
    named = [contract.PersonSegment(id=row["id"], name=row["name"], description=row["description"]) for row in rows]
    return contract.PersonSegments(segments=named)


def _segments(tx: Transaction, id_type: contract.IdType, value: str, now: int) -> list[Row]:
    return segments.of_person(tx, found(tx, id_type, value), now)


@serves(contract.MESSAGES)
async def messages_of(call: Call) -> Messages:
    person = await call.workspace.database.read(found, call.query.id_type, call.path["customer_id"])
    return await messages.answer(call, person=person)


@serves(contract.IN_APP_MESSAGES, contract.INBOX_MESSAGES)
async def served(call: Call) -> contract.ServedMessages:
    type_ = "in_app" if call.endpoint is contract.IN_APP_MESSAGES else "inbox"
    limit, after = call.limit(MESSAGES_MAX), call.position()
    rows = await call.workspace.database.read(_served, call, type_, after, limit + 1)
    shown, following = call.page(rows, limit, "seen", "delivery")
    told = [_served_message(call.workspace.secret, row) for row in shown]
    return contract.ServedMessages(messages=told, next=following)


def _served(tx: Transaction, call: Call, type_: str, after: list[int] | None, limit: int) -> list[Row]:
    person = found(tx, call.query.id_type, call.path["customer_id"])
    return deliveries.served(tx, person, type_, after, limit)


def _served_message(secret: bytes, row: Row) -> contract.ServedMessage:
    kept = archive.expand(row["message"], row["sample"] or b"")
    times = {name: row[name] for name in ("created", "opened", "clicked")}
    told = {name: kept.get(name, "") for name in ("subject", "body")}
    return contract.ServedMessage(id=delivery_ids.seal(secret, row["delivery"]), **told, **times)


def found(tx: Transaction, id_type: contract.IdType, value: str) -> int:
    """The person's number. A path may hold a `cio_…` without saying so in `id_type` (reference 2.4)."""
    person = people.find(tx, id_type, value)
    if person is None and id_type == "id" and value.startswith("cio_"):
        person = people.find(tx, "cio_id", value)
    if person is None:
        raise NotFound("There is no such person.")
    return person


def _person(tx: Transaction, row: Row) -> contract.Person:
    return contract.Person(
        id=row["id"] or "",
        identifiers=_identifiers(row),
        attributes=people.attributes(row) | subscriptions.computed(tx, row),
        timestamps=msgspec.json.decode(row["timestamps"]),
        unsubscribed=bool(row["unsubscribed"]),
        devices=[_device(device) for device in people.devices(tx, row["person"])],
    )


def _device(row: Row) -> contract.Device:
    kept = msgspec.json.decode(row["attributes"], type=dict[str, Any])
    said = {name: plain(value) for name, value in kept.items()}
    return contract.Device(id=row["token"], platform=row["platform"], last_used=row["last_used"], attributes=said)


def _identifiers(row: Row) -> Identifiers:
    return Identifiers.model_validate(people.identifiers(row))
