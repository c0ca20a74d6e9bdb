"""Exports: files of people or deliveries."""

from typing import Any

from handbill.client.call import Caller
from handbill.contract.app import exports as contract


class Exports:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.Exports:
        answer: contract.Exports = await self._call(contract.LIST)
        return answer

    async def get(self, export_id: int) -> contract.OneExport:
        answer: contract.OneExport = await self._call(contract.GET, {"export_id": export_id})
        return answer

    async def download(self, export_id: int) -> contract.Download:
        """Where the file is. Raises NotFound until the export is done."""
        answer: contract.Download = await self._call(contract.DOWNLOAD, {"export_id": export_id})
        return answer

    async def customers(self, filters: dict[str, Any]) -> contract.OneExport:
        answer: contract.OneExport = await self._call(contract.CUSTOMERS, body={"filters": filters})
        return answer

    async def deliveries(self, wanted: contract.DeliveriesExport) -> contract.OneExport:
        body = wanted.model_dump(exclude_none=True)
        answer: contract.OneExport = await self._call(contract.DELIVERIES, body=body)
        return answer
