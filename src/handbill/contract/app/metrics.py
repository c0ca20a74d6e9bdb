"""Metrics: how many deliveries reached each state, and how often links were followed. Reference 8.3."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from handbill.contract.app.messages import MessageType
from handbill.contract.endpoint import Endpoint, Model

SERIES = (
    "attempted",
    "bounced",
    "clicked",
    "human_clicked",
    "machine_clicked",
    "converted",
    "created",
    "deferred",
    "delivered",
    "drafted",
    "dropped",
    "failed",
    "opened",
    "human_opened",
    "prefetch_opened",
    "sent",
    "spammed",
    "suppressed",
    "undeliverable",
    "topic_unsubscribed",
    "unsubscribed",
)
"""The names of the series, each always present."""

CAMPAIGN_SERIES = (
    "replied",
    "untracked",
    "open_untracked",
    "link_untracked",
    "tracking_consent_granted",
    "tracking_consent_denied",
)
"""What campaigns have beside them since 2026."""

WEBHOOK_SERIES = ("2xx", "3xx", "4xx", "5xx")
"""What is there as soon as a webhook was answered."""

LINK_SERIES = ("clicked", "human_clicked", "machine_clicked")

STEPS = {"hours": 24, "days": 45, "weeks": 12, "months": 121}
"""The most periods that can be asked for."""

NewsletterType = Literal["email", "webhook", "twilio", "slack", "push", "in_app", "inbox"]
Resolution = Literal["hours", "hourly", "days", "daily", "weeks", "weekly", "months", "monthly"]
LONGEST_RANGE = 3653 * 86_400
"""Ten years, in seconds."""


class PeriodQuery(Model):
    """The last `steps` periods."""

    period: Literal["hours", "days", "weeks", "months"] = "days"
    steps: int | None = None


class MetricsQuery(PeriodQuery):
    type: MessageType | None = None


class NewsletterMetricsQuery(PeriodQuery):
    type: NewsletterType | None = None


class CampaignMetricsQuery(MetricsQuery):
    """Version 2 needs `res`, `start` and `end` (Unix seconds); any other goes by `period` and `steps`."""

    version: str = ""
    res: Resolution | None = None
    start: int | None = None
    end: int | None = None
    tz: str = Field("UTC", description="An IANA time zone, in which days begin.")


class LinksQuery(PeriodQuery):
    unique: bool = Field(False, description="Count each delivery once.")
    type: MessageType | None = None


def _lists(series: object) -> object:
    """Customer.io also has an object of translations somewhere here (reference 8.3)."""
    if not isinstance(series, dict):
        return series
    return {name: counts for name, counts in series.items() if isinstance(counts, list)}


class Series(Model):
    """One whole number for each period and name; the first is the oldest period."""

    series: Annotated[dict[str, list[int]], BeforeValidator(_lists)]


class Metrics(Model):
    metric: Series


class CampaignMetrics(Metrics):
    """Version 2 also says which time it covers, as ISO 8601."""

    start: str | None = Field(None, exclude_if=lambda value: value is None)
    end: str | None = Field(None, exclude_if=lambda value: value is None)
    res: Resolution | None = Field(None, exclude_if=lambda value: value is None)


class Link(Model):
    id: int
    href: str


class LinkMetric(Model):
    link: Link
    metric: Series


class Links(Model):
    links: list[LinkMetric]


def _metrics(
    name: str, path: str, does: str, query: type[Model] = MetricsQuery, answer: type[Model] = Metrics
) -> Endpoint:
    path = f"/v1/{path}/metrics"
    return Endpoint(
        name=f"metrics.{name}", method="GET", path=path, does=does, source="8.3", query=query, answer=answer
    )


def _links(name: str, path: str, does: str) -> Endpoint:
    path = f"/v1/{path}/metrics/links"
    return Endpoint(
        name=f"metrics.{name}_links", method="GET", path=path, does=does, source="8.3", query=LinksQuery, answer=Links
    )


_OF_BROADCAST = "broadcasts/{broadcast_id}"
_OF_ACTION = f"{_OF_BROADCAST}/actions/{{action_id}}"
_OF_CAMPAIGN = "campaigns/{campaign_id}"
_OF_CAMPAIGN_ACTION = f"{_OF_CAMPAIGN}/actions/{{action_id}}"
_OF_NEWSLETTER = "newsletters/{newsletter_id}"
_OF_CONTENT = f"{_OF_NEWSLETTER}/contents/{{content_id}}"
_OF_TRANSACTIONAL = "transactional/{transactional_id}"

BROADCAST = _metrics("broadcast", _OF_BROADCAST, "A broadcast's metrics")
BROADCAST_LINKS = _links("broadcast", _OF_BROADCAST, "Clicks on a broadcast's links")
ACTION = _metrics("action", _OF_ACTION, "One action's metrics")
ACTION_LINKS = _links("action", _OF_ACTION, "Clicks on one action's links")
CAMPAIGN = _metrics("campaign", _OF_CAMPAIGN, "A campaign's metrics", CampaignMetricsQuery, CampaignMetrics)
CAMPAIGN_LINKS = _links("campaign", _OF_CAMPAIGN, "Clicks on a campaign's links")
CAMPAIGN_ACTION = _metrics(
    "campaign_action", _OF_CAMPAIGN_ACTION, "One action's metrics", CampaignMetricsQuery, CampaignMetrics
)
CAMPAIGN_ACTION_LINKS = _links("campaign_action", _OF_CAMPAIGN_ACTION, "Clicks on one action's links")
NEWSLETTER = _metrics("newsletter", _OF_NEWSLETTER, "A newsletter's metrics", NewsletterMetricsQuery)
NEWSLETTER_LINKS = _links("newsletter", _OF_NEWSLETTER, "Clicks on a newsletter's links")
CONTENT = _metrics("content", _OF_CONTENT, "One variant's metrics", NewsletterMetricsQuery)
CONTENT_LINKS = _links("content", _OF_CONTENT, "Clicks on one variant's links")
TRANSACTIONAL = _metrics("transactional", _OF_TRANSACTIONAL, "A transactional message's metrics", PeriodQuery)
TRANSACTIONAL_LINKS = _links("transactional", _OF_TRANSACTIONAL, "Clicks on a transactional message's links")
