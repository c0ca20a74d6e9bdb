"""What mail servers write back about a delivery: delivery-status mails (RFC 3464) and complaints (RFC 5965), read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Literal

from handbill.contract.app.suppressions import Reason
from handbill.workspace.channels.smtp import NO_SUCH_ADDRESS

LARGEST = 1024 * 1024
"""Bytes of a mail that are looked at: a report stands at its beginning."""
WORDS = 200
"""Characters of the server's words that are kept."""

_METRICS: dict[str, Literal["bounced", "deferred", "delivered"]] = {
    "failed": "bounced",
    "delayed": "deferred",
    "delivered": "delivered",
}
"""By the `Action` of a delivery status (RFC 3464 2.3.3)."""
_ID = re.compile(r"(?<![\w-])[\w-]{32}(?![\w-])", re.ASCII)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to one of `deliveries`: the ids found in the report, which may be ours."""

    deliveries: tuple[str, ...]
    metric: Literal["bounced", "deferred", "delivered", "spammed"]
    status: str = ""
    """Such as 5.1.1 (RFC 3463)."""
    detail: str = ""
    """The status and the server's own words, on one line."""
    suppress: Reason | None = None
    """Why the person gets no more mail."""


def read(raw: bytes) -> list[Notice]:
    """The notices of one mail; none when it is no report. Whatever it holds, nothing is raised."""
    try:
        parts = list(message_from_bytes(raw[:LARGEST]).walk())
    except (RecursionError, ValueError, LookupError):
        return []
    blocks = [block for part in parts for block in _blocks(part)]
    deliveries = tuple(dict.fromkeys(_ids(parts, blocks)))
    notices = [notice for block in blocks if (notice := _of_block(deliveries, block))]
    return notices if deliveries else []


def _blocks(part: Message) -> list[Message]:
    """The fields of a report, block by block; Python reads both kinds of report as messages of headers alone."""
    if part.get_content_type() not in ("message/delivery-status", "message/feedback-report"):
        return []
    payload = part.get_payload()
    if isinstance(payload, str):
        return [message_from_string(payload)]
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _ids(parts: list[Message], blocks: list[Message]) -> Iterator[str]:
    """What looks like a delivery id: in the envelope's id, and in the headers of the mail that is sent back."""
    for block in blocks:
        yield from _ID.findall(_field(block, "Original-Envelope-Id"))
    for part in parts:
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload()
            returned = [message_from_string(payload)] if isinstance(payload, str) else []
        else:
            payload = part.get_payload() if part.get_content_type() in ("message/rfc822", "message/global") else []
            returned = [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
        for mail in returned:
            yield from _ID.findall(_field(mail, "Message-ID").partition("@")[0])
            yield from _ID.findall(_field(mail, "List-Unsubscribe"))


def _of_block(deliveries: tuple[str, ...], block: Message) -> Notice | None:
    if _field(block, "Feedback-Type").lower() in ("abuse", "fraud", "virus"):
        return Notice(deliveries, "spammed", suppress="complaint")
    metric = _METRICS.get(_field(block, "Action").lower())
    if metric is None:
        return None
    status = _STATUS.search(_field(block, "Status"))
    words = _field(block, "Diagnostic-Code").partition(";")[2].strip()
    code = status[0] if status else ""
    gone = metric == "bounced" and NO_SUCH_ADDRESS.match(code)
    detail = " ".join(filter(None, (code, words)))[:WORDS]
    return Notice(deliveries, metric, code, detail, "bounce" if gone else None)


def _field(message: Message, name: str) -> str:
    """A header on one line, without control characters."""
    text = " ".join(str(message.get(name, "")).split())
    return "".join(character for character in text if character.isprintable())
