"""Broadcasts, with their actions, deliveries and metrics."""

from handbill.client.call import Caller
from handbill.contract.app import broadcasts as contract
from handbill.contract.app.messages import Messages, ParentMessagesQuery
from handbill.contract.app.metrics import ACTION, BROADCAST, Metrics, MetricsQuery


class Broadcasts:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.Broadcasts:
        answer: contract.Broadcasts = await self._call(contract.LIST)
        return answer

    async def get(self, broadcast_id: int) -> contract.OneBroadcast:
        answer: contract.OneBroadcast = await self._call(contract.GET, {"broadcast_id": broadcast_id})
        return answer

    async def actions(self, broadcast_id: int) -> contract.Actions:
        answer: contract.Actions = await self._call(contract.ACTIONS, {"broadcast_id": broadcast_id})
        return answer

    async def action(self, broadcast_id: int, action_id: int) -> contract.OneAction:
        path = {"broadcast_id": broadcast_id, "action_id": action_id}
        answer: contract.OneAction = await self._call(contract.ACTION, path)
        return answer

    async def messages(self, broadcast_id: int, query: ParentMessagesQuery | None = None) -> Messages:
        answer: Messages = await self._call(contract.MESSAGES, {"broadcast_id": broadcast_id}, query)
        return answer

    async def metrics(self, broadcast_id: int, query: MetricsQuery | None = None) -> Metrics:
        answer: Metrics = await self._call(BROADCAST, {"broadcast_id": broadcast_id}, query)
        return answer

    async def action_metrics(self, broadcast_id: int, action_id: int, query: MetricsQuery | None = None) -> Metrics:
        path = {"broadcast_id": broadcast_id, "action_id": action_id}
        answer: Metrics = await self._call(ACTION, path, query)
        return answer
