"""Subscriptions: the topics and channels people choose among, and what one person chose. Reference 10, 9."""

from typing import Annotated

from pydantic import BeforeValidator

from handbill.contract.app.customers import IdType
from handbill.contract.app.segments import Identifiers
from handbill.contract.endpoint import Endpoint, ErrorShape, Model

CHANNELS = ("email", "sms", "whatsapp", "push", "in_app", "inbox", "slack")
"""What `cio_subscription_preferences.channels` may name, of what this workspace sends."""


class Topic(Model):
    """`identifier` is the topic's key in `cio_subscription_preferences`: `topic_4` of topic 4."""

    id: int
    name: str
    description: str = ""
    subscribed_by_default: bool
    identifier: str


class Topics(Model):
    topics: list[Topic]


class Channel(Model):
    name: str
    identifier: str


class Channels(Model):
    channels: list[Channel]


class Token(Model):
    """`url` is the person's own subscription centre; `token` its last part, which nobody can guess."""

    token: str
    url: str


class PreferencesQuery(Model):
    """Topics have one language here: `language` and Accept-Language are read and change nothing."""

    id_type: IdType = "id"
    language: str | None = None


class TokenQuery(Model):
    id_type: IdType = "id"


class Preference(Model):
    id: Annotated[str, BeforeValidator(str)]
    subscribed: bool
    name: str
    description: str = ""


class Heading(Model):
    title: str
    subtitle: str


class Preferences(Model):
    """What a person gets: nothing when `unsubscribed`, else the topics they are subscribed to."""

    id: str | None = None
    identifiers: Identifiers
    topics: list[Preference]
    unsubscribed: bool
    header: Heading


class PersonPreferences(Model):
    customer: Preferences


TOPICS = Endpoint(
    name="subscriptions.topics",
    method="GET",
    path="/v1/subscription_topics",
    does="What people can subscribe to",
    source="10",
    answer=Topics,
)
CHANNELS_LIST = Endpoint(
    name="subscriptions.channels",
    method="GET",
    path="/v1/subscription_channels",
    does="The channels people can turn off one by one",
    source="10",
    answer=Channels,
)
TOKEN = Endpoint(
    name="subscriptions.token",
    method="GET",
    path="/v1/subscription_center/{customer_id}/token",
    does="The link to a person's own subscription centre",
    source="10",
    query=TokenQuery,
    answer=Token,
)
PREFERENCES = Endpoint(
    name="subscriptions.preferences",
    method="GET",
    path="/v1/customers/{customer_id}/subscription_preferences",
    does="The topics one person is subscribed to",
    source="9",
    query=PreferencesQuery,
    answer=PersonPreferences,
    errors=ErrorShape.C,
)
