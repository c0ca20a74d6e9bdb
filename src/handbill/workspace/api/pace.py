"""Rate limits: at most so many calls in any span of time. Reference 2.2."""

import math
from collections import deque

from handbill.contract.limits import Rate
from handbill.errors import RateLimited
from handbill.workspace.engine.needs import Clock

DAY = 86_400


class Window:
    """A sliding window over the last `rate.calls` calls: exact, where a bucket lets a burst through at its edge."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._calls: deque[float] = deque(maxlen=rate.calls)

    def enter(self) -> None:
        """Count one call. Raises RateLimited with the whole seconds to wait, or without them for a day's quota."""
        now = self._clock.monotonic()
        if len(self._calls) == self._rate.calls and now - self._calls[0] < self._rate.seconds:
            left = math.ceil(self._calls[0] + self._rate.seconds - now)
            raise RateLimited(f"rate limited to {self._rate}", None if self._rate.seconds >= DAY else left)
        self._calls.append(now)
