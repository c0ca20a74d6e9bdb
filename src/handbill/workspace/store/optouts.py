"""Opt-outs: who wants no SMS or WhatsApp from one of our numbers. Reference 9."""

import re
from collections.abc import Iterable

import msgspec

from handbill.workspace.store.database import Row, Transaction

_FILLING = re.compile(r"[\s().-]")


def of_people(tx: Transaction, people: Iterable[int], sender: str | None = None) -> list[Row]:
    """person, channel and sender of all opt-outs of these people, in their order; perhaps of one sender alone."""
    values = {"people": msgspec.json.encode(list(people)).decode(), "sender": sender and number(sender)}
    return tx.all("optouts.of_people", values)


def page(tx: Transaction, sender: str | None, after: int, limit: int) -> list[Row]:
    """Up to `limit` people (person, id) with an opt-out, from the one behind `after`; perhaps of one sender alone."""
    if sender is None:
        return tx.all("optouts.page", {"after": after, "limit": limit})
    return tx.all("optouts.page_of_sender", {"sender": number(sender), "after": after, "limit": limit})


def replace(tx: Transaction, person: int, optouts: Iterable[tuple[str, str]], now: int) -> None:
    """Set all that a person opted out of: channel and sender of each."""
    tx.run("optouts.clear", {"person": person})
    rows = {(channel, number(sender)) for channel, sender in optouts}
    tx.many("optouts.add", [{"person": person, "channel": c, "sender": s, "now": now} for c, s in sorted(rows)])


def number(sender: str) -> str:
    """A number as it is kept and compared, without what only makes it readable."""
    return _FILLING.sub("", sender)
