"""What the bodies of the Track API hold, as far as that has a form. Reference 12, 13."""

from typing import Annotated, Any, Literal

from pydantic import WithJsonSchema

from handbill.contract.endpoint import Free, Model
from handbill.contract.operations import OBJECT, PERSON

Plain = str | int | float | bool | None
Json = dict[str, Any]


Action = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted({*PERSON, *OBJECT})})]


class Attributes(Free):
    """A person's attributes by name; those named here mean something of their own."""

    id: str | int | None = None
    email: str | None = None
    cio_id: str | None = None
    anonymous_id: str | None = None
    unsubscribed: bool | None = None
    cio_relationships: Json = {}
    cio_subscription_preferences: Json = {}


class Event(Free):
    name: str
    type: Literal["event", "page", "screen"] = "event"
    id: str | None = None
    timestamp: int | None = None
    data: Json = {}


class AnonymousEvent(Event):
    anonymous_id: str | None = None


class PersonRef(Free):
    """One of these."""

    id: str | int = ""
    email: str = ""
    cio_id: str = ""


class Merge(Free):
    primary: PersonRef
    secondary: PersonRef


class Device(Free):
    id: str
    platform: Literal["ios", "android"]
    last_used: int | None = None
    attributes: dict[str, Plain] = {}


class OneDevice(Free):
    device: Device


class Members(Free):
    ids: list[str]


class Report(Free):
    delivery_id: str
    metric: Literal["bounced", "clicked", "converted", "deferred", "delivered", "dropped", "opened", "spammed"]
    timestamp: int | None = None
    recipient: str | None = None
    reason: str | None = None
    href: str | None = None


class PushReport(Free):
    delivery_id: str
    event: Literal["converted", "delivered", "opened"]
    device_id: str | None = None
    timestamp: int | None = None


class Unsubscribe(Free):
    unsubscribe: Literal[True]


class Form(Free):
    data: dict[str, str]


class Identifiers(PersonRef):
    """Of a person, an object or a delivery."""

    object_type_id: str | int = ""
    object_id: str = ""
    cio_object_id: str = ""


class Relationship(Free):
    identifiers: Identifiers
    relationship_attributes: dict[str, Plain] = {}


class TokenDevice(Free):
    token: str
    platform: Literal["ios", "android"] | None = None
    last_used: int | None = None
    attributes: dict[str, Plain] = {}


class Operation(Free):
    """One operation on a person, an object or a delivery; which keys it needs depends on its action."""

    type: Literal["person", "object", "delivery"]
    action: Action
    identifiers: Identifiers = Identifiers()
    attributes: Json = {}
    name: str = ""
    timestamp: int | None = None
    device: TokenDevice | None = None
    cio_relationships: list[Relationship] = []
    primary: PersonRef | None = None
    secondary: PersonRef | None = None


class Operations(Free):
    batch: list[Operation]


class Refusal(Model):
    batch_index: int
    reason: str
    field: str
    message: str


class Refusals(Model):
    """What was not taken of a batch; everything else was."""

    errors: list[Refusal]
