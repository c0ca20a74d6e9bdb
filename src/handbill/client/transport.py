"""Requests and answers: paced, retried where that is safe, and errors turned into ours."""

import asyncio
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from handbill import __version__
from handbill.client.failures import failure
from handbill.client.regions import Region, region_of
from handbill.contract.endpoint import Endpoint
from handbill.contract.limits import APP, ARCHIVED, TRIGGER, Rate
from handbill.errors import HandbillError, InvalidInput, RateLimited, Unauthorized, Unavailable

TRIES = 4
LONGEST_WAIT = 30
"""Seconds; when the server wants a longer one, the caller is told instead."""
TOLD = 1
"""Seconds from which on a wait is told to who wants to know."""

Sleep = Callable[[float], Awaitable[None]]

Tell = Callable[[str], Awaitable[None]]

_listener: ContextVar[Tell | None] = ContextVar("listener", default=None)


@contextmanager
def telling(tell: Tell | None) -> Iterator[None]:
    """Within the block, `tell` hears in a sentence of every wait of a second or more, before it begins."""
    token = _listener.set(tell)
    try:
        yield
    finally:
        _listener.reset(token)


@dataclass(frozen=True, slots=True)
class Server:
    """One of Customer.io's APIs: where it is, and the header that opens it, if it is not open."""

    base_url: str
    authorization: str = field(default="", repr=False)
    live: bool = False
    """It is Customer.io's own, and no workspace of ours."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long an answer may take, in seconds, and how the time between calls passes."""

    connect: float = 10
    silence: float = 30
    """Between one piece of an answer and the next."""
    whole: float = 300
    """From the call to the end of its answer: a server may not drip for ever."""
    sleep: Sleep = asyncio.sleep


def bearer(key: str) -> str:
    """The header that opens the App API. Raises InvalidInput when no key can look like this."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidInput.of("app_key", "app_key must be an App API key: printable ASCII without spaces.")
    return f"Bearer {key}"


def basic(user: str, password: str = "") -> str:
    """The header that opens the Track API (site id and key) and Pipelines (the key alone)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


class OutcomeUnknown(Unavailable):
    """The request left and no answer came: it may have been carried out. Look before you repeat it."""


class WrongRegion(Unauthorized):
    """The workspace is in another region: its keys belong to other hosts."""

    def __init__(self, host: str, region: Region) -> None:
        self.region = region
        super().__init__(
            f"{host} sends this workspace's calls to region {region.upper()}, and the key is not sent after them. "
            f"Nothing was done. Connect it with region {region.upper()}."
        )


class Transport:
    """Calls to one server. A `transport` of the caller's (a workspace in this process) is not paced."""

    def __init__(
        self, server: Server, transport: httpx2.AsyncBaseTransport | None = None, waits: Waits | None = None
    ) -> None:
        self._server = server
        self._waits = waits = waits or Waits()
        opening = {"Authorization": server.authorization} if server.authorization else {}
        self._http = httpx2.AsyncClient(
            base_url=server.base_url,
            headers={"User-Agent": f"handbill/{__version__}", **opening},
            timeout=httpx2.Timeout(waits.silence, connect=waits.connect),
            transport=transport,
            verify=True if transport else _trusted(),
        )
        self._paced = transport is None
        self._paces: dict[tuple[Rate, str], Pace] = {}

    async def send(
        self,
        endpoint: Endpoint,
        url: str,
        query: dict[str, Any],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """The answer. What only reads is tried up to 4 times; anything else exactly once, whatever happens.

        Raises HandbillErrors made from the answer, Unavailable without one, OutcomeUnknown when it may have worked.
        """
        content = None if body is None else msgspec.json.encode(body)
        for tries in range(1, TRIES + 1):
            try:
                return await self._once(endpoint, url, query, content, headers or {})
            except (RateLimited, Unavailable) as error:
                wait = _wait(error, tries)
                if wait is not None:
                    self._pace(endpoint, url).hold(wait)
                if endpoint.changes or tries == TRIES or wait is None:
                    raise
        raise AssertionError("unreachable")

    async def _once(
        self,
        endpoint: Endpoint,
        url: str,
        query: dict[str, Any],
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> httpx2.Response:
        await self._pace(endpoint, url).turn()
        if content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            async with asyncio.timeout(self._waits.whole):
                answer = await self._http.request(
                    endpoint.method, url, params=query or None, content=content, headers=headers
                )
        except (httpx2.RequestError, TimeoutError) as error:
            raise self._lost(endpoint, error) from error
        if not answer.is_success:
            raise self._failed(endpoint, answer)
        return answer

    def _pace(self, endpoint: Endpoint, url: str) -> "Pace":
        """Each rate is counted for itself, that of triggers for each broadcast. A day's quota is not spread out."""
        rate = APP if endpoint.rate == ARCHIVED else endpoint.rate
        key = (rate, url if rate == TRIGGER else "")
        if key not in self._paces:
            self._paces[key] = Pace(interval(rate) if self._paced else 0, self._rest)
        return self._paces[key]

    async def _rest(self, seconds: float) -> None:
        if seconds >= TOLD and (tell := _listener.get()):
            await tell(f"waiting {seconds:.0f} s until {self._host} may be called again")
        await self._waits.sleep(seconds)

    @property
    def _host(self) -> str:
        return self._http.base_url.host

    def _lost(self, endpoint: Endpoint, error: Exception) -> HandbillError:
        """No answer. What could not be connected was not sent; otherwise nobody knows."""
        why = _reason(error)
        if isinstance(error, _BEFORE):
            return Unavailable(f"{self._host} cannot be reached: {why}. Nothing was sent.")
        if not endpoint.changes:
            return Unavailable(f"{self._host} does not answer: {why}.")
        return OutcomeUnknown(
            f"{self._host} took the request and did not answer: {why}. It may have been carried out. Look before you "
            "repeat it."
        )

    def _failed(self, endpoint: Endpoint, answer: httpx2.Response) -> HandbillError:
        """A gateway's 5xx says nothing about what became of the request behind it; our own 503 refuses."""
        status = answer.status_code
        if answer.is_redirect:
            return self._elsewhere(answer)
        if status >= 500 and endpoint.changes and (status != 503 or self._server.live):
            return OutcomeUnknown(
                f"{self._host} answered {status}, which does not say what became of the request: it may have been "
                "carried out. Look before you repeat it."
            )
        if status == 401 and self._server.live:
            return Unauthorized(
                f"{self._host} does not take the key: it is wrong, was revoked, lacks the scope for this call, or is "
                "of another API or region. A person can give the right one: `handbill connect`."
            )
        error = failure(status, answer.content, answer.headers.get("retry-after"))
        if isinstance(error, RateLimited) and error.retry_after is not None and self._server.live:
            when = f"Nothing was done; call again in {error.retry_after} s."
            return RateLimited(f"{self._host}: {error}. {when}", error.retry_after)
        return error

    def _elsewhere(self, answer: httpx2.Response) -> HandbillError:
        """A redirect, which is never followed: the key belongs to the host it was given for."""
        other = _host_in(answer.headers.get("location", ""))
        if region := region_of(other):
            return WrongRegion(self._host, region)
        return HandbillError(
            f"{self._host} sends calls on to {other or 'another address'}, and the key is not sent after them. "
            "Nothing was done."
        )

    async def close(self) -> None:
        await self._http.aclose()


@cache
def _trusted() -> ssl.SSLContext:
    """Whom this machine trusts: read once, since that takes longer than many a call."""
    return httpx2.create_ssl_context()


class Pace:
    """Lets one call through every `interval` seconds, in order, and none for as long as it is held."""

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

    def hold(self, seconds: float) -> None:
        """Let nobody through until so many seconds from now, whoever it was that came too soon."""
        self._free = max(self._free, self._now() + seconds)


def interval(rate: Rate) -> float:
    """Seconds between calls: one fewer than allowed, since they do not arrive as evenly as they leave."""
    return rate.seconds / max(rate.calls - 1, 1)


def _host_in(location: str) -> str:
    try:
        return urlsplit(location).hostname or ""
    except ValueError:
        return ""


def _wait(error: RateLimited | Unavailable, tries: int) -> float | None:
    """Seconds until the next try; None when there is none: a day's quota is used up, or the wait is too long."""
    if not isinstance(error, RateLimited):
        return 0.25 * 2.0**tries
    wait = error.retry_after
    return None if wait is None or wait > LONGEST_WAIT else wait


_BEFORE = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.LocalProtocolError,
    httpx2.UnsupportedProtocol,
)
"""What happens before the first byte of a request is written."""

_REASONS: Mapping[type[BaseException], str] = {
    socket.gaierror: "there is no host of this name",
    ssl.SSLError: "no safe connection can be made, since its certificate is not right",
    ConnectionRefusedError: "it refuses connections",
    httpx2.ConnectTimeout: "it does not take the connection in time",
    httpx2.DecodingError: "its answer is compressed in a way that cannot be read",
    httpx2.TimeoutException: "it was silent for too long",
    TimeoutError: "its answer took too long",
    httpx2.NetworkError: "the connection broke off",
    httpx2.RemoteProtocolError: "the connection broke off",
}
"""In words, the first that fits."""


def _reason(error: BaseException) -> str:
    chain = list(_causes(error))
    found = (words for kind, words in _REASONS.items() if any(isinstance(each, kind) for each in chain))
    return next(found, type(error).__name__)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
