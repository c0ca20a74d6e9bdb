"""What Twilio tells of a text it took: delivered, read or not delivered. Every report is signed."""

import hmac
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.errors import HandbillError
from handbill.workspace import delivery_ids
from handbill.workspace.api import body
from handbill.workspace.channels import twilio
from handbill.workspace.store import reports
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

METRICS = {
    "delivered": ("delivered",),
    "read": ("delivered", "opened"),
    "undelivered": ("bounced",),
    "failed": ("bounced",),
}
"""What a MessageStatus means; the others say nothing that is not known."""


def route(workspace: Workspace) -> Route:
    """`/twilio/{delivery_id}`: the StatusCallback of each text."""

    async def report(request: Request) -> Response:
        sealed = request.path_params["delivery_id"]
        delivery = delivery_ids.unseal(workspace.secret, sealed)
        if delivery is None or not workspace.settings.twilio:
            return Response(status_code=404)
        try:
            form = dict(parse_qsl((await body.read(request)).decode("utf-8", "replace"), keep_blank_values=True))
        except HandbillError:
            return Response(status_code=400)
        token = twilio.read(workspace.settings.twilio).password
        right = twilio.signature(token, f"{workspace.settings.base_url}{request.url.path}", form)
        if not hmac.compare_digest(right.encode(), request.headers.get("x-twilio-signature", "").encode()):
            return Response(status_code=403)
        await workspace.database.write(_report, delivery, form, workspace.clock.now())
        return Response(status_code=204)

    return Route("/twilio/{delivery_id}", report, methods=["POST"], name="twilio")


def _report(tx: Transaction, delivery: int, form: dict[str, str], now: int) -> None:
    code = form.get("ErrorCode", "")
    data = {"failure_message": f"Twilio's error {code[:20]}"} if code else None
    for metric in METRICS.get(form.get("MessageStatus", ""), ()):
        reports.report(tx, delivery, metric, now, now, data)
