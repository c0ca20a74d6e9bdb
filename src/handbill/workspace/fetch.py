"""Fetches what a URL from outside points to, without being led to private addresses (promise S1).

`open_url` follows redirects itself; every hop passes `SafeTransport`, whose network resolves the name once, judges
all its addresses and connects to one of those it judged.
"""

import asyncio
import contextlib
import functools
import ipaddress
import socket
import ssl
import zlib
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote_to_bytes

import httpcore2
import httpx2

from handbill.contract.limits import DATA_FILE_BYTES
from handbill.errors import Fault, InvalidInput, quoted

REDIRECTS = 5
GZIP = b"\x1f\x8b"
PIECE_BYTES = 256 * 1024
"""The most that is unpacked at once: a gzip bomb costs this much memory, no more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, between two reads and in total; bytes as sent and as unpacked."""

    connect: float = 10
    read: float = 30
    total: float = 3600
    size: int = DATA_FILE_BYTES


LIMITS = Limits()


@contextlib.asynccontextmanager
async def open_url(
    url: str, *, allowed_hosts: frozenset[str] = frozenset(), field: str = "data_file_url", limits: Limits = LIMITS
) -> AsyncIterator[AsyncGenerator[bytes, None]]:
    """The body behind `url` in pieces, gzip undone.

    `allowed_hosts` are the operator's own: they may be private, and http. `user:password@` is sent as Basic
    authorization, to that origin only. Opening and reading raise InvalidInput with one fault for `field`.
    """
    async with _opened(url, allowed_hosts, field, limits) as (_, body):
        yield body


async def read_url(
    url: str, *, allowed_hosts: frozenset[str] = frozenset(), field: str, limits: Limits
) -> tuple[bytes, str]:
    """The whole body behind `url` and its Content-Type, empty when the server did not say; else as `open_url`."""
    async with _opened(url, allowed_hosts, field, limits) as (answer, body):
        return b"".join([piece async for piece in body]), answer.headers.get("Content-Type", "")


@contextlib.asynccontextmanager
async def _opened(
    url: str, allowed_hosts: frozenset[str], field: str, limits: Limits
) -> AsyncIterator[tuple[httpx2.Response, AsyncGenerator[bytes, None]]]:
    deadline = asyncio.get_running_loop().time() + limits.total
    async with SafeTransport(allowed_hosts) as transport:
        with _explained(field):
            async with asyncio.timeout_at(deadline):
                answer = await _answer(transport, whole_url(url), limits)
        async with contextlib.aclosing(_body(answer, deadline, limits, field)) as body:
            yield answer, body


def check_url(url: str, field: str, allowed_hosts: frozenset[str]) -> list[Fault]:
    """What is wrong with an address before it is asked: whether it is a public one shows later."""
    try:
        parsed = whole_url(url)
        if parsed.scheme == "https" or (parsed.scheme == "http" and parsed.host in allowed_hosts):
            return []
    except httpx2.InvalidURL:
        pass
    rule = "must be a whole URL that starts with https://, or be on a host of HANDBILL_PRIVATE_HOSTS"
    return [Fault(field, f"{field} {rule}; got {quoted(url)}.")]


def is_public(address: str) -> bool:
    """Whether `address` is an ordinary one of the public Internet.

    Not `ipaddress`'s `is_global`: its answers differ between Python versions, and some let IPv6 forms of private
    IPv4 addresses pass.
    """
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and (ip.scope_id or ip not in _UNICAST6):
        return False
    return not any(ip in network for network in _SPECIAL)


_UNICAST6 = ipaddress.ip_network("2000::/3")
"""Outside are loopback, mapped, compatible, NAT64, unique local, link and site local, multicast and reserved ones."""
_SPECIAL = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and a cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's host agent
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, and a cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
]


class Refused(httpx2.TransportError):
    """An address that is not asked; the message goes on from the name of the field that holds it."""


class SafeTransport(httpx2.AsyncBaseTransport):
    """An httpx2 transport for addresses that come from outside: no private hosts, no proxies, no Unix sockets.

    It raises Refused for an address that is not allowed, and otherwise what httpx2's own transport raises.
    """

    def __init__(self, allowed_hosts: frozenset[str] = frozenset()) -> None:
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=_tls(), network_backend=_JudgedNetwork(self._allowed))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        if url.scheme != "https" and not (url.scheme == "http" and url.raw_host.decode() in self._allowed):
            raise Refused("must start with https://, and so must every address it redirects to.")
        with _as_httpx2():
            answer = await self._pool.handle_async_request(
                httpcore2.Request(
                    request.method,
                    httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=cast("httpx2.AsyncByteStream", request.stream),
                    extensions=request.extensions,
                )
            )
        return httpx2.Response(
            answer.status, headers=answer.headers, stream=_Stream(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


@functools.cache
def _tls() -> ssl.SSLContext:
    """Made once, because reading the system's certificates takes a tenth of a second."""
    return httpx2.create_ssl_context()


class _JudgedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to addresses it has judged, never to names. TLS still checks the name: it is not told the address."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore2's name)
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await _resolve(host, timeout)
        if host not in self._allowed and not all(map(is_public, addresses)):
            raise Refused("points to a private or local address; that is not allowed.")
        share = timeout and timeout / len(addresses)
        for address in addresses:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
        raise httpcore2.ConnectError("none of the addresses takes a connection")


async def _resolve(host: str, seconds: float | None) -> list[str]:
    """All addresses of `host`, in the system's order. Bytes keep Python from treating the name once more (IDNA)."""
    try:
        async with asyncio.timeout(seconds):
            found = await asyncio.get_running_loop().getaddrinfo(host.encode(), None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore2.ConnectError("the name has no address") from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in found))


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        with _as_httpx2():
            async with contextlib.aclosing(self._answer.aiter_stream()) as parts:
                async for part in parts:
                    yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextlib.contextmanager
def _as_httpx2() -> Iterator[None]:
    """httpcore2's errors as httpx2's: they have the same names."""
    try:
        yield
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
        raise getattr(httpx2, type(error).__name__)(str(error)) from error


def whole_url(text: str, base: httpx2.URL | None = None) -> httpx2.URL:
    """`text`, seen from `base`. Raises httpx2.InvalidURL when that has no host, or a port that cannot be."""
    try:
        url = base.join(text) if base else httpx2.URL(text)
        if url.host and 0 < (url.port or 443) < 2**16:
            return url
    except ValueError as error:
        raise httpx2.InvalidURL("not a URL") from error
    raise httpx2.InvalidURL("no host, or a port out of range")


async def _answer(transport: SafeTransport, url: httpx2.URL, limits: Limits) -> httpx2.Response:
    """The answer at the end of the redirects. Their bodies are never read; a login stays with its origin."""
    login = url.userinfo
    for _ in range(1 + REDIRECTS):
        answer = await transport.handle_async_request(_request(url, login, limits))
        if not answer.has_redirect_location:
            _check(answer, limits)
            return answer
        await answer.aclose()
        target = whole_url(answer.headers["Location"], url)
        login = target.userinfo or (login if target.origin == url.origin else b"")
        url = target
    raise _Unusable(f"it redirects more than {REDIRECTS} times")


def _request(url: httpx2.URL, login: bytes, limits: Limits) -> httpx2.Request:
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Handbill"}
    if login:
        user, _, password = login.partition(b":")
        plain = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
        headers["Authorization"] = f"Basic {b64encode(plain).decode()}"
    timeout = httpx2.Timeout(limits.read, connect=limits.connect)
    return httpx2.Request("GET", url, headers=headers, extensions={"timeout": timeout.as_dict()})


def _check(answer: httpx2.Response, limits: Limits) -> None:
    if answer.status_code != 200:
        raise _Unusable(f"the server answered {answer.status_code}")
    if answer.headers.get("Content-Encoding", "identity").lower() not in ("identity", "gzip", "x-gzip"):
        raise _Unusable("its Content-Encoding is not gzip")
    _within(int(answer.headers.get("Content-Length", 0)), limits)


def _within(size: int, limits: Limits) -> None:
    if size > limits.size:
        most = f"{limits.size / 2**30:g} GB" if limits.size >= 2**30 else f"{limits.size / 2**20:g} MB"
        raise _Unusable(f"it is larger than {most}")


async def _body(answer: httpx2.Response, deadline: float, limits: Limits, field: str) -> AsyncGenerator[bytes, None]:
    """The body in pieces. The deadline is the server's: it never strikes while the reader works on a piece."""
    unpacker, received, unpacked = Unpacker(), 0, 0
    with _explained(field):
        async with contextlib.aclosing(answer.aiter_raw()) as parts:
            while part := await _next(parts, deadline):
                received += len(part)
                _within(received, limits)
                for piece in unpacker.feed(part):
                    unpacked += len(piece)
                    _within(unpacked, limits)
                    yield piece
                    await asyncio.sleep(0)  # a bomb must not keep the loop from everyone else
        unpacker.end()


async def _next(parts: AsyncGenerator[bytes, None], deadline: float) -> bytes:
    async with asyncio.timeout_at(deadline):
        return await anext(parts, b"")


class Unpacker:
    """Undoes gzip where the bytes begin like gzip, whatever the headers say; passes everything else on."""

    def __init__(self) -> None:
        self._head = b""
        self._member = _gzip_member()
        self.feed = self._first

    def end(self) -> None:
        """Raises zlib.error when gzip data were cut off."""
        if self._head[:1] == GZIP[:1] and not self._member.eof:
            raise zlib.error("cut off")

    def _first(self, part: bytes) -> Iterator[bytes]:
        self._head += part
        if self._head != GZIP[:1]:
            self.feed = self._gunzip if self._head.startswith(GZIP) else self._pass
            yield from self.feed(self._head)

    def _pass(self, part: bytes) -> Iterator[bytes]:
        yield part

    def _gunzip(self, part: bytes) -> Iterator[bytes]:
        """Members may follow each other, and zeros may follow the last (RFC 1952 2.2, gzip's own padding)."""
        piece = b""
        while part or len(piece) == PIECE_BYTES:
            if self._member.eof:
                part = part.lstrip(b"\0")
                if not part:
                    return
                self._member = _gzip_member()
            piece = self._member.decompress(part, PIECE_BYTES)
            part = self._member.unconsumed_tail or self._member.unused_data
            yield piece


def _gzip_member() -> "zlib._Decompress":
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


class _Unusable(Exception):
    """The answer is of no use; the message says why."""


_REASONS: dict[type[Exception], str] = {
    _Unusable: "",
    httpx2.InvalidURL: "it is not a whole URL, or redirects to something that is not one",
    httpx2.ConnectError: "no connection to the server; check its name, port and certificate",
    httpx2.TimeoutException: "the server is too slow",
    TimeoutError: "the server is too slow",
    httpx2.TransportError: "the server broke off",
    zlib.error: "its gzip data are damaged",
}
"""What each error means, the first that fits; "" is the error's own message."""


@contextlib.contextmanager
def _explained(field: str) -> Iterator[None]:
    """Errors as the fault of `field`: no address, no port, no time, nothing of what the server wrote."""
    try:
        yield
    except Refused as error:
        raise InvalidInput.of(field, f"{field} {error}") from None
    except tuple(_REASONS) as error:
        reason = next(reason for kind, reason in _REASONS.items() if isinstance(error, kind))
        raise InvalidInput.of(field, f"Could not fetch {field}: {reason or error}.") from None
