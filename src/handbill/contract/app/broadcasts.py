"""Broadcasts: messages for many people, sent when triggered; with their actions. Reference 8.1."""

from typing import Literal

from handbill.contract.app import contents
from handbill.contract.app.contents import Edit
from handbill.contract.app.messages import Messages, ParentMessagesQuery
from handbill.contract.endpoint import Endpoint, Model


class ActionRef(Model):
    id: int
    type: str


class Broadcast(Model):
    id: int
    deduplicate_id: str
    name: str
    type: Literal["triggered_broadcast"] = "triggered_broadcast"
    created: int
    updated: int
    active: bool
    state: Literal["running", "draft"]
    actions: list[ActionRef] = []
    msg_template_ids: list[ActionRef] = []
    first_started: int | None = None
    tags: list[str] = []


class Broadcasts(Model):
    broadcasts: list[Broadcast]


class OneBroadcast(Model):
    broadcast: Broadcast


class Action(contents.Action):
    broadcast_id: int


class Actions(Model):
    actions: list[Action]


class OneAction(Model):
    action: Action


LIST = Endpoint(
    name="broadcasts.list",
    method="GET",
    path="/v1/broadcasts",
    does="List broadcasts",
    source="8.1",
    answer=Broadcasts,
)
GET = Endpoint(
    name="broadcasts.get",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}",
    does="One broadcast",
    source="8.1",
    answer=OneBroadcast,
)
ACTIONS = Endpoint(
    name="broadcasts.actions",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions",
    does="A broadcast's messages as they are written",
    source="8.1",
    answer=Actions,
)
ACTION = Endpoint(
    name="broadcasts.action",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}",
    does="One action",
    source="8.1",
    answer=OneAction,
)
UPDATE_ACTION = Endpoint(
    name="broadcasts.update_action",
    method="PUT",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}",
    does="Change an action",
    source="8.1",
    body=Edit,
    answer=OneAction,
)
LANGUAGE = Endpoint(
    name="broadcasts.language",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}/language/{language}",
    does="An action's translation",
    source="8.1",
    answer=OneAction,
)
UPDATE_LANGUAGE = Endpoint(
    name="broadcasts.update_language",
    method="PUT",
    path="/v1/broadcasts/{broadcast_id}/actions/{action_id}/language/{language}",
    does="Change an action's translation",
    source="8.1",
    body=Edit,
    answer=OneAction,
)
MESSAGES = Endpoint(
    name="broadcasts.messages",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/messages",
    does="A broadcast's deliveries",
    source="4.1",
    query=ParentMessagesQuery,
    answer=Messages,
)
