"""Metrics: how many deliveries reached each state, hour by hour. Reference 8.3, version 1."""

from typing import Literal

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

STEPS = {"hours": 24, "days": 45, "weeks": 12, "months": 121}
"""The most periods that can be asked for."""


class MetricsQuery(Model):
    period: Literal["hours", "days", "weeks", "months"] = "days"
    steps: int | None = None
    type: MessageType | None = None


class Series(Model):
    """One whole number for each period and name; the first is the oldest period."""

    series: dict[str, list[int]]


class Metrics(Model):
    metric: Series


BROADCAST = Endpoint(
    name="metrics.broadcast",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/metrics",
    does="A broadcast's metrics",
    source="8.3",
    query=MetricsQuery,
    answer=Metrics,
)
ACTION = Endpoint(
    name="metrics.action",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}/metrics",
    does="One action's metrics",
    source="8.3",
    query=MetricsQuery,
    answer=Metrics,
)
