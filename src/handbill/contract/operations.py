"""Operations: what one entry of the Track API's `/api/v2/entity` and `/api/v2/batch` may be (reference 13)."""

from collections.abc import Callable, Mapping
from typing import Any

from handbill.contract import attributes, events, relationships
from handbill.contract.filters import got, listed
from handbill.contract.relationships import ANONYMOUS, OBJECTS, PEOPLE
from handbill.errors import Fault

DEVICES = ("add_device", "delete_device")
PERSON = ("identify", "delete", "suppress", "unsuppress", *events.TYPES, *DEVICES, *relationships.ACTIONS, "merge")
OBJECT = ("identify", "identify_anonymous", "delete", *relationships.ACTIONS)
REPORTS = ("opened", "converted", "delivered")
"""What a `delivery` operation may report."""


def check(operation: object) -> list[Fault]:
    """Everything wrong with one operation on a person, an object or a delivery."""
    if not isinstance(operation, Mapping):
        return [
            Fault("batch", f"An operation must be an object with type, action and identifiers; got {got(operation)}.")
        ]
    type_, action = operation.get("type"), operation.get("action")
    if not isinstance(type_, str) or type_ not in _KINDS:
        return [Fault("type", f"type must be one of {listed(_KINDS)}; got {got(type_)}.")]
    actions, faults_of = _KINDS[type_]
    if action not in actions:
        return [Fault("action", f"action must be one of {listed(actions)}; got {got(action)}.")]
    return faults_of(action, operation)


def _person(action: str, operation: Mapping[str, Any]) -> list[Fault]:
    if action == "merge":
        return merge(operation)
    faults = relationships.person(operation.get("identifiers"), "identifiers")
    if action in events.TYPES:
        return faults + events.check(operation, action, "attributes")
    if action in DEVICES:
        return faults + device(operation.get("device"), "device", "token", action == "add_device")
    if action == "identify":
        faults += attributes.moment(operation.get("timestamp"), "timestamp")
        faults += attributes.check(operation.get("attributes") or {}, "attributes.")
    return faults + _relationships(action, operation, OBJECTS)


def merge(body: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a call that makes `secondary` part of `primary`."""
    return [fault for side in ("primary", "secondary") for fault in relationships.person(body.get(side), side)]


def _object(action: str, operation: Mapping[str, Any]) -> list[Fault]:
    faults = relationships.object_(operation.get("identifiers"), "identifiers")
    if action.startswith("identify"):
        faults += attributes.plain(operation.get("attributes") or {}, "attributes")
    return faults + _relationships(action, operation, ANONYMOUS if action == "identify_anonymous" else PEOPLE)


def _relationships(action: str, operation: Mapping[str, Any], ends: tuple[str, ...]) -> list[Fault]:
    """Needed where they are what the action is about, otherwise they may come along."""
    given = operation.get("cio_relationships")
    wanted = action in relationships.ACTIONS or (given is not None and action.startswith("identify"))
    return relationships.check(given, "cio_relationships", ends) if wanted else []


def _delivery(action: str, operation: Mapping[str, Any]) -> list[Fault]:
    identifiers, name = operation.get("identifiers"), operation.get("name")
    faults = attributes.moment(operation.get("timestamp"), "timestamp")
    if not isinstance(identifiers, Mapping) or not isinstance(identifiers.get("id"), str):
        faults.append(Fault("identifiers.id", "identifiers.id must be the id of a delivery."))
    if name not in REPORTS:
        faults.append(Fault("name", f"name must be one of {listed(REPORTS)}; got {got(name)}."))
    if not isinstance(operation.get("attributes") or {}, Mapping):
        faults.append(Fault("attributes", f"attributes must be an object; got {got(operation['attributes'])}."))
    return faults


def device(value: object, field: str, key: str, whole: bool) -> list[Fault]:
    """What is wrong with a device, whose token is called `key`; `whole`: its platform is needed too."""
    if not isinstance(value, Mapping):
        return [Fault(field, f"{field} must be an object with {key} and platform; got {got(value)}.")]
    faults = attributes.identifier("email", value.get(key), f"{field}.{key}")
    if whole and value.get("platform") not in ("ios", "android"):
        faults.append(
            Fault(f"{field}.platform", f"{field}.platform must be ios or android; got {got(value.get('platform'))}.")
        )
    if not isinstance(value.get("attributes") or {}, Mapping):
        faults.append(Fault(f"{field}.attributes", f"{field}.attributes must be an object."))
    return faults + attributes.moment(value.get("last_used"), f"{field}.last_used")


_KINDS: dict[str, tuple[tuple[str, ...], Callable[[str, Mapping[str, Any]], list[Fault]]]] = {
    "person": (PERSON, _person),
    "object": (OBJECT, _object),
    "delivery": (("event",), _delivery),
}
"""What each type of thing can do, and what may be wrong with it."""
