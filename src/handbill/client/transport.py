"""Requests and answers: paced, retried where that is safe, and errors turned into ours."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import msgspec

from handbill import __version__
from handbill.client.failures import failure
from handbill.contract.limits import APP, Rate
from handbill.errors import HandbillError, RateLimited, Unavailable

TRIES = 4
LONGEST_WAIT = 30
"""Seconds; when the server wants a longer one, the caller is told instead."""
TIMEOUT = httpx2.Timeout(30, connect=10)

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Server:
    """One of Customer.io's APIs: where it is, what opens it, and how fast it may be called."""

    base_url: str
    authorization: str = field(repr=False)
    rate: Rate = APP

    @property
    def interval(self) -> float:
        """Seconds between calls: one fewer than allowed, since they do not arrive as evenly as they leave."""
        return self.rate.seconds / (self.rate.calls - 1)


def bearer(key: str) -> str:
    """The header that opens the App API."""
    return f"Bearer {key}"


def basic(user: str, password: str = "") -> str:
    """The header that opens the Track API (site id and key) and Pipelines (the key alone)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


class OutcomeUnknown(Unavailable):
    """The request left and no answer came: it may have been carried out. Look before you repeat it."""


class Transport:
    """Calls to one server. A `transport` of the caller's (a workspace in this process) is not paced."""

    def __init__(
        self,
        server: Server,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        headers = {"Authorization": server.authorization, "User-Agent": f"handbill/{__version__}"}
        self._http = httpx2.AsyncClient(
            base_url=server.base_url, headers=headers, timeout=TIMEOUT, transport=transport
        )
        self._pace = None if transport else Pace(server.interval, sleep)
        self._sleep = sleep

    async def send(
        self, method: str, url: str, query: dict[str, Any], body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The answer. GET is tried up to 4 times; anything else exactly once, whatever happens.

        Raises HandbillErrors made from the answer, Unavailable without one, OutcomeUnknown when it may have worked.
        """
        content = None if body is None else msgspec.json.encode(body)
        for tries in range(1, TRIES + 1):
            try:
                return await self._once(method, url, query, content, headers or {})
            except (RateLimited, Unavailable) as error:
                wait = _wait(error, tries)
                if method != "GET" or tries == TRIES or wait is None:
                    raise
                await self._sleep(wait)
        raise AssertionError("unreachable")

    async def _once(
        self, method: str, url: str, query: dict[str, Any], content: bytes | None, headers: Mapping[str, str]
    ) -> httpx2.Response:
        if self._pace:
            await self._pace.turn()
        if content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            answer = await self._http.request(method, url, params=query or None, content=content, headers=headers)
        except httpx2.TransportError as error:
            raise self._lost(method, error) from error
        if not answer.is_success:
            raise self._failed(method, answer)
        return answer

    def _lost(self, method: str, error: httpx2.TransportError) -> HandbillError:
        before = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
        if before or method == "GET":
            return Unavailable(f"{self._http.base_url.host} does not answer ({type(error).__name__}).")
        return OutcomeUnknown()

    def _failed(self, method: str, answer: httpx2.Response) -> HandbillError:
        """A gateway's 5xx says nothing about what became of the request behind it; 503 says it was refused."""
        if answer.status_code >= 500 and answer.status_code != 503 and method != "GET":
            return OutcomeUnknown()
        return failure(answer.status_code, answer.content, answer.headers.get("retry-after"))

    async def close(self) -> None:
        await self._http.aclose()


class Pace:
    """Lets one call through every `interval` seconds, in order."""

    def __init__(self, interval: float, sleep: Sleep, now: Callable[[], float] = time.monotonic) -> None:
        self._interval = interval
        self._sleep = sleep
        self._now = now
        self._free = 0.0

    async def turn(self) -> None:
        turn = max(self._free, self._now())
        self._free = turn + self._interval
        if (wait := turn - self._now()) > 0:
            await self._sleep(wait)


def _wait(error: RateLimited | Unavailable, tries: int) -> float | None:
    """Seconds until the next try; None when there is none: a day's quota is used up, or the wait is too long."""
    if not isinstance(error, RateLimited):
        return 0.25 * 2.0**tries
    wait = error.retry_after
    return None if wait is None or wait > LONGEST_WAIT else wait
