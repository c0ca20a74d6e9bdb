"""Who a trigger reaches: its audience option turned into people, with everything that is wrong about it."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from handbill.contract.audience import named
from handbill.errors import Fault, quoted
from handbill.workspace.store import conditions, sending
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import email_key

SHOWN = 3
"""Unknown people named in one sentence."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What to do about named people who are unknown or share an address (reference 3.1)."""

    email_add_duplicates: bool = False
    email_ignore_missing: bool = False
    id_ignore_missing: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Flags":
        return cls(**{name: bool(body.get(name)) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Entry:
    """One named person: where they stand (`ids[3]`, `line 4`), by id or email, with data of their own."""

    where: str
    id: str | None
    email: str | None
    data: str = "{}"


@dataclass(slots=True)
class Named:
    """Entries found. `errors` are for the trigger's errors, one each; `faults` sum them up for an answer."""

    people: dict[int, str] = field(default_factory=dict)
    entries: int = 0
    merged: int = 0
    missing_ids: list[str] = field(default_factory=list)
    missing_emails: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    shared: list[Fault] = field(default_factory=list)

    def faults(self, option: str, flags: Flags) -> list[Fault]:
        """What an answer says, at most one sentence for each kind of fault; `shared` addresses one each."""
        found = list(self.shared)
        if self.missing_ids and not flags.id_ignore_missing:
            found.append(self._missing(option, "ids", self.missing_ids, "id_ignore_missing"))
        if self.missing_emails and not flags.email_ignore_missing:
            found.append(self._missing(option, "emails", self.missing_emails, "email_ignore_missing"))
        if not self.people and not found and self.entries:
            what = option if option in ("ids", "emails") else "people"
            found.append(
                Fault(option, f"None of the {self.entries:,} {what} is in the workspace; nobody to send to.")
            )
        return found

    def _missing(self, option: str, what: str, missing: Sequence[str], flag: str) -> Fault:
        shown = ", ".join(quoted(value) for value in missing[:SHOWN])
        more = ", …" if len(missing) > SHOWN else ""
        return Fault(
            option,
            f"{len(missing):,} of {self.entries:,} {what} are not in the workspace: {shown}{more}. "
            f"Nothing was sent. Set {flag} to true to skip them.",
        )


def entries(body: Mapping[str, Any]) -> tuple[str, list[Entry]]:
    """The audience option that names people and its entries; `body` was checked by contract.audience."""
    option = next((name for name in named(body) if name in ("ids", "emails", "per_user_data")), "")
    if option == "ids":
        return option, [Entry(f"ids[{i}]", value, None) for i, value in enumerate(body["ids"])]
    if option == "emails":
        return option, [Entry(f"emails[{i}]", None, value) for i, value in enumerate(body["emails"])]
    if option == "per_user_data":
        return option, [_person_entry(i, entry) for i, entry in enumerate(body["per_user_data"])]
    return option, []


def _person_entry(position: int, entry: Mapping[str, Any]) -> Entry:
    data = msgspec.json.encode(entry.get("data") or {}).decode()
    return Entry(f"per_user_data[{position}]", entry.get("id"), entry.get("email"), data)


def find(tx: Transaction, named_people: Sequence[Entry], flags: Flags, found: Named | None = None) -> Named:
    """Look `named_people` up, all at once; adds to `found` when the entries come in portions."""
    result = found or Named()
    result.entries += len(named_people)
    by_id = _lookup(tx, "audience.by_id", [entry.id for entry in named_people])
    by_email = _lookup(tx, "audience.by_email", [entry.email and email_key(entry.email) for entry in named_people])
    for position, entry in enumerate(named_people):
        owners = by_id[position] or by_email[position]
        if not owners:
            _miss(result, entry, flags)
        elif len(owners) > 1 and not flags.email_add_duplicates:
            _share(result, entry, len(owners))
        for person in owners:
            result.merged += person in result.people
            result.people.setdefault(person, entry.data)
    return result


def _lookup(tx: Transaction, query: str, values: Sequence[str | None]) -> dict[int, list[int]]:
    """People by the position of the value that names them."""
    owners: dict[int, list[int]] = defaultdict(list)
    if any(value is not None for value in values):
        for row in tx.all(query, {"values": msgspec.json.encode(values).decode()}):
            owners[row["position"]].append(row["person"])
    return owners


def _miss(result: Named, entry: Entry, flags: Flags) -> None:
    kind, value = ("id", entry.id) if entry.id is not None else ("email", entry.email)
    missing, ignored = (
        (result.missing_ids, flags.id_ignore_missing)
        if kind == "id"
        else (result.missing_emails, flags.email_ignore_missing)
    )
    missing.append(str(value))
    if not ignored:
        result.errors.append(f"{entry.where}: there is no person with the {kind} {quoted(value)}")


def _share(result: Named, entry: Entry, owners: int) -> None:
    sentence = f"{entry.where} belongs to {owners} people."
    result.errors.append(f"{entry.where}: the address belongs to {owners} people")
    advice = "Set email_add_duplicates to true to send to each, or use ids."
    result.shared.append(Fault(entry.where, f"{sentence} {advice}"))


def matching(tx: Transaction, filter_: Mapping[str, Any], now: int) -> Sequence[int]:
    """Everybody a filter matches, by internal number; eight bytes each, since it may be a million."""
    where = conditions.of_filter(tx, dict(filter_), now)
    return array("q", tx.column("ledger.matching_people", where.values, where=where.sql))


def everyone(tx: Transaction) -> int:
    """How many people the workspace has."""
    return int(tx.value("audience.everyone"))


def left_out(tx: Transaction, audience: Iterable[int], topic: int | None) -> dict[str, int]:
    """How many of the audience get nothing of a message with this topic, by reason."""
    policy = sending.get(tx)
    domains = policy.only_domains if policy.mode == "live" else ()
    values = {"people": msgspec.json.encode(list(audience)).decode(), "topic": topic}
    values["domains"] = msgspec.json.encode(domains).decode() if domains else None
    row = tx.one("audience.left_out", values)
    assert row
    return {
        "unsubscribed": row["unsubscribed"] or 0,
        "not subscribed to the topic": row["topic"] or 0,
        "suppressed address": row["suppressed"] or 0,
        "not among only_domains": row["strange"] or 0,
    }


def without(tx: Transaction, audience: Sequence[int], attribute: str) -> int:
    """How many of the audience lack `attribute` (or have null)."""
    values = {"people": msgspec.json.encode(list(audience)).decode(), "name": attribute}
    query = "audience.without_email" if attribute == "email" else "audience.without_attribute"
    return int(tx.value(query, values))


def saved(broadcast: Row) -> Mapping[str, Any] | None:
    """The broadcast's own audience: a filter, or None when it has none."""
    return msgspec.json.decode(broadcast["audience"]) or None
