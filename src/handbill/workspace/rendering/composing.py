"""From one person's texts to what the channel of their type takes: a mail's bytes, a call, a form, a notification."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from handbill.contract.fields import ADDRESSES, METHODS
from handbill.workspace.channels import mime
from handbill.workspace.channels.payloads import Device, Push, Webhook
from handbill.workspace.engine.needs import Work
from handbill.workspace.rendering import tracking

RECIPIENTS = 15
"""Addresses of one mail, over to, cc and bcc (reference 7.2)."""


class Unsendable(ValueError):
    """A text that its channel cannot take; the message names the field and says what is right."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One person's message as text. `addresses` are the parts of those fields that may name several."""

    work: Work
    type: str
    texts: Mapping[str, str]
    addresses: Mapping[str, list[str]]
    headers: tuple[tuple[str, str], ...]
    customer: Mapping[str, Any]
    links: Mapping[str, Any]
    """What Liquid's links lead to; `targets` has the number of each tracked one."""
    base_url: str
    attachments: Mapping[str, bytes]
    follow_links: bool = False
    notice_opening: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as its channel takes it. `archived` is kept of it beside its texts."""

    recipient: str
    payload: bytes = b""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    archived: Mapping[str, str] = field(default_factory=dict)


def compose(draft: Draft) -> Composed:
    """Raises Unsendable and mime.HeaderFault when a text is not what its channel can take."""
    return _COMPOSERS[draft.type](draft)


def _email(draft: Draft) -> Composed:
    texts = draft.texts
    sender = mime.address(texts["from"], "from")
    named = {name: [part for part in draft.addresses[name] if part] for name in ADDRESSES}
    if not named["recipient"]:
        raise mime.HeaderFault("recipient", "is empty: this person has no address for this message")
    bare = {name: [mime.address(part, name) for part in parts] for name, parts in named.items()}
    recipients = [address for name in ADDRESSES for address in bare[name]]
    if len(recipients) > RECIPIENTS:
        reason = f"names {len(recipients)} addresses with cc and bcc; the limit is {RECIPIENTS}"
        raise mime.HeaderFault("recipient", reason)
    mail = mime.Mail(
        sender=texts["from"],
        recipient=named["recipient"][0],
        others=tuple(named["recipient"][1:]),
        cc=tuple(named["cc"]),
        subject=texts["subject"],
        html=_followed(draft),
        text=texts["body_plain"] or mime.plain(texts["body"]),  # with the links as they were written
        amp=texts["body_amp"],
        preheader=texts["preheader_text"],
        reply_to=texts["reply_to"],
        headers=draft.headers,
        unsubscribe_url=draft.links["unsubscribe_url"],
        attachments=draft.attachments,
    )
    message_id = f"<{draft.work.id}@{sender.rpartition('@')[2]}>"
    payload = mime.build(mail, message_id=message_id, date=draft.work.created)
    return Composed(", ".join(bare["recipient"]), payload, sender, tuple(dict.fromkeys(recipients)))


def _followed(draft: Draft) -> str:
    """The html as it is sent: its links and its opening are noticed, where they are to be."""
    html, own = draft.texts["body"], draft.work.id
    if draft.follow_links:
        html = tracking.follow(html, draft.base_url, own, draft.links["targets"])
    return tracking.watched(html, draft.base_url, own) if draft.notice_opening else html


# Webhooks

_URL = re.compile(r"https?://[^\s\0-\x1f\x7f]+", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")
_HEADER_VALUE = re.compile(r"[^\0-\x08\x0a-\x1f\x7f]{0,8000}")
_OURS = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "idempotency-key"}


def _webhook(draft: Draft) -> Composed:
    url, method = draft.texts["url"], draft.texts["method"].lower()
    if not _URL.fullmatch(url):
        raise Unsendable("url must be a whole address such as https://film.example/hook, without spaces")
    if method not in METHODS:
        raise Unsendable(f"method must be one of {', '.join(METHODS)}")
    for name, value in draft.headers:
        _check_header(name, value)
    body = "" if method == "get" else draft.texts["body"]
    call = Webhook(url, method.upper(), draft.headers, body, draft.work.id)
    return Composed(url, msgspec.json.encode(call), archived={"request_method": call.method})


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise Unsendable("headers has a name that no header can have; use letters, digits and -")
    if name.lower() in _OURS:
        raise Unsendable(f"headers may not set {name}, which is set with the call")
    if not _HEADER_VALUE.fullmatch(value):
        raise Unsendable(f"header {name} has a line break or control character, or more than 8,000 characters")


# Text messages

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}")


def _text_message(draft: Draft) -> Composed:
    """Twilio's form; WhatsApp's numbers have a prefix there."""
    texts = draft.texts
    recipient = texts["recipient"].removeprefix("whatsapp:")
    sender = texts["from"].removeprefix("whatsapp:")
    if not _PHONE.fullmatch(recipient):
        raise Unsendable("recipient: Invalid phone number format. Phone numbers must be in E.164 format.")
    if not texts["body"].strip() and not texts["image_url"]:
        raise Unsendable("body is empty")
    prefix = "whatsapp:" if draft.type == "whatsapp" else ""
    of_service = _SERVICE.fullmatch(sender)
    form = {
        "To": prefix + recipient,
        "MessagingServiceSid" if of_service else "From": sender and (sender if of_service else prefix + sender),
        "Body": texts["body"],
        "MediaUrl": texts["image_url"],
        # Twilio takes no callback to an address that only this machine knows
        "StatusCallback": f"{draft.base_url}/twilio/{draft.work.id}" if draft.base_url.startswith("https://") else "",
    }
    payload = msgspec.json.encode({name: value for name, value in form.items() if value})
    return Composed(recipient, payload, sender)


def _slack(draft: Draft) -> Composed:
    if not draft.texts["body"].strip():
        raise Unsendable("body is empty")
    channel = draft.texts["recipient"]
    said = {"text": draft.texts["body"], **({"channel": channel} if channel else {})}
    return Composed(channel, msgspec.json.encode(said))


# Push

_devices = msgspec.json.Decoder(list[dict[str, Any]])
_object = msgspec.json.Decoder(dict[str, Any])


def _push(draft: Draft) -> Composed:
    texts = draft.texts
    devices = _chosen(texts["recipient"], _devices.decode(draft.work.devices))
    push = Push(
        draft.work.id,
        devices=tuple(Device(device["token"], device["platform"]) for device in devices),
        title=texts["subject"],
        message=texts["body"],
        image_url=texts["image_url"],
        link=texts["link"],
        sound="" if texts["sound"] == "none" else texts["sound"],
        custom_data=_json_of(texts, "custom_data"),
        custom_payload=_json_of(texts, "custom_payload"),
    )
    tokens = ", ".join(device.token for device in push.devices)
    return Composed(tokens, msgspec.json.encode(push))


def _chosen(to: str, devices: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The devices that `to` means: all, the one last used, or the one with this token."""
    if not devices:
        raise Unsendable("recipient: this person has no device")
    if to in ("", "all"):
        return devices
    if to == "last_used":
        return [max(devices, key=lambda device: device.get("last_used") or 0)]
    chosen = [device for device in devices if device["token"] == to]
    if not chosen:
        raise Unsendable("recipient must be all, last_used or the token of a device of this person")
    return chosen


def _json_of(texts: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        return _object.decode(texts[name].strip() or "{}")
    except msgspec.DecodeError:
        raise Unsendable(f"{name} must be a JSON object once it is rendered") from None


# What is served, not sent


def _kept(draft: Draft) -> Composed:
    customer = draft.customer
    return Composed(str(customer.get("id") or customer.get("email") or customer.get("cio_id") or ""))


_COMPOSERS: Mapping[str, Callable[[Draft], Composed]] = {
    "email": _email,
    "webhook": _webhook,
    "twilio": _text_message,
    "whatsapp": _text_message,
    "slack": _slack,
    "push": _push,
    "in_app": _kept,
    "inbox": _kept,
}
