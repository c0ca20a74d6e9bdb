"""One HTTP request of a channel: the answer, or how far the request got; and what an answer means for the message."""

import asyncio
import contextlib
import ipaddress
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2
import msgspec

from handbill.workspace.engine.needs import Outcome, Receipt

SECONDS = 30.0
"""How long one request may take in all."""
CONNECT_SECONDS = 10.0
CONNECTIONS = 10
"""Messages on their way at once, for each provider."""
BYTES = 64 * 1024
"""More of an answer is not read."""


class Unreached(Exception):
    """Nothing left this machine; the message says why, without an address."""


class Unanswered(Exception):
    """The request may have arrived; no answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""

    @property
    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except msgspec.DecodeError:
            return {}

    @property
    def words(self) -> str:
        """The body's beginning as one clean line."""
        text = self.body[:1000].decode("utf-8", "replace")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


class Http:
    """Connections to a provider; no redirect is followed and no proxy asked.

    Without httpx2's client, which logs the address of each call: Slack's is a secret, and others' hold tokens.
    """

    def __init__(
        self, seconds: float = SECONDS, transport: httpx2.AsyncBaseTransport | None = None, *, http2: bool = False
    ) -> None:
        limits = httpx2.Limits(max_connections=CONNECTIONS)
        self._transport = transport or httpx2.AsyncHTTPTransport(http1=not http2, http2=http2, limits=limits)
        self._seconds = seconds

    async def ask(self, method: str, url: str, **content: Any) -> Answer:
        """Send one request. Raises Unreached and Unanswered, InvalidURL, and what a `transport` refuses with."""
        asked = request(method, url, self._seconds, **content)
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._transport.handle_async_request(asked)
                async with contextlib.aclosing(response):
                    return Answer(response.status_code, await _beginning(response))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
            raise Unreached("no connection to the server") from None
        except (TimeoutError, httpx2.TimeoutException):
            raise Unanswered("the server did not answer in time") from None
        except (httpx2.NetworkError, httpx2.ProtocolError):
            raise Unanswered("the server broke off") from None

    async def close(self) -> None:
        await self._transport.aclose()


def request(method: str, url: str, seconds: float, **content: Any) -> httpx2.Request:
    """A request that may take `seconds`, with the login in its address if there is one. Raises InvalidURL."""
    timeout = httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    made = httpx2.Request(method, url, extensions={"timeout": timeout.as_dict()}, **content)
    if not made.url.host:
        raise httpx2.InvalidURL("no host")
    if made.url.userinfo and "Authorization" not in made.headers:
        made.headers["Authorization"] = basic(made.url.username, made.url.password)
    return made


def basic(user: str, password: str) -> str:
    """The header for a login."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


async def _beginning(response: httpx2.Response) -> bytes:
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) >= BYTES:
            break
    return body[:BYTES]


def judge(status: int, words: str = "") -> Receipt:
    """What an HTTP status means for a message: sent, to be tried later, or refused."""
    if 200 <= status < 300:
        return Receipt(Outcome.SENT, code=status)
    detail = f"The server answered {status}{f': {words}' if words else ''}"
    if status in (408, 429) or status >= 500:
        return Receipt(Outcome.DEFERRED, detail, status, slow_down=status in (429, 503))
    return Receipt(Outcome.FAILED, detail, status)


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider is reached, and what for: one address such as `https://user:password@host?from=5`."""

    url: str = field(repr=False)
    """Without the login; Slack's is a secret all the same."""
    username: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, example: str, *options: str) -> "Provider":
        """Raises ValueError, which never quotes the address: it may hold a password."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        plain = parts.scheme == "http" and host and _is_here(host) if host else False
        if not host or not (plain or parts.scheme == "https") or parts.fragment:
            raise ValueError(f"it must look like {example}, with special characters as %-codes.")
        given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if unknown := given.keys() - set(options):
            raise ValueError(f"it knows {', '.join(options) or 'no options'}, not {min(unknown)[:60]!r}.")
        where = f"[{host}]" if ":" in host else host
        url = f"{parts.scheme}://{where}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
        return cls(url, unquote(parts.username or ""), unquote(parts.password or ""), given)


def _is_here(host: str) -> bool:
    """This machine, to which plain http may be spoken."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
