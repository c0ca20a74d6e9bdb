"""People: who is in the workspace, how they are named, and what is known about them (reference 9, 12)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from handbill.contract.attributes import RESERVED, TRUTHS
from handbill.contract.limits import ATTRIBUTES
from handbill.errors import Fault, InvalidInput, quoted
from handbill.workspace.store import activities, anonymous
from handbill.workspace.store.attributes import Changes, merge, plain, with_preferences
from handbill.workspace.store.conditions import Where
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import IdType, cio_id, email_key, person_of


@dataclass(frozen=True, slots=True)
class Identified:
    """Who was made or changed; None when the call was dropped. `ignored`: identifiers that could not be given."""

    person: int | None
    ignored: tuple[str, ...] = ()


def emails_identify(tx: Transaction) -> bool:
    """Whether an address names one person (the default), or is an attribute that several may share."""
    return "email" in (tx.value("workspace.get", {"key": "identifiers"}) or "id,email").split(",")


def find(tx: Transaction, id_type: IdType, value: str) -> int | None:
    """The person with this identifier. Raises InvalidInput for an email that identifies nobody (reference 2.4)."""
    match id_type:
        case "id":
            return _found(tx.value("people.by_id", {"id": value}))
        case "cio_id":
            return _found(tx.value("people.by_person", {"person": person_of(value)}))
        case _:
            if not emails_identify(tx):
                raise InvalidInput.of(
                    "id_type", "email does not identify people in this workspace; use id or cio_id."
                )
            return _found(tx.value("people.by_email", {"key": email_key(value)}))


def _found(value: Any) -> int | None:
    return None if value is None else int(value)


def by_email(tx: Transaction, email: str) -> list[int]:
    """Everyone with this address, whether or not addresses identify people."""
    return [row["person"] for row in tx.all("people.by_email", {"key": email_key(email)})]


def by_ids(tx: Transaction, ids: Sequence[str]) -> list[Row]:
    """The people with these ids; unknown ones are left out."""
    return tx.all("people.by_ids", {"ids": _json(list(ids))})


def numbers(tx: Transaction, ids: Iterable[str]) -> dict[str, int]:
    """The internal number of each id that is known."""
    return dict(map(tuple, tx.all("people.numbers", {"ids": _json(list(set(ids)))})))


def get(tx: Transaction, person: int) -> Row | None:
    """A person's row: person, id, email, unsubscribed, attributes, timestamps, created."""
    return tx.one("people.get", {"person": person})


def search(tx: Transaction, where: Where, after: int | None, limit: int, *, newest: bool = False) -> list[Row]:
    """One page of person, id and email, oldest or newest first, from the one behind `after`."""
    query = "people.newest" if newest else "people.search"
    return tx.all(query, {**where.values, "after": after, "limit": limit}, where=where.sql)


def matches(tx: Transaction, person: int, where: Where) -> bool:
    """Whether this one person is among those."""
    return tx.value("people.matches", {**where.values, "person": person}, where=where.sql) is not None


def count(tx: Transaction, where: Where) -> int:
    return int(tx.value("people.count", where.values, where=where.sql))


def identifiers(row: Row) -> dict[str, str | None]:
    """`{email, id, cio_id}` as every answer shows them (reference 2.4)."""
    return {"email": row["email"], "id": row["id"], "cio_id": cio_id(row["person"])}


def attributes(row: Row) -> dict[str, str | None]:
    """Everything known about a person, as text (reference 2.4): JSON for what is not text."""
    kept = msgspec.json.decode(row["attributes"], type=dict[str, Any])
    said = {name: plain(value) for name, value in kept.items()}
    return {**said, "unsubscribed": _json(bool(row["unsubscribed"])), **identifiers(row)}


def customer_json(row: Row) -> str:
    """The object Liquid sees as `customer`, as JSON text. An identifier the person has not is left out (16.2)."""
    own: dict[str, object] = {key: value for key, value in identifiers(row).items() if value is not None}
    head = _json({**own, "unsubscribed": bool(row["unsubscribed"])})
    kept: str = row["attributes"]
    return head if kept == "{}" else f"{head[:-1]},{kept[1:]}"


def identify(
    tx: Transaction, id_type: IdType, value: str, given: Mapping[str, Any], now: int, *, strict: bool = False
) -> Identified:
    """Make or change the person named `value`; `given` is a checked identify body (reference 12).

    `strict` raises InvalidInput, before anything changes, where an identifier would be ignored or would move to
    somebody known by another one. Raises it, too, when the person would have more than ATTRIBUTES attributes.
    """
    emails = emails_identify(tx)
    wanted = _wanted(id_type, value, given)
    if _suppressed(tx, wanted):
        return Identified(None)
    found = _known(tx, wanted, emails or id_type == "email")
    if found is None and (id_type == "cio_id" or TRUTHS[given.get("_update")]):
        return Identified(None)
    row = dict(found) if found else _nobody(now)
    replaces: tuple[IdType, ...] = ("id", "email") if id_type == "cio_id" else () if strict else (id_type,)
    ignored = tuple(kind for kind in wanted if not _may_have(tx, row, kind, wanted[kind], replaces, emails))
    if strict and ignored:
        raise InvalidInput(*(_taken(tx, kind, wanted[kind]) for kind in ignored))
    names = {kind: text for kind, text in wanted.items() if kind not in (*ignored, "cio_id")}
    person = save(tx, row, names, given, now)
    if ignored:
        failed: Changes = {kind: {"from": row[kind], "to": wanted[kind]} for kind in ignored}
        _note(tx, "failed_attribute_change", person, now, failed)
    if given.get("anonymous_id"):
        anonymous.claim(tx, person, str(given["anonymous_id"]), now)
    return Identified(person, ignored)


def _wanted(id_type: IdType, value: str, given: Mapping[str, Any]) -> dict[IdType, str]:
    """The identifiers of a call, the one of its path first."""
    own: dict[IdType, str] = {"id": str(given.get("id") or ""), "email": given.get("email") or ""}
    return {id_type: value, **{kind: text for kind, text in own.items() if text and kind != id_type}}


def _known(tx: Transaction, wanted: Mapping[IdType, str], emails: bool) -> Row | None:
    """The person of the first identifier that belongs to anybody; a cio_id is never passed over."""
    for kind, value in wanted.items():
        person = find(tx, kind, value) if kind != "email" or emails else None
        if person is not None:
            return get(tx, person)
        if kind == "cio_id":
            return None
    return None


def _nobody(now: int) -> dict[str, Any]:
    blank: dict[str, Any] = {"person": None, "id": None, "email": None, "unsubscribed": 0}
    return blank | {"attributes": "{}", "timestamps": "{}", "created": now}


def _may_have(
    tx: Transaction, row: Mapping[str, Any], kind: IdType, value: str, replaces: tuple[IdType, ...], emails: bool
) -> bool:
    """Whether this person may be given an identifier that is free; one that is set is kept unless `replaces` it."""
    if row["person"] is None or kind == "cio_id" or (kind == "email" and not emails):
        return True
    if row[kind] is not None and (_same(kind, row[kind], value) or kind not in replaces):
        return _same(kind, row[kind], value)
    return find(tx, kind, value) is None


def _taken(tx: Transaction, kind: IdType, value: str) -> Fault:
    """Why an identifier could not be given."""
    if find(tx, kind, value) is not None:
        return Fault(kind, f"{kind} {quoted(value)} belongs to another person")
    return Fault(kind, f"{kind} cannot become {quoted(value)}: this person has one, and only cio_id may change it")


def _same(kind: IdType, one: str, other: str) -> bool:
    return one == other if kind == "id" else email_key(one) == email_key(other)


def save(
    tx: Transaction, row: dict[str, Any], names: Mapping[IdType, str], given: Mapping[str, Any], now: int
) -> int:
    """Make or change the person in `row` by identifiers and a checked identify body, and note it; the number.

    Raises InvalidInput when the person would have more than ATTRIBUTES attributes.
    """
    changes = _change(row, names, given, given.get("_timestamp") or now)
    if row["person"] is None:
        person = int(tx.value("people.add", row))
        _note(tx, "profile_create", person, now)
        return person
    if changes:
        tx.run("people.change", row)
        _note(tx, "attribute_change", row["person"], now, changes)
    return int(row["person"])


def _change(row: dict[str, Any], names: Mapping[IdType, str], given: Mapping[str, Any], at: int) -> Changes:
    """Change the row in place; what changed."""
    kept, times = msgspec.json.decode(row["attributes"]), msgspec.json.decode(row["timestamps"])
    own = {name: value for name, value in given.items() if name not in RESERVED}
    changes = merge(kept, times, with_preferences(kept, own), at)
    if len(kept) > ATTRIBUTES:
        raise InvalidInput.of(
            "attributes", f"A person may have {ATTRIBUTES} attributes; this would make {len(kept)}."
        )
    for kind, value in names.items():
        if row[kind] is None or not _same(kind, row[kind], value):
            changes[kind], row[kind], times[kind] = {"from": row[kind], "to": value}, value, at
    if "unsubscribed" in given and (wanted := TRUTHS[given["unsubscribed"]]) != row["unsubscribed"]:
        changes["unsubscribed"] = {"from": not wanted, "to": wanted}
        row["unsubscribed"], times["unsubscribed"] = int(wanted), at
    row |= {"attributes": _json(kept), "timestamps": _json(times)}
    row["email_key"] = None if row["email"] is None else email_key(row["email"])
    return changes


def _note(tx: Transaction, kind: str, person: int, now: int, data: Mapping[str, Any] | None = None) -> None:
    activities.add(tx, [{"type": kind, "timestamp": now, "person": person, "data": data}])


def unsubscribe(tx: Transaction, person: int, unsubscribed: bool, now: int) -> None:
    """Set what the person said about mail, as an identify call would."""
    row = get(tx, person)
    if row is not None:
        save(tx, dict(row), {}, {"unsubscribed": unsubscribed}, now)


def delete(tx: Transaction, person: int, now: int) -> None:
    """Remove a person with devices, events and memberships; what was sent stays on record."""
    tx.run("people.delete", {"person": person})
    _note(tx, "profile_delete", person, now)


def delete_named(tx: Transaction, id_type: IdType, value: str, now: int) -> None:
    """Delete the person with this identifier; nothing happens when there is none."""
    person = find(tx, id_type, value)
    if person is not None:
        delete(tx, person, now)


def suppress(tx: Transaction, id_type: IdType, value: str, now: int) -> None:
    """Delete a person and block the identifiers until `unsuppress`; works for identifiers not seen yet, too."""
    found = _known(tx, {id_type: value}, emails_identify(tx))
    blocked = sorted(_blocked(id_type, value, found))
    for identifier in blocked:
        tx.run("people.suppress", {"identifier": identifier, "created": now, "profile": blocked[0]})
    if found is not None:
        delete(tx, found["person"], now)


def unsuppress(tx: Transaction, id_type: IdType, value: str) -> None:
    """Allow an identifier again, and those that were suppressed with it. The person is not restored."""
    for identifier in _blocked(id_type, value, None):
        profile = tx.value("people.suppressed_profile", {"identifier": identifier})
        tx.run("people.unsuppress", {"identifier": identifier, "profile": profile})


def _blocked(id_type: IdType, value: str, row: Row | None) -> set[str]:
    """Suppressions hold ids as they are and addresses as they are compared."""
    named = {value} if id_type == "id" else {email_key(value)} if id_type == "email" else set()
    return named | {each for each in (row["id"], row["email_key"]) if each} if row is not None else named


def _suppressed(tx: Transaction, wanted: Mapping[IdType, str]) -> bool:
    values = {"id": wanted.get("id"), "email": email_key(wanted.get("email", ""))}
    return tx.value("people.is_suppressed", values) is not None


def devices(tx: Transaction, person: int) -> list[Row]:
    """token, platform, last_used and attributes (JSON) of each device."""
    return tx.all("people.devices", {"person": person})


def put_device(tx: Transaction, person: int, device: Mapping[str, Any], now: int) -> None:
    """Add or update a device; `device` has token, platform, and perhaps last_used and attributes."""
    before = _device(tx, person, device["token"])
    kept = {"token": device["token"], "platform": device["platform"], "last_used": device.get("last_used")}
    tx.run("people.put_device", {**kept, "person": person, "attributes": _json(device.get("attributes") or {})})
    _note_device(tx, person, before, _device(tx, person, device["token"]), now)


def delete_device(tx: Transaction, person: int, token: str, now: int) -> None:
    before = _device(tx, person, token)
    tx.run("people.delete_device", {"person": person, "token": token})
    _note_device(tx, person, before, None, now)


def _device(tx: Transaction, person: int, token: str) -> dict[str, Any] | None:
    """A device as an activity tells it: when it was last used is no news."""
    row = tx.one("people.device", {"person": person, "token": token})
    if row is None:
        return None
    return {"id": token, "platform": row["platform"], "attributes": msgspec.json.decode(row["attributes"])}


def _note_device(
    tx: Transaction, person: int, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, now: int
) -> None:
    if before != after:
        _note(tx, "device_change", person, now, {"device": {"from": before, "to": after}})


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
