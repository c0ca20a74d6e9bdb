"""Which names a server of ours answers to: Host and Origin, parsed and compared as a whole (promise S2)."""

import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from handbill.errors import InvalidInput, quoted

Authority = tuple[bytes, int | None]

_AUTHORITY = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_NAMELESS = "This server is not called what the Host header says. HANDBILL_HOSTS lists further names for it."
_ELSEWHERE = "This page is for the person at the machine that serves it."
_FOREIGN = "Pages of another origin may not call this server."


def local_hosts(port: int) -> list[str]:
    """The names of this machine for itself."""
    return [f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"]


class OwnHosts:
    """Lets through what names this server and comes from no foreign page; all else is refused before any work.

    A page that a name of its own was made to lead here (DNS rebinding) says that name in Host. Paths that begin with
    one of `open_paths` are for pages of any origin: such a path itself holds what permits the call.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], open_paths: tuple[str, ...] = ()) -> None:
        """Raises InvalidInput for a name that is not `host` or `host:port`."""
        self._app = app
        self._hosts = {_named(host) for host in hosts}
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._refusal(scope) or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or _authority(hosts[0]) not in self._hosts:
            return PlainTextResponse(_NAMELESS, 421)
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if any(_origin(origin) not in self._hosts for origin in origins):
            return None if scope["path"].startswith(self._open_paths) else PlainTextResponse(_FOREIGN, 403)
        return None


def _named(host: str) -> Authority:
    if authority := _authority(host.encode()):
        return authority
    rule = "must be names such as handbill:8622 or mail.film.example, other alphabets as xn--…"
    raise InvalidInput.of(
        "HANDBILL_HOSTS", f"HANDBILL_HOSTS, and the host of HANDBILL_BASE_URL, {rule}; got {quoted(host)}."
    )


def _authority(raw: bytes) -> Authority | None:
    """`host:port`, parsed whole; None when it is anything else. White space around it is no part (RFC 9110 5.5)."""
    parts = _AUTHORITY.fullmatch(raw.strip(b" \t"))
    return (parts[1].lower(), int(parts[2]) if parts[2] else None) if parts else None


def _origin(raw: bytes) -> Authority | None:
    scheme, separator, authority = raw.partition(b"://")
    return _authority(authority) if separator and scheme.strip(b" \t").lower() in (b"http", b"https") else None


class ThisMachine:
    """Lets through what comes from a program on this machine, and was meant for it: its own names, and no proxy's."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = OwnHosts(app, local_hosts(port))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = None if _is_here(scope.get("client")) else PlainTextResponse(_ELSEWHERE, 403)
        await (refusal or self._app)(scope, receive, send)


def _is_here(client: tuple[str, int] | None) -> bool:
    address = ip_address(client[0]) if client else None
    mapped = getattr(address, "ipv4_mapped", None)
    return bool(address and (mapped or address).is_loopback)
