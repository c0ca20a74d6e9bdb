"""The Pipelines API: calls about people and what they do, as Customer.io's data pipelines take them. Reference 14."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from handbill.contract import attributes
from handbill.contract.attributes import identifier
from handbill.contract.endpoint import Auth, Endpoint, ErrorShape, Free
from handbill.contract.filters import got, listed
from handbill.contract.limits import (
    EVENT_DATA_BYTES,
    EVENT_NAME_BYTES,
    IDENTIFIER_BYTES,
    LATEST_TIMESTAMP,
    TRACK,
)
from handbill.contract.operations import REPORTS
from handbill.contract.relationships import type_number
from handbill.errors import Fault

TYPES = ("identify", "track", "page", "screen", "group", "alias")
DELIVERY_METRICS = (*REPORTS, "clicked")
CONTENT_EVENTS = ("viewed_content", "clicked_content")
RESERVED = (
    "User Deleted",
    "User Suppressed",
    "User Unsuppressed",
    "Device Created or Updated",
    "Device Deleted",
    "Relationship Deleted",
    "Object Deleted",
    "Report Delivery Event",
    "Report Content Event",
)
"""Names of `track` calls that are no events: each does what it says."""


def _post(name: str, does: str) -> Endpoint:
    return Endpoint(
        name=f"pipelines.{name}",
        method="POST",
        path=f"/v1/{name}",
        does=does,
        source="14",
        body=Free,
        errors=ErrorShape.C,
        auth=Auth.PIPELINES,
        rate=TRACK,
    )


IDENTIFY = _post("identify", "Add or update a person")
TRACK_EVENT = _post("track", "Record what a person did, or one of the reserved events")
PAGE = _post("page", "Record a page a person looked at")
SCREEN = _post("screen", "Record a screen a person looked at")
GROUP = _post("group", "Add or update an object, and a person's relationship to it")
ALIAS = _post("alias", "Make one person of two")
BATCH = _post("batch", "Many calls, each with its type")


def endpoints() -> Iterator[Endpoint]:
    """Every endpoint of the Pipelines API."""
    yield from (value for value in globals().values() if isinstance(value, Endpoint))


def check(call: object, type_: object) -> list[Fault]:
    """Everything wrong with one call of this type."""
    if not isinstance(call, Mapping):
        return [Fault("body", f"A call must be a JSON object; got {got(call)}.")]
    if type_ not in TYPES:
        return [Fault("type", f"type must be one of {listed(TYPES)}; got {got(type_)}.")]
    key = "traits" if type_ in ("identify", "group") else "properties"
    data = call.get(key)
    if data is not None and not isinstance(data, Mapping):
        return [Fault(key, f"{key} must be an object; got {got(data)}.")]
    return [*_CHECKS[str(type_)](call, data or {}), *_common(call)]


def user(call: Mapping[str, Any]) -> Any:
    """The call's userId; None when it has none, or an empty one."""
    return call.get("userId") or None


def object_type(call: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    """The type of a group: the call's or its traits', "1" when neither says (reference 14)."""
    return call.get("objectTypeId") or data.get("objectTypeId") or data.get("object_type_id") or "1"


def seconds(value: object) -> int | None:
    """A time as Unix seconds: ISO 8601, seconds, or milliseconds; None when it is none of these."""
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            return None
        value = int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())
    if type(value) is int and value > LATEST_TIMESTAMP:
        value //= 1000
    return value if type(value) is int and 0 <= value <= LATEST_TIMESTAMP else None


def moment(call: Mapping[str, Any]) -> int | None:
    """When the call says it happened, Unix seconds."""
    return seconds(call.get("timestamp") or call.get("originalTimestamp"))


def _common(call: Mapping[str, Any]) -> Iterator[Fault]:
    if call.get("timestamp") and seconds(call["timestamp"]) is None:
        yield Fault("timestamp", f"timestamp must be a time in ISO 8601; got {got(call['timestamp'])}.")
    name = call.get("messageId")
    if name and not (isinstance(name, str) and len(name.encode()) <= IDENTIFIER_BYTES):
        yield Fault("messageId", f"messageId must be text of at most {IDENTIFIER_BYTES} bytes; got {got(name)}.")


def _who(call: Mapping[str, Any]) -> list[Fault]:
    """A person, known or not."""
    for field in ("userId", "anonymousId"):
        if call.get(field):
            return identifier("id", call[field], field)
    return [Fault("userId", "userId or anonymousId is required.")]


def _user(call: Mapping[str, Any], field: str = "userId") -> list[Fault]:
    return identifier("id", call[field], field) if call.get(field) else [Fault(field, f"{field} is required.")]


def _identify(call: Mapping[str, Any], traits: Mapping[str, Any]) -> list[Fault]:
    said = {name: value for name, value in traits.items() if name not in ("unsubscribed", "cio_relationships")}
    return ([] if traits.get("email") else _who(call)) + attributes.check(said, "traits.")


def _track(call: Mapping[str, Any], properties: Mapping[str, Any]) -> list[Fault]:
    name = call.get("event")
    if not isinstance(name, str) or not name.strip() or len(name.encode()) > EVENT_NAME_BYTES:
        return [Fault("event", f"event must be a name of 1 to {EVENT_NAME_BYTES} bytes; got {got(name)}.")]
    if name in _RESERVED_CHECKS:
        return _RESERVED_CHECKS[name](call, properties)
    return _who(call) + _size(properties)


def _view(call: Mapping[str, Any], properties: Mapping[str, Any]) -> list[Fault]:
    name = call.get("name")
    faults = [] if name is None or isinstance(name, str) else [Fault("name", f"name must be text; got {got(name)}.")]
    return faults + _who(call) + _size(properties)


def _size(properties: Mapping[str, Any]) -> list[Fault]:
    size = len(msgspec.json.encode(properties))
    too_large = Fault("properties", f"properties is {size} bytes; the limit is {EVENT_DATA_BYTES}.")
    return [too_large] if size > EVENT_DATA_BYTES else []


def _group(call: Mapping[str, Any], traits: Mapping[str, Any]) -> list[Fault]:
    related = traits.get("relationshipAttributes") or {}
    return [
        *_user(call, "groupId"),
        *_type(object_type(call, traits)),
        *(_who(call) if call.get("userId") or call.get("anonymousId") else []),
        *attributes.plain(traits, "traits"),
        *attributes.plain(related, "traits.relationshipAttributes"),
    ]


def _type(value: object) -> list[Fault]:
    message = f'objectTypeId must be the number of a type, such as "1"; got {got(value)}.'
    return [] if type_number(value) is not None else [Fault("objectTypeId", message)]


def _alias(call: Mapping[str, Any], data: Mapping[str, Any]) -> list[Fault]:
    return _user(call) + _user(call, "previousId")


def _device(call: Mapping[str, Any], properties: Mapping[str, Any]) -> list[Fault]:
    given = device(call)
    faults = _user(call) + identifier("email", given.get("token"), "context.device.token")
    kind = given.get("type")
    if call["event"] == "Device Created or Updated" and str(kind).lower() not in ("ios", "android"):
        faults.append(Fault("context.device.type", f"context.device.type must be ios or android; got {got(kind)}."))
    return faults


def device(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """The device in the call's context."""
    context = call.get("context")
    given = context.get("device") if isinstance(context, Mapping) else None
    return given if isinstance(given, Mapping) else {}


def _object(call: Mapping[str, Any], properties: Mapping[str, Any]) -> list[Fault]:
    faults = identifier("id", properties.get("objectId"), "properties.objectId")
    return faults + _type(object_type({}, properties))


def _relationship(call: Mapping[str, Any], properties: Mapping[str, Any]) -> list[Fault]:
    return _user(call) + _object(call, properties)


def _delivery(call: Mapping[str, Any], properties: Mapping[str, Any]) -> list[Fault]:
    faults = identifier("id", properties.get("deliveryId"), "properties.deliveryId")
    return faults + _one_of(properties.get("metric"), "properties.metric", DELIVERY_METRICS)


def _content(call: Mapping[str, Any], properties: Mapping[str, Any]) -> list[Fault]:
    return _one_of(properties.get("actionType"), "properties.actionType", CONTENT_EVENTS)


def _one_of(value: object, field: str, known: tuple[str, ...]) -> list[Fault]:
    return [] if value in known else [Fault(field, f"{field} must be one of {listed(known)}; got {got(value)}.")]


_CHECKS = {
    "identify": _identify,
    "track": _track,
    "page": _view,
    "screen": _view,
    "group": _group,
    "alias": _alias,
}
_RESERVED_CHECKS = {
    **dict.fromkeys(RESERVED[:3], lambda call, properties: _user(call)),
    **dict.fromkeys(RESERVED[3:5], _device),
    "Relationship Deleted": _relationship,
    "Object Deleted": _object,
    "Report Delivery Event": _delivery,
    "Report Content Event": _content,
}
