"""The clock, passed in wherever time matters, so that tests own it."""

import time


class SystemClock:
    """This machine's time."""

    def now(self) -> int:
        return int(time.time())

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()
