"""Workspaces: what is in them."""

from handbill.client.call import Caller
from handbill.contract.app import workspaces as contract


class Workspaces:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.Workspaces:
        answer: contract.Workspaces = await self._call(contract.LIST)
        return answer
