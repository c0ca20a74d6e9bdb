"""Customers: people of the workspace."""

from collections.abc import Sequence
from typing import Any

from handbill.client.call import Caller
from handbill.contract.app import customers as contract
from handbill.contract.app.messages import Messages
from handbill.contract.limits import CUSTOMERS_DEFAULT


class Customers:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def find(self, email: str) -> contract.Found:
        answer: contract.Found = await self._call(contract.FIND, query=contract.EmailQuery(email=email))
        return answer

    async def search(
        self,
        filter: dict[str, Any],  # noqa: A002
        start: str = "",
        limit: int = CUSTOMERS_DEFAULT,
    ) -> contract.SearchResult:
        """People who match `filter` (reference 3.2)."""
        query = contract.SearchQuery(start=start, limit=limit)
        answer: contract.SearchResult = await self._call(contract.SEARCH, query=query, body={"filter": filter})
        return answer

    async def attributes_of(self, ids: Sequence[str]) -> contract.People:
        answer: contract.People = await self._call(contract.ATTRIBUTES_OF, body={"ids": list(ids)})
        return answer

    async def attributes(self, customer_id: str, id_type: contract.IdType = "id") -> contract.OnePerson:
        query = contract.PersonQuery(id_type=id_type)
        answer: contract.OnePerson = await self._call(contract.ATTRIBUTES, {"customer_id": customer_id}, query)
        return answer

    async def segments(self, customer_id: str, id_type: contract.IdType = "id") -> contract.PersonSegments:
        query = contract.PersonQuery(id_type=id_type)
        answer: contract.PersonSegments = await self._call(contract.SEGMENTS, {"customer_id": customer_id}, query)
        return answer

    async def messages(self, customer_id: str, query: contract.PersonMessagesQuery | None = None) -> Messages:
        answer: Messages = await self._call(contract.MESSAGES, {"customer_id": customer_id}, query)
        return answer

    async def in_app_messages(
        self, customer_id: str, query: contract.ServedQuery | None = None
    ) -> contract.ServedMessages:
        path = {"customer_id": customer_id}
        answer: contract.ServedMessages = await self._call(contract.IN_APP_MESSAGES, path, query)
        return answer

    async def inbox_messages(
        self, customer_id: str, query: contract.ServedQuery | None = None
    ) -> contract.ServedMessages:
        path = {"customer_id": customer_id}
        answer: contract.ServedMessages = await self._call(contract.INBOX_MESSAGES, path, query)
        return answer
