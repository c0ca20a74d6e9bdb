"""Segments: which groups of people there are, and how large each is."""

from typing import Annotated, Literal

from pydantic import Field

from handbill.contract.app.segments import Identifiers, Segment
from handbill.contract.limits import MEMBERSHIP_DEFAULT, MEMBERSHIP_MAX
from handbill.tools.answers import Answer, page
from handbill.tools.parameters import Cursor, Number, SegmentId, Sort
from handbill.tools.tool import Context, continuing, tool

TheSegment = Annotated[
    int, SegmentId(does="The segment's id, from CUSTOMERIO_GET_SEGMENTS.", where="GET_SEGMENTS lists them")
]


class SegmentList(Answer):
    segments: list[Segment]
    total: int


class SegmentDetails(Answer):
    segment: Segment
    people: int = Field(description="How many people are in the segment now.")


class SegmentMembership(Answer):
    identifiers: list[Identifiers]
    ids: list[str] = Field(description="The ids of the same people, empty for who has none.")
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


@tool(effect="reads", toolset="segments", command="segments list")
async def get_segments(context: Context) -> SegmentList:
    """List all segments: groups of people, kept by conditions (dynamic) or by hand (manual).

    Use a segment's id in `recipients` of CUSTOMERIO_TRIGGER_BROADCAST: {"segment": {"id": 3}}.
    """
    segments = (await context.client.segments.list()).segments
    return SegmentList(segments=segments, total=len(segments))


@tool(effect="reads", toolset="segments", command="segments show")
async def get_segment_details(context: Context, segment_id: TheSegment) -> SegmentDetails:
    """Get one segment, with the number of people in it now."""
    segment = (await context.client.segments.get(segment_id)).segment
    count = await context.client.segments.count(segment_id)
    return SegmentDetails(segment=segment, people=count.count)


@tool(effect="reads", toolset="people", command="segments people")
async def get_segment_membership(
    context: Context,
    segment_id: TheSegment,
    limit: Annotated[
        int, Number(does="How many at most; an answer holds up to 100.", high=MEMBERSHIP_MAX)
    ] = MEMBERSHIP_DEFAULT,
    sort: Annotated[Literal["asc", "desc"], Sort(does="asc: who was added first; desc: who was added last.")] = "asc",
    start: Annotated[str, Cursor()] = "",
) -> SegmentMembership:
    """List the people in a segment, by their identifiers. `next` goes on to the following page."""

    own = context.client.live and sort == "desc"
    context.notes.extend(["Customer.io lists a segment in an order of its own: sort does nothing."] * own)

    async def fetch(size: int) -> SegmentMembership:
        found = await context.client.segments.membership(segment_id, start, size, "asc" if own else sort)
        return SegmentMembership(identifiers=found.identifiers, ids=found.ids, next=found.next)

    with continuing():
        return await page(fetch, limit)
