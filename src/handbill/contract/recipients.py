"""A newsletter's recipients: the strict filter of reference 6.2, checked, and as the filter that is kept."""

from collections.abc import Mapping
from typing import Any

from handbill.contract.filters import attribute, got, listed, segment
from handbill.errors import Fault

_INVALID = "Invalid filter spec"
_EXAMPLE = '{"and":[{"or":[{"segment":{"id":3}}]}]}'


def check(value: object, field: str = "recipients") -> list[Fault]:
    """Everything wrong with `recipients`: one `and` of attributes, `or`s of segments and `not`s of these."""
    items = value.get("and") if isinstance(value, Mapping) and [*value] == ["and"] else None
    if not isinstance(items, list) or not items:
        return [_fault(field, f"{field} must be one and with a list, e.g. {_EXAMPLE}; got {got(value)}.")]
    return [fault for i, item in enumerate(items) for fault in _item(item, f"{field}.and[{i}]")]


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Checked recipients as a filter of reference 3.2, in which `inverse` is a `not`."""
    return {"and": [_plain(item) for item in value["and"]]}


def _item(value: object, field: str) -> list[Fault]:
    if not isinstance(value, Mapping) or len(value) != 1:
        return [_fault(field, f"{field} must hold exactly one of or, not and attribute; got {_keys(value)}.")]
    [(key, inner)] = value.items()
    if key == "or":
        return _segments(inner, f"{field}.or")
    if key == "not":
        return _excluded(inner, f"{field}.not")
    if key == "attribute":
        return _attribute(inner, f"{field}.attribute")
    if key == "segment":
        return [_fault(field, f'{field}: a segment stands in an or, e.g. {{"or":[{{"segment":{{"id":3}}}}]}}.')]
    return [_fault(field, f"{field} must hold exactly one of or, not and attribute; got {_keys(value)}.")]


def _excluded(value: object, field: str) -> list[Fault]:
    if isinstance(value, Mapping) and [*value] == ["or"]:
        return _segments(value["or"], f"{field}.or")
    return [_fault(field, f'{field} must be {{"or":[segments]}}; got {_keys(value)}.')]


def _segments(value: object, field: str) -> list[Fault]:
    if not isinstance(value, list) or not value:
        return [_fault(field, f"{field} must be a list of segments; got {got(value)}.")]
    faults = []
    for i, each in enumerate(value):
        one = isinstance(each, Mapping) and [*each] == ["segment"]
        faults += (
            _marked(segment(each["segment"], f"{field}[{i}].segment")) if one else [_only(f"{field}[{i}]", each)]
        )
    return faults


def _only(field: str, value: object) -> Fault:
    return _fault(field, f"{field} must be a segment: an or holds nothing else; got {_keys(value)}.")


def _attribute(value: object, field: str) -> list[Fault]:
    if not isinstance(value, dict):
        return [_fault(field, f"{field} must be an object with field and operator; got {got(value)}.")]
    bare = {key: inner for key, inner in value.items() if key != "inverse"}
    faults = attribute(bare, field)
    if not isinstance(value.get("inverse", False), bool):
        faults.append(
            Fault(f"{field}.inverse", f"{field}.inverse must be true or false; got {got(value['inverse'])}.")
        )
    return _marked(faults)


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    inner = item.get("attribute")
    if inner is None or "inverse" not in inner:
        return dict(item)
    bare = {"attribute": {key: value for key, value in inner.items() if key != "inverse"}}
    return {"not": bare} if inner["inverse"] else bare


def _keys(value: object) -> str:
    return listed(value) if isinstance(value, Mapping) and value else got(value)


def _marked(faults: list[Fault]) -> list[Fault]:
    return [_fault(fault.field, fault.message) for fault in faults]


def _fault(field: str, message: str) -> Fault:
    return Fault(field, f"{_INVALID}: {message}")
