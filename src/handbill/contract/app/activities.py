"""Activities: everything that happened, to people and by them, newest first. Reference 9."""

from typing import Any, Literal

from pydantic import Field

from handbill.contract.app.customers import IdType
from handbill.contract.app.segments import Identifiers
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import ACTIVITIES_DEFAULT


class PersonActivitiesQuery(Model):
    """`name` is an event's; `type` one of reference 9, such as `event` or `sent_email`."""

    start: str = ""
    limit: int = ACTIVITIES_DEFAULT
    type: str | None = None
    name: str | None = None
    id_type: IdType = "id"


class ActivitiesQuery(PersonActivitiesQuery):
    deleted: bool = Field(False, description="True: what happened to people who were deleted since.")
    customer_id: str | None = None


class Activity(Model):
    """One thing that happened. What `data` holds depends on `type`: an event's own data, `{attribute: {from, to}}`,
    or a message's `delivery_id`, `delivered` and `opened`."""

    id: str
    type: str
    timestamp: int
    customer_id: str | None = None
    customer_identifiers: Identifiers | None = None
    delivery_id: str | None = None
    delivery_type: Literal["ios", "android", "email", "phone"] | None = None
    name: str | None = None
    url: str | None = None
    data: dict[str, Any] = {}


class Activities(Model):
    activities: list[Activity]
    next: str = ""


LIST = Endpoint(
    name="activities.list",
    method="GET",
    path="/v1/activities",
    does="What happened in the workspace",
    source="9",
    query=ActivitiesQuery,
    answer=Activities,
)
OF_CUSTOMER = Endpoint(
    name="activities.of_customer",
    method="GET",
    path="/v1/customers/{customer_id}/activities",
    does="What one person did, and what happened to them",
    source="9",
    query=PersonActivitiesQuery,
    answer=Activities,
)
