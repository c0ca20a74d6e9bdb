"""Unsubscribing from a message: the link in it (a page), and one click in the mail program (RFC 8058)."""

from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handbill.errors import HandbillError
from handbill.workspace import delivery_ids
from handbill.workspace.api import body
from handbill.workspace.api.page import incomplete, page
from handbill.workspace.store import reports
from handbill.workspace.workspace import Workspace

_FORM = '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'


def route(workspace: Workspace) -> Route:
    """`/unsubscribe/{delivery_id}`: GET shows a page and changes nothing, POST unsubscribes (RFC 8058 3.1)."""

    async def unsubscribe(request: Request) -> Response:
        delivery = delivery_ids.unseal(workspace.secret, request.path_params["delivery_id"])
        if delivery is None:
            return incomplete()
        if request.method != "POST":
            return page("Unsubscribe?", "You will get no more messages from this sender.", _FORM)
        try:
            meant = _means_it(request, await body.read(request))
        except HandbillError:
            meant = False
        if not meant:
            return JSONResponse({"meta": {"errors": ["unsubscribe must be true"]}}, 400)
        await workspace.database.write(reports.unsubscribe, delivery, workspace.clock.now())
        if request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({})
        return page("You are unsubscribed", "You will get no more messages from this sender.")

    return Route("/unsubscribe/{delivery_id}", unsubscribe, methods=["GET", "POST"], name="unsubscribe")


def _means_it(request: Request, raw: bytes) -> bool:
    """The form's field, or Customer.io's `{"unsubscribe": true}` (reference 12)."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return parse_qs(raw.decode("latin-1")).get("List-Unsubscribe") == ["One-Click"]
    try:
        return bool(msgspec.json.decode(raw).get("unsubscribe") is True)
    except (msgspec.DecodeError, AttributeError):
        return False
