"""Unsubscribing from a message: the link in it (a page), and one click in the mail program (RFC 8058)."""

import html
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from handbill.errors import HandbillError
from handbill.workspace import delivery_ids
from handbill.workspace.api import body
from handbill.workspace.store import reports
from handbill.workspace.workspace import Workspace

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Unsubscribe</title>
<style>body{{font:17px/1.5 system-ui,sans-serif;max-width:26rem;margin:18vh auto;padding:0 1.5rem;text-align:center}}
button{{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.5rem;background:#1f4d3f;color:#fff;cursor:pointer}}
@media (prefers-color-scheme:dark){{body{{background:#161616;color:#eee}}}}</style>
<h1>{title}</h1><p>{text}</p>{form}</html>"""
_FORM = '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


def route(workspace: Workspace) -> Route:
    """`/unsubscribe/{delivery_id}`: GET shows a page and changes nothing, POST unsubscribes (RFC 8058 3.1)."""

    async def unsubscribe(request: Request) -> Response:
        delivery = delivery_ids.unseal(workspace.secret, request.path_params["delivery_id"])
        if delivery is None:
            return _page("This link is not complete", "Please copy all of it from the message.", status=404)
        if request.method != "POST":
            return _page("Unsubscribe?", "You will get no more messages from this sender.", _FORM)
        try:
            meant = _means_it(request, await body.read(request))
        except HandbillError:
            meant = False
        if not meant:
            return JSONResponse({"meta": {"errors": ["unsubscribe must be true"]}}, 400)
        await workspace.database.write(reports.unsubscribe, delivery, workspace.clock.now())
        if request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({})
        return _page("You are unsubscribed", "You will get no more messages from this sender.")

    return Route("/unsubscribe/{delivery_id}", unsubscribe, methods=["GET", "POST"], name="unsubscribe")


def _means_it(request: Request, raw: bytes) -> bool:
    """The form's field, or Customer.io's `{"unsubscribe": true}` (reference 12)."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return parse_qs(raw.decode("latin-1")).get("List-Unsubscribe") == ["One-Click"]
    try:
        return bool(msgspec.json.decode(raw).get("unsubscribe") is True)
    except (msgspec.DecodeError, AttributeError):
        return False


def _page(title: str, text: str, form: str = "", status: int = 200) -> HTMLResponse:
    page = _PAGE.format(title=html.escape(title), text=html.escape(text), form=form)
    return HTMLResponse(page, status, headers=_HEADERS)
