"""What each `{name}` in a path may be: the client refuses anything else, and the description says it."""

import re
from dataclasses import dataclass

from handbill.contract.fields import LANGUAGE
from handbill.contract.limits import BIGGEST_ID
from handbill.errors import quoted


@dataclass(frozen=True, slots=True)
class Grammar:
    """`rule` ends the sentence that begins with the name."""

    rule: str
    pattern: re.Pattern[str]


def number(text: str) -> bool:
    """Whether `text` is the number of something, as it is written."""
    return bool(_NUMBER.fullmatch(text)) and int(text) <= BIGGEST_ID


def wrong(name: str, text: str) -> str:
    """What is wrong with `text` as the value of `{name}`; empty when nothing is."""
    grammar = GRAMMARS.get(name)
    if grammar.pattern.fullmatch(text) if grammar else number(text):
        return ""
    rule = grammar.rule if grammar else f"must be a whole number between 1 and {BIGGEST_ID}"
    return f"{name} {rule}; got {quoted(text)}."


def _text(what: str) -> Grammar:
    return Grammar(f"must be {what}", TEXT)


TEXT = re.compile(r"(?!\.{1,2}$).{1,254}", re.DOTALL)
_NUMBER = re.compile(r"[1-9][0-9]{0,15}")
GRAMMARS = {
    "trigger_id": Grammar("must look like 456 or 5-37", re.compile(r"([1-9][0-9]{0,15}-)?[1-9][0-9]{0,15}")),
    "message_id": Grammar("must be the `id` of a message as a list gave it", re.compile(r"[A-Za-z0-9_=-]{1,200}")),
    "delivery_id": Grammar("must be the `id` of a message as a list gave it", re.compile(r"[A-Za-z0-9_=-]{1,200}")),
    "customer_id": _text("a person's id, email or cio_id"),
    "identifier": _text("a person's id, email or cio_id"),
    "device_id": _text("a device's token"),
    "form_id": _text("a form's id"),
    "object_id": _text("an object's object_id or cio_object_id"),
    "email_address": _text("an email address"),
    "suppression_type": Grammar(
        "must be blocks, bounces, spam_reports or invalid_emails", re.compile("[a-z_]{1,40}")
    ),
    "domain_name": _text("a domain name"),
    "snippet_name": _text("a snippet's name"),
    "language": Grammar("must be a language such as fr or pt-BR", re.compile(LANGUAGE)),
}
"""Those that are no whole numbers."""
