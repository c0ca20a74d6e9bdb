"""Subscriptions: which topics a person gets, from the attribute `cio_subscription_preferences`. Reference 10, 12."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from handbill.contract.attributes import PREFERENCES
from handbill.workspace.store import people, reports
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import cio_id


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic, and whether the person gets it."""

    topic: int
    name: str
    description: str
    subscribed: bool


def topics(tx: Transaction) -> list[Row]:
    """Every topic: id, name, description, subscribed_by_default."""
    return tx.all("subscriptions.topics")


def of_person(tx: Transaction, row: Row) -> list[Subscription]:
    """Every topic, with what the person (a row of people) said about it, or else its default."""
    said = _chosen(row)
    return [
        Subscription(
            topic["id"],
            topic["name"],
            topic["description"],
            said.get(f"topic_{topic['id']}", bool(topic["subscribed_by_default"])),
        )
        for topic in topics(tx)
    ]


def save(
    tx: Transaction, person: int, subscribed: Collection[int], unsubscribed: bool, now: int, delivery: int | None
) -> None:
    """What a person chose in the subscription centre: these topics and no others, or nothing at all.

    A topic left counts as left through `delivery`, the message that led there, if there is one.
    """
    row = people.get(tx, person)
    if row is None:
        return
    before = of_person(tx, row)
    left = [each for each in before if each.subscribed and each.topic not in subscribed]
    chosen = {f"topic_{each.topic}": each.topic in subscribed for each in before}
    kept = _preferences(row)
    said = {PREFERENCES: kept | {"topics": _chosen(row) | chosen}} if chosen else {}
    people.identify(tx, "cio_id", cio_id(person), said | {"unsubscribed": unsubscribed}, now)
    if delivery is not None and left:
        names = {"topics": [each.name for each in left]}
        reports.report(tx, delivery, "topic_unsubscribed", now, now, names)
    if delivery is not None and unsubscribed and not row["unsubscribed"]:
        reports.unsubscribe(tx, delivery, now)


def computed(tx: Transaction, row: Row) -> dict[str, str]:
    """The attribute that shows every topic's state in a person's answer (reference 9); nothing without topics."""
    states = {f"topic_{each.topic}": each.subscribed for each in of_person(tx, row)}
    return {f"_{PREFERENCES}_computed": msgspec.json.encode({"topics": states}).decode()} if states else {}


def _preferences(row: Row) -> dict[str, Any]:
    kept = msgspec.json.decode(row["attributes"]).get(PREFERENCES)
    return kept if isinstance(kept, dict) else {}


def _chosen(row: Row) -> dict[str, bool]:
    """What was said about topics; anything but true and false is nothing said."""
    said = _preferences(row).get("topics")
    return {key: value for key, value in said.items() if isinstance(value, bool)} if isinstance(said, dict) else {}
