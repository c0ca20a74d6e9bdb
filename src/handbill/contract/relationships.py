"""Relationships: which objects a person belongs to, and how both are named in a call (reference 12, 13)."""

from collections.abc import Mapping

from handbill.contract import attributes
from handbill.contract.filters import got, listed, short
from handbill.contract.limits import BIGGEST_ID
from handbill.errors import Fault

PEOPLE = ("id", "email", "cio_id")
ANONYMOUS = ("anonymous_id",)
OBJECTS = ("object_type_id", "object_id", "cio_object_id")
ACTIONS = ("add_relationships", "delete_relationships")


def check(value: object, field: str, ends: tuple[str, ...]) -> list[Fault]:
    """Everything wrong with a list of relationships to `ends`: PEOPLE, ANONYMOUS or OBJECTS."""
    if not isinstance(value, list):
        return [Fault(field, f"{field} must be a list of relationships; got {got(value)}.")]
    return [fault for i, each in enumerate(value) for fault in _relationship(each, f"{field}[{i}]", ends)]


def of_identify(value: object, field: str) -> list[Fault]:
    """What is wrong with the `cio_relationships` of v1's identify: `{"action", "relationships"}`."""
    if not isinstance(value, Mapping):
        return [Fault(field, f"{field} must be an object with action and relationships; got {got(value)}.")]
    action, faults = value.get("action"), check(value.get("relationships"), f"{field}.relationships", OBJECTS)
    if action not in ACTIONS:
        faults.append(Fault(f"{field}.action", f"{field}.action must be {' or '.join(ACTIONS)}; got {got(action)}."))
    return faults


def _relationship(value: object, field: str, ends: tuple[str, ...]) -> list[Fault]:
    if not isinstance(value, Mapping):
        return [Fault(field, f"{field} must be an object with identifiers; got {got(value)}.")]
    check_end = object_ if ends is OBJECTS else person
    faults = check_end(value.get("identifiers"), f"{field}.identifiers", ends)
    return faults + attributes.plain(value.get("relationship_attributes") or {}, f"{field}.relationship_attributes")


def person(value: object, field: str, kinds: tuple[str, ...] = PEOPLE) -> list[Fault]:
    """What is wrong with the identifiers of one person: exactly one of `kinds`."""
    if not isinstance(value, Mapping) or len(value) != 1:
        given = listed(value) if isinstance(value, Mapping) and value else got(value)
        return [Fault(field, f"{field} must hold exactly one of {listed(kinds)}; got {given}.")]
    [(kind, name)] = value.items()
    within = f"{field}.{short(kind)}"
    if kind not in kinds:
        return [Fault(within, f"{within} does not identify people here; use {listed(kinds)}.")]
    return attributes.identifier(kind, name, within)


def object_(value: object, field: str, kinds: tuple[str, ...] = OBJECTS) -> list[Fault]:
    """What is wrong with the identifiers of one object: its type and id, or its `cio_object_id`."""
    if not isinstance(value, Mapping) or not value.keys() & set(kinds):
        given = listed(value) if isinstance(value, Mapping) and value else got(value)
        message = f"{field} must hold object_type_id and object_id, or cio_object_id; got {given}."
        return [Fault(field, message)]
    if "cio_object_id" in value:
        return attributes.identifier("id", value["cio_object_id"], f"{field}.cio_object_id")
    faults = attributes.identifier("id", value.get("object_id"), f"{field}.object_id")
    number = value.get("object_type_id")
    if type_number(number) is None:
        message = f'{field}.object_type_id must be the number of a type, such as "1"; got {got(number)}.'
        faults.append(Fault(f"{field}.object_type_id", message))
    return faults


def type_number(value: object) -> int | None:
    """An `object_type_id`, which is a whole number written as text or not; None when it is none."""
    text = str(value) if type(value) in (int, str) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 17 else 0
    return number if 1 <= number <= BIGGEST_ID else None
