"""Triggers of broadcasts."""

from dataclasses import dataclass
from typing import Any

from handbill.client import customerio
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

    async def standing(self, broadcast_id: int, trigger_id: int | str) -> contract.Standing:
        """How far a trigger is: all of it from a workspace of ours, and what Customer.io tells."""
        if self._call.live:
            return await customerio.standing(self._call, broadcast_id, trigger_id)
        return await self.progress(broadcast_id, trigger_id)

    async def span(self, broadcast_id: int, trigger_id: int | str) -> tuple[int, int | None]:
        """From when until when the broadcast's messages are this trigger's, in Unix seconds; None: until now."""
        return await customerio.span(self._call, broadcast_id, trigger_id)

    async def progress(self, broadcast_id: int, trigger_id: int | str) -> contract.Progress:
        """Handbill's own: Customer.io does not know this path."""
        path = {"broadcast_id": broadcast_id, "trigger_id": trigger_id}
        answer: contract.Progress = await self._call(contract.PROGRESS, path)
        return answer

    async def stop(self, broadcast_id: int | None, trigger_id: int | None) -> contract.AllStopped:
        """Handbill's own: stop a trigger, all of a broadcast, or everything that is under way."""
        path = {"broadcast_id": broadcast_id, "trigger_id": trigger_id}
        named = {name: number for name, number in path.items() if number}
        endpoint = (contract.STOP_EVERYTHING, contract.STOP_BROADCAST, contract.STOP)[len(named)]
        answer: contract.AllStopped = await self._call(endpoint, named)
        return answer

    async def preview(self, broadcast_id: int, body: dict[str, Any], samples: int = 3) -> contract.Preview:
        """What a trigger would do: all of it from a workspace of ours; at Customer.io, what can be counted there."""
        if self._call.live:
            return await customerio.preview(self._call, broadcast_id, body)
        query = contract.PreviewQuery(samples=samples)
        answer: contract.Preview = await self._call(contract.PREVIEW, {"broadcast_id": broadcast_id}, query, body)
        return answer
