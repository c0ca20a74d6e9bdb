"""Campaigns: messages for each person to whom something happens; actions and journeys. Reference 8.2, 8.4."""

from typing import Literal

from pydantic import Field

from handbill.contract.app import contents
from handbill.contract.app.broadcasts import ActionRef
from handbill.contract.app.contents import Edit
from handbill.contract.app.messages import Messages, ParentMessagesQuery
from handbill.contract.app.metrics import Resolution
from handbill.contract.endpoint import Endpoint, Model


class Campaign(Model):
    """A campaign. The workspace has those that an event starts, Customer.io seven kinds: `event_name` is theirs."""

    id: int
    deduplicate_id: str
    name: str
    type: str = "event"
    created: int
    updated: int
    active: bool
    state: Literal["running", "draft", "stopped"]
    actions: list[ActionRef] = []
    first_started: int | None = None
    tags: list[str] = []
    filter_segment_ids: list[int] = []
    event_name: str = ""


class Campaigns(Model):
    campaigns: list[Campaign]


class OneCampaign(Model):
    campaign: Campaign


class ActionsQuery(Model):
    start: str = ""


class Action(contents.Action):
    campaign_id: int
    parent_action_id: int | None = None


class Actions(Model):
    actions: list[Action]
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


class OneAction(Model):
    action: Action


class JourneyMetricsQuery(Model):
    """All three are needed; `resolution` may also be called `res` (reference 8.4). Times in Unix seconds."""

    start: int | None = None
    end: int | None = None
    resolution: Resolution | None = None
    res: Resolution | None = None


class Journeys(Model):
    """One whole number for each period: journeys that started in it, and what became of them."""

    started: list[int]
    activated: list[int]
    exited_early: list[int]
    finished: list[int]
    converted: list[int]
    never_activated: list[int]
    messaged: list[int]


class JourneyMetrics(Model):
    journey_metric: Journeys


LIST = Endpoint(
    name="campaigns.list",
    method="GET",
    path="/v1/campaigns",
    does="List campaigns",
    source="8.2",
    answer=Campaigns,
)
GET = Endpoint(
    name="campaigns.get",
    method="GET",
    path="/v1/campaigns/{campaign_id}",
    does="One campaign",
    source="8.2",
    answer=OneCampaign,
)
ACTIONS = Endpoint(
    name="campaigns.actions",
    method="GET",
    path="/v1/campaigns/{campaign_id}/actions",
    does="A campaign's messages as they are written, ten a page",
    source="8.2",
    query=ActionsQuery,
    answer=Actions,
)
ACTION = Endpoint(
    name="campaigns.action",
    method="GET",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}",
    does="One action",
    source="8.2",
    answer=OneAction,
)
UPDATE_ACTION = Endpoint(
    name="campaigns.update_action",
    method="PUT",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}",
    does="Change an action",
    source="8.2",
    body=Edit,
    answer=OneAction,
)
LANGUAGE = Endpoint(
    name="campaigns.language",
    method="GET",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}/language/{language}",
    does="An action's translation",
    source="8.2",
    answer=OneAction,
)
UPDATE_LANGUAGE = Endpoint(
    name="campaigns.update_language",
    method="PUT",
    path="/v1/campaigns/{campaign_id}/actions/{action_id}/language/{language}",
    does="Change an action's translation",
    source="8.2",
    body=Edit,
    answer=OneAction,
)
MESSAGES = Endpoint(
    name="campaigns.messages",
    method="GET",
    path="/v1/campaigns/{campaign_id}/messages",
    does="A campaign's deliveries",
    source="4.1",
    query=ParentMessagesQuery,
    answer=Messages,
)
JOURNEY_METRICS = Endpoint(
    name="campaigns.journey_metrics",
    method="GET",
    path="/v1/campaigns/{campaign_id}/journey_metrics",
    does="What became of a campaign's journeys, by when they started",
    source="8.4",
    query=JourneyMetricsQuery,
    answer=JourneyMetrics,
)
