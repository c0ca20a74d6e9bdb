"""Metrics: what became of all that was sent, as rates with their base and the change against the time before."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from handbill.contract.app.metrics import STEPS, MetricsQuery, PeriodQuery
from handbill.contract.app.newsletters import NewslettersQuery
from handbill.errors import Fault
from handbill.tools.answers import Answer
from handbill.tools.parameters import Choice, Id, Number
from handbill.tools.tool import Arguments, Context, tool
from handbill.untrusted import clean

OF_SENT = (
    "delivered",
    "opened",
    "human_opened",
    "clicked",
    "human_clicked",
    "converted",
    "bounced",
    "spammed",
    "unsubscribed",
)
OF_CREATED = ("failed", "undeliverable", "suppressed")
TOLD = ("opened", "clicked", "converted", "bounced")
"""What the one line tells, where there is any."""
MOST = 40
"""Messages that one report holds."""

Kind = Literal["broadcast", "newsletter", "campaign", "transactional"]
Period = Literal["hours", "days", "weeks", "months"]


class Rate(BaseModel):
    """`percent` is count of `base`, which is the number of messages `of` which it counts; points are of percent."""

    metric: str
    count: int
    of: Literal["sent", "created"]
    base: int
    percent: float | None = Field(description="Empty when the base is 0.")
    before: float | None = Field(
        description="The percentage in as many periods before; empty when there was nothing."
    )
    change: float | None = Field(description="In percentage points, against `before`.")


class Report(BaseModel):
    kind: Kind
    id: int
    name: str
    sent: int
    sent_before: int
    rates: list[Rate]
    line: str = Field(description="The report in one line.")


class MetricsReport(Answer):
    period: Period
    steps: int
    reports: list[Report]


def check_report(arguments: Arguments) -> Iterator[Fault]:
    """What is wrong with the choice of message and time."""
    named = [name for name in PARENTS if name in arguments]
    if len(named) > 1:
        yield Fault(named[1], f"Give at most one of {', '.join(PARENTS)}; got {' and '.join(named)}.")
    most = STEPS[arguments.get("period", "weeks")] // 2
    if arguments.get("steps", 1) > most:
        period = arguments.get("period", "weeks")
        yield Fault("steps", f"steps must be 1 to {most} for {period}, so that as many before can be compared.")


PARENTS: dict[str, Kind] = {
    "broadcast_id": "broadcast",
    "newsletter_id": "newsletter",
    "campaign_id": "campaign",
    "transactional_message_id": "transactional",
}


@tool(effect="reads", toolset="metrics", command="metrics report", check=check_report)
async def get_metrics_report(
    context: Context,
    broadcast_id: Annotated[int | None, Id(does="Only this broadcast.")] = None,
    newsletter_id: Annotated[int | None, Id(does="Only this newsletter.")] = None,
    campaign_id: Annotated[int | None, Id(does="Only this campaign.")] = None,
    transactional_message_id: Annotated[int | None, Id(does="Only this transactional message.")] = None,
    period: Annotated[
        Period, Choice(does="The length of a period.", options=tuple(STEPS), default="weeks")
    ] = "weeks",
    steps: Annotated[
        int, Number(does="How many of the last periods, the running one included.", high=60, default=4)
    ] = 4,
) -> MetricsReport:
    """Report the rates of one message, or of everything that is sent, against as many periods before.

    Each rate says of how many messages it is. `line` is the report in one line, such as
    "Restock: 1,000 sent, 41.2 % opened (+3.1 points)".
    """
    given = (broadcast_id, newsletter_id, campaign_id, transactional_message_id)
    chosen = [(kind, number) for kind, number in zip(PARENTS.values(), given, strict=True) if number is not None]
    parents = [(*one, await _name(context, *one)) for one in chosen] or await _all(context)
    if len(parents) > MOST:
        context.notes.append(f"The first {MOST} of {len(parents)} messages; ask for the others one by one.")
    reports = [
        report(kind, number, name, await _series(context, kind, number, period, 2 * steps), steps)
        for kind, number, name in parents[:MOST]
    ]
    shown = reports if chosen else [each for each in reports if each.sent or each.sent_before]
    context.notes.append(f"The last of these {period} is not over yet; those it is compared with are.")
    return MetricsReport(period=period, steps=steps, reports=shown)


def report(kind: Kind, number: int, name: str, series: Mapping[str, list[int]], steps: int) -> Report:
    """What `series` of twice as many periods as `steps` says: the second half against the first."""
    now = {metric: sum(counts[-steps:]) for metric, counts in series.items()}
    before = {metric: sum(counts[:-steps]) for metric, counts in series.items()}
    rates = [
        *(_rate(metric, "sent", now, before) for metric in OF_SENT),
        *(_rate(metric, "created", now, before) for metric in OF_CREATED),
    ]
    sent, sent_before = now.get("sent", 0), before.get("sent", 0)
    line = _line(name, sent, rates)
    return Report(kind=kind, id=number, name=name, sent=sent, sent_before=sent_before, rates=rates, line=line)


def _rate(metric: str, of: Literal["sent", "created"], now: Mapping[str, int], before: Mapping[str, int]) -> Rate:
    percent, former = _percent(now.get(metric, 0), now.get(of, 0)), _percent(before.get(metric, 0), before.get(of, 0))
    change = None if percent is None or former is None else round(percent - former, 1)
    return Rate(
        metric=metric,
        count=now.get(metric, 0),
        of=of,
        base=now.get(of, 0),
        percent=percent,
        before=former,
        change=change,
    )


def _percent(count: int, base: int) -> float | None:
    return round(100 * count / base, 1) if base else None


def _line(name: str, sent: int, rates: list[Rate]) -> str:
    told = [
        _told(rate) for rate in rates if rate.metric in TOLD and rate.base and (rate.count or rate.metric == "opened")
    ]
    failed = [f"{rate.count:,} {rate.metric}" for rate in rates if rate.of == "created" and rate.count]
    return f"{' '.join(clean(name, 60).split())}: " + ", ".join([f"{sent:,} sent", *told, *failed])


def _told(rate: Rate) -> str:
    change = f" ({rate.change:+.1f} points)" if rate.change is not None else ""
    return f"{rate.percent:.1f} % {rate.metric}{change}"


async def _name(context: Context, kind: Kind, number: int) -> str:
    client = context.client
    match kind:
        case "broadcast":
            return (await client.broadcasts.get(number)).broadcast.name
        case "newsletter":
            return (await client.newsletters.get(number)).newsletter.name
        case "campaign":
            return (await client.campaigns.get(number)).campaign.name
    return (await client.transactional.get(number)).message.name


async def _all(context: Context) -> list[tuple[Kind, int, str]]:
    """Everything that is sent, the newest newsletters first."""
    client = context.client
    found: list[tuple[Kind, list[Any]]] = [
        ("broadcast", (await client.broadcasts.list()).broadcasts),
        ("campaign", (await client.campaigns.list()).campaigns),
        ("transactional", (await client.transactional.list()).messages),
        ("newsletter", (await client.newsletters.list(NewslettersQuery(sort="desc"))).newsletters),
    ]
    return [(kind, each.id, each.name) for kind, listed in found for each in listed]


async def _series(context: Context, kind: Kind, number: int, period: Period, steps: int) -> Mapping[str, list[int]]:
    client = context.client
    ask: Mapping[Kind, tuple[Callable[..., Awaitable[Any]], type[PeriodQuery]]] = {
        "broadcast": (client.broadcasts.metrics, MetricsQuery),
        "newsletter": (client.newsletters.metrics, PeriodQuery),
        "campaign": (client.campaigns.metrics, MetricsQuery),
        "transactional": (client.transactional.metrics, PeriodQuery),
    }
    metrics, query = ask[kind]
    series: Mapping[str, list[int]] = (await metrics(number, query(period=period, steps=steps))).metric.series
    return series
