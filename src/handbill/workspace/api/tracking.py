"""Where tracked links and the image in a mail lead: what happened is noted, and the reader goes on at once."""

from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.errors import NotFound
from handbill.workspace import archive, delivery_ids
from handbill.workspace.machines import by_machine, by_proxy
from handbill.workspace.store import messages, reports
from handbill.workspace.workspace import Workspace

_IMAGE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent point, as a GIF."""
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
"""The address of the link has the delivery's id in it, which is nobody else's business."""
_IN_URLS = "%:/?#[]@!$&'()*+,;=~|"


def routes(workspace: Workspace) -> list[Route]:
    """`/e/c/{delivery_id}/{number}` leads to what that link of that message led to, and nowhere else (never an open
    redirect); `/e/o/{delivery_id}` is the image."""

    async def click(request: Request) -> Response:
        delivery = delivery_ids.unseal(workspace.secret, request.path_params["delivery_id"])
        target = await _target(workspace, delivery, request.path_params["number"])
        if delivery is None or target is None:
            raise HTTPException(404)
        data = {"href": target, "machine": by_machine(request.method, request.headers)}
        await _report(workspace, delivery, "clicked", data)
        return Response(status_code=302, headers={**_HEADERS, "Location": quote(target, safe=_IN_URLS)})

    async def image(request: Request) -> Response:
        delivery = delivery_ids.unseal(workspace.secret, request.path_params["delivery_id"])
        if delivery is not None:
            proxied, prefetched = by_proxy(request.headers), by_machine(request.method, request.headers)
            data = {"proxied": proxied, "prefetched": prefetched, "synthetic": False}
            await _report(workspace, delivery, "opened", data)
        return Response(_IMAGE, media_type="image/gif", headers=_HEADERS)

    return [
        Route("/e/c/{delivery_id}/{number}", click, methods=["GET"], name="click"),
        Route("/e/o/{delivery_id}", image, methods=["GET"], name="image"),
    ]


async def _target(workspace: Workspace, delivery: int | None, number: str) -> str | None:
    """Where link `number` of a delivery led when it was sent."""
    try:
        kept = await workspace.database.read(messages.archived, delivery or 0)
    except NotFound:
        return None
    links: list[str] = archive.expand(*kept).get("links", []) if kept else []
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else len(links)
    return links[place] if place < len(links) and str(place) == number else None


async def _report(workspace: Workspace, delivery: int, metric: str, data: Mapping[str, object]) -> None:
    now = workspace.clock.now()
    await workspace.database.write(reports.report, delivery, metric, now, now, data)
