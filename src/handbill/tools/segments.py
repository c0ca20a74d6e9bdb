"""Segments: which groups of people there are, and how large each is."""

from typing import Annotated

from pydantic import Field

from handbill.contract.app.segments import Segment
from handbill.tools.answers import Answer, fitting
from handbill.tools.parameters import SegmentId
from handbill.tools.tool import Context, tool


class SegmentList(Answer):
    segments: list[Segment]
    total: int


class SegmentDetails(Answer):
    segment: Segment
    people: int = Field(description="How many people are in the segment now.")


@tool(effect="reads", toolset="segments", command="segments list")
async def get_segments(context: Context) -> SegmentList:
    """List all segments: groups of people, kept by conditions (dynamic) or by hand (manual).

    Use a segment's id in `recipients` of CUSTOMERIO_TRIGGER_BROADCAST: {"segment": {"id": 3}}.
    """
    segments = (await context.client.segments.list()).segments
    return fitting(SegmentList(segments=segments, total=len(segments)), "segments")


@tool(effect="reads", toolset="segments", command="segments show")
async def get_segment_details(
    context: Context,
    segment_id: Annotated[
        int, SegmentId(does="The segment's id, from CUSTOMERIO_GET_SEGMENTS.", where="GET_SEGMENTS lists them")
    ],
) -> SegmentDetails:
    """Get one segment, with the number of people in it now."""
    segment = (await context.client.segments.get(segment_id)).segment
    count = await context.client.segments.count(segment_id)
    return SegmentDetails(segment=segment, people=count.count)
