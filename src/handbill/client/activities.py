"""Activities: everything that happened, newest first."""

from handbill.client.call import Caller
from handbill.contract.app import activities as contract


class Activities:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self, query: contract.ActivitiesQuery | None = None) -> contract.Activities:
        answer: contract.Activities = await self._call(contract.LIST, query=query)
        return answer

    async def of_customer(
        self, customer_id: str, query: contract.PersonActivitiesQuery | None = None
    ) -> contract.Activities:
        answer: contract.Activities = await self._call(contract.OF_CUSTOMER, {"customer_id": customer_id}, query)
        return answer
