"""Conditions as SQL: a filter or a segment becomes one expression over the table `people`.

Every value is bound. An attribute is looked up by a JSON path; a name that SQLite's paths cannot say (a quotation
mark, a backslash, a control character) goes through json_each, which takes any name but is 1.7 times slower.
Values are compared as JSON text, so that `true`, `5` and `1.50` stay what they are.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, nextafter
from typing import Any

import msgspec

from handbill.contract.conditions import unix_seconds
from handbill.contract.filters import is_number
from handbill.contract.limits import LATEST_TIMESTAMP
from handbill.errors import NotFound
from handbill.workspace.store.attributes import plain, text
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.identifiers import cio_id, email_key, person_of
from handbill.workspace.store.queries import statement

DAY = 86_400
_BIGGEST = sys.float_info.max
_OWN_COLUMNS = ("id", "email", "cio_id", "unsubscribed")


@dataclass(frozen=True, slots=True)
class Where:
    """A boolean SQL expression over `people` that is never NULL, and the values it binds."""

    sql: str
    values: dict[str, object]


def of_filter(tx: Transaction, filter: Mapping[str, Any], now: int) -> Where:  # noqa: A002 (Customer.io's word)
    """A checked filter; an empty one is everyone. Raises NotFound for a segment that is not there."""
    return of_conditions(tx, filter, now) if filter else Where("TRUE", {})


def of_segment(tx: Transaction, segment_id: int, now: int) -> Where:
    """Who is in a segment, manual or dynamic. Raises NotFound."""
    return of_conditions(tx, {"segment": {"id": segment_id}}, now)


def of_conditions(tx: Transaction, conditions: Mapping[str, Any], now: int) -> Where:
    """Checked conditions at the moment `now` (Unix seconds). Raises NotFound for a segment that is not there."""
    writer = _Writer(tx, now)
    return Where(writer.node(conditions), writer.values)


@dataclass(slots=True)
class _Writer:
    """Writes one expression and collects its values."""

    tx: Transaction
    now: int
    values: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        name = f"c{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def node(self, node: Mapping[str, Any]) -> str:
        [(key, inner)] = node.items()
        match key:
            case "and" | "or":
                return "(" + f" {key.upper()} ".join(self.node(each) for each in inner) + ")"
            case "not":
                return f"NOT ({self.node(inner)})"
            case "segment":
                return self.segment(inner["id"])
            case "event":
                return self.event(inner)
            case "object_attribute":
                return self.object_attribute(inner)
            case _:
                return self.person_attribute(inner)

    def segment(self, segment_id: int) -> str:
        row = self.tx.one("conditions.segment", {"segment": segment_id})
        if row is None:
            raise NotFound(f"There is no segment {segment_id}.")
        if row["conditions"] is None:
            return statement("conditions.manual_segment", {"segment": self.bind(segment_id)})
        return f"({self.node(msgspec.json.decode(row['conditions']))})"

    def person_attribute(self, given: Mapping[str, Any]) -> str:
        name = given["field"]
        if name in ("id", "email", "cio_id") and given["operator"] in ("eq", "ne"):
            same = self.identifier(name, plain(given["value"]))
            return same if given["operator"] == "eq" else f"NOT ({same})"
        json = statement(f"conditions.{name}", {}) if name in _OWN_COLUMNS else self.json("people.attributes", name)
        return self.compare(json, given)

    def object_attribute(self, given: Mapping[str, Any]) -> str:
        """Over the table `objects`."""
        name = given["field"]
        own = name in ("object_id", "cio_object_id")
        json = statement(f"conditions.{name}", {}) if own else self.json("objects.attributes", name)
        return self.compare(json, given)

    def identifier(self, name: str, value: str) -> str:
        if name == "cio_id":
            person = person_of(value)
            return f"people.person = {self.bind(person if person and value.endswith(cio_id(person)) else 0)}"
        return statement(
            f"conditions.{name}_is", {"value": self.bind(email_key(value) if name == "email" else value)}
        )

    def json(self, column: str, name: str) -> str:
        """The JSON text of one entry of a column, NULL when it is not there."""
        if any(c in '"\\' or c < " " for c in name):
            return statement("conditions.odd_attribute", {"column": column, "field": self.bind(name)})
        return "(" + statement("conditions.attribute", {"column": column, "path": self.bind(f'$."{name}"')}) + ")"

    def compare(self, json: str, given: Mapping[str, Any]) -> str:
        value = given.get("value")
        match given["operator"]:
            case "eq":
                return self.equals(json, plain(value))
            case "ne":
                return f"NOT ({self.equals(json, plain(value))})"
            case "contains":
                return statement("conditions.contains", {"json": json, "text": self.bind(plain(value))})
            case "exists":
                return "(" + statement("conditions.exists", {"json": json}) + ")"
            case _:
                return self.between(json, *_range(given, self.now))

    def equals(self, json: str, value: str) -> str:
        """Equal as text: a number or true and false may be stored as such or as text."""
        json_text = self.bind(text(value))
        if not is_number(value) and value not in ("true", "false"):
            return statement("conditions.equals", {"json": json, "text": json_text})
        return statement("conditions.equals_either", {"json": json, "text": json_text, "bare": self.bind(value)})

    def between(self, json: str, least: float, most: float) -> str:
        """Numbers from `least` to `most`. A CAST lends its comparison numeric affinity: text that reads as a number
        is compared as one, and other text is above every number.
        """
        parts = {"json": json, "least": self.bind(least), "most": self.bind(most)}
        return statement("conditions.between", parts)

    def event(self, given: Mapping[str, Any]) -> str:
        least, most = given.get("at_least"), given.get("at_most")
        sides = []
        if least is not None or most is None:
            sides.append(self.event_times(given, least or 1))
        if most is not None:
            sides.append(f"NOT ({self.event_times(given, most + 1)})")
        return "(" + " AND ".join(sides) + ")"

    def event_times(self, given: Mapping[str, Any], times: int) -> str:
        since, until = _window(given, self.now)
        where = self.event_where(given["where"]) if "where" in given else "TRUE"
        parts = {
            "name": self.bind(given["name"]),
            "since": self.bind(since),
            "until": self.bind(until),
            "where": where,
        }
        if times == 1:
            return statement("conditions.event_once", parts)
        return statement("conditions.event_times", parts | {"times": self.bind(times)})

    def event_where(self, node: Mapping[str, Any]) -> str:
        [(key, inner)] = node.items()
        match key:
            case "and" | "or":
                return "(" + f" {key.upper()} ".join(self.event_where(each) for each in inner) + ")"
            case "not":
                return f"NOT ({self.event_where(inner)})"
            case _:
                return self.compare(self.json("events.data", inner["field"]), inner)


def _window(given: Mapping[str, Any], now: int) -> tuple[int, int]:
    """When an event counts: from the first second on, up to but not including the second."""
    before = unix_seconds(given.get("before"))
    until = now + 1 if before is None else before
    if "within_days" in given:
        return (now if before is None else before) - given["within_days"] * DAY, until
    return unix_seconds(given.get("after")) or 0, until


def _range(given: Mapping[str, Any], now: int) -> tuple[float, float]:
    """The numbers that pass, both ends included, for the operators that compare numbers and times."""
    value = given.get("value")
    moment = unix_seconds(value) or 0
    match given["operator"]:
        case "lt":
            return -_BIGGEST, nextafter(float(plain(value)), -inf)
        case "gt":
            return nextafter(float(plain(value)), inf), _BIGGEST
        case "before":
            return -_BIGGEST, nextafter(moment, -inf)
        case "after":
            return moment, _BIGGEST
        case "within" if "past_days" in given:
            return now - given["past_days"] * DAY, now
        case "within":
            return now, now + given["next_days"] * DAY
        case _:  # is_timestamp
            return 0, LATEST_TIMESTAMP
