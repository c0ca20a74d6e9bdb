"""Messages: deliveries to one person each, with what became of them. Reference 4."""

from typing import Any, Literal

from pydantic import Field

from handbill.contract.app.segments import Identifiers
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import ARCHIVED, MESSAGES_DEFAULT

MessageType = Literal[
    "email", "webhook", "twilio", "whatsapp", "slack", "push", "in_app", "inbox", "live_notification"
]
Metric = Literal[
    "attempted",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "converted",
    "bounced",
    "spammed",
    "unsubscribed",
    "dropped",
    "failed",
    "undeliverable",
]
DeliveryState = Literal["failed", "sent", "drafted", "attempted"]


class MessagesQuery(Model):
    """Every filter of `GET /v1/messages`; times in Unix seconds."""

    start: str = ""
    limit: int = MESSAGES_DEFAULT
    type: MessageType | None = None
    metric: Metric | None = None
    drafts: bool = False
    campaign_id: int | None = None
    newsletter_id: int | None = None
    action_id: int | None = None
    start_ts: int | None = None
    end_ts: int | None = None
    get_tracked_responses: bool = False


class ParentMessagesQuery(MessagesQuery):
    """The filters of one parent's own list."""

    state: DeliveryState | None = None
    trigger_id: int | None = Field(None, description="Only this trigger's deliveries; ours, not Customer.io's.")


class TrackedResponse(Model):
    """When a person chose an option of an in-app message, in Unix seconds."""

    id: int
    ts: int


class Message(Model):
    """One delivery. `metrics` maps what happened to when, in Unix seconds, or how often (reference 4.3)."""

    id: str
    deduplicate_id: str = ""
    msg_template_id: int = 0
    action_id: int | None = None
    parent_action_id: int | None = None
    customer_id: str | None = None
    customer_identifiers: Identifiers | None = None
    recipient: str | None = None
    subject: str | None = None
    metrics: dict[str, int] = {}
    created: int
    failure_message: str | None = None
    campaign_id: int | None = None
    newsletter_id: int | None = None
    broadcast_id: int | None = None
    content_id: int | None = None
    trigger_event_id: str | None = None
    type: MessageType | None = Field(None, description="Empty where Customer.io's older lists do not tell it.")
    forgotten: bool = False
    tracked_responses: dict[str, TrackedResponse] | None = Field(None, exclude_if=lambda value: value is None)


class Messages(Model):
    messages: list[Message]
    next: str = Field("", description="Pass as `start` for the next page; empty on the last.")


class OneMessage(Model):
    message: Message


class ArchivedMessage(Model):
    """What was sent, as the person got it."""

    id: str
    body: str = ""
    from_: str = Field("", alias="from")
    reply_to: str = ""
    recipient: str = ""
    subject: str = ""
    bcc: str = ""
    fake_bcc: bool = False
    preheader_text: str = ""
    url: str = ""
    request_method: str = ""
    headers: dict[str, Any] = {}
    forgotten: bool = False


class OneArchivedMessage(Model):
    archived_message: ArchivedMessage


LIST = Endpoint(
    name="messages.list",
    method="GET",
    path="/v1/messages",
    does="Deliveries",
    source="4.1",
    query=MessagesQuery,
    answer=Messages,
)
GET = Endpoint(
    name="messages.get",
    method="GET",
    path="/v1/messages/{message_id}",
    does="One delivery",
    source="4.4",
    answer=OneMessage,
)
ARCHIVED_MESSAGE = Endpoint(
    name="messages.archived",
    method="GET",
    path="/v1/messages/{message_id}/archived_message",
    does="What was sent, as the person got it",
    source="4.4",
    answer=OneArchivedMessage,
    rate=ARCHIVED,
)
