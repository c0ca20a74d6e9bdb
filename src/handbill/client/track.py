"""Track: people and what they do, as the Track API takes them in; and what became of deliveries."""

from typing import Any

from handbill.client.call import Caller
from handbill.contract import track as contract


class Track:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def suppress(self, identifier: str) -> None:
        """Delete the person and block the identifiers (id, email, or `cio_` with a cio_id)."""
        await self._call(contract.SUPPRESS, {"identifier": identifier})

    async def push_event(self, body: dict[str, Any]) -> None:
        """What became of a push: delivery_id, event, device_id, timestamp."""
        await self._call(contract.PUSH_EVENT, body=body)

    async def unsubscribe(self, delivery_id: str) -> None:
        """Unsubscribe the person of a delivery, as the link in it does."""
        await self._call(contract.UNSUBSCRIBE, {"delivery_id": delivery_id}, body={"unsubscribe": True})
