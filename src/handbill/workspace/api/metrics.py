"""Metrics of deliveries and links, for every owner of contents and each of its contents. Reference 8.3."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from handbill.contract.app import metrics as contract
from handbill.contract.app.metrics import CAMPAIGN_SERIES, LINK_SERIES, LONGEST_RANGE, SERIES, WEBHOOK_SERIES
from handbill.contract.limits import LATEST_TIMESTAMP
from handbill.errors import quoted
from handbill.workspace import periods
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.places import place
from handbill.workspace.api.route import Call, serves
from handbill.workspace.periods import Periods
from handbill.workspace.store import metrics
from handbill.workspace.store.database import Row

FEWEST_STEPS = 2
DEFAULT_MONTHS = 12
PERIODS = {"hourly": "hours", "daily": "days", "weekly": "weeks", "monthly": "months"}
"""The other names of resolutions."""


@serves(contract.BROADCAST, contract.ACTION, contract.NEWSLETTER, contract.CONTENT, contract.TRANSACTIONAL)
async def counted(call: Call) -> contract.Metrics:
    return contract.Metrics(metric=await _counted(call, _latest(call), SERIES))


@serves(contract.CAMPAIGN, contract.CAMPAIGN_ACTION)
async def of_campaign(call: Call) -> contract.CampaignMetrics:
    query, names = call.query, SERIES + CAMPAIGN_SERIES
    if query.version != "2":
        return contract.CampaignMetrics(metric=await _counted(call, _latest(call), names))
    zone = _zone(query.tz)
    asked = between(query.res, query.start, query.end, zone, named="res")
    return contract.CampaignMetrics(
        metric=await _counted(call, asked, names),
        start=datetime.fromtimestamp(asked.begins[0], zone).isoformat(),
        end=datetime.fromtimestamp(asked.end, zone).isoformat(),
        res=query.res,
    )


@serves(
    contract.BROADCAST_LINKS,
    contract.ACTION_LINKS,
    contract.CAMPAIGN_LINKS,
    contract.CAMPAIGN_ACTION_LINKS,
    contract.NEWSLETTER_LINKS,
    contract.CONTENT_LINKS,
    contract.TRANSACTIONAL_LINKS,
)
async def links(call: Call) -> contract.Links:
    asked, prefix = _latest(call), "unique_" if call.query.unique else ""
    rows = await call.workspace.database.read(metrics.links, place(call), asked.begins[0], call.query.type)
    names = {f"{prefix}{name}": name for name in LINK_SERIES}
    return contract.Links(
        links=[
            contract.LinkMetric(link=contract.Link(id=link, href=href), metric=_series(asked, counts, names))
            for (link, href), counts in groupby(rows, lambda row: (row["link"], row["href"]))
        ]
    )


async def _counted(call: Call, asked: Periods, names: Iterable[str]) -> contract.Series:
    rows = await call.workspace.database.read(
        metrics.counted, place(call), asked.begins[0], asked.end, getattr(call.query, "type", None)
    )
    answered = any(row["metric"] in WEBHOOK_SERIES for row in rows)
    names = (*names, *WEBHOOK_SERIES) if answered else tuple(names)
    return _series(asked, rows, {name: name for name in names})


def _latest(call: Call) -> Periods:
    """The periods asked for: no `steps` and 0 mean the most there are (12 for months without `steps`)."""
    period, steps = call.query.period, call.query.steps
    if steps is None and period == "months":
        steps = DEFAULT_MONTHS
    most = contract.STEPS[period]
    return periods.last(period, max(FEWEST_STEPS, min(steps or most, most)), call.workspace.clock.now())


def between(res: str | None, start: int | None, end: int | None, zone: ZoneInfo, *, named: str) -> Periods:
    """The periods of this length from `start` to `end`, Unix seconds; `named` is what the length is called.

    Raises BadRequest.
    """
    if res is None or start is None or end is None:
        raise BadRequest.of(named, f"{named}, start and end are required here; give all three.")
    if start > end:
        raise BadRequest.of("start", f"start must not be after end; got {start} and {end}.")
    if end - start > LONGEST_RANGE:
        raise BadRequest.of("end", "end must be at most ten years after start.")
    if end > LATEST_TIMESTAMP:
        raise BadRequest.of("end", f"end must be Unix seconds up to {LATEST_TIMESTAMP}; got {end}.")
    return periods.between(PERIODS.get(res, res), start, end, zone)


def _zone(name: str) -> ZoneInfo:
    zone = periods.zone(name)
    if zone is None:
        raise BadRequest.of("tz", f"tz must be an IANA time zone such as Europe/Berlin; got {quoted(name)}.")
    return zone


def _series(asked: Periods, rows: Iterable[Row], names: dict[str, str]) -> contract.Series:
    """The rows as series; `names` maps each metric to what its series is called."""
    counts: dict[str, list[tuple[int, int]]] = {name: [] for name in names.values()}
    for row in rows:
        if row["metric"] in names:
            counts[names[row["metric"]]].append((row["hour"], row["count"]))
    return contract.Series(series={name: asked.series(each) for name, each in counts.items()})
