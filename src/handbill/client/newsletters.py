"""Newsletters: one-time sends."""

from handbill.client.call import Caller
from handbill.contract.app import newsletters as contract


class Newsletters:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self, query: contract.NewslettersQuery | None = None) -> contract.Newsletters:
        answer: contract.Newsletters = await self._call(contract.LIST, query=query)
        return answer

    async def get(self, newsletter_id: int) -> contract.OneNewsletter:
        answer: contract.OneNewsletter = await self._call(contract.GET, {"newsletter_id": newsletter_id})
        return answer
