"""The Track API: how people and what they do get in. Reference 12 (v1), 13 (v2).

Bodies are free-form: `track_bodies.py` says what they may hold, `attributes.py`, `events.py`, `operations.py` and
`relationships.py` say what is wrong with one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from handbill.contract import attributes
from handbill.contract import track_bodies as bodies
from handbill.contract.endpoint import Auth, Endpoint, ErrorShape, Model
from handbill.contract.filters import got, listed, short
from handbill.contract.limits import TRACK
from handbill.errors import Fault

_MAIL = ("bounced", "clicked", "converted", "deferred", "delivered", "dropped", "opened", "spammed")
_PHONE = ("bounced", "clicked", "delivered", "opened")
_SHOWN = ("clicked", "converted", "opened")
PUSH_METRICS = ("converted", "delivered", "opened")
METRICS = {
    "email": _MAIL,
    "webhook": _MAIL,
    "twilio": _PHONE,
    "whatsapp": _PHONE,
    "push": PUSH_METRICS,
    "slack": ("clicked", "converted", "delivered", "opened"),
    "in_app": _SHOWN,
    "inbox": _SHOWN,
}
"""What may be reported about a delivery of each type (reference 12)."""
FORM_KEYS = ("form_id", "form_name", "form_type", "form_url", "form_url_param")
"""Keys of a form that are not kept."""


class Region(Model):
    url: str
    region: Literal["us", "eu"]
    environment_id: int


class MembersQuery(Model):
    id_type: Literal["id", "email", "cio_id"] = "id"


def report(body: Mapping[str, Any], key: str, metrics: Sequence[str]) -> list[Fault]:
    """What is wrong with a report, whose metric is in `key`; if the delivery has it, only the workspace knows."""
    faults = attributes.moment(body.get("timestamp"), "timestamp")
    if not isinstance(body.get("delivery_id"), str):
        faults.append(Fault("delivery_id", f"delivery_id must be text; got {got(body.get('delivery_id'))}."))
    if body.get(key) not in metrics:
        faults.append(Fault(key, f"{key} must be one of {listed(metrics)}; got {got(body.get(key))}."))
    return faults


def form(data: object) -> list[Fault]:
    """What is wrong with the `data` of a form, who sent it aside."""
    if not isinstance(data, Mapping):
        return [Fault("data", f"data must be an object of text values; got {got(data)}.")]
    faults = [
        Fault(f"data.{name}", f"data.{short(name)} must be text; got {got(value)}.")
        for name, value in data.items()
        if not isinstance(value, str) and not (value is None and name in ("id", "email"))
    ]
    return faults or attributes.check(data, "data.")


def _v1(name: str, method: str, path: str, does: str, **more: Any) -> Endpoint:
    usual: dict[str, Any] = {"errors": ErrorShape.C, "auth": Auth.TRACK, "rate": TRACK}
    own = {"name": f"track.{name}", "method": method, "path": f"/api/v1{path}", "does": does, "source": "12"}
    return Endpoint(**own | usual | more)


def _v2(name: str, does: str, body: type[Model], also: Mapping[int, type[Model]]) -> Endpoint:
    return Endpoint(
        name=f"track.{name}",
        method="POST",
        path=f"/api/v2/{name}",
        does=does,
        source="13",
        body=body,
        also=also,
        errors=ErrorShape.D,
        auth=Auth.TRACK,
        rate=TRACK,
    )


REGION = _v1("region", "GET", "/accounts/region", "Where this workspace is", answer=Region)
IDENTIFY = _v1("identify", "PUT", "/customers/{identifier}", "Add or update a person", body=bodies.Attributes)
DELETE = _v1("delete", "DELETE", "/customers/{identifier}", "Delete a person")
SUPPRESS = _v1("suppress", "POST", "/customers/{identifier}/suppress", "Delete a person and block the identifiers")
UNSUPPRESS = _v1("unsuppress", "POST", "/customers/{identifier}/unsuppress", "Allow an identifier again")
EVENT = _v1("event", "POST", "/customers/{identifier}/events", "Record what a person did", body=bodies.Event)
ANONYMOUS_EVENT = _v1(
    "anonymous_event",
    "POST",
    "/events",
    "Record what somebody did who is not known yet",
    body=bodies.AnonymousEvent,
)
MERGE = _v1("merge", "POST", "/merge_customers", "Make one person of two", body=bodies.Merge, errors=ErrorShape.B)
PUT_DEVICE = _v1(
    "put_device", "PUT", "/customers/{identifier}/devices", "Add or update a device", body=bodies.OneDevice
)
DELETE_DEVICE = _v1("delete_device", "DELETE", "/customers/{identifier}/devices/{device_id}", "Remove a device")
ADD = _v1(
    "add",
    "POST",
    "/segments/{segment_id}/add_customers",
    "Add people to a manual segment",
    query=MembersQuery,
    body=bodies.Members,
)
REMOVE = _v1(
    "remove",
    "POST",
    "/segments/{segment_id}/remove_customers",
    "Take people out of a manual segment",
    query=MembersQuery,
    body=bodies.Members,
)
METRIC = _v1("metric", "POST", "/metrics", "Report what became of a delivery", body=bodies.Report, auth=Auth.NONE)
PUSH_EVENT = _v1(
    "push_event", "POST", "/push/events", "Report what became of a push", body=bodies.PushReport, auth=Auth.NONE
)
PUSH_EVENT_AT_ROOT = replace(
    PUSH_EVENT, name="track.push_event_at_root", path="/push/events", does="The same, where older clients look for it"
)
FORM = _v1(
    "form",
    "POST",
    "/forms/{form_id}/submit",
    "Take a form in, and the person who sent it",
    body=bodies.Form,
    status=204,
)
UNSUBSCRIBE = replace(
    METRIC,
    name="track.unsubscribe",
    path="/unsubscribe/{delivery_id}",
    does="Unsubscribe the person of a delivery",
    body=bodies.Unsubscribe,
)
ENTITY = _v2("entity", "One operation on a person, an object or a delivery", bodies.Operation, {})
BATCH = _v2("batch", "Many operations, each taken or refused for itself", bodies.Operations, {207: bodies.Refusals})


def endpoints() -> Iterator[Endpoint]:
    """Every endpoint of the Track API that Handbill knows."""
    yield from (value for value in globals().values() if isinstance(value, Endpoint))
