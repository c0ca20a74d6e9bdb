"""Collections: small tables that messages look things up in."""

from collections.abc import Mapping, Sequence
from typing import Any

from handbill.client.call import Caller
from handbill.contract.app import collections as contract


class Collections:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.Collections:
        answer: contract.Collections = await self._call(contract.LIST)
        return answer

    async def create(
        self, name: str, data: Sequence[Mapping[str, Any]] | None = None, url: str | None = None
    ) -> contract.OneCollection:
        """A new collection of `data`, or of what is behind `url`."""
        return await self._one(contract.CREATE, None, _said(name=name, data=data, url=url))

    async def get(self, collection_id: int) -> contract.OneCollection:
        return await self._one(contract.GET, collection_id)

    async def put(
        self,
        collection_id: int,
        name: str | None = None,
        data: Sequence[Mapping[str, Any]] | None = None,
        url: str | None = None,
    ) -> contract.OneCollection:
        """Change what is given."""
        return await self._one(contract.PUT, collection_id, _said(name=name, data=data, url=url))

    async def delete(self, collection_id: int) -> None:
        await self._call(contract.DELETE, {"collection_id": collection_id})

    async def content(self, collection_id: int) -> Any:
        """The rows, or the one object in their place."""
        answer: contract.Content = await self._call(contract.CONTENT, {"collection_id": collection_id})
        return answer.root

    async def put_content(
        self, collection_id: int, content: Sequence[Mapping[str, Any]] | Mapping[str, Any]
    ) -> contract.OneCollection:
        return await self._one(contract.PUT_CONTENT, collection_id, content)

    async def _one(self, endpoint: Any, collection_id: int | None, body: Any = None) -> contract.OneCollection:
        path = {} if collection_id is None else {"collection_id": collection_id}
        answer: contract.OneCollection = await self._call(endpoint, path, body=body)
        return answer


def _said(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
