"""Sender identities: who messages are from."""

from handbill.client.call import Caller
from handbill.contract.app import senders as contract
from handbill.contract.app.segments import UsedBy


class Senders:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self, query: contract.SendersQuery | None = None) -> contract.Senders:
        answer: contract.Senders = await self._call(contract.LIST, query=query)
        return answer

    async def get(self, sender_id: int) -> contract.OneSender:
        answer: contract.OneSender = await self._call(contract.GET, {"sender_id": sender_id})
        return answer

    async def used_by(self, sender_id: int) -> UsedBy:
        answer: UsedBy = await self._call(contract.USED_BY, {"sender_id": sender_id})
        return answer
