"""Pipelines: calls about people and what they do. Always strict: a call that is not right is told, not dropped."""

from collections.abc import Sequence
from typing import Any

from handbill.client.call import Caller
from handbill.contract import pipelines as contract
from handbill.contract.endpoint import Endpoint

STRICT = {"X-Strict-Mode": "1"}

Body = dict[str, Any]


class Pipelines:
    """Each takes the call's body, in Customer.io's words: `userId`, `anonymousId`, `traits`, `properties`."""

    def __init__(self, call: Caller) -> None:
        self._call = call

    async def identify(self, body: Body) -> None:
        await self._send(contract.IDENTIFY, body)

    async def track(self, body: Body) -> None:
        await self._send(contract.TRACK_EVENT, body)

    async def page(self, body: Body) -> None:
        await self._send(contract.PAGE, body)

    async def screen(self, body: Body) -> None:
        await self._send(contract.SCREEN, body)

    async def group(self, body: Body) -> None:
        await self._send(contract.GROUP, body)

    async def alias(self, body: Body) -> None:
        await self._send(contract.ALIAS, body)

    async def batch(self, batch: Sequence[Body]) -> None:
        """Many calls, each with its `type`; none is done when one of them is not right."""
        await self._send(contract.BATCH, {"batch": list(batch)})

    async def _send(self, endpoint: Endpoint, body: Body) -> None:
        await self._call(endpoint, body=body, headers=STRICT)
