"""Sends: one transactional message to one person."""

from typing import Any

from handbill.client.call import Caller
from handbill.contract.app import sends as contract


class Sends:
    """Each call takes the body of reference 7.2 and sends once: it is never tried twice."""

    def __init__(self, call: Caller) -> None:
        self._call = call

    async def email(self, body: dict[str, Any]) -> contract.Sent:
        answer: contract.Sent = await self._call(contract.EMAIL, body=body)
        return answer

    async def push(self, body: dict[str, Any]) -> contract.Sent:
        answer: contract.Sent = await self._call(contract.PUSH, body=body)
        return answer

    async def sms(self, body: dict[str, Any]) -> contract.Sent:
        answer: contract.Sent = await self._call(contract.SMS, body=body)
        return answer

    async def whatsapp(self, body: dict[str, Any]) -> contract.Sent:
        answer: contract.Sent = await self._call(contract.WHATSAPP, body=body)
        return answer

    async def in_app(self, body: dict[str, Any]) -> contract.Sent:
        answer: contract.Sent = await self._call(contract.IN_APP, body=body)
        return answer

    async def inbox_message(self, body: dict[str, Any]) -> contract.Sent:
        answer: contract.Sent = await self._call(contract.INBOX_MESSAGE, body=body)
        return answer
