"""The demo's data: people of several countries and two years of what they bought, the same for the same moment."""

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import yaml

DAY = 86_400
PEOPLE = 1_000
TWO_YEARS = 730 * DAY
_MAILBOXES = ("mail.example", "post.example", "letterbox.example", "garden.example")
_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "'": "", " ": "."})


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    timestamp: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """`attributes` as an identify call gives them: with email, and unsubscribed where it is so."""

    id: str
    attributes: Mapping[str, Any]
    events: tuple[Event, ...]


def people(now: int) -> list[Person]:
    """A thousand people, the first one being the longest known; `now` in Unix seconds, nothing is later."""
    return _Town(random.Random(8622), now).people()  # noqa: S311 (invented, not secret)


class _Town:
    """Draws everything from one random source, so that the same moment gives the same town."""

    def __init__(self, rng: random.Random, now: int) -> None:
        self._rng = rng
        self._now = now
        self._countries = _data("names.yaml")
        self._weights = [country["weight"] for country in self._countries.values()]
        self._catalogue = _data("catalogue.yaml")
        self._mailboxes: Counter[str] = Counter()
        self._orders = 0

    def people(self) -> list[Person]:
        """Fewer people came long ago than lately, as shops grow."""
        days = sorted((self._rng.triangular(1, 900, 120) for _ in range(PEOPLE)), reverse=True)
        return [self._person(number, self._now - int(ago * DAY)) for number, ago in enumerate(days, 1)]

    def _person(self, number: int, since: int) -> Person:
        name, known = self._named()
        favourite = self._rng.choices(list(self._catalogue), (6, 5, 3, 4, 2))[0]
        appetite = min(self._rng.paretovariate(1.1), 25)
        events = tuple(sorted(self._events(since, favourite, appetite), key=lambda event: event.timestamp))
        attributes = {
            **known,
            "email": self._email(name),
            "created_at": since,
            "favourite_category": favourite,
            "plan": "allotment" if appetite > 6 else "plot" if appetite > 2 else "free",
            **_totals(events),
        }
        if self._rng.random() < 0.06:
            attributes["unsubscribed"] = True
        return Person(f"fr-{number:04}", attributes, events)

    def _named(self) -> tuple[str, dict[str, Any]]:
        """A whole name, and what the shop knows of it: some never said what they are called."""
        [(country, there)] = self._rng.choices(list(self._countries.items()), self._weights)
        first, last = self._rng.choice(there["first"]), self._rng.choice(there["last"])
        known = {"first_name": first, "last_name": last} if self._rng.random() > 0.04 else {}
        place = {"country": country, "city": self._rng.choice(there["cities"]), "language": there["language"]}
        return f"{first} {last}", {**known, **place}

    def _email(self, name: str) -> str:
        """An address that can receive nothing, since nobody has a domain under `.example` (RFC 2606)."""
        letters = unicodedata.normalize("NFKD", name.translate(_LETTERS))
        local = letters.encode("ascii", "ignore").decode().strip(".").lower() or "customer"
        self._mailboxes[local] += 1
        number = self._mailboxes[local]
        return f"{local}{number if number > 1 else ''}@{self._rng.choice(_MAILBOXES)}"

    def _events(self, since: int, favourite: str, appetite: float) -> Iterator[Event]:
        """What one person did in the last two years; `appetite` is about how many orders they make in a year."""
        start = max(since, self._now - TWO_YEARS)
        for _ in range(round(appetite * self._rng.uniform(0.4, 1.6) * (self._now - start) / (365 * DAY))):
            category = favourite if self._rng.random() < 0.6 else self._rng.choice(list(self._catalogue))
            yield from self._purchase(self._in_season(start + 7_200, category), category)
        for _ in range(self._rng.randrange(3)):
            yield self._look(self._rng.randint(start, self._now), favourite)

    def _in_season(self, start: int, category: str) -> int:
        """A moment since `start`, the likelier the more is bought of the category in its month."""
        moments = [self._rng.randint(start, self._now) for _ in range(6)]
        season = self._catalogue[category]["season"]
        return self._rng.choices(moments, [season[datetime.fromtimestamp(m, UTC).month - 1] for m in moments])[0]

    def _purchase(self, at: int, category: str) -> Iterator[Event]:
        yield self._look(at - self._rng.randint(60, 7_200), category)
        self._orders += 1
        order = f"R{10_000 + self._orders}"
        items = [self._item(category) for _ in range(self._rng.choices((1, 2, 3, 5), (5, 4, 2, 1))[0])]
        total = round(sum(item["price"] * item["quantity"] for item in items), 2)
        yield Event("order_placed", at, {"order_id": order, "total": total, "currency": "EUR", "items": items})
        shipped = at + self._rng.randint(DAY // 2, 4 * DAY)
        if shipped <= self._now:
            carrier = self._rng.choice(("letter", "parcel", "cargo bike"))
            yield Event("order_shipped", shipped, {"order_id": order, "carrier": carrier})

    def _item(self, category: str) -> dict[str, Any]:
        name, price = self._rng.choice(list(self._catalogue[category]["products"].items()))
        quantity = self._rng.choices((1, 2, 4), (7, 3, 1))[0]
        return {"name": name, "category": category, "price": price, "quantity": quantity}

    def _look(self, at: int, category: str) -> Event:
        name = self._rng.choice(list(self._catalogue[category]["products"]))
        return Event("product_viewed", at, {"name": name, "category": category})


def _totals(events: tuple[Event, ...]) -> dict[str, Any]:
    orders = [event for event in events if event.name == "order_placed"]
    spent = {"orders": len(orders), "total_spent": round(sum(event.data["total"] for event in orders), 2)}
    return {**spent, "last_order_at": orders[-1].timestamp} if orders else spent


def _data(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((files("handbill.demo") / name).read_text("utf-8"))
    return read
