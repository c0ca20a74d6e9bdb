"""Segments: groups of people. Reference 5."""

import msgspec

from handbill.contract.app import segments as contract
from handbill.contract.endpoint import Nothing
from handbill.contract.limits import MEMBERSHIP_MAX
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import people, segments
from handbill.workspace.store.database import Row, Transaction


@serves(contract.LIST)
async def listed(call: Call) -> contract.Segments:
    rows = await call.workspace.database.read(segments.listed)
    return contract.Segments(segments=[_segment(row) for row in rows])


@serves(contract.CREATE)
async def create(call: Call) -> contract.OneSegment:
    wanted: contract.NewSegment = call.body.segment
    if not wanted.name.strip():
        raise BadRequest.of("segment.name", "segment.name must not be empty.")
    now = call.workspace.clock.now()
    row = await call.workspace.database.write(segments.create, wanted.name, wanted.description, now)
    return contract.OneSegment(segment=_segment(row))


@serves(contract.GET)
async def get(call: Call) -> contract.OneSegment:
    row = await call.workspace.database.read(segments.get, call.number("segment_id"))
    return contract.OneSegment(segment=_segment(row))


@serves(contract.DELETE)
async def delete(call: Call) -> Nothing:
    await call.workspace.database.write(segments.delete, call.number("segment_id"))
    return Nothing()


@serves(contract.USED_BY)
async def used_by(call: Call) -> contract.SegmentUsedBy:
    users = await call.workspace.database.read(_used_by, call.number("segment_id"))
    return contract.SegmentUsedBy(
        used_by=contract.UsedBy(
            campaigns=sorted(users["broadcasts"] + users["campaigns"]),
            sent_newsletters=users["sent_newsletters"],
            draft_newsletters=users["draft_newsletters"],
        )
    )


def _used_by(tx: Transaction, segment_id: int) -> dict[str, list[int]]:
    segments.get(tx, segment_id)
    return segments.used_by(tx, segment_id)


@serves(contract.COUNT)
async def count(call: Call) -> contract.Count:
    now = call.workspace.clock.now()
    return contract.Count(count=await call.workspace.database.read(segments.count, call.number("segment_id"), now))


@serves(contract.MEMBERSHIP)
async def membership(call: Call) -> contract.Membership:
    limit, after = call.limit(MEMBERSHIP_MAX), call.position()
    rows = await call.workspace.database.read(
        segments.membership,
        call.number("segment_id"),
        call.workspace.clock.now(),
        after[0] if after else None,
        limit + 1,
        newest=call.query.sort == "desc",
    )
    shown, following = call.page(rows, limit, "person")
    return contract.Membership(
        ids=[row["id"] or "" for row in shown],
        identifiers=[contract.Identifiers.model_validate(people.identifiers(row)) for row in shown],
        next=following,
    )


def _segment(row: Row) -> contract.Segment:
    return contract.Segment(
        id=row["id"],
        deduplicate_id=f"{row['id']}:{row['updated']}",
        name=row["name"],
        description=row["description"],
        type="manual" if row["conditions"] is None else "dynamic",
        tags=msgspec.json.decode(row["tags"]),
        created_at=row["created"],
        updated_at=row["updated"],
    )
