"""Info: where messages come from."""

from handbill.client.call import Caller
from handbill.contract.app import info as contract


class Info:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def ip_addresses(self) -> contract.IpAddresses:
        answer: contract.IpAddresses = await self._call(contract.IP_ADDRESSES)
        return answer

    async def channels(self) -> contract.Channels:
        """Handbill's own: Customer.io does not know this path."""
        answer: contract.Channels = await self._call(contract.CHANNELS)
        return answer
