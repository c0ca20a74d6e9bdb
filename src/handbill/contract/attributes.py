"""Attributes: what may be said about a person, an object or a relationship, with the limits of reference 12."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from handbill.contract.filters import got, short
from handbill.contract.limits import (
    ATTRIBUTE_NAME_BYTES,
    ATTRIBUTE_VALUE_BYTES,
    ATTRIBUTES,
    IDENTIFIER_BYTES,
    LATEST_TIMESTAMP,
    OBJECT_BYTES,
)
from handbill.errors import Fault

RESERVED = ("id", "email", "cio_id", "unsubscribed", "anonymous_id", "cio_relationships", "_update", "_timestamp")
"""Keys of an identify call that are not kept as attributes (reference 12)."""
TRUTHS = {True: True, False: False, "true": True, "false": False, None: False, "": False}
"""What `unsubscribed` may be; null and "" take it back, as they do with any attribute."""


PREFERENCES = "cio_subscription_preferences"
"""What a person subscribes to: `{"topics": {"topic_1": true}, "channels": {"email": false}}` (reference 12)."""
_SECTIONS = ("topics", "channels")
ONE_CHOICE = tuple(f"{PREFERENCES}.{section}." for section in _SECTIONS)
"""How the name of one choice alone begins: `cio_subscription_preferences.topics.topic_1`."""


def check(attributes: object, prefix: str = "") -> list[Fault]:
    """Everything wrong with a person's attributes; `prefix` stands before each field ("attributes.")."""
    if not isinstance(attributes, Mapping):
        field = prefix.rstrip(".") or "body"
        return [Fault(field, f"{field} must be an object of attributes; got {got(attributes)}.")]
    faults = [fault for name, value in attributes.items() for fault in _entry(name, value, f"{prefix}{name}")]
    if len(attributes) > ATTRIBUTES + len(RESERVED):
        field = prefix.rstrip(".") or "body"
        faults.append(Fault(field, f"{field} has {len(attributes)} attributes; a person may have {ATTRIBUTES}."))
    return faults


def plain(attributes: object, field: str) -> list[Fault]:
    """Everything wrong with the attributes of an object or a relationship, none of which is special."""
    if not isinstance(attributes, Mapping):
        return [Fault(field, f"{field} must be an object of attributes; got {got(attributes)}.")]
    if (size := len(msgspec.json.encode(attributes))) > OBJECT_BYTES:
        return [Fault(field, f"{field} is {size} bytes; the limit is {OBJECT_BYTES}.")]
    return [fault for name, value in attributes.items() for fault in _kept(name, value, f"{field}.{name}")]


def preferences(value: object) -> dict[str, dict[str, bool]] | None:
    """A value of PREFERENCES, which may be JSON text, in its one shape; None when it is no such value.

    A choice that is null or "" is none: the default counts (reference 14, traits).
    """
    try:
        inner: Any = msgspec.json.decode(value) if isinstance(value, str) else value
        given = {section: inner[section] for section in _SECTIONS if inner.get(section) is not None}
        return {
            section: {name: TRUTHS[choice] for name, choice in choices.items() if choice not in (None, "")}
            for section, choices in given.items()
        }
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
        return None


def identifier(kind: str, value: object, field: str) -> list[Fault]:
    """What is wrong with the value of an `id`, `email`, `cio_id` and the like. A whole number is its digits."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return [Fault(field, f"{field} must be text; got {got(value)}.")]
    text, limit = str(value), ATTRIBUTE_VALUE_BYTES if kind == "email" else IDENTIFIER_BYTES
    if not text.strip():
        return [Fault(field, f"{field} is empty.")]
    if len(text.encode()) > limit:
        return [Fault(field, f"{field} is longer than {limit} bytes.")]
    if kind != "email" and any(c < " " or c == "\x7f" for c in text):
        return [Fault(field, f"{field} has a control character.")]
    return []


def moment(value: object, field: str) -> list[Fault]:
    """What is wrong with a time; None is none."""
    if value is None or (type(value) is int and 0 <= value <= LATEST_TIMESTAMP):
        return []
    if type(value) is int and LATEST_TIMESTAMP < value <= LATEST_TIMESTAMP * 1000:
        return [Fault(field, f"{field} looks like milliseconds; in seconds it is {value // 1000}.")]
    return [Fault(field, f"{field} must be Unix seconds, 0 to {LATEST_TIMESTAMP}; got {got(value)}.")]


def _entry(name: str, value: object, field: str) -> Iterator[Fault]:
    if name in RESERVED:
        yield from _reserved(name, value, field)
    elif name == PREFERENCES and value not in (None, "") and preferences(value) is None:
        yield Fault(field, f'{field} must be such as {{"topics":{{"topic_1":true}}}}; got {got(value)}.')
    elif name.startswith(ONE_CHOICE) and (isinstance(value, list | dict) or value not in TRUTHS):
        yield Fault(field, f"{short(field)} must be true or false; got {got(value)}.")
    else:
        yield from _kept(name, value, field)


def _kept(name: str, value: object, field: str) -> Iterator[Fault]:
    shown = short(field)
    if not name:
        where = field.rstrip(".") or "body"
        yield Fault(where, f"{where} has an attribute without a name.")
    elif len(name.encode()) > ATTRIBUTE_NAME_BYTES:
        yield Fault(field, f"{shown} must have a name of at most {ATTRIBUTE_NAME_BYTES} bytes.")
    elif isinstance(value, str) and len(value.encode()) > ATTRIBUTE_VALUE_BYTES:
        yield Fault(field, f"{shown} is {len(value.encode())} bytes; the limit is {ATTRIBUTE_VALUE_BYTES}.")


def _reserved(name: str, value: object, field: str) -> list[Fault]:
    match name:
        case "id" | "email" | "cio_id" | "anonymous_id" if value is not None and value != "":
            return identifier(name, value, field)
        case "unsubscribed" | "_update" if isinstance(value, list | dict | float) or value not in TRUTHS:
            return [Fault(field, f"{field} must be true or false; got {got(value)}.")]
        case "_timestamp":
            return moment(value, field)
        case _:
            return []
