"""Filters: which people a broadcast is for, written as and, or, not, segment and attribute (reference 3.2).

`check` is the trigger's `recipients` and the search's `filter`; `tree` is the walk it shares with the richer
conditions of segments (`conditions.py`).
"""

import re
from collections.abc import Callable, Mapping, Sequence

from handbill.contract.limits import BIGGEST_ID, FILTER_DEPTH, FILTER_PARTS
from handbill.errors import Fault, quoted

Leaf = Callable[[object, str], list[Fault]]

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def check(value: object, field: str = "recipients") -> list[Fault]:
    """Everything wrong with a filter, each fault naming its part. And, or and not may nest up to FILTER_DEPTH."""
    return tree(value, field, {"segment": segment, "attribute": attribute})


def tree(value: object, field: str, leaves: Mapping[str, Leaf]) -> list[Fault]:
    """The faults of a tree of and, or and not whose ends are `leaves`."""
    depth, parts = _size(value)
    if parts > FILTER_PARTS:
        return [Fault(field, f"{field} has more than {FILTER_PARTS} parts; make it smaller or use a saved segment.")]
    if depth > FILTER_DEPTH:
        return [Fault(field, f"{field} is nested {depth} deep; the limit is {FILTER_DEPTH}.")]
    return _node(value, field, leaves)


def _size(value: object) -> tuple[int, int]:
    """How deep the filter is and how many parts it has; counting stops soon after the limit of parts."""
    deepest = parts = 0
    waiting: list[tuple[object, int]] = [(value, 1)]
    while waiting and parts <= FILTER_PARTS:
        node, depth = waiting.pop()
        if isinstance(node, dict):
            parts, deepest = parts + 1, max(deepest, depth)
            children = [node[key] for key in ("and", "or", "not") if key in node]
            waiting += [(each, depth + 1) for child in children for each in _listed(child)]
    return deepest, parts


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _node(value: object, field: str, leaves: Mapping[str, Leaf]) -> list[Fault]:
    known = ("and", "or", "not", *leaves)
    if not isinstance(value, dict):
        return [Fault(field, f'{field} must be a filter object, e.g. {{"segment":{{"id":3}}}}; got {got(value)}.')]
    if strange := [key for key in value if key not in known]:
        return [
            Fault(f"{field}.{key}", f"{field}.{short(key)} is not known; use {listed(known)}.") for key in strange
        ]
    if len(value) > 1:
        return [Fault(field, f"{field} must have one of {listed(known)}; got {listed(value)}. Join them with and.")]
    if not value or value.get("and") == [] or value.get("or") == []:
        return [Fault(field, f"{field} matches everyone or nobody: the filter is empty.")]
    [(key, inner)] = value.items()
    within = f"{field}.{key}"
    if key in leaves:
        return leaves[key](inner, within)
    return _node(inner, within, leaves) if key == "not" else _nodes(inner, within, leaves)


def _nodes(value: object, field: str, leaves: Mapping[str, Leaf]) -> list[Fault]:
    if not isinstance(value, list):
        return [Fault(field, f"{field} must be a list of filters; got {got(value)}.")]
    return [fault for i, each in enumerate(value) for fault in _node(each, f"{field}[{i}]", leaves)]


def segment(value: object, field: str) -> list[Fault]:
    """`{"id": 3}`. Whether there is such a segment is for the workspace to say."""
    if not isinstance(value, dict):
        return [Fault(field, f'{field} must be an object such as {{"id":3}}; got {got(value)}.')]
    number = value.get("id")
    if type(number) is not int or not 1 <= number <= BIGGEST_ID:
        return [Fault(f"{field}.id", f"{field}.id must be a segment number; GET_SEGMENTS lists them.")]
    return strangers(value, field, ("id",))


def attribute(value: object, field: str) -> list[Fault]:
    """`{"field": "plan", "operator": "eq" or "exists", "value": "pro"}`."""
    if not isinstance(value, dict):
        return [Fault(field, f"{field} must be an object with field and operator; got {got(value)}.")]
    faults = strangers(value, field, ("field", "operator", "value")) + named(value, field)
    operator = value.get("operator")
    if operator not in ("eq", "exists"):
        faults.append(Fault(f"{field}.operator", f"{field}.operator must be eq or exists; got {got(operator)}."))
    return faults + (scalar(value, field) if operator == "eq" else [])


def named(value: Mapping[str, object], field: str, key: str = "field") -> list[Fault]:
    """The faults of the entry that holds a name: the field of an attribute, the name of an event."""
    name = value.get(key)
    if isinstance(name, str) and name:
        return []
    return [Fault(f"{field}.{key}", f"{field}.{key} must be a name; got {got(name)}.")]


def scalar(value: Mapping[str, object], field: str) -> list[Fault]:
    """The faults of the `value` that an attribute is compared with."""
    if isinstance(value.get("value"), str | int | float):
        return []
    message = f"{field}.value must be text, a number, true or false; got {got(value.get('value'))}."
    return [Fault(f"{field}.value", message)]


def strangers(value: Mapping[str, object], field: str, known: Sequence[str]) -> list[Fault]:
    """One fault for each key that is not `known`."""
    return [
        Fault(f"{field}.{key}", f"{field}.{short(key)} is not known; use {listed(known)}.")
        for key in value
        if key not in known
    ]


def is_number(text: str) -> bool:
    """Whether text reads as a JSON number: digits in ASCII, a point, an exponent."""
    return _NUMBER.fullmatch(text) is not None


def got(value: object) -> str:
    """What was given, for the end of a sentence."""
    words = {None: "nothing", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return quoted(value)


def short(key: object) -> str:
    """A key that somebody else chose, without quotation marks."""
    return quoted(str(key)).strip('"')


def listed(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(short(name) for name in names)
