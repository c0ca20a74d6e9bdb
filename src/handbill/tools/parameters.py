"""The kinds of parameters tools take: each knows its JSON schema and reads a value strictly, or says what is wrong.

One kindness, since some hosts send these: a whole number as text (`"5"`), and a list or object as JSON text. What
was read so is checked like any other value.
"""

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from handbill.contract.audience import CONTROL, json_faults, kind
from handbill.contract.limits import BIGGEST_ID, IDENTIFIER_BYTES, LATEST_TIMESTAMP
from handbill.errors import InvalidInput, quoted

TRIGGER_ID = re.compile(r"(?:([1-9][0-9]{0,15})-)?([1-9][0-9]{0,15})")
_WHOLE = re.compile(r"-?[0-9]{1,40}")
CURSOR_CHARACTERS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of parameter. `does` is its description; null is as good as absent, except for flags."""

    does: str
    default: object = None

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value, without description and default."""
        return {}

    def read(self, name: str, value: object) -> object:
        """The value as the tool gets it. Raises InvalidInput naming the parameter."""
        return value

    def missing(self, name: str) -> str:
        """The sentence for a required parameter that is not there."""
        return f"{name} is required."


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Kind):
    """A whole number from `low` to `high`."""

    low: int = 1
    high: int = BIGGEST_ID

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def read(self, name: str, value: object) -> int:
        number = whole(value)
        if number is None or not self.low <= number <= self.high:
            raise InvalidInput.of(name, f"{name} must be {self.low} to {self.high}; got {shown(value)}.")
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Id(Kind):
    """The id of a thing. `where` says where to find it."""

    where: str = ""

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1}

    def read(self, name: str, value: object) -> int:
        number = whole(value)
        if number is None:
            raise InvalidInput.of(name, self._wrong(name, value))
        if not 1 <= number <= BIGGEST_ID:
            raise InvalidInput.of(name, f"{name} must be between 1 and {BIGGEST_ID}.")
        return number

    def missing(self, name: str) -> str:
        return f"{name} is required (a whole number{', ' * bool(self.where)}{self.where})."

    def _wrong(self, name: str, value: object) -> str:
        pair = TRIGGER_ID.fullmatch(value) if isinstance(value, str) else None
        if pair and name == "broadcast_id":
            return f"{name} is the broadcast alone; {value} looks like a trigger id. Use {pair[1]}."
        return f"{name} must be a whole number such as 5; got {shown(value)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentId(Id):
    def _wrong(self, name: str, value: object) -> str:
        return f"{name} must be a number; GET_SEGMENTS lists them. Got {shown(value)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerId(Kind):
    """A trigger, alone (`456`) or after its broadcast (`5-37`)."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{TRIGGER_ID.pattern}$"}

    def read(self, name: str, value: object) -> str:
        text = str(value) if type(value) is int and 0 < value <= BIGGEST_ID else value
        if isinstance(text, str) and TRIGGER_ID.fullmatch(text):
            return text
        dash = isinstance(value, str) and re.search("[\u2010-\u2015\u2212]", value)
        hint = " (that dash is not a hyphen)" if dash else ""
        raise InvalidInput.of(name, f"{name} must look like 456 or 5-37; got {shown(value)}{hint}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Kind):
    """One of `options`; `accepts` are further ones that are understood but not offered."""

    options: Sequence[str]
    accepts: Sequence[str] = ()
    hint: str = ""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options)}

    def read(self, name: str, value: object) -> str:
        if isinstance(value, str) and (value in self.options or value in self.accepts):
            return value
        near = nearest(value, [*self.options, *self.accepts]) if isinstance(value, str) else None
        listed = f"{name} must be one of {', '.join(self.options)}{self.hint}"
        meant = f"; did you mean {near}?" if near else "."
        raise InvalidInput.of(name, f"{listed}; got {shown(value)}{meant}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort(Choice):
    options: Sequence[str] = ("asc", "desc")

    def read(self, name: str, value: object) -> str:
        if isinstance(value, str) and value in self.options:
            return value
        raise InvalidInput.of(name, f"{name} must be asc (oldest first) or desc (newest first); got {shown(value)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Kind):
    """true or false, nothing else."""

    default: object = False

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, name: str, value: object) -> bool:
        if not isinstance(value, bool):
            raise InvalidInput.of(name, f"{name} must be true or false; got {shown(value)}.")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp(Kind):
    """A time in Unix seconds; other notations are answered with the right number."""

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 0, "maximum": LATEST_TIMESTAMP}

    def read(self, name: str, value: object) -> int:
        number = whole(value)
        if number is not None and 0 <= number <= LATEST_TIMESTAMP:
            return number
        raise InvalidInput.of(name, self._wrong(name, value, number))

    def _wrong(self, name: str, value: object, number: int | None) -> str:
        seconds = number // 1000 if number is not None else -1
        if 10**8 <= seconds <= LATEST_TIMESTAMP:
            return f"{name} looks like milliseconds; in seconds it is {seconds}."
        moment = _moment(value)
        if moment:
            return f"{name} must be Unix seconds; {moment:%Y-%m-%d} UTC is {int(moment.timestamp())}."
        return f"{name} must be between 0 and {LATEST_TIMESTAMP} (Unix seconds); got {shown(value)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor(Kind):
    """The place to go on from."""

    does: str = "The `next` of the previous answer, for the page after it."

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}

    def read(self, name: str, value: object) -> str:
        if isinstance(value, str) and len(value) <= CURSOR_CHARACTERS and (value == "" or value.isprintable()):
            return value
        raise InvalidInput.of(name, self.wrong(name))

    @staticmethod
    def wrong(name: str = "start") -> str:
        return f"{name} must be the `next` value of the previous answer with the same filters."


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Kind):
    """Text of at most `longest` bytes, such as `example`. A number is none: "1" and "01" are not the same."""

    example: str
    longest: int = IDENTIFIER_BYTES
    number: bool = False
    """A whole number is its digits here, since names and numbers cannot be mixed up."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}

    def read(self, name: str, value: object) -> str:
        if self.number and type(value) is int:
            return str(value)
        if not isinstance(value, str):
            raise InvalidInput.of(name, f'{name} must be text such as "{self.example}"; got {kind(value)}.')
        if not value.strip():
            raise InvalidInput.of(name, f"{name} is empty.")
        if CONTROL.search(value):
            raise InvalidInput.of(name, f"{name} has a control character or half of a surrogate pair.")
        if len(value.encode()) > self.longest:
            raise InvalidInput.of(name, f"{name} is longer than {self.longest:,} bytes.")
        return value

    def missing(self, name: str) -> str:
        return f'{name} is required (text such as "{self.example}").'


@dataclass(frozen=True, slots=True, kw_only=True)
class Body(Kind):
    """A part of a trigger's body, read as it is: `audience.check` looks at the whole body at once."""

    of: dict[str, Any]

    def schema(self) -> dict[str, Any]:
        return self.of

    def read(self, name: str, value: object) -> object:
        types = {"array": list, "object": dict}
        wanted = types.get(self.of["type"])
        read = _from_json(value) if wanted and isinstance(value, str) else value
        return read if wanted and isinstance(read, wanted) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Json(Body):
    """An object or a list of objects, whatever is in them; `example` shows one."""

    example: str

    def read(self, name: str, value: object) -> object:
        read = super(Json, self).read(name, value)
        if not isinstance(read, list if self.of["type"] == "array" else dict):
            wanted = "a list" if self.of["type"] == "array" else "an object"
            raise InvalidInput.of(name, f"{name} must be {wanted}, e.g. {self.example}; got {kind(value)}.")
        if faults := [*json_faults(name, read)]:
            raise InvalidInput(*faults)
        return read


def whole(value: object) -> int | None:
    """`value` as a whole number, if it is one or the text of one. true, 5.0, "5_0" and " 5 " are not."""
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else None


def shown(value: object) -> str:
    """`value` for a message, at most 60 characters; of lists and objects only that they are."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, list | dict):
        return kind(value)
    if isinstance(value, int) and value.bit_length() > 200:
        return "a number with too many digits"
    return quoted(value)


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The one of `known` that `name` was probably meant to be."""
    lowered = {one.lower(): one for one in known}
    return next((lowered[near] for near in difflib.get_close_matches(name[:100].lower(), [*lowered], 1)), None)


def _from_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
