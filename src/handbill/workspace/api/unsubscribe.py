"""Unsubscribing from a message: the link in it (a page), and one click in the mail program (RFC 8058)."""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.contract import track
from handbill.contract.endpoint import Model, Nothing
from handbill.errors import InvalidInput
from handbill.workspace import delivery_ids
from handbill.workspace.api import body
from handbill.workspace.api.page import incomplete, page
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import reports
from handbill.workspace.workspace import Workspace

_FORM = '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'


def route(workspace: Workspace) -> Route:
    """`/unsubscribe/{delivery_id}`: a page that changes nothing; what it leads to is a POST (RFC 8058 3.1)."""

    async def ask(request: Request) -> Response:
        if delivery_ids.unseal(workspace.secret, request.path_params["delivery_id"]) is None:
            return incomplete()
        return page("Unsubscribe?", "You will get no more messages from this sender.", _FORM)

    return Route(track.UNSUBSCRIBE.path, ask, methods=["GET"], name="unsubscribe")


@serves(track.UNSUBSCRIBE)
async def unsubscribe(call: Call) -> Model | Response:
    delivery = delivery_ids.unseal(call.workspace.secret, call.path["delivery_id"])
    raw = await body.read(call.request)
    program = call.request.headers.get("content-type", "").startswith("application/json")
    if delivery is None:
        if program:
            raise InvalidInput.of("delivery_id", "delivery_id must be the `id` of a message as a list gave it.")
        return incomplete()
    if not (_asked(raw) if program else _clicked(raw)):
        raise InvalidInput.of("unsubscribe", "unsubscribe must be true.")
    await call.workspace.database.write(reports.unsubscribe, delivery, call.workspace.clock.now())
    return Nothing() if program else page("You are unsubscribed", "You will get no more messages from this sender.")


def _asked(raw: bytes) -> bool:
    """Customer.io's `{"unsubscribe": true}` (reference 12)."""
    given = body.parse(raw)
    return isinstance(given, dict) and given.get("unsubscribe") is True


def _clicked(raw: bytes) -> bool:
    """The field of the form, which mail programs send as it stands (RFC 8058 3.1)."""
    return parse_qs(raw.decode("latin-1")).get("List-Unsubscribe") == ["One-Click"]
