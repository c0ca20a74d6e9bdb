"""The workspace's HTTP side as one ASGI app: Customer.io's APIs on their own paths, and where links lead."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from handbill.contract import apis, openapi
from handbill.contract.limits import APP, ARCHIVED
from handbill.workspace.api import (  # noqa: F401 (each registers its handlers)
    activities,
    broadcasts,
    campaigns,
    collections,
    contents,
    customers,
    exports,
    imports,
    info,
    messages,
    metrics,
    newsletters,
    objects,
    optouts,
    pipelines,
    reporting_webhooks,
    segments,
    senders,
    sends,
    snippets,
    subscription_centre,
    subscriptions,
    suppressions,
    track,
    tracking,
    transactional,
    triggers,
    twilio,
    unsubscribe,
    view,
    workspaces,
)
from handbill.workspace.api.pace import Window
from handbill.workspace.api.page import page
from handbill.workspace.api.route import routes
from handbill.workspace.workspace import Workspace

OLD = "/v1/api/"
"""What some connectors still write for `/v1/`."""
OPEN_PATHS = ("/deliveries/", "/e/", "/exports/", "/subscriptions/", "/twilio/", "/unsubscribe/")
"""What links in messages lead to: such a path holds the sealed id that permits the call, from wherever it comes."""


def create_app(workspace: Workspace, *, limits: bool = True) -> Starlette:
    """Serve `workspace`, which the caller opens and closes. `limits` holds callers to Customer.io's rates."""
    windows = {rate: Window(rate, workspace.clock) for rate in (APP, ARCHIVED)} if limits else {}
    pages = [page.route(workspace) for page in (subscription_centre, unsubscribe, view)]
    app = Starlette(
        routes=[
            *tracking.routes(workspace),  # routes are tried in their order, and these are the busiest
            *routes(workspace, apis.served(), windows),
            twilio.route(workspace),
            exports.route(workspace),
            *pages,
            Route("/openapi.json", _description, methods=["GET"]),
        ],
        middleware=[Middleware(_AskedPath)],
        exception_handlers={404: _page_not_found, 405: _page_not_found},
    )
    app.router.redirect_slashes = False
    return app


async def _description(request: Request) -> Response:
    return JSONResponse(openapi.document())


def _page_not_found(request: Request, error: Exception) -> Response:
    """Unknown paths and wrong methods alike: a page, not JSON (reference 2.1)."""
    return page("Page not found", "There is nothing at this address.", status=404)


class _AskedPath:
    """Routes by the path as it was sent, so that an identifier may hold `%2F`; the old prefix means the new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if raw := scope.get("raw_path"):
            path = raw.decode("latin-1")
            scope = {**scope, "path": f"/v1/{path.removeprefix(OLD)}" if path.startswith(OLD) else path}
        await self._app(scope, receive, send)
