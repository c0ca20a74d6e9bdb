"""What goes without a person, what waits, and until when."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.errors import InvalidInput
from handbill.policy import ANYONE, Decision, Policy, check, decide, quiet_until

NOW = 1_764_000_000
"""24 November 2025, 16:00:00 UTC, 17:00 in Berlin."""
LIVE = Policy(mode="live", auto_send_max=100, daily_max=1000)


@pytest.mark.parametrize(
    ("policy", "people", "everyone", "reached", "outcome", "reason"),
    [
        (Policy(), 1_000_000, 1_000_000, 0, "go", ""),
        (Policy(), None, None, 0, "go", ""),
        (Policy(mode="off", auto_send_max=ANYONE), 1, 1000, 0, "refuse", "Sending is off"),
        (LIVE, 100, 1000, 0, "go", ""),
        (LIVE, 101, 1000, 0, "hold", "101 people; up to 100 go without approval"),
        (Policy(mode="live"), 1, 1000, 0, "hold", "1 person; up to 0 go without approval"),
        (LIVE, None, 1000, 0, "hold", "nobody knows how many people this reaches"),
        (LIVE, 50, 100, 0, "hold", "50 of all 100 people: half or more always wait"),
        (LIVE, 49, 100, 0, "go", ""),
        (LIVE, 50, None, 0, "go", ""),
        (LIVE, 100, 1000, 900, "go", ""),
        (LIVE, 100, 1000, 901, "hold", "100 more people after 901 in 24 hours; up to 1,000 go without approval"),
        (Policy(mode="live", auto_send_max=ANYONE), 9_999, None, 0, "go", ""),
        (Policy(mode="live", auto_send_max=ANYONE), None, None, 0, "go", ""),
        (Policy(mode="live", auto_send_max=ANYONE), 600, 1000, 0, "hold", "600 of all 1,000 people"),
    ],
)
def test_small_goes_and_big_or_unknown_waits(
    policy: Policy, people: int | None, everyone: int | None, reached: int, outcome: str, reason: str
) -> None:
    decision = decide(policy, people=people, everyone=everyone, reached=reached, now=NOW)
    assert decision.outcome == outcome
    assert decision.reason.startswith(reason)


@pytest.mark.parametrize(
    ("quiet_hours", "until"),
    [
        ("", None),
        ("21:00-08:00 Europe/Berlin", None),
        ("17:00-18:00 Europe/Berlin", "2025-11-24 18:00 Europe/Berlin"),
        ("16:00-08:00 Europe/Berlin", "2025-11-25 08:00 Europe/Berlin"),
        ("18:00-17:30 Europe/Berlin", "2025-11-24 17:30 Europe/Berlin"),
        ("16:00-17:00", "2025-11-24 17:00 UTC"),
        ("15:00-16:00", None),
    ],
)
def test_quiet_hours_hold_a_send_until_they_end(quiet_hours: str, until: str | None) -> None:
    policy = Policy(mode="live", auto_send_max=ANYONE, quiet_hours=quiet_hours)
    decision = decide(policy, people=1, everyone=None, reached=0, now=NOW)
    if until is None:
        assert decision == Decision("go")
        return
    day, zone = until.rsplit(" ", 1)
    assert decision.outcome == "hold"
    assert decision.until == int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp())


@given(
    st.times(),
    st.times(),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
    st.integers(NOW, NOW + 4 * 10**7),
)
def test_after_the_end_of_quiet_hours_they_are_over(begin: time, end: time, zone: str, now: int) -> None:
    text = f"{begin:%H:%M}-{end:%H:%M} {zone}"
    if f"{begin:%H:%M}" == f"{end:%H:%M}":
        return
    until = quiet_until(text, now)
    assert until is None or (now < until <= now + 25 * 3600 and quiet_until(text, until) is None)


@pytest.mark.parametrize(
    "quiet_hours", ["9-17", "21:00-21:00", "21:00-08:00 Mars/Base", "25:00-08:00", "21:00-08:00 ../x", "21:00 08:00"]
)
def test_quiet_hours_that_cannot_be_are_refused(quiet_hours: str) -> None:
    with pytest.raises(InvalidInput, match="quiet_hours must look like 21:00-08:00 Europe/Berlin"):
        check(Policy(quiet_hours=quiet_hours))


@pytest.mark.parametrize("domain", ["Shop.example", "@shop.example", "example", "shop.example ", ""])
def test_domains_that_cannot_be_are_refused(domain: str) -> None:
    with pytest.raises(InvalidInput, match="only_domains are names"):
        check(Policy(only_domains=(domain,)))
