"""Newsletters: one-time sends. Reference 6.1."""

import msgspec

from handbill.contract.app import newsletters as contract
from handbill.contract.endpoint import Nothing
from handbill.contract.limits import NEWSLETTERS_MAX
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import newsletters
from handbill.workspace.store.database import Row
from handbill.workspace.store.segments import within


@serves(contract.LIST)
async def listed(call: Call) -> contract.Newsletters:
    limit, after = call.limit(NEWSLETTERS_MAX), call.position()
    rows = await call.workspace.database.read(newsletters.page, call.query.sort, after, limit + 1)
    shown = rows[:limit]
    more = [shown[-1]["created"], shown[-1]["id"]] if len(rows) > limit else None
    return contract.Newsletters(newsletters=[_newsletter(row) for row in shown], next=call.cursor(more))


@serves(contract.GET)
async def get(call: Call) -> contract.OneNewsletter:
    row = await call.workspace.database.read(newsletters.get, call.number("newsletter_id"))
    return contract.OneNewsletter(newsletter=_newsletter(row))


@serves(contract.DELETE)
async def delete(call: Call) -> Nothing:
    await call.workspace.database.write(newsletters.delete, call.number("newsletter_id"))
    return Nothing()


def _newsletter(row: Row) -> contract.Newsletter:
    return contract.Newsletter(
        id=row["id"],
        deduplicate_id=f"{row['id']}:{row['updated']}",
        content_ids=msgspec.json.decode(row["content_ids"]),
        name=row["name"],
        sent_at=row["sent_at"],
        created=row["created"],
        updated=row["updated"],
        type=row["type"],
        tags=msgspec.json.decode(row["tags"]),
        recipient_segment_ids=sorted({*within(msgspec.json.decode(row["audience"]))}),
        subscription_topic_id=row["topic_id"],
    )
