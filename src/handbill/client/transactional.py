"""Transactional messages: templates for one person at a time."""

from handbill.client.call import Caller
from handbill.contract.app import transactional as contract


class Transactional:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.TransactionalMessages:
        answer: contract.TransactionalMessages = await self._call(contract.LIST)
        return answer

    async def get(self, transactional_id: int) -> contract.OneTransactionalMessage:
        path = {"transactional_id": transactional_id}
        answer: contract.OneTransactionalMessage = await self._call(contract.GET, path)
        return answer
