"""What can be defined in files: one model for each kind, the same for reading, comparing and writing."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from handbill.contract.fields import DEFAULTS, LANGUAGE

PERSON = DEFAULTS["email"]["recipient"]
"""A mail goes to the person's own address unless the file says otherwise."""

Flag = Annotated[str, BeforeValidator(lambda value: "true" if value is True else "" if value is False else value)]
"""A field that is text like the others, and true or nothing."""


class Definition(BaseModel):
    """One thing with a name. `id` may be left out: it is assigned once, and kept for this name."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, strict=True)
    kind: ClassVar[str]

    id: int | None = Field(None, ge=1, lt=2**53)
    name: str = Field(min_length=1, max_length=190)


class Snippet(Definition):
    kind = "snippets"
    value: str


class Layout(Definition):
    kind = "layouts"
    body: str


class Segment(Definition):
    kind = "segments"
    description: str = ""
    conditions: dict[str, Any] | None = None
    manual: bool = False
    tags: list[str] = []


class Topic(Definition):
    kind = "topics"
    description: str = ""
    subscribed_by_default: bool = True


class ObjectType(Definition):
    """What people belong to. `name` is of many: Companies."""

    kind = "object_types"
    singular_name: str = ""

    @model_validator(mode="after")
    def _singular(self) -> Self:
        self.singular_name = self.singular_name or self.name
        return self


class Header(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    value: str


class Message(BaseModel):
    """What is written: an action of a broadcast, a variant of a newsletter, a transactional message's text."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, strict=True)

    name: str = ""
    type: Literal["email", "webhook", "twilio", "whatsapp", "slack", "push", "in_app", "inbox"] = "email"
    sending_state: Literal["automatic", "draft", "off"] = "automatic"
    language: str = Field("", pattern=f"^({LANGUAGE})?$")
    test_group: str = ""
    from_: str = Field("", alias="from")
    reply_to: str = ""
    recipient: str = ""
    cc: str = ""
    bcc: str = ""
    fake_bcc: Flag = ""
    subject: str = ""
    preheader_text: str = ""
    body: str = ""
    body_plain: str = ""
    body_amp: str = ""
    url: str = ""
    method: Literal["", "get", "post", "put", "delete", "patch"] = ""
    image_url: str = ""
    link: str = ""
    sound: str = ""
    custom_data: str = ""
    custom_payload: str = ""
    headers: list[Header] = []
    layout: str | None = None

    @model_validator(mode="after")
    def _to_the_person(self) -> Self:
        if self.type == "email" and not self.recipient:
            self.recipient = PERSON
        return self


def translated(messages: Iterable[tuple[str, str]]) -> list[int | None]:
    """For each message, given by its language and test group, the position of the one that it translates.

    One without a language, the first one and the first of a group are translations of none.
    """
    found: list[int | None] = []
    base, base_group = None, ""
    for position, (language, group) in enumerate(messages):
        if base is None or not language or group not in ("", base_group):
            base, base_group = position, group
        found.append(base if base != position else None)
    return found


class Written(Definition):
    """A definition with messages; one without a name has the definition's.

    A message with a language is a translation of the one before it, and says only what is different there.
    """

    messages: list[Message] = []

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, given: Any) -> Any:
        """Each translation with what it leaves out."""
        messages = given.get("messages") if isinstance(given, dict) else None
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            return given
        keys = [(str(message.get("language") or ""), str(message.get("test_group") or "")) for message in messages]
        bases = zip(messages, translated(keys), strict=True)
        complete = [message if base is None else {**messages[base], **message} for message, base in bases]
        return {**given, "messages": complete}

    @model_validator(mode="after")
    def _named(self) -> Self:
        for message in self.messages:
            message.name = message.name or self.name
        return self


class Goal(BaseModel):
    """What makes a delivery converted: the event, so many days after the message was sent, opened or clicked."""

    model_config = ConfigDict(extra="forbid", strict=True)
    event: str = Field(min_length=1)
    within_days: int = Field(7, ge=1, le=365)
    after: Literal["sent", "opened", "clicked"] = "sent"


class Broadcast(Written):
    kind = "broadcasts"
    state: Literal["running", "draft"] = "running"
    audience: dict[str, Any] = {}
    topic: str | int | None = None
    tags: list[str] = []
    goal: Goal | None = None


class Newsletter(Written):
    kind = "newsletters"
    type: Literal["email", "webhook", "twilio", "push", "in_app", "inbox"] = "email"
    audience: dict[str, Any] = {}
    topic: str | int | None = None
    tags: list[str] = []
    goal: Goal | None = None


class Campaign(Written):
    """Sent to each person to whom the event happens."""

    kind = "campaigns"
    event: str = Field(min_length=1)
    state: Literal["running", "draft", "stopped"] = "running"
    audience: dict[str, Any] = {}
    tags: list[str] = []
    topic: str | int | None = None
    goal: Goal | None = None


class Transactional(Written):
    kind = "transactional"
    description: str = ""
    send_to_unsubscribed: bool = True
    link_tracking: bool = True
    open_tracking: bool = True
    hide_message_body: bool = False
    queue_drafts: bool = False


KINDS: tuple[type[Definition], ...] = (
    Snippet,
    Layout,
    Segment,
    Topic,
    ObjectType,
    Broadcast,
    Campaign,
    Newsletter,
    Transactional,
)
"""In the order they are applied: what others name comes first."""

TEXT_KEY: dict[type[Definition], str] = {Snippet: "value", Layout: "body"}
"""Kinds whose file may be the text itself; their name is then the file's."""
