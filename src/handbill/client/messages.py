"""Messages: deliveries to one person each."""

from handbill.client.call import Caller
from handbill.contract.app import messages as contract


class Messages:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self, query: contract.MessagesQuery | None = None) -> contract.Messages:
        answer: contract.Messages = await self._call(contract.LIST, query=query)
        return answer

    async def get(self, message_id: str) -> contract.OneMessage:
        answer: contract.OneMessage = await self._call(contract.GET, {"message_id": message_id})
        return answer

    async def archived(self, message_id: str) -> contract.OneArchivedMessage:
        answer: contract.OneArchivedMessage = await self._call(contract.ARCHIVED_MESSAGE, {"message_id": message_id})
        return answer
