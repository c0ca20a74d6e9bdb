"""Campaigns and what became of their journeys. Reference 8.2, 8.4; their actions are in contents.py."""

from zoneinfo import ZoneInfo

import msgspec

from handbill.contract.app import campaigns as contract
from handbill.workspace.api.metrics import between
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import campaigns
from handbill.workspace.store.database import Row
from handbill.workspace.store.segments import within


@serves(contract.LIST)
async def listed(call: Call) -> contract.Campaigns:
    rows = await call.workspace.database.read(campaigns.listed)
    return contract.Campaigns(campaigns=[_campaign(row) for row in rows])


@serves(contract.GET)
async def get(call: Call) -> contract.OneCampaign:
    row = await call.workspace.database.read(campaigns.get, call.number("campaign_id"))
    return contract.OneCampaign(campaign=_campaign(row))


def _campaign(row: Row) -> contract.Campaign:
    return contract.Campaign(
        id=row["id"],
        deduplicate_id=f"{row['id']}:{row['updated']}",
        name=row["name"],
        created=row["created"],
        updated=row["updated"],
        active=row["state"] == "running",
        state=row["state"],
        actions=msgspec.json.decode(row["actions"]),
        first_started=row["first_started"],
        tags=msgspec.json.decode(row["tags"]),
        filter_segment_ids=sorted({*within(msgspec.json.decode(row["audience"]))}),
        event_name=row["event_name"],
    )


@serves(contract.JOURNEY_METRICS)
async def journey_metrics(call: Call) -> contract.JourneyMetrics:
    query = call.query
    asked = between(query.resolution or query.res, query.start, query.end, ZoneInfo("UTC"), named="resolution")
    rows = await call.workspace.database.read(
        campaigns.journeys, call.number("campaign_id"), asked.begins[0], asked.end
    )
    series = {name: asked.series((row["hour"], row[name]) for row in rows) for name in _COUNTED}
    return contract.JourneyMetrics(
        journey_metric=contract.Journeys(
            started=series["started"],
            activated=series["messaged"],  # the first action is a message
            exited_early=[0] * len(asked.begins),  # nobody waits in a journey, so nobody leaves one
            finished=series["finished"],
            converted=series["converted"],
            never_activated=series["idle"],
            messaged=series["messaged"],
        )
    )


_COUNTED = ("started", "messaged", "finished", "converted", "idle")
