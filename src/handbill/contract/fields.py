"""What a message is written in: its fields by type, named as Customer.io's actions name them. Reference 7.2, 8.2."""

import re
from collections.abc import Mapping
from typing import Literal, get_args

FIELDS: Mapping[str, tuple[str, ...]] = {
    "email": (
        "from",
        "reply_to",
        "recipient",
        "cc",
        "bcc",
        "fake_bcc",
        "subject",
        "preheader_text",
        "body",
        "body_plain",
        "body_amp",
    ),
    "webhook": ("url", "method", "body"),
    "twilio": ("from", "recipient", "body", "image_url"),
    "whatsapp": ("from", "recipient", "body", "image_url"),
    "slack": ("recipient", "body"),
    "push": ("recipient", "subject", "body", "image_url", "link", "sound", "custom_data", "custom_payload"),
    "in_app": ("subject", "body"),
    "inbox": ("subject", "body"),
}
"""Every text of a message, which may be Liquid. Of a push, subject and body are what a send calls title and message,
and the recipient is its `to`: all, last_used or one device's token."""

NAMES: tuple[str, ...] = tuple(dict.fromkeys(name for names in FIELDS.values() for name in names))
"""The fields of all types."""

LINES = frozenset(NAMES) - {"body", "body_plain", "body_amp", "custom_data", "custom_payload"}
"""Fields of one line."""

ADDRESSES = ("recipient", "cc", "bcc")
"""Fields of a mail that may name several addresses, with commas between."""

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "email": {"recipient": "{{customer.email}}"},
    "webhook": {"method": "post"},
    "twilio": {"recipient": "{{customer.phone}}"},
    "whatsapp": {"recipient": "{{customer.phone}}"},
    "push": {"recipient": "all"},
}
"""What is said where a message does not: above all, it goes to the person's own address."""

NEEDED: Mapping[str, Mapping[str, str]] = {
    "email": {"from": '"Film Club <news@film.example>"'},
    "webhook": {"url": "https://film.example/hook"},
    "twilio": {"body": '"Your film is here"'},
    "whatsapp": {"body": '"Your film is here"'},
    "slack": {"body": '"{{customer.first_name}} is back"'},
    "push": {"body": '"Your film is here"'},
    "in_app": {"body": '"Your film is here"'},
    "inbox": {"body": '"Your film is here"'},
}
"""Fields a message cannot be sent without, with an example."""

_ADDRESS = re.compile(r"(?:\{\{.*?\}\}|\{%.*?%\}|\"(?:[^\"\\]|\\.)*\"|[^,])+", re.DOTALL)


def addresses(text: str) -> list[str]:
    """The addresses in a field that may name several, still as Liquid: no comma in a tag or in quotes parts them."""
    return _ADDRESS.findall(text)


def reach(type_: str, fields: Mapping[str, str]) -> int:
    """How many addresses a message goes to at most: those of cc and bcc count like the recipient's."""
    if type_ != "email":
        return 1
    texts = [fields.get(name) or DEFAULTS["email"].get(name, "") for name in ADDRESSES]
    return sum(bool(address.strip()) for text in texts for address in addresses(text)) or 1


LANGUAGE = r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*"
"""What a language looks like: fr, pt-BR."""

Method = Literal["get", "post", "put", "delete", "patch"]
"""How a webhook may call."""
METHODS: tuple[Method, ...] = get_args(Method)
