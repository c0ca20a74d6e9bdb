"""Workspaces: what is in them. There is one here. Reference 10."""

from handbill.contract.endpoint import Endpoint, Model


class Workspace(Model):
    """Messages are counted from the beginning of the month, in the eastern United States."""

    id: int
    name: str
    messages_sent: int
    billable_messages_sent: int
    people: int
    object_types: int
    objects: int


class Workspaces(Model):
    workspaces: list[Workspace]


LIST = Endpoint(
    name="workspaces.list",
    method="GET",
    path="/v1/workspaces",
    does="How many people, objects and messages there are",
    source="10",
    answer=Workspaces,
)
