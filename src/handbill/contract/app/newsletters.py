"""Newsletters: one-time sends. Reference 6.1."""

from typing import Literal

from pydantic import Field

from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import NEWSLETTERS_DEFAULT


class NewslettersQuery(Model):
    limit: int = NEWSLETTERS_DEFAULT
    sort: Literal["asc", "desc"] = "asc"
    start: str = ""


class Newsletter(Model):
    id: int
    deduplicate_id: str
    content_ids: list[int]
    name: str
    sent_at: int | None = None
    created: int
    updated: int
    type: Literal["email", "webhook", "twilio", "push", "in_app", "inbox"]
    tags: list[str] = []
    recipient_segment_ids: list[int] = []
    subscription_topic_id: int | None = None


class Newsletters(Model):
    newsletters: list[Newsletter]
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


class OneNewsletter(Model):
    newsletter: Newsletter


LIST = Endpoint(
    name="newsletters.list",
    method="GET",
    path="/v1/newsletters",
    does="List newsletters",
    source="6.1",
    query=NewslettersQuery,
    answer=Newsletters,
)
GET = Endpoint(
    name="newsletters.get",
    method="GET",
    path="/v1/newsletters/{newsletter_id}",
    does="One newsletter",
    source="6.1",
    answer=OneNewsletter,
)
