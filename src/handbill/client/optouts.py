"""Opt-outs: who wants no SMS or WhatsApp from one of our numbers."""

from collections.abc import Sequence

from handbill.client.call import Caller
from handbill.contract.app import optouts as contract
from handbill.contract.app.customers import IdType


class Optouts:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self, query: contract.OptoutsQuery | None = None) -> contract.EveryonesOptouts:
        answer: contract.EveryonesOptouts = await self._call(contract.LIST, query=query)
        return answer

    async def get(self, customer_id: str, id_type: IdType = "id") -> contract.Optouts:
        query = contract.PersonQuery(id_type=id_type)
        answer: contract.Optouts = await self._call(contract.GET, {"customer_id": customer_id}, query)
        return answer

    async def put(
        self, customer_id: str, optouts: Sequence[contract.Optout], id_type: IdType = "id"
    ) -> contract.Optouts:
        """Set all that a person opted out of; what is not named is taken back."""
        query, body = contract.PersonQuery(id_type=id_type), contract.Optouts(optouts=list(optouts))
        said = body.model_dump(by_alias=True)
        answer: contract.Optouts = await self._call(contract.PUT, {"customer_id": customer_id}, query, said)
        return answer
