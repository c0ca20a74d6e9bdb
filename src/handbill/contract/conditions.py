"""Conditions: who is in a segment. The tree of a filter, with more to say about attributes, and with events.

    and:
      - attribute: {field: country, operator: eq, value: Canada}
      - attribute: {field: created_at, operator: within, past_days: 30}
      - event: {name: rental, at_least: 3, within_days: 90, before: 2022-08-23,
                where: {attribute: {field: category, operator: eq, value: Comedy}}}
      - not: {segment: {id: 4}}

Times are Unix seconds, YYYY-MM-DD or ISO 8601 (UTC where no zone is given). `after` includes its moment, `before`
does not, so that spans follow one another without a gap.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from handbill.contract.filters import got, is_number, listed, named, scalar, segment, strangers, tree
from handbill.contract.limits import LATEST_TIMESTAMP
from handbill.errors import Fault

OPERATORS = ("eq", "ne", "lt", "gt", "contains", "exists", "is_timestamp", "before", "after", "within")
_EVENT = ("name", "at_least", "at_most", "within_days", "before", "after", "where")
_ATTRIBUTE = ("field", "operator", "value", "past_days", "next_days")
_BIGGEST_COUNT = 1_000_000
_BIGGEST_SPAN = 36_500


def check(value: object, field: str = "conditions") -> list[Fault]:
    """Everything wrong with a segment's conditions. Whether its segments exist is for the workspace to say."""
    return tree(value, field, {"segment": segment, "attribute": _attribute, "event": _event})


def unix_seconds(value: object) -> int | None:
    """A time as Unix seconds; None when it is none, or outside 1970 to 2099."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            value = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        except ValueError:
            return None
    return value if type(value) is int and 0 <= value <= LATEST_TIMESTAMP else None


def _attribute(value: object, field: str) -> list[Fault]:
    if not isinstance(value, dict):
        return [Fault(field, f"{field} must be an object with field and operator; got {got(value)}.")]
    faults = strangers(value, field, _ATTRIBUTE) + named(value, field)
    return faults + _operator(value, field)


def _operator(value: Mapping[str, object], field: str) -> list[Fault]:
    match value.get("operator"):
        case "eq" | "ne" | "contains":
            return scalar(value, field)
        case "lt" | "gt":
            return _number(value, field)
        case "before" | "after":
            return _time(value, "value", field)
        case "within":
            return _span(value, field)
        case "exists" | "is_timestamp":
            return []
        case other:
            message = f"{field}.operator must be one of {listed(OPERATORS)}; got {got(other)}."
            return [Fault(f"{field}.operator", message)]


def _number(value: Mapping[str, object], field: str) -> list[Fault]:
    given = value.get("value")
    if not isinstance(given, bool) and isinstance(given, str | int | float) and is_number(str(given)):
        return []
    return [Fault(f"{field}.value", f"{field}.value must be a number; got {got(given)}.")]


def _time(value: Mapping[str, object], key: str, field: str) -> list[Fault]:
    if unix_seconds(value.get(key)) is not None:
        return []
    message = f"{field}.{key} must be a date such as 2026-01-31 or Unix seconds; got {got(value.get(key))}."
    return [Fault(f"{field}.{key}", message)]


def _span(value: Mapping[str, object], field: str) -> list[Fault]:
    given = [key for key in ("past_days", "next_days") if key in value]
    if len(given) != 1:
        return [Fault(field, f"{field} must say past_days or next_days with within, and only one of them.")]
    return _count(value, given[0], field, 1, _BIGGEST_SPAN)


def _count(value: Mapping[str, object], key: str, field: str, least: int, most: int) -> list[Fault]:
    number = value.get(key)
    if type(number) is int and least <= number <= most:
        return []
    return [Fault(f"{field}.{key}", f"{field}.{key} must be a whole number, {least} to {most}; got {got(number)}.")]


def _event(value: object, field: str) -> list[Fault]:
    if not isinstance(value, dict):
        return [Fault(field, f"{field} must be an object with the event's name; got {got(value)}.")]
    faults = strangers(value, field, _EVENT) + named(value, field, "name")
    for key, least, most in (("at_least", 1, _BIGGEST_COUNT), ("at_most", 0, _BIGGEST_COUNT)):
        faults += _count(value, key, field, least, most) if key in value else []
    if "within_days" in value:
        faults += _count(value, "within_days", field, 1, _BIGGEST_SPAN)
        if "after" in value:
            faults.append(
                Fault(f"{field}.after", f"{field}.after cannot stand beside within_days: both set the start.")
            )
    for key in ("before", "after"):
        faults += _time(value, key, field) if key in value else []
    if "where" in value:
        faults += tree(value["where"], f"{field}.where", {"attribute": _attribute})
    return faults
