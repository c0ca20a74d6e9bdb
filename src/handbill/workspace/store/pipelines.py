"""Pipelines calls, told as the operations that the Track API has, and done with them. Reference 14."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from handbill.contract.pipelines import device, moment, object_type, seconds, user
from handbill.errors import InvalidInput
from handbill.workspace.store import operations, people
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.identifiers import kind

Call = Mapping[str, Any]
Operation = dict[str, Any]

_ACTIONS = {"User Deleted": "delete", "User Suppressed": "suppress", "User Unsuppressed": "unsuppress"}
_TRUE = ("true", "1")


def apply(tx: Transaction, calls: Iterable[tuple[int, str, Call]], now: int) -> dict[int, InvalidInput]:
    """Do checked calls (number, type and the call) in their order; what cannot be done is returned by its number."""
    emails = people.emails_identify(tx)
    told = ((number, each) for number, type_, call in calls for each in _operations(type_, call, emails))
    return operations.apply(tx, told, now)


def _operations(type_: str, call: Call, emails: bool) -> Iterator[Operation]:
    """What a call comes to: mostly one operation; nothing, when it says who somebody unknown is not."""
    match type_:
        case "identify":
            yield from _identify(call, emails)
        case "group":
            yield _group(call, emails)
        case "alias":
            yield from _alias(call, emails)
        case "track" if call["event"] in _RESERVED:
            yield {"timestamp": moment(call), **_RESERVED[call["event"]](call, call.get("properties") or {}, emails)}
        case _:
            yield _event(type_, call, emails)


def _person(action: str, who: object, emails: bool, **more: Any) -> Operation:
    return {"type": "person", "action": action, "identifiers": {kind(str(who), emails): str(who)}, **more}


def _identify(call: Call, emails: bool) -> Iterator[Operation]:
    """Somebody without a userId is known by the trait `email`, or not yet at all."""
    traits = dict(call.get("traits") or {})
    if "createdAt" in traits:
        created = traits.pop("createdAt")
        traits["created_at"] = seconds(created) or created
    if "unsubscribed" in traits:
        traits["unsubscribed"] = str(traits["unsubscribed"]).lower() in _TRUE
    name = user(call) or traits.get("email")
    anonymous = {"anonymous_id": str(call["anonymousId"])} if call.get("anonymousId") else {}
    if name:
        yield _person("identify", name, emails, attributes=traits | anonymous, timestamp=moment(call))


def _event(type_: str, call: Call, emails: bool) -> Operation:
    properties = call.get("properties") or {}
    views = (call.get("name"), properties.get("url"), properties.get("title"), type_)
    name = call["event"] if type_ == "track" else next(each for each in views if isinstance(each, str) and each)
    event = {
        "name": name[:100],
        "id": call.get("messageId") or None,
        "timestamp": moment(call),
        "attributes": properties,
    }
    action = "event" if type_ == "track" else type_
    if name := user(call):
        return _person(action, name, emails, **event)
    return {"type": "anonymous", "action": action, "anonymous_id": str(call["anonymousId"]), **event}


def _group(call: Call, emails: bool) -> Operation:
    traits = dict(call.get("traits") or {})
    named = {"object_type_id": str(object_type(call, traits)), "object_id": str(call["groupId"])}
    related = traits.pop("relationshipAttributes", None) or {}
    for key in ("objectTypeId", "object_type_id"):
        traits.pop(key, None)
    action = "identify"
    end: dict[str, str] = {}
    if name := user(call):
        end[kind(str(name), emails)] = str(name)
    elif call.get("anonymousId"):
        action = "identify_anonymous"
        end["anonymous_id"] = str(call["anonymousId"])
    ends = [{"identifiers": end, "relationship_attributes": related}] if end else []
    return {"type": "object", "action": action, "identifiers": named, "attributes": traits, "cio_relationships": ends}


def _alias(call: Call, emails: bool) -> Iterator[Operation]:
    """The person who stays takes what was done anonymously under the former id, and whoever had it as a name."""
    stays, goes = str(call["userId"]), str(call["previousId"])
    yield _person("identify", stays, emails, attributes={"anonymous_id": goes})
    primary, secondary = {kind(stays, emails): stays}, {kind(goes, emails): goes}
    yield {"type": "person", "action": "merge", "primary": primary, "secondary": secondary}


def _about_person(call: Call, properties: Call, emails: bool) -> Operation:
    return _person(_ACTIONS[call["event"]], call["userId"], emails)


def _add_device(call: Call, properties: Call, emails: bool) -> Operation:
    given = device(call)
    kept = {"token": given["token"], "platform": str(given["type"]).lower(), "last_used": moment(call)}
    return _person("add_device", call["userId"], emails, device=kept | {"attributes": properties})


def _delete_device(call: Call, properties: Call, emails: bool) -> Operation:
    return _person("delete_device", call["userId"], emails, device={"token": device(call)["token"]})


def _delete_relationship(call: Call, properties: Call, emails: bool) -> Operation:
    ends = [{"identifiers": _object(properties)}]
    return _person("delete_relationships", call["userId"], emails, cio_relationships=ends)


def _delete_object(call: Call, properties: Call, emails: bool) -> Operation:
    return {"type": "object", "action": "delete", "identifiers": _object(properties)}


def _object(properties: Call) -> dict[str, str]:
    return {"object_type_id": str(object_type({}, properties)), "object_id": str(properties["objectId"])}


def _delivery(call: Call, properties: Call, emails: bool) -> Operation:
    said = {name: properties[name] for name in ("recipient", "reason", "href") if properties.get(name)}
    named = {"id": str(properties["deliveryId"])}
    return {"type": "delivery", "identifiers": named, "name": properties["metric"], "attributes": said}


def _content(call: Call, properties: Call, emails: bool) -> Operation:
    said = {"content_id": properties.get("contentId"), "template_id": properties.get("templateId")}
    return {"type": "content", "name": properties["actionType"], "attributes": said}


_RESERVED = {
    **dict.fromkeys(_ACTIONS, _about_person),
    "Device Created or Updated": _add_device,
    "Device Deleted": _delete_device,
    "Relationship Deleted": _delete_relationship,
    "Object Deleted": _delete_object,
    "Report Delivery Event": _delivery,
    "Report Content Event": _content,
}
