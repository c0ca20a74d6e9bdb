"""The approval pages: what waits, all of one, and a form that wants the number of people and the approval code.

A browser looks after giving the code once, and gives it again to decide: an agent may have the link, and even drive
the browser, but never has the code. Nothing here can be reached with a key of the APIs.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Protocol

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from handbill.approval import Approval
from handbill.console import approval_page as show
from handbill.console.door import Door
from handbill.console.pages import HEADERS, read_form
from handbill.contract.limits import BIGGEST_ID
from handbill.errors import HandbillError, InvalidInput, NotFound, SendingRefused
from handbill.hosts import ThisMachine
from handbill.workspace import approving
from handbill.workspace.store import approvals, audit, sending
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

COOKIE = "handbill_approvals"
_HEADERS = HEADERS | {"Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; frame-src 'self'"}
_MESSAGE_HEADERS = HEADERS | {
    # The message was written by others: no script, no form, and no picture that would tell them it was looked at.
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
}
_NEXT = re.compile(r"/approvals(/[0-9]{1,15})?")


class Decides(Protocol):
    """Enters a person's yes or no, and does what comes of it. All of it raises HandbillErrors."""

    async def approve(self, number: int, people: int, via: str) -> object: ...
    async def decline(self, number: int, via: str) -> object: ...


class Desk:
    """The approvals of one process. `gate` answers with what decides for a connection; `''` is this workspace."""

    def __init__(self, workspace: Workspace, gate: Callable[[str], Awaitable[Decides]]) -> None:
        self._workspace = workspace
        self._database = workspace.database
        self._gate = gate
        self._door = Door(workspace.keys.approval_key)

    def routes(self, port: int) -> list[Route]:
        """The pages, for a server on this port: they answer nobody but who is at this machine."""
        app = ThisMachine(Starlette(routes=self._routes()), port)
        return [Route(show.PATH, app), Route(f"{show.PATH}/{{rest:path}}", app)]

    def _routes(self) -> list[Route]:
        return [
            Route("/approvals/style.css", self._style, methods=["GET"]),
            Route("/approvals", self._list, methods=["GET"]),
            Route("/approvals", self._enter, methods=["POST"]),
            Route("/approvals/{number:int}", self._one, methods=["GET"]),
            Route("/approvals/{number:int}", self._decide, methods=["POST"]),
            Route("/approvals/{number:int}/messages/{position:int}", self._message, methods=["GET"]),
        ]

    # Looking

    async def _style(self, request: Request) -> Response:
        return Response(_stylesheet(), media_type="text/css", headers=_HEADERS)

    async def _list(self, request: Request) -> Response:
        if not self._may_look(request):
            return self._ask_for_code(request)
        waiting = await self._database.read(approvals.waiting)
        return _page(show.listing([each for each in waiting if each.state == "waiting"], self._now()))

    async def _one(self, request: Request) -> Response:
        if not self._may_look(request):
            return self._ask_for_code(request)
        return await self._shown(request)

    async def _shown(self, request: Request, typed: str = "", fault: str = "", status: int = 200) -> Response:
        after = _place(request.query_params.get("after", ""))
        try:
            view = await self._view(request)
        except NotFound as error:
            return _page(show.page("Not found", show.alert(str(error))), 404)
        people = await self._database.read(approving.recipients, view.approval, after)
        form = await self._form(view.approval, self._door.mark(_visitor(request)), typed, fault)
        later = after != approving.START
        return _page(show.shown(view, people, form, now=self._now(), after=later), status)

    async def _view(self, request: Request) -> approving.View:
        """Raises NotFound."""
        return await self._database.read(approving.view, _asked_for(request), self._workspace.settings.base_url)

    async def _form(self, approval: Approval, mark: str, typed: str, fault: str) -> Markup:
        if approval.state != "waiting" or approval.expires_at <= self._now():
            return show.alert(fault)
        if not await self._database.read(_by_page, approval.connection):
            return show.elsewhere()
        return show.decide(approval, mark, typed, fault)

    async def _message(self, request: Request) -> Response:
        """A message rendered for the first who will get it, for the frame in the page."""
        if not self._may_look(request):
            return PlainTextResponse("Give the approval code first.", 403, _HEADERS)
        try:
            view = await self._view(request)
        except NotFound as error:
            return PlainTextResponse(str(error), 404, _MESSAGE_HEADERS)
        position = request.path_params["position"]
        sample = await approving.rendered(self._workspace, view, position) if position < len(view.contents) else None
        if sample is None or sample.fault:
            return PlainTextResponse(sample.fault if sample else "Nobody gets this one.", headers=_MESSAGE_HEADERS)
        if sample.type == "email":
            return HTMLResponse(sample.body, headers=_MESSAGE_HEADERS)
        return PlainTextResponse(sample.body, headers=_MESSAGE_HEADERS)

    # Entering

    def _may_look(self, request: Request) -> bool:
        return self._door.knows(_visitor(request))

    def _ask_for_code(self, request: Request, next_: str = "", fault: str = "") -> Response:
        if not self._door.tries:
            return _page(show.closed(), 403)
        visitor = _visitor(request) or secrets.token_urlsafe(24)
        asked = show.door(self._door.mark(visitor), next_ or request.url.path, fault)
        return _with_cookie(_page(asked, 403 if fault else 200), visitor)

    async def _enter(self, request: Request) -> Response:
        form = await self._own_form(request)
        if isinstance(form, Response):
            return form
        next_ = form.get("next", "") if _NEXT.fullmatch(form.get("next", "")) else show.PATH
        if not await self._fits(form):
            return self._ask_for_code(request, next_, "That is not the approval code.")
        return _with_cookie(RedirectResponse(next_, 303, _HEADERS), self._door.enter())

    async def _fits(self, form: Mapping[str, str]) -> bool:
        fits, closed = self._door.fits(form.get("code", "")), not self._door.tries
        if not fits:
            about = {"tries_left": self._door.tries, **({"closed": True} if closed else {})}
            entry = audit.Entry("", "wrong approval code", "console", about)
            await self._database.write(audit.record, entry, self._now())
        return fits

    # Deciding

    async def _decide(self, request: Request) -> Response:
        form = await self._own_form(request)
        if isinstance(form, Response):
            return form
        if not self._may_look(request):
            return self._ask_for_code(request)
        if not self._door.tries:
            return _page(show.closed(), 403)
        typed = form.get("people", "")
        if not await self._fits(form):
            return await self._shown(request, typed, "That is not the approval code. Nothing was decided.", 403)
        try:
            await self._enter_decision(_asked_for(request), form.get("decision", ""), typed)
        except HandbillError as error:
            return await self._shown(request, typed, str(error), 422)
        return RedirectResponse(request.url.path, 303, _HEADERS)

    async def _enter_decision(self, number: int, decision: str, typed: str) -> None:
        approval = await self._database.read(approvals.get, number)
        gate = await self._gate(approval.connection)
        if decision == "decline":
            await gate.decline(number, "console")
        elif decision != "approve":
            raise InvalidInput.of("decision", "decision must be approve or decline. Nothing was decided.")
        elif not await self._database.read(_by_page, approval.connection):
            raise SendingRefused("Approving by page is switched off here. Nothing was decided.")
        else:
            await gate.approve(number, _number(typed), "console")

    async def _own_form(self, request: Request) -> dict[str, str] | Response:
        """The fields of a form that this page showed to this browser; else what to answer."""
        authority = request.headers.get("host", "")
        if request.headers.getlist("origin") not in ([f"http://{authority}"], [f"https://{authority}"]):
            return PlainTextResponse("Only the page itself may send its form.", 403, _HEADERS)
        fields = await read_form(request)
        if fields is None:
            return PlainTextResponse("This is no form of this page.", 400, _HEADERS)
        visitor = _visitor(request)
        if not visitor or not self._door.marked(visitor, fields.get("mark", "")):
            return self._ask_for_code(request, fault="This page had grown old. Please begin again.")
        return fields

    def _now(self) -> int:
        return self._workspace.clock.now()


def _by_page(tx: Transaction, connection: str) -> bool:
    return "console" in sending.get(tx, connection).approve_via


def _number(typed: str) -> int:
    """The number in `12,345`; -1, which nothing is for, when there is none."""
    digits = re.sub(r"[ ,.'_]", "", typed)
    return int(digits) if re.fullmatch(r"[0-9]{1,15}", digits) else -1


def _asked_for(request: Request) -> int:
    return min(int(request.path_params["number"]), BIGGEST_ID)


def _visitor(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _with_cookie(response: Response, visitor: str) -> Response:
    response.set_cookie(COOKIE, visitor, path=show.PATH, httponly=True, samesite="strict")
    return response


def _place(text: str) -> approving.Place:
    parts = re.fullmatch(r"([0-9]{1,15})\.([0-9]{1,15})", text)
    return (int(parts[1]), int(parts[2])) if parts else approving.START


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, _HEADERS)


@cache
def _stylesheet() -> str:
    sheets = [files("handbill.console").joinpath(name) for name in ("style.css", "approvals.css")]
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets)
