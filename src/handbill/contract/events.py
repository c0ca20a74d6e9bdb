"""Events: what may be told about something a person did, with the limits of reference 12."""

from collections.abc import Mapping

import msgspec

from handbill.contract.attributes import moment
from handbill.contract.filters import got
from handbill.contract.limits import EVENT_DATA_BYTES, EVENT_NAME_BYTES, IDENTIFIER_BYTES
from handbill.errors import Fault

TYPES = ("event", "page", "screen")


def check(event: Mapping[str, object], type_: object = "event", data: str = "data") -> list[Fault]:
    """Everything wrong with an event's name, type, id, timestamp and data; `data` is the key that holds the data."""
    faults = _name(event.get("name")) + moment(event.get("timestamp"), "timestamp") + _id(event.get("id"))
    if type_ not in TYPES:
        faults.append(Fault("type", f"type must be event, page or screen; got {got(type_)}."))
    inside = event.get(data)
    if inside is not None and not isinstance(inside, Mapping):
        faults.append(Fault(data, f"{data} must be an object; got {got(inside)}."))
    elif inside and (size := len(msgspec.json.encode(inside))) > EVENT_DATA_BYTES:
        faults.append(Fault(data, f"{data} is {size} bytes; the limit is {EVENT_DATA_BYTES}."))
    return faults


def _name(name: object) -> list[Fault]:
    if not isinstance(name, str) or not name.strip():
        return [Fault("name", f"name is required: what happened, such as purchase; got {got(name)}.")]
    if len(name.strip().encode()) > EVENT_NAME_BYTES:
        return [Fault("name", f"name is longer than {EVENT_NAME_BYTES} bytes.")]
    return []


def _id(name: object) -> list[Fault]:
    if name is None or (isinstance(name, str) and 0 < len(name.encode()) <= IDENTIFIER_BYTES):
        return []
    return [Fault("id", f"id must be text of 1 to {IDENTIFIER_BYTES} bytes, best a ULID; got {got(name)}.")]
