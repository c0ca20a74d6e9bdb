"""MCP over streamable HTTP, behind a guard that wants the right Host, Origin and key before any work."""

import hmac
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from handbill.contract.limits import REQUEST_BYTES

ENVELOPE_BYTES = 64 * 1024
"""What MCP wraps around a call of at most 25 MB."""

Authority = tuple[str, int | None]

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)


@asynccontextmanager
async def mcp_app(server: Server[object], app_key: str, hosts: Collection[str]) -> AsyncIterator[ASGIApp]:
    """The ASGI app to route `/mcp` to, while the context is open.

    `hosts` are the names it is served under, such as `127.0.0.1:8622`; `app_key` is the bearer token.
    """
    manager = StreamableHTTPSessionManager(server, max_request_body_size=REQUEST_BYTES + ENVELOPE_BYTES)
    async with manager.run():
        yield Guard(manager.handle_request, app_key, hosts)


def local_hosts(port: int) -> list[str]:
    """The names of this machine for itself."""
    return [f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"]


class Guard:
    """Lets through requests that name this server, come from no foreign page, and carry the key."""

    def __init__(self, app: ASGIApp, app_key: str, hosts: Collection[str]) -> None:
        self._app = app
        self._authorization = f"Bearer {app_key}".encode()
        self._hosts = {_authority(host) for host in hosts} - {None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The server's parser leaves the white space around a value, which is no part of it (RFC 9110 5.5).
        scope = {**scope, "headers": [(name, value.strip(b" \t")) for name, value in scope["headers"]]}
        refusal = self._refusal(Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, headers: Headers) -> Response | None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or _authority(hosts[0]) not in self._hosts:
            return PlainTextResponse("This server has another name than the Host header says.", 421)
        if any(_origin(origin) not in self._hosts for origin in origins):
            return PlainTextResponse("Pages of another origin may not call this server.", 403)
        if not self._knows(headers.getlist("authorization")):
            sentence = "The key is missing or not this workspace's. `handbill keys` shows the right one."
            return PlainTextResponse(sentence, 401, {"WWW-Authenticate": "Bearer"})
        if int(_digits(headers.get("content-length", "0"))) > REQUEST_BYTES + ENVELOPE_BYTES:
            sentence = "The call is larger than 25 MB. Put the people in a file and pass data_file_url."
            return PlainTextResponse(sentence, 413)
        return None

    def _knows(self, authorization: list[str]) -> bool:
        given = authorization[0].encode("latin-1") if len(authorization) == 1 else b""
        return hmac.compare_digest(given, self._authorization)


def _authority(text: str) -> Authority | None:
    """`host:port`, parsed as a whole; None when it is anything else."""
    parts = _AUTHORITY.fullmatch(text)
    return (parts[1].lower(), int(parts[2]) if parts[2] else None) if parts else None


def _origin(text: str) -> Authority | None:
    scheme, separator, authority = text.partition("://")
    return _authority(authority) if separator and scheme.lower() in ("http", "https") else None


def _digits(text: str) -> str:
    return text if re.fullmatch(r"[0-9]{1,18}", text) else "0"
