"""The Track API: how people and what they do get in. Reference 12 (v1), 13 (v2).

Bodies are free-form, so they are no models: `attributes.py`, `events.py` and `operations.py` say what is wrong
with one.
"""

from collections.abc import Iterator
from typing import Literal

from handbill.contract.endpoint import Auth, Endpoint, ErrorShape, Model, Nothing
from handbill.contract.limits import TRACK


class Region(Model):
    url: str
    region: Literal["us", "eu"]
    environment_id: int


class MembersQuery(Model):
    id_type: Literal["id", "email", "cio_id"] = "id"


def _v1(
    name: str, method: str, path: str, does: str, query: type[Model] = Nothing, answer: type[Model] = Nothing
) -> Endpoint:
    return Endpoint(
        name=f"track.{name}",
        method=method,
        path=f"/api/v1{path}",
        does=does,
        source="12",
        query=query,
        answer=answer,
        errors=ErrorShape.C,
        auth=Auth.TRACK,
        rate=TRACK,
    )


def _v2(name: str, does: str) -> Endpoint:
    return Endpoint(
        name=f"track.{name}",
        method="POST",
        path=f"/api/v2/{name}",
        does=does,
        source="13",
        errors=ErrorShape.D,
        auth=Auth.TRACK,
        rate=TRACK,
    )


REGION = _v1("region", "GET", "/accounts/region", "Where this workspace is", answer=Region)
IDENTIFY = _v1("identify", "PUT", "/customers/{identifier}", "Add or update a person")
DELETE = _v1("delete", "DELETE", "/customers/{identifier}", "Delete a person")
SUPPRESS = _v1("suppress", "POST", "/customers/{identifier}/suppress", "Delete a person and block the identifiers")
UNSUPPRESS = _v1("unsuppress", "POST", "/customers/{identifier}/unsuppress", "Allow an identifier again")
EVENT = _v1("event", "POST", "/customers/{identifier}/events", "Record what a person did")
PUT_DEVICE = _v1("put_device", "PUT", "/customers/{identifier}/devices", "Add or update a device")
DELETE_DEVICE = _v1("delete_device", "DELETE", "/customers/{identifier}/devices/{device_id}", "Remove a device")
ADD = _v1("add", "POST", "/segments/{segment_id}/add_customers", "Add people to a manual segment", MembersQuery)
REMOVE = _v1(
    "remove", "POST", "/segments/{segment_id}/remove_customers", "Take people out of a manual segment", MembersQuery
)
ENTITY = _v2("entity", "One operation on a person")
BATCH = _v2("batch", "Many operations, each taken or refused for itself")


def endpoints() -> Iterator[Endpoint]:
    """Every endpoint of the Track API that Handbill knows."""
    yield from (value for value in globals().values() if isinstance(value, Endpoint))
