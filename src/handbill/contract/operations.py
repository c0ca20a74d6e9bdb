"""Operations: what one entry of the Track API's `/api/v2/entity` and `/api/v2/batch` may be (reference 13)."""

from collections.abc import Mapping

from handbill.contract import attributes, events
from handbill.contract.filters import got, listed, short
from handbill.errors import Fault

DEVICES = ("add_device", "delete_device")
ACTIONS = ("identify", "delete", "suppress", "unsuppress", *events.TYPES, *DEVICES)
IDENTIFIERS = ("id", "email", "cio_id")


def check(operation: object) -> list[Fault]:
    """Everything wrong with one operation. People alone are kept: objects, relationships and merges are refused."""
    if not isinstance(operation, Mapping):
        return [
            Fault("batch", f"An operation must be an object with type, action and identifiers; got {got(operation)}.")
        ]
    if operation.get("type") != "person":
        return [
            Fault(
                "type", f"type must be person: this workspace keeps nothing else; got {got(operation.get('type'))}."
            )
        ]
    action = operation.get("action")
    if action not in ACTIONS:
        return [Fault("action", f"action must be one of {listed(ACTIONS)}; got {got(action)}.")]
    faults = _identifiers(operation.get("identifiers"))
    if action in events.TYPES:
        return faults + events.check(operation, action, "attributes")
    if action in DEVICES:
        return faults + device(operation.get("device"), "device", "token", action == "add_device")
    if action == "identify":
        faults += attributes.moment(operation.get("timestamp"), "timestamp")
        faults += attributes.check(operation.get("attributes") or {}, "attributes.")
    return faults


def _identifiers(value: object) -> list[Fault]:
    if not isinstance(value, Mapping) or len(value) != 1:
        given = listed(value) if isinstance(value, Mapping) and value else got(value)
        return [Fault("identifiers", f"identifiers must hold exactly one of {listed(IDENTIFIERS)}; got {given}.")]
    [(kind, name)] = value.items()
    field = f"identifiers.{short(kind)}"
    if kind not in IDENTIFIERS:
        return [Fault(field, f"{field} does not identify people here; use {listed(IDENTIFIERS)}.")]
    return attributes.identifier(kind, name, field)


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
