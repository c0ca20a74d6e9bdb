"""Newsletters: one-time sends. Reference 6.1."""

from typing import Any, Literal

from pydantic import Field

from handbill.contract.app.contents import Contents, Edit, Headers, OneContent, Translation
from handbill.contract.app.messages import Messages, ParentMessagesQuery
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import NEWSLETTERS_DEFAULT

NewsletterType = Literal["email", "webhook", "twilio", "push", "in_app", "inbox"]


class NewslettersQuery(Model):
    limit: int = NEWSLETTERS_DEFAULT
    sort: Literal["asc", "desc"] = "asc"
    start: str = ""


class Newsletter(Model):
    id: int
    deduplicate_id: str
    content_ids: list[int] = []
    name: str
    sent_at: int | None = None
    created: int
    updated: int
    type: str
    tags: list[str] = []
    recipient_segment_ids: list[int] = []
    subscription_topic_id: int | None = None


class Pace(Model):
    """How fast it goes out: so many messages in each period, all at its start or spread over it."""

    rate_limit_email_rate: int | None = Field(None, ge=1)
    rate_limit_time_period: Literal[60, 3600, 86400] = 3600
    rate_limit_spread: bool = False


class NewNewsletter(Pace):
    """A newsletter with its text; its type says which fields it needs (reference 6.2). Times in Unix seconds."""

    name: str = Field(min_length=1, max_length=190)
    type: NewsletterType
    recipients: Any
    send_now: bool = False
    scheduled_at: int | None = None
    subscription_topic_id: int | None = None
    from_: str | None = Field(None, alias="from")
    from_id: int | None = None
    reply_to: str | None = None
    reply_to_id: int | None = None
    recipient: str | None = None
    subject: str | None = None
    preheader_text: str | None = None
    body: str | None = None
    body_plain: str | None = None
    body_amp: str | None = None
    body_json: str | None = Field(None, description="The body of an in-app message: JSON as text.")
    cc: str | None = None
    bcc: str | None = None
    fake_bcc: bool | None = None
    headers: Headers | None = None
    layout: str | None = None
    url: str | None = None
    method: str | None = None
    image_url: str | None = None
    link: str | None = None


class Schedule(Pace):
    """`scheduled_at` 0 takes the time back. With `tz_match_enabled` it is a time of day where each person is."""

    scheduled_at: int
    timezone: str | None = Field(None, description="IANA's name, such as Europe/Lisbon; needed with a time.")
    tz_match_enabled: bool = False


class Newsletters(Model):
    newsletters: list[Newsletter]
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


class OneNewsletter(Model):
    newsletter: Newsletter


class TestGroup(Model):
    """One side of an A/B test."""

    id: int
    name: str
    label: str
    winner: bool
    content_ids: list[int]


class TestGroups(Model):
    test_groups: list[TestGroup]


class NewTestGroup(Model):
    """A further group; its contents begin as copies of the first group's, or of the newsletter's own."""

    name: str | None = Field(None, min_length=1, max_length=100)
    label: str | None = Field(None, max_length=100)


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
DELETE = Endpoint(
    name="newsletters.delete",
    method="DELETE",
    path="/v1/newsletters/{newsletter_id}",
    does="Delete a newsletter",
    source="6.1",
    status=204,
)
MESSAGES = Endpoint(
    name="newsletters.messages",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/messages",
    does="A newsletter's deliveries",
    source="6.1",
    query=ParentMessagesQuery,
    answer=Messages,
)
CONTENTS = Endpoint(
    name="newsletters.contents",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/contents",
    does="Every variant of a newsletter",
    source="6.1",
    answer=Contents,
)
CONTENT = Endpoint(
    name="newsletters.content",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/contents/{content_id}",
    does="One variant",
    source="6.1",
    answer=OneContent,
)
UPDATE_CONTENT = Endpoint(
    name="newsletters.update_content",
    method="PUT",
    path="/v1/newsletters/{newsletter_id}/contents/{content_id}",
    does="Change a variant",
    source="6.1",
    body=Edit,
    answer=OneContent,
)
ADD_LANGUAGE = Endpoint(
    name="newsletters.add_language",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/language",
    does="Add a translation",
    source="6.1",
    body=Translation,
    answer=OneContent,
)
LANGUAGE = Endpoint(
    name="newsletters.language",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/language/{language}",
    does="A translation",
    source="6.1",
    answer=OneContent,
)
UPDATE_LANGUAGE = Endpoint(
    name="newsletters.update_language",
    method="PUT",
    path="/v1/newsletters/{newsletter_id}/language/{language}",
    does="Change a translation",
    source="6.1",
    body=Edit,
    answer=OneContent,
)
DELETE_LANGUAGE = Endpoint(
    name="newsletters.delete_language",
    method="DELETE",
    path="/v1/newsletters/{newsletter_id}/language/{language}",
    does="Delete a translation",
    source="6.1",
    status=204,
)
TEST_GROUPS = Endpoint(
    name="newsletters.test_groups",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/test_groups",
    does="A newsletter's A/B groups",
    source="6.1",
    answer=TestGroups,
)
ADD_TEST_GROUP = Endpoint(
    name="newsletters.add_test_group",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/test_groups",
    does="Add an A/B group",
    source="6.1",
    body=NewTestGroup,
    answer=TestGroups,
)
ADD_GROUP_LANGUAGE = Endpoint(
    name="newsletters.add_group_language",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language",
    does="Add a translation to an A/B group",
    source="6.1",
    body=Translation,
    answer=OneContent,
)
GROUP_LANGUAGE = Endpoint(
    name="newsletters.group_language",
    method="GET",
    path="/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}",
    does="An A/B group's translation",
    source="6.1",
    answer=OneContent,
)
UPDATE_GROUP_LANGUAGE = Endpoint(
    name="newsletters.update_group_language",
    method="PUT",
    path="/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}",
    does="Change an A/B group's translation",
    source="6.1",
    body=Edit,
    answer=OneContent,
)
DELETE_GROUP_LANGUAGE = Endpoint(
    name="newsletters.delete_group_language",
    method="DELETE",
    path="/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}",
    does="Delete an A/B group's translation",
    source="6.1",
    status=204,
)
CREATE = Endpoint(
    name="newsletters.create",
    method="POST",
    path="/v1/newsletters",
    does="Create a newsletter, and perhaps send or schedule it",
    source="6.2",
    body=NewNewsletter,
    answer=OneNewsletter,
    unfit=422,
)
SEND = Endpoint(
    name="newsletters.send",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/send",
    does="Send a newsletter now",
    source="6.2",
    body=Pace,
    answer=OneNewsletter,
    unfit=422,
)
SCHEDULE = Endpoint(
    name="newsletters.schedule",
    method="POST",
    path="/v1/newsletters/{newsletter_id}/schedule",
    does="Send a newsletter at a time, or take its time back",
    source="6.2",
    body=Schedule,
    answer=OneNewsletter,
    unfit=422,
)
