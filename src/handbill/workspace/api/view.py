"""A message in the browser: `{% view_in_browser_url %}` leads here, and so may whoever looks at what was captured."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from handbill.errors import NotFound
from handbill.workspace import archive, delivery_ids
from handbill.workspace.api.page import page
from handbill.workspace.rendering import tracking
from handbill.workspace.store import messages
from handbill.workspace.workspace import Workspace

_HEADERS = {
    # The message was written by others: no script, no form, no frame, and nobody learns where the reader came from.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def route(workspace: Workspace) -> Route:
    """`/deliveries/{delivery_id}`: the body as it was sent. The id, which nobody can guess, is the permission."""

    async def view(request: Request) -> Response:
        delivery = delivery_ids.unseal(workspace.secret, request.path_params["delivery_id"])
        try:
            kept = await workspace.database.read(messages.archived, delivery or 0)
        except NotFound:
            kept = None
        if kept is None:
            return page("Not kept", "This message is not kept here.", status=404)
        fields = archive.expand(*kept)
        html, numbers = fields.get("body", ""), {target: n for n, target in enumerate(fields.get("links", ()))}
        if numbers:
            html = tracking.follow(html, workspace.settings.base_url, request.path_params["delivery_id"], numbers)
        return HTMLResponse(html, headers=_HEADERS)

    return Route("/deliveries/{delivery_id}", view, methods=["GET"], name="view")
