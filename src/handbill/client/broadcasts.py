"""Broadcasts, with their actions, deliveries and metrics."""

from handbill.client.call import Caller, written
from handbill.contract.app import broadcasts as contract
from handbill.contract.app import metrics as counted
from handbill.contract.app.contents import Edit
from handbill.contract.app.messages import Messages, ParentMessagesQuery


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
        answer: contract.OneAction = await self._call(
            contract.ACTION, {"broadcast_id": broadcast_id, "action_id": action_id}
        )
        return answer

    async def update_action(self, broadcast_id: int, action_id: int, edit: Edit) -> contract.OneAction:
        answer: contract.OneAction = await self._call(
            contract.UPDATE_ACTION, {"broadcast_id": broadcast_id, "action_id": action_id}, body=written(edit)
        )
        return answer

    async def language(self, broadcast_id: int, action_id: int, language: str) -> contract.OneAction:
        answer: contract.OneAction = await self._call(
            contract.LANGUAGE, {"broadcast_id": broadcast_id, "action_id": action_id, "language": language}
        )
        return answer

    async def update_language(
        self, broadcast_id: int, action_id: int, language: str, edit: Edit
    ) -> contract.OneAction:
        answer: contract.OneAction = await self._call(
            contract.UPDATE_LANGUAGE,
            {"broadcast_id": broadcast_id, "action_id": action_id, "language": language},
            body=written(edit),
        )
        return answer

    async def messages(self, broadcast_id: int, query: ParentMessagesQuery | None = None) -> Messages:
        answer: Messages = await self._call(contract.MESSAGES, {"broadcast_id": broadcast_id}, query)
        return answer

    async def metrics(self, broadcast_id: int, query: counted.MetricsQuery | None = None) -> counted.Metrics:
        answer: counted.Metrics = await self._call(counted.BROADCAST, {"broadcast_id": broadcast_id}, query)
        return answer

    async def action_metrics(
        self, broadcast_id: int, action_id: int, query: counted.MetricsQuery | None = None
    ) -> counted.Metrics:
        answer: counted.Metrics = await self._call(
            counted.ACTION, {"broadcast_id": broadcast_id, "action_id": action_id}, query
        )
        return answer

    async def links(self, broadcast_id: int, query: counted.LinksQuery | None = None) -> counted.Links:
        answer: counted.Links = await self._call(counted.BROADCAST_LINKS, {"broadcast_id": broadcast_id}, query)
        return answer

    async def action_links(
        self, broadcast_id: int, action_id: int, query: counted.LinksQuery | None = None
    ) -> counted.Links:
        answer: counted.Links = await self._call(
            counted.ACTION_LINKS, {"broadcast_id": broadcast_id, "action_id": action_id}, query
        )
        return answer
