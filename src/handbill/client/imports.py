"""Imports: files of people, events, objects or relationships."""

from handbill.client.call import Caller
from handbill.contract.app import imports as contract


class Imports:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def create(self, wanted: contract.NewImport) -> contract.OneNewImport:
        body = {"import": wanted.model_dump(exclude_none=True)}
        answer: contract.OneNewImport = await self._call(contract.CREATE, body=body)
        return answer

    async def get(self, import_id: int) -> contract.OneImport:
        answer: contract.OneImport = await self._call(contract.GET, {"import_id": import_id})
        return answer
