"""Objects: what people belong to."""

from typing import Any

from handbill.client.call import Caller
from handbill.contract.app import objects as contract


class Objects:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def types(self) -> contract.Types:
        answer: contract.Types = await self._call(contract.TYPES)
        return answer

    async def search(
        self,
        object_type_id: str,
        filter: dict[str, Any],  # noqa: A002
        query: contract.SearchQuery | None = None,
    ) -> contract.Found:
        """Objects that match `filter`, whose ends are `object_attribute` (reference 9)."""
        body = {"object_type_id": object_type_id, "filter": filter}
        answer: contract.Found = await self._call(contract.SEARCH, query=query, body=body)
        return answer

    async def attributes(
        self, object_type_id: str, object_id: str, query: contract.ObjectQuery | None = None
    ) -> contract.OneObject:
        path = {"object_type_id": object_type_id, "object_id": object_id}
        answer: contract.OneObject = await self._call(contract.ATTRIBUTES, path, query)
        return answer

    async def people(
        self, object_type_id: str, object_id: str, query: contract.PeopleQuery | None = None
    ) -> contract.RelatedPeople:
        path = {"object_type_id": object_type_id, "object_id": object_id}
        answer: contract.RelatedPeople = await self._call(contract.PEOPLE, path, query)
        return answer

    async def of_customer(
        self, customer_id: str, query: contract.OfCustomerQuery | None = None
    ) -> contract.Relationships:
        answer: contract.Relationships = await self._call(contract.OF_CUSTOMER, {"customer_id": customer_id}, query)
        return answer
