"""Periods of metrics: hours, and days, weeks and months as they begin in the eastern United States. Reference 8.3."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
HOUR = 3600


def starts(period: str, steps: int, now: int) -> list[int]:
    """When each of the last `steps` periods began, in Unix seconds, oldest first; the last is not over yet."""
    if period == "hours":
        return [now - now % HOUR - HOUR * back for back in reversed(range(steps))]
    today = datetime.fromtimestamp(now, EASTERN).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return [int(_began(period, today, back).timestamp()) for back in reversed(range(steps))]


def _began(period: str, today: datetime, back: int) -> datetime:
    """Midnight of the first day of the period `back` before the one with `today` in it; weeks begin on Sunday."""
    if period == "months":
        years, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        return today.replace(year=years, month=month + 1, day=1)
    if period == "weeks":
        return today - timedelta(days=today.isoweekday() % 7 + 7 * back)
    return today - timedelta(days=back)
