"""Segments: groups of people."""

from typing import Literal

from handbill.client.call import Caller
from handbill.contract.app import segments as contract
from handbill.contract.limits import MEMBERSHIP_DEFAULT


class Segments:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.Segments:
        answer: contract.Segments = await self._call(contract.LIST)
        return answer

    async def get(self, segment_id: int) -> contract.OneSegment:
        answer: contract.OneSegment = await self._call(contract.GET, {"segment_id": segment_id})
        return answer

    async def create(self, name: str, description: str = "") -> contract.OneSegment:
        body = {"segment": {"name": name, "description": description}}
        answer: contract.OneSegment = await self._call(contract.CREATE, body=body)
        return answer

    async def delete(self, segment_id: int) -> None:
        await self._call(contract.DELETE, {"segment_id": segment_id})

    async def used_by(self, segment_id: int) -> contract.SegmentUsedBy:
        answer: contract.SegmentUsedBy = await self._call(contract.USED_BY, {"segment_id": segment_id})
        return answer

    async def count(self, segment_id: int) -> contract.Count:
        answer: contract.Count = await self._call(contract.COUNT, {"segment_id": segment_id})
        return answer

    async def membership(
        self, segment_id: int, start: str = "", limit: int = MEMBERSHIP_DEFAULT, sort: Literal["asc", "desc"] = "asc"
    ) -> contract.Membership:
        query = contract.MembershipQuery(start=start, limit=limit, sort=sort)
        answer: contract.Membership = await self._call(contract.MEMBERSHIP, {"segment_id": segment_id}, query)
        return answer
