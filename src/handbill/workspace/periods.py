"""Periods of metrics: hours, and days, weeks and months as they begin in a time zone. Reference 8.3."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EASTERN = ZoneInfo("America/New_York")
"""The zone of metrics that name none."""
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods one after the other: when each begins, oldest first, and when the last ends, in Unix seconds."""

    begins: list[int]
    end: int

    def series(self, counted: Iterable[tuple[int, int]]) -> list[int]:
        """`counted` numbers, each with its hour, summed up by period."""
        series = [0] * len(self.begins)
        for hour, count in counted:
            series[max(0, bisect_right(self.begins, hour) - 1)] += count
        return series


def last(period: str, steps: int, now: int) -> Periods:
    """The last `steps` periods in the eastern United States; the last of them is not over yet."""
    begins = [_begin(period, now, EASTERN, -back) for back in reversed(range(steps))]
    return Periods(begins, _begin(period, now, EASTERN, 1))


def between(period: str, start: int, end: int, zone: tzinfo) -> Periods:
    """The periods that `start` and `end` are in, and all in between."""
    begins = [_begin(period, start, zone, 0)]
    while (following := _begin(period, start, zone, len(begins))) <= end:
        begins.append(following)
    return Periods(begins, following)


def _begin(period: str, time: int, zone: tzinfo, later: int) -> int:
    """When the period `later` than the one that `time` is in began; weeks begin on Sunday."""
    if period == "hours":
        return time - time % HOUR + HOUR * later
    today = datetime.fromtimestamp(time, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period == "months":
        years, month = divmod(today.year * 12 + today.month - 1 + later, 12)
        return int(today.replace(year=years, month=month + 1, day=1).timestamp())
    days = 7 * later - today.isoweekday() % 7 if period == "weeks" else later
    return int((today + timedelta(days=days)).timestamp())


def zone(name: object) -> ZoneInfo | None:
    """The time zone with IANA's name; None when it is none."""
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, ZoneInfoNotFoundError):  # a path, a folder, not found
        return None


def local_time(wall: int, name: object, otherwise: int) -> int:
    """When clocks in the zone `name` show `wall`, Unix seconds as if in UTC; `otherwise` when it is none."""
    there = zone(name)
    if there is None:
        return otherwise
    return int(datetime.fromtimestamp(wall, UTC).replace(tzinfo=there).timestamp())
