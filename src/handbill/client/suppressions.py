"""ESP suppressions: addresses that get no mail. `suppression_type` is a key of `contract.REASONS`."""

from handbill.client.call import Caller
from handbill.contract.app import suppressions as contract


class Suppressions:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def search(self, email_address: str) -> contract.Suppressions:
        answer: contract.Suppressions = await self._call(contract.SEARCH, {"email_address": email_address})
        return answer

    async def list(
        self, suppression_type: str, query: contract.SuppressionsQuery | None = None
    ) -> contract.Suppressions:
        path = {"suppression_type": suppression_type}
        answer: contract.Suppressions = await self._call(contract.LIST, path, query)
        return answer

    async def of_domain(
        self, domain_name: str, suppression_type: str, query: contract.DomainQuery | None = None
    ) -> contract.DomainSuppressions:
        path = {"domain_name": domain_name, "suppression_type": suppression_type}
        answer: contract.DomainSuppressions = await self._call(contract.OF_DOMAIN, path, query)
        return answer

    async def add(self, suppression_type: str, email_address: str) -> None:
        await self._call(contract.ADD, {"suppression_type": suppression_type, "email_address": email_address})

    async def delete(self, suppression_type: str, email_address: str) -> None:
        await self._call(contract.DELETE, {"suppression_type": suppression_type, "email_address": email_address})
