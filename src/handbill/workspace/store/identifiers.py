"""Identifiers: how a person is named from outside, and how those names are compared (reference 2.4, 12)."""

import re
from typing import Literal

IdType = Literal["id", "email", "cio_id"]

_CIO_ID = re.compile(r"(?:cio_)?a3([0-9a-f]{6,16})", re.ASCII)


def cio_id(person: int) -> str:
    """A person's internal number as it is shown."""
    return f"a3{person:06x}"


def person_of(cio_id: str) -> int | None:
    """The internal number in a `cio_id`, with or without its prefix; None when it is not one of ours."""
    match = _CIO_ID.fullmatch(cio_id)
    person = int(match[1], 16) if match else 0
    return person if 0 < person < 2**63 else None


def email_key(email: str) -> str:
    """An address as it is compared: without regard to case (reference 12)."""
    return email.lower()


def kind(identifier: str, emails: bool) -> IdType:
    """What an identifier in a path is, guessed from its shape; `emails`: whether addresses identify people."""
    if identifier.startswith("cio_"):
        return "cio_id"
    return "email" if emails and "@" in identifier else "id"
