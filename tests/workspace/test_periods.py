from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from handbill.workspace.periods import EASTERN, Periods, between, last


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=EASTERN).timestamp())


@pytest.mark.parametrize(
    ("period", "now", "expected"),
    [
        ("hours", "2026-11-23 09:59:59", ["2026-11-23 08:00", "2026-11-23 09:00"]),
        ("days", "2026-11-23 00:00:00", ["2026-11-21", "2026-11-22", "2026-11-23"]),
        ("days", "2026-11-02 12:00:00", ["2026-10-31", "2026-11-01", "2026-11-02"]),  # 25 hours on 1 November
        ("days", "2026-03-09 12:00:00", ["2026-03-07", "2026-03-08", "2026-03-09"]),  # 23 hours on 8 March
        ("weeks", "2026-11-22 00:00:00", ["2026-11-15", "2026-11-22"]),  # a Sunday
        ("weeks", "2026-11-21 23:59:59", ["2026-11-08", "2026-11-15"]),  # a Saturday
        ("months", "2026-01-31 12:00:00", ["2025-11-01", "2025-12-01", "2026-01-01"]),
    ],
)
def test_periods_begin_as_in_the_eastern_united_states(period: str, now: str, expected: list[str]) -> None:
    assert last(period, len(expected), at(now)).begins == [at(text) for text in expected]


def test_a_day_there_is_not_a_day_in_utc() -> None:
    just_after_utc_midnight = int(datetime(2026, 11, 23, 0, 30, tzinfo=UTC).timestamp())
    assert last("days", 1, just_after_utc_midnight).begins == [at("2026-11-22")]


@pytest.mark.parametrize(("period", "steps"), [("hours", 24), ("days", 45), ("weeks", 12), ("months", 121)])
def test_the_most_periods_are_in_order_and_full_hours(period: str, steps: int) -> None:
    begins = last(period, steps, at("2026-11-23 10:10:10")).begins
    assert begins == sorted(set(begins))
    assert len(begins) == steps
    assert all(begin % 3600 == 0 for begin in begins)


@pytest.mark.parametrize(
    ("period", "zone", "start", "end", "expected"),
    [
        ("hours", "UTC", "2026-11-23 08:30", "2026-11-23 09:00", ["2026-11-23 08:00", "2026-11-23 09:00"]),
        ("days", "UTC", "2026-11-23 08:30", "2026-11-23 08:30", ["2026-11-23"]),
        ("days", "Europe/Berlin", "2026-10-24 22:00", "2026-10-26 01:00", ["2026-10-24", "2026-10-25", "2026-10-26"]),
        ("weeks", "Asia/Kolkata", "2026-11-21 23:59", "2026-11-22 00:00", ["2026-11-15", "2026-11-22"]),
        ("months", "UTC", "2025-12-31 23:59", "2026-01-01 00:00", ["2025-12-01", "2026-01-01"]),
    ],
)
def test_a_range_covers_the_periods_of_both_its_ends_in_its_own_time_zone(
    period: str, zone: str, start: str, end: str, expected: list[str]
) -> None:
    def there(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())

    covered = between(period, there(start), there(end), ZoneInfo(zone))
    assert covered.begins == [there(text) for text in expected]
    assert covered.end > there(end)


def test_what_was_counted_is_summed_up_in_its_period() -> None:
    periods = Periods([0, 7200, 14400], 21600)
    assert periods.series([(0, 1), (3600, 10), (7200, 100), (18000, 1000)]) == [11, 100, 1000]
