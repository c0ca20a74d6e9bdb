"""Segments: groups of people, kept by hand (manual) or by conditions (dynamic). Reference 5."""

from typing import Literal

from pydantic import Field

from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import MEMBERSHIP_DEFAULT


class Identifiers(Model):
    """How a person is known. `cio_id` is always there, the others only if the person has them."""

    email: str | None = None
    id: str | None = None
    cio_id: str


class Segment(Model):
    id: int
    deduplicate_id: str
    name: str
    description: str = ""
    state: Literal["events", "build", "events_queued", "build_queued", "finished"] = "finished"
    progress: int | None = None
    type: Literal["dynamic", "manual"]
    tags: list[str] | None = None
    created_at: int | None = None
    updated_at: int | None = None


class Segments(Model):
    segments: list[Segment]


class OneSegment(Model):
    segment: Segment


class NewSegment(Model):
    name: str
    description: str = ""


class CreateSegment(Model):
    segment: NewSegment


class Count(Model):
    count: int


class UsedBy(Model):
    campaigns: list[int] = []
    sent_newsletters: list[int] = []
    draft_newsletters: list[int] = []


class SegmentUsedBy(Model):
    used_by: UsedBy


class MembershipQuery(Model):
    start: str = ""
    limit: int = MEMBERSHIP_DEFAULT
    sort: Literal["asc", "desc"] = Field("asc", description="Oldest or newest first; ours, not Customer.io's.")


class Membership(Model):
    ids: list[str]
    identifiers: list[Identifiers]
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


LIST = Endpoint(
    name="segments.list", method="GET", path="/v1/segments", does="List segments", source="5", answer=Segments
)
CREATE = Endpoint(
    name="segments.create",
    method="POST",
    path="/v1/segments",
    does="Create an empty manual segment",
    source="5",
    body=CreateSegment,
    answer=OneSegment,
)
GET = Endpoint(
    name="segments.get",
    method="GET",
    path="/v1/segments/{segment_id}",
    does="One segment",
    source="5",
    answer=OneSegment,
)
DELETE = Endpoint(
    name="segments.delete",
    method="DELETE",
    path="/v1/segments/{segment_id}",
    does="Delete a manual segment",
    source="5",
    status=204,
)
USED_BY = Endpoint(
    name="segments.used_by",
    method="GET",
    path="/v1/segments/{segment_id}/used_by",
    does="What uses a segment",
    source="5",
    answer=SegmentUsedBy,
)
COUNT = Endpoint(
    name="segments.count",
    method="GET",
    path="/v1/segments/{segment_id}/customer_count",
    does="How many people are in a segment",
    source="5",
    answer=Count,
)
MEMBERSHIP = Endpoint(
    name="segments.membership",
    method="GET",
    path="/v1/segments/{segment_id}/membership",
    does="Who is in a segment",
    source="5",
    query=MembershipQuery,
    answer=Membership,
)
