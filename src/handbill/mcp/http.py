"""MCP over streamable HTTP, behind a guard that wants the key before any work. Host and Origin: hosts.py."""

import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from handbill.contract.limits import REQUEST_BYTES

ENVELOPE_BYTES = 64 * 1024
"""What MCP wraps around a call of at most 25 MB."""


@asynccontextmanager
async def mcp_app(server: Server[object], app_key: str) -> AsyncIterator[ASGIApp]:
    """The ASGI app to route `/mcp` to, while the context is open. `app_key` is the bearer token."""
    manager = StreamableHTTPSessionManager(server, max_request_body_size=REQUEST_BYTES + ENVELOPE_BYTES)
    async with manager.run():
        yield Guard(manager.handle_request, app_key)


class Guard:
    """Lets through requests that carry the key and are not too large."""

    def __init__(self, app: ASGIApp, app_key: str) -> None:
        self._app = app
        self._authorization = f"Bearer {app_key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The server's parser leaves the white space around a value, which is no part of it (RFC 9110 5.5).
        scope = {**scope, "headers": [(name, value.strip(b" \t")) for name, value in scope["headers"]]}
        refusal = self._refusal(Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, headers: Headers) -> Response | None:
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


def _digits(text: str) -> str:
    return text if re.fullmatch(r"[0-9]{1,18}", text) else "0"
