"""Serves pages to the person at this machine, for a process that wants something only they may say or know.

Each page has an unguessable address, works until it is done or ten minutes have passed, and dies with the process.
They need no JavaScript. What they hold is seen by nobody who lacks the address: they are stored nowhere, sent on
nowhere, framed nowhere, and taken back only from themselves.
"""

import asyncio
import contextlib
import hmac
import html
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Protocol
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

MINUTES = 10
FORM_BYTES = 64 * 1024
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # With `no-referrer` a browser says `Origin: null` of the page's own form, as it says of some foreign pages.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Handbill</title>
<link rel="stylesheet" href="/style.css"></head><body><main><header>Handbill</header>
<h1>{title}</h1>
{body}</main></body></html>"""
_OVER = "<p>This page was used already, or is older than ten minutes. Ask for a new one where its link came from.</p>"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows after it was sent; `done`: it is not needed any more. `body` is HTML."""

    body: str
    done: bool = False


class Page(Protocol):
    """One page. What it shows is HTML, in which `escaped` has been put around every text."""

    title: str

    def form(self) -> str:
        """The fields, the button, and what is said about them."""

    async def submit(self, fields: Mapping[str, str]) -> Shown:
        """What to show after the form was sent with these values; a form again while it is not done."""


def escaped(text: object) -> str:
    """`text` as it may stand in HTML, in quotes too."""
    return html.escape(str(text))


@dataclass(slots=True)
class _Open:
    page: Page
    until: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One form at a time, so that a page is done once."""


class Pages:
    """The pages of this process, on a free port of 127.0.0.1 from the first one that is opened. Use as a context."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._open: dict[str, _Open] = {}
        self._more: list[Callable[[int], Iterable[Route]]] = []
        self._origin = ""
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> "Pages":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open.clear()
        if self._server and self._serving:
            self._server.should_exit = True
            await self._serving

    async def open(self, page: Page) -> str:
        """Serve the page; its address, for one person, comes back."""
        token = secrets.token_urlsafe(32)
        self._open[token] = _Open(page, self._monotonic() + MINUTES * 60)
        return await self.at(f"/{token}")

    async def at(self, path: str) -> str:
        """The address of `path`, which is served from now on."""
        async with self._starting:
            if not self._serving:
                await self._start()
        return self._origin + path

    def add(self, routes: Callable[[int], Iterable[Route]]) -> None:
        """Add pages that stay; they are made for a port, before the first address is given."""
        self._more.append(routes)

    def is_open(self, address: str) -> bool:
        """Whether the page there still waits for a person."""
        return self._found(address.rpartition("/")[2]) is not None

    def _found(self, token: str) -> _Open | None:
        """The page with this address, which is compared as a secret; those that are too old are forgotten."""
        self._open = {name: page for name, page in self._open.items() if page.until > self._monotonic()}
        same = [page for name, page in self._open.items() if hmac.compare_digest(name.encode(), token.encode())]
        return same[0] if same else None

    async def _start(self) -> None:
        sock = socket.create_server(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        self._origin = f"http://127.0.0.1:{port}"
        config = uvicorn.Config(
            self._app(port), log_level="critical", access_log=False, lifespan="off", server_header=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([sock]))

    def _app(self, port: int) -> Starlette:
        return Starlette(
            routes=[
                *(route for routes in self._more for route in routes(port)),
                Route("/style.css", self._style, methods=["GET"]),
                Route("/{token}", self._show, methods=["GET"]),
                Route("/{token}", self._take, methods=["POST"]),
            ]
        )

    async def _style(self, request: Request) -> Response:
        if not self._is_here(request):
            return _misnamed()
        return Response(_stylesheet(), media_type="text/css", headers=HEADERS)

    async def _show(self, request: Request) -> Response:
        if not self._is_here(request):
            return _misnamed()
        found = self._found(request.path_params["token"])
        return _shown(found.page.title, _form(found, found.page.form())) if found else _over()

    async def _take(self, request: Request) -> Response:
        if not self._is_here(request):
            return _misnamed()
        if request.headers.getlist("origin") != [self._origin]:
            return PlainTextResponse("Only the page itself may send its form.", 403, HEADERS)
        found = self._found(request.path_params["token"])
        fields = await read_form(request)
        if fields is None:
            return PlainTextResponse("This is no form of this page.", 400, HEADERS)
        if not found:
            return _over()
        if not hmac.compare_digest(fields.pop("csrf", "").encode(), found.csrf.encode()):
            return PlainTextResponse("Only the page itself may send its form.", 403, HEADERS)
        return await self._submitted(request.path_params["token"], found, fields)

    async def _submitted(self, token: str, found: _Open, fields: Mapping[str, str]) -> Response:
        async with found.turn:
            if self._open.get(token) is not found:  # done meanwhile
                return _over()
            shown = await found.page.submit(fields)
            if shown.done:
                self._open.pop(token, None)
                return _shown(found.page.title, shown.body)
        return _shown(found.page.title, _form(found, shown.body), 422)

    def _is_here(self, request: Request) -> bool:
        """Whether the caller means this server: a name that was made to lead here (DNS rebinding) is another."""
        return request.headers.getlist("host") == [self._origin.removeprefix("http://")]


class _Server(uvicorn.Server):
    """Leaves the process's signals alone: it is a guest in it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def read_form(request: Request) -> dict[str, str] | None:
    """The form; None when it is too large or none. Of a name that comes twice the last counts."""
    body = b""
    with contextlib.suppress(ClientDisconnect):
        async for chunk in request.stream():
            body += chunk
            if len(body) > FORM_BYTES:
                return None
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        return None
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError:
        return None


def _form(found: _Open, fields: str) -> str:
    csrf = f'<input type="hidden" name="csrf" value="{found.csrf}">'
    return f'<form method="post" autocomplete="off">{csrf}{fields}</form>'


def _shown(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=escaped(title), body=body), status, HEADERS)


def _over() -> Response:
    return _shown("This link is not valid", _OVER, 404)


def _misnamed() -> Response:
    return PlainTextResponse("This server is not called what the Host header says.", 421, HEADERS)


def _stylesheet() -> str:
    return files("handbill.console").joinpath("style.css").read_text("utf-8")
