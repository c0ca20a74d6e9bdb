"""Contents: the text of an action, a newsletter's variant or a transactional message. Reference 6.1, 7.1, 8.2."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BeforeValidator, Field

from handbill.contract.endpoint import Model
from handbill.contract.fields import LANGUAGE, Method

SendingState = Literal["automatic", "draft", "off"]


class Text(Model):
    """What all contents show. `headers` is a JSON string of `{name, value}` objects (reference 6.1)."""

    id: int
    name: str
    type: str
    language: str = ""
    body: str = ""
    body_amp: str = ""
    from_: str = Field("", alias="from")
    from_id: int | None = None
    reply_to: str = ""
    reply_to_id: int | None = None
    preprocessor: str = ""
    recipient: str = ""
    subject: str = ""
    cc: str = ""
    bcc: str = ""
    fake_bcc: bool = False
    preheader_text: str = ""
    headers: str = "[]"


class Action(Text):
    """One message of a broadcast or campaign. `url` and `method` are a webhook's, `image_url` is an MMS's."""

    deduplicate_id: str
    created: int
    updated: int
    sending_state: SendingState
    layout: str = ""
    url: str | None = Field(None, exclude_if=lambda value: value is None)
    method: Method | None = Field(None, exclude_if=lambda value: value is None)
    image_url: str | None = Field(None, exclude_if=lambda value: value is None)


class Content(Text):
    """One variant of a newsletter."""

    newsletter_id: int
    deduplicate_id: str
    layout: str = ""


class Contents(Model):
    contents: list[Content]


class OneContent(Model):
    content: Content


class TransactionalContent(Text):
    created: int
    updated: int


class TransactionalContents(Model):
    contents: list[TransactionalContent]


class OneTransactionalContent(Model):
    """The one content that was asked for, in a list all the same (reference 7.1)."""

    content: list[TransactionalContent]


class Header(Model):
    name: str
    value: str


def header_list(given: Any) -> Any:
    """Headers as a list of `{name, value}`, from that, an object, or either as a JSON string (reference 6.1, 7.2)."""
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given) if given else []
        except ValueError:
            return given
    if isinstance(given, Mapping):
        return [{"name": name, "value": value} for name, value in given.items()]
    return given


Headers = Annotated[list[Header], BeforeValidator(header_list)]


class Edit(Model):
    """What a PUT may change; what it leaves out stays, null empties it. Everything else in a body is ignored."""

    body: str | None = None
    body_plain: str | None = None
    body_amp: str | None = None
    subject: str | None = None
    preheader_text: str | None = None
    recipient: str | None = None
    cc: str | None = None
    bcc: str | None = None
    url: str | None = None
    image_url: str | None = None
    link: str | None = None
    method: Method | None = None
    from_id: int | None = None
    reply_to_id: int | None = None
    sending_state: SendingState | None = None
    headers: Headers | None = None


class Translation(Edit):
    """A new translation: what it does not say is taken from the content it translates."""

    language: str = Field(pattern=f"^{LANGUAGE}$")
