"""The one tree of errors, their codes, and what each code becomes at each edge.

    HandbillError
    ├── InvalidInput      a value is wrong; carries one fault per field
    ├── Unreadable        the body or file is not what it says it is
    ├── Unauthorized      no key, or not this workspace's
    ├── NotFound          no such thing
    ├── Conflict          the thing is in use, or already there
    ├── TooLarge          over a limit in bytes
    ├── RateLimited       too soon; says how long to wait
    ├── SendingRefused    the gate says no
    ├── ReadOnly          the workspace may be looked at, and nothing else
    └── Unavailable       the database, the disk or a server does not answer

Messages are written for the person or agent who meets them: what is wrong, what is right, what to do next.
They never hold keys, and of customers' text at most 60 characters (see `quoted`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field; `message` is a whole sentence that names the field."""

    field: str
    message: str

    @property
    def pointer(self) -> str:
        """The field as a JSON pointer (RFC 6901): `per_user_data[4].data` is `/per_user_data/4/data`."""
        if self.field == "body":
            return ""
        return "/" + self.field.replace("[", "/").replace("]", "").replace(".", "/")


class HandbillError(Exception):
    """Handbill could not do this."""

    code = "internal"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__class__.__doc__)


class InvalidInput(HandbillError):
    """A value is not right."""

    code = "invalid"

    def __init__(self, *faults: Fault) -> None:
        self.faults: Sequence[Fault] = faults[:20]
        super().__init__(" ".join(fault.message for fault in self.faults))

    @classmethod
    def of(cls, field: str, message: str) -> "InvalidInput":
        return cls(Fault(field, message))


class Unreadable(HandbillError):
    """The request body is not JSON."""

    code = "unreadable"


class Unauthorized(HandbillError):
    """The key is missing or not this workspace's. `handbill keys` shows the right ones."""

    code = "unauthorized"


class NotFound(HandbillError):
    """There is no such thing."""

    code = "not_found"


class Conflict(HandbillError):
    """This is in use, or there already."""

    code = "conflict"


class TooLarge(HandbillError):
    """This is larger than allowed."""

    code = "too_large"


class RateLimited(HandbillError):
    """Too soon. Wait and call again."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: int | None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class SendingRefused(HandbillError):
    """The workspace's rules do not allow this send."""

    code = "sending_refused"


class ReadOnly(HandbillError):
    """This is read-only, so nothing was done. A person can change that: `handbill tools`, or HANDBILL_READONLY."""

    code = "read_only"


class Unavailable(HandbillError):
    """The workspace does not answer."""

    code = "unavailable"


HTTP_STATUS = {
    "invalid": 422,
    "unreadable": 400,
    "unauthorized": 401,
    "not_found": 404,
    "conflict": 409,
    "too_large": 422,
    "rate_limited": 429,
    "sending_refused": 403,
    "read_only": 403,
    "unavailable": 503,
    "internal": 500,
}

EXIT_STATUS = {
    "internal": 1,
    "invalid": 2,
    "unreadable": 2,
    "too_large": 2,
    "unauthorized": 3,
    "not_found": 4,
    "conflict": 5,
    "rate_limited": 6,
    "sending_refused": 7,
    "read_only": 7,
    "unavailable": 8,
}


def quoted(value: object, limit: int = 60) -> str:
    """`value` as JSON-like text for a message: escaped, without logins, and cut at `limit` characters."""
    text = without_logins(value if isinstance(value, str) else _shown(value))
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    escaped = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown)
    return f'"{escaped}"' if isinstance(value, str) else escaped


_LOGIN = re.compile(r"""(?<=//)[^\s/?#"']*@|(?<=/)[^\s/?#"']*:[^\s/?#"']*@""")


def without_logins(text: str) -> str:
    """`text` with `…` for `user:password` in the addresses it holds."""
    return _LOGIN.sub("…@", text)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"
