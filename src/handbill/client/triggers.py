"""Triggers of broadcasts."""

from dataclasses import dataclass
from typing import Any

from handbill.client.call import Caller
from handbill.contract.app import triggers as contract


@dataclass(frozen=True, slots=True)
class Accepted:
    """A trigger's number; `repeated` when an earlier call made it, and this one changed nothing."""

    id: int
    repeated: bool = False


class Triggers:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def create(self, broadcast_id: int, body: dict[str, Any]) -> Accepted:
        """Trigger a broadcast: this sends. Never tried twice; raises OutcomeUnknown when the answer was lost."""
        path = {"broadcast_id": broadcast_id}
        answer, headers = await self._call.told(contract.TRIGGER_BROADCAST, path, body=body)
        return Accepted(answer.id, "Idempotent-Replayed" in headers)

    async def list(self, broadcast_id: int) -> contract.Triggers:
        answer: contract.Triggers = await self._call(contract.LIST, {"broadcast_id": broadcast_id})
        return answer

    async def get(self, broadcast_id: int, trigger_id: int | str) -> contract.Trigger:
        path = {"broadcast_id": broadcast_id, "trigger_id": trigger_id}
        answer: contract.Trigger = await self._call(contract.GET, path)
        return answer

    async def errors(self, broadcast_id: int, trigger_id: int | str, start: int = 0) -> contract.TriggerErrors:
        path = {"broadcast_id": broadcast_id, "trigger_id": trigger_id}
        answer: contract.TriggerErrors = await self._call(contract.ERRORS, path, contract.ErrorsQuery(start=start))
        return answer

    async def progress(self, broadcast_id: int, trigger_id: int | str) -> contract.Progress:
        """Handbill's own: Customer.io does not know this path."""
        path = {"broadcast_id": broadcast_id, "trigger_id": trigger_id}
        answer: contract.Progress = await self._call(contract.PROGRESS, path)
        return answer

    async def preview(self, broadcast_id: int, body: dict[str, Any], samples: int = 3) -> contract.Preview:
        """Handbill's own: Customer.io does not know this path."""
        query = contract.PreviewQuery(samples=samples)
        answer: contract.Preview = await self._call(contract.PREVIEW, {"broadcast_id": broadcast_id}, query, body)
        return answer
