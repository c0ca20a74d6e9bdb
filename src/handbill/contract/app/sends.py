"""Send: one transactional message to one person, by each channel. Reference 7.2."""

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from handbill.contract.endpoint import Endpoint, ErrorShape, Model
from handbill.contract.limits import SEND


class Send(Model):
    """What every channel takes. Times in Unix seconds."""

    transactional_message_id: int | str | None = Field(None, description="Its number, or its name in any case.")
    identifiers: dict[str, Any] | None = Field(None, description="Exactly one of id, email and cio_id.")
    message_data: dict[str, Any] | None = Field(None, description="What Liquid sees as `trigger`.")
    send_at: int | None = Field(None, description="Up to 90 days ahead; a time that has passed sends at once.")
    queue_draft: bool = False
    language: str | None = Field(None, description="Instead of the person's own.")
    auto_create: bool = Field(False, description="Make an empty message of a name that is not known yet.")


class Mailing(Send):
    """What those channels take whose messages may be unwanted or kept."""

    disable_message_retention: bool = False
    send_to_unsubscribed: bool | None = Field(None, description="Instead of what the message's settings say.")


class SendEmail(Mailing):
    to: str
    cc: str | None = None
    bcc: str | None = None
    fake_bcc: bool | None = None
    from_: str | None = Field(None, alias="from")
    reply_to: str | None = None
    subject: str | None = None
    preheader: str | None = None
    body: str | None = None
    body_plain: str | None = None
    body_amp: str | None = None
    headers: Any = Field(None, description="An object, or a JSON string of `{name, value}` objects.")
    attachments: dict[str, str] | None = Field(None, description="Base64 by file name; less than 2 MB in all.")
    tracked: bool | None = None
    disable_css_preprocessing: bool | None = None


class SendPush(Mailing):
    to: str | None = Field(None, description="all (the default), last_used, or a device's token.")
    title: str | None = None
    message: str | None = None
    image_url: str | None = None
    link: str | None = None
    sound: str | None = None
    custom_data: dict[str, Any] | None = None
    custom_device: dict[str, Any] | None = None
    custom_payload: dict[str, Any] | None = None


class SendText(Mailing):
    """SMS and WhatsApp."""

    to: str
    from_: str | None = Field(None, alias="from")
    tracked: bool | None = None


class SendInbox(Send):
    to: str | None = None


class Sent(Model):
    """`send_at` only when the message waits for it."""

    delivery_id: str
    queued_at: int
    send_at: int | None = None

    @model_serializer(mode="wrap")
    def _said(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        shown: dict[str, Any] = serialize(self)
        return {name: value for name, value in shown.items() if value is not None}


def _send(channel: str, does: str, body: type[Send]) -> Endpoint:
    return Endpoint(
        name=f"sends.{channel}",
        method="POST",
        path=f"/v1/send/{channel}",
        does=does,
        source="7.2",
        body=body,
        answer=Sent,
        errors=ErrorShape.B,
        rate=SEND,
    )


EMAIL = _send("email", "Send an email", SendEmail)
PUSH = _send("push", "Send a push notification", SendPush)
SMS = _send("sms", "Send an SMS", SendText)
WHATSAPP = _send("whatsapp", "Send a WhatsApp message", SendText)
IN_APP = _send("in_app", "Send an in-app message", Send)
INBOX_MESSAGE = _send("inbox_message", "Send an inbox message", SendInbox)

TYPES = {
    "email": "email",
    "push": "push",
    "sms": "twilio",
    "whatsapp": "whatsapp",
    "in_app": "in_app",
    "inbox_message": "inbox",
}
"""The type of the deliveries of each channel (reference 4.1)."""
