"""Filters for dates: Unix seconds, `"now"` or a written date in; times are UTC unless a zone is given."""

import calendar
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil import parser  # type: ignore[import-untyped]
from liquid.exceptions import FilterArgumentError

from handbill.workspace.liquid.limits import value_of_bounded_size
from handbill.workspace.liquid.values import number, number_or_zero, text, whole

DEFAULT_FORMAT = "%A, %B %-e, %Y at %-l:%M %P %z"
NOW = ("now", "today")
LONGEST_REMEMBERED = 200
"""Characters of a date, format and zone together whose result is kept for the next message that asks."""

_DIRECTIVE = re.compile(r"%([-_0^#:]*)(\d*)[EO]?(.)", re.DOTALL)
_WIDTHS = {"j": 3, "L": 3, "Y": 4} | dict.fromkeys("CdeHIklmMSUWy", 2)
_PADDED_WITH_SPACES = frozenset("aAbBceklpPh")
# A year that is not written is 2001, as browsers have it.
_UNWRITTEN = datetime(2001, 1, 1)


@dataclass(frozen=True)
class Moment:
    """A point in time as one zone shows it."""

    local: datetime
    zone_name: str


def date(value: object, form: object = None, zone: object = None) -> object:
    """`1700000000 | date: "%d %b %Y", "Europe/Paris"`. A zone is a name, or minutes behind UTC.

    What is no date comes back unchanged.
    """
    pattern = DEFAULT_FORMAT if form is None else text(form)
    if isinstance(value, str) and value in NOW:
        return _formatted(_moment(time.time(), zone), pattern)
    if not isinstance(value, str | int | float):
        return value
    place = zone if zone is None or isinstance(zone, int | float) else text(zone)
    if len(text(value)) + len(pattern) + len(text(place)) > LONGEST_REMEMBERED:
        return _date(value, pattern, place)
    return _remembered_date(value, pattern, place)


def _date(value: str | float, pattern: str, zone: str | float | None) -> object:
    seconds = unix_seconds(value)
    return value if seconds is None else _formatted(_moment(seconds, zone), pattern)


_remembered_date = lru_cache(maxsize=4096, typed=True)(_date)


def unix_seconds(value: object) -> float | None:
    """A date as Unix seconds, None when the value is no date."""
    if isinstance(value, str):
        if value in NOW:
            return time.time()
        return _within_calendar(float(value)) if value.isascii() and value.isdigit() else _parsed(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _within_calendar(number(value))
    return None


def _within_calendar(seconds: float) -> float | None:
    """Years 1 to 9999, with a day of room for time zones."""
    return seconds if math.isfinite(seconds) and -62135510400 <= seconds <= 253402214400 else None


def _parsed(written: str) -> float | None:
    if len(written) > 100:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        try:
            moment = parser.parse(written, default=_UNWRITTEN)
        except (ValueError, OverflowError):
            return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _within_calendar(aware.timestamp())


def _moment(seconds: float, zone: object) -> Moment:
    if zone is None:
        return Moment(datetime.fromtimestamp(seconds, UTC), "UTC")
    if isinstance(zone, str):
        return Moment(datetime.fromtimestamp(seconds, _zone(zone)), zone)
    minutes = number_or_zero(zone)
    if not abs(minutes) < 24 * 60:
        raise FilterArgumentError("A time zone is a name like Europe/Paris or minutes behind UTC", token=None)
    return Moment(datetime.fromtimestamp(seconds, timezone(timedelta(minutes=-minutes))), "")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:
        message = f"Unknown time zone '{name[:40]}'; use a name like Europe/Paris"
        raise FilterArgumentError(message, token=None) from error


def _formatted(moment: Moment, pattern: str) -> str:
    return _DIRECTIVE.sub(lambda found: _directive(moment, found), pattern)


def _directive(moment: Moment, found: re.Match[str]) -> str:
    flags, width, code = found.groups()
    if code not in _SHOWN:
        return found[0]
    shown = _SHOWN[code](moment)
    if code in "zZ" and ":" in flags:
        shown = re.sub(r"^([+-]\d\d)(\d\d)$", r"\1:\2", shown)
    elif code == "N":
        shown = shown[: int(width[:3] or 9)]
    if "^" in flags or "#" in flags:
        shown = shown.swapcase() if code in "pP" and "^" not in flags else shown.upper()
    size = 0 if "-" in flags else int(width[:9] or _WIDTHS.get(code, 0))
    value_of_bounded_size(size)
    spaced = "_" in flags or (code in _PADDED_WITH_SPACES and "0" not in flags)
    return shown.rjust(size) if spaced else shown.zfill(size)


def _ordinal(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _offset(moment: Moment) -> str:
    minutes = int((moment.local.utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{rest:02d}"


def _day(moment: Moment) -> str:
    return f"{moment.local.month}/{moment.local.day}/{moment.local.year}"


def _time(moment: Moment) -> str:
    return f"{moment.local.hour % 12 or 12}:{moment.local:%M:%S %p}"


def _by_python(code: str) -> Callable[[Moment], str]:
    return lambda moment: moment.local.strftime(f"%{code}").lstrip("0") or "0"


# Every directive, before it is padded.
_SHOWN: dict[str, Callable[[Moment], str]] = {code: _by_python(code) for code in "aAbBdHIjmMpSuUwW"} | {
    "%": lambda moment: "%",
    "c": lambda moment: f"{_day(moment)}, {_time(moment)}",
    "C": lambda moment: str(moment.local.year // 100),
    "e": _by_python("d"),
    "h": _by_python("b"),
    "k": _by_python("H"),
    "l": _by_python("I"),
    "L": lambda moment: str(moment.local.microsecond // 1000),
    "n": lambda moment: "\n",
    "N": lambda moment: f"{moment.local.microsecond // 1000:03d}000000",
    "P": lambda moment: moment.local.strftime("%p").lower(),
    "q": lambda moment: _ordinal(moment.local.day),
    "s": lambda moment: str(math.floor(moment.local.timestamp())),
    "t": lambda moment: "\t",
    "x": _day,
    "X": _time,
    "y": lambda moment: str(moment.local.year % 100),
    "Y": lambda moment: str(moment.local.year),
    "z": _offset,
    "Z": lambda moment: moment.zone_name or _offset(moment),
}


def date_to_xmlschema(value: object) -> object:
    return date(value, "%Y-%m-%dT%H:%M:%S%:z")


def date_to_rfc822(value: object) -> object:
    return date(value, "%a, %d %b %Y %H:%M:%S %z")


def date_to_string(value: object, kind: object = None, style: object = None) -> object:
    return date(value, _day_and_month("%b", kind, style))


def date_to_long_string(value: object, kind: object = None, style: object = None) -> object:
    return date(value, _day_and_month("%B", kind, style))


def _day_and_month(month: str, kind: object, style: object) -> str:
    if kind == "ordinal":
        return f"{month} %-d%q, %Y" if style == "US" else f"%-d%q {month} %Y"
    return f"%d {month} %Y"


def add_day(value: object, count: object) -> object:
    """A date some days later, as Unix seconds; so do its sisters for months and years."""
    return _moved(value, days=whole(count))


def add_month(value: object, count: object) -> object:
    return _moved(value, months=whole(count))


def add_year(value: object, count: object) -> object:
    return _moved(value, months=12 * whole(count))


def subtract_day(value: object, count: object) -> object:
    return _moved(value, days=-whole(count))


def subtract_month(value: object, count: object) -> object:
    return _moved(value, months=-whole(count))


def subtract_year(value: object, count: object) -> object:
    return _moved(value, months=-12 * whole(count))


def _moved(value: object, days: int = 0, months: int = 0) -> object:
    """A day that a month does not have becomes its last one."""
    seconds = unix_seconds(value)
    if seconds is None:
        return value
    start = datetime.fromtimestamp(seconds, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise FilterArgumentError("The date is outside the years 1 to 9999", token=None)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int((start.replace(year=year, month=month + 1, day=day) + timedelta(days=days)).timestamp())
