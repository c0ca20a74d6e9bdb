"""What may be sent without a person: the rules a person set, and the decision they lead to."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from handbill.errors import InvalidInput

Mode = Literal["off", "sandbox", "live"]
MODES: tuple[Mode, ...] = ("sandbox", "live", "off")
Way = Literal["elicitation", "elicitation-http", "console", "cli"]
Unknown = Literal["resend", "hold"]
ANYONE = -1
"""As `auto_send_max`: nothing waits because of its size, known or not."""
DAY = 86_400

_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)(?: ([\w+\-/]+))?", re.ASCII)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one connection; `''` is the embedded workspace. Only a person's command or page changes them."""

    mode: Mode = "sandbox"
    auto_send_max: int = 0
    """Live: people per send without a yes; -1 for anyone."""
    daily_max: int = 10_000
    """Live: people in any 24 hours without a yes."""
    only_domains: tuple[str, ...] = ()
    """Live: if there are any, everybody else is skipped and counted."""
    quiet_hours: str = ""
    """Live: `21:00-08:00 Europe/Berlin`, in which sends wait for their end."""
    repeat_window: int = 600
    """Seconds in which the same call again is the first one; 0 for never."""
    on_unknown: Unknown = "resend"
    """What becomes of a message whose server did not answer before a crash."""
    approve_via: tuple[Way, ...] = ("elicitation", "console", "cli")
    """Over HTTP a person has to allow the form: whoever has the key of the API could answer it."""
    readonly: bool = False
    """Nothing may be changed or sent; what only stops is open."""
    toolsets: str = "all"
    """The toolsets that there are at most, with commas."""
    pii: Literal["full", "masked"] = "full"
    """Whether tools tell what identifies people (tools/masking.py)."""

    def offers(self, toolset: str) -> bool:
        """May the tools of this toolset be used at all?"""
        return not {"all", toolset}.isdisjoint(self.toolsets.split(","))

    def tightened(self, *, readonly: bool) -> "Policy":
        """The rules for a process that was started read-only: what it says can only be added."""
        return msgspec.structs.replace(self, readonly=self.readonly or readonly)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a send. One that is held may have an hour (Unix seconds) at which it goes by itself."""

    outcome: Literal["go", "hold", "refuse"]
    reason: str = ""
    until: int | None = None


GO = Decision("go")

Judge = Callable[[Policy, int, int], Decision]
"""Decides by the rules, how many were reached in 24 hours, and the time, all as they are in one transaction."""


def decide(policy: Policy, *, people: int | None, everyone: int | None, reached: int, now: int) -> Decision:
    """May a send to `people` go without a person?

    `everyone` are all people of the workspace and None, like `people`, when nobody knows; `reached` were reached in
    the last 24 hours.
    """
    if policy.mode == "off":
        return Decision("refuse", "Sending is off")
    if policy.mode == "sandbox":
        return GO
    if reason := next(_reasons(policy, people, everyone, reached), ""):
        return Decision("hold", reason)
    if until := quiet_until(policy.quiet_hours, now):
        return Decision("hold", f"quiet hours ({policy.quiet_hours})", until)
    return GO


def _reasons(policy: Policy, people: int | None, everyone: int | None, reached: int) -> Iterator[str]:
    most = policy.auto_send_max
    if people is None:
        if most != ANYONE:
            yield "nobody knows how many people this reaches"
        return
    if most != ANYONE and people > most:
        yield f"{people:,} {'person' if people == 1 else 'people'}; up to {most:,} go without approval"
    if everyone and people * 2 >= everyone:
        yield f"{people:,} of all {everyone:,} people: half or more always wait"
    if reached + people > policy.daily_max:
        yield f"{people:,} more people after {reached:,} in 24 hours; up to {policy.daily_max:,} go without approval"


def quiet_until(quiet_hours: str, now: int) -> int | None:
    """When the quiet hours that it is now end, in Unix seconds; None outside of them. Raises as `check` does."""
    if not quiet_hours:
        return None
    begin, end, zone = _quiet(quiet_hours)
    here = datetime.fromtimestamp(now, zone)
    clock = here.time()
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return None
    day = here.date() + timedelta(days=clock >= end)
    return int(datetime.combine(day, end, zone).timestamp())


def allowed(address: str, only_domains: Collection[str]) -> bool:
    """Whether mail may go to this address at all: anywhere, when no domains are named."""
    return not only_domains or address.rpartition("@")[2].strip(" >").lower() in only_domains


def check(policy: Policy) -> None:
    """Raise InvalidInput for quiet hours or domains that cannot be ones."""
    if policy.quiet_hours:
        _quiet(policy.quiet_hours)
    for domain in policy.only_domains:
        if not re.fullmatch(r"[a-z0-9\-]+(\.[a-z0-9\-]+)+", domain):
            raise InvalidInput.of("only_domains", "only_domains are names such as shop.example, in small letters.")


def _quiet(text: str) -> tuple[time, time, ZoneInfo]:
    parts = _QUIET.fullmatch(text)
    if parts and parts[1] + parts[2] != parts[3] + parts[4]:
        try:
            zone = ZoneInfo(parts[5] or "UTC")
            return time(int(parts[1]), int(parts[2])), time(int(parts[3]), int(parts[4])), zone
        except (ZoneInfoNotFoundError, ValueError):
            pass
    raise InvalidInput.of("quiet_hours", "quiet_hours must look like 21:00-08:00 Europe/Berlin (UTC without a zone).")
