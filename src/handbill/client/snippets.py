"""Snippets: pieces of Liquid that messages share."""

from handbill.client.call import Caller
from handbill.contract.app import snippets as contract


class Snippets:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.Snippets:
        answer: contract.Snippets = await self._call(contract.LIST)
        return answer

    async def create(self, name: str, value: str) -> contract.OneSnippet:
        answer: contract.OneSnippet = await self._call(contract.CREATE, body={"name": name, "value": value})
        return answer

    async def put(self, name: str, value: str) -> contract.OneSnippet:
        """Make or change the snippet of this name."""
        answer: contract.OneSnippet = await self._call(contract.PUT, body={"name": name, "value": value})
        return answer

    async def delete(self, snippet_name: str) -> None:
        await self._call(contract.DELETE, {"snippet_name": snippet_name})
