"""Webhooks out: one call of the URL that a message names, never of an address its transport refuses."""

from collections.abc import Sequence

import httpx2
import msgspec

from handbill.workspace.channels import asking
from handbill.workspace.channels.payloads import Webhook
from handbill.workspace.engine.needs import Outcome, Receipt

_call = msgspec.json.Decoder(Webhook)


class WebhookChannel:
    """Each call carries `Idempotency-Key: <delivery id>`, so that a receiver can tell a call that comes again."""

    connections = asking.CONNECTIONS

    def __init__(self, transport: httpx2.AsyncBaseTransport, seconds: float = asking.SECONDS) -> None:
        """`transport` refuses, as an httpx2.TransportError, what must not be called."""
        self._http = asking.Http(seconds, transport)

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
        """Make the call. One that may have arrived counts as deferred: it comes again with the same key."""
        call = _call.decode(payload)
        try:
            answer = await self._http.ask(
                call.method,
                call.url,
                headers=_headers(call),
                content=call.body.encode("utf-8", "replace"),
            )
        except httpx2.TransportError as refused:
            return Receipt(Outcome.FAILED, f"url {refused}")
        except (asking.Unreached, asking.Unanswered) as fault:
            return Receipt(Outcome.DEFERRED, f"The webhook's URL: {fault}")
        except (httpx2.InvalidURL, ValueError):
            return Receipt(Outcome.FAILED, "url is not a whole address")
        return asking.judge(answer.status)

    async def close(self) -> None:
        await self._http.close()


def _headers(call: Webhook) -> list[tuple[bytes, bytes]]:
    given = {name.lower() for name, _ in call.headers}
    usual = [("Content-Type", "application/json"), ("User-Agent", "Handbill"), ("Idempotency-Key", call.key)]
    pairs = [*((name, value) for name, value in usual if name.lower() not in given), *call.headers]
    return [(name.encode(), value.encode("utf-8", "replace")) for name, value in pairs]
