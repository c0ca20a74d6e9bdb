"""Transactional messages: templates for one person at a time."""

from handbill.client.call import Caller, written
from handbill.contract.app import metrics as counted
from handbill.contract.app import transactional as contract
from handbill.contract.app.contents import Edit, OneTransactionalContent, TransactionalContents
from handbill.contract.app.messages import Messages, ParentMessagesQuery


class Transactional:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.TransactionalMessages:
        answer: contract.TransactionalMessages = await self._call(contract.LIST)
        return answer

    async def get(self, transactional_id: int) -> contract.OneTransactionalMessage:
        path = {"transactional_id": transactional_id}
        answer: contract.OneTransactionalMessage = await self._call(contract.GET, path)
        return answer

    async def messages(self, transactional_id: int, query: ParentMessagesQuery | None = None) -> Messages:
        answer: Messages = await self._call(contract.MESSAGES, {"transactional_id": transactional_id}, query)
        return answer

    async def contents(self, transactional_id: int) -> TransactionalContents:
        answer: TransactionalContents = await self._call(contract.CONTENTS, {"transactional_id": transactional_id})
        return answer

    async def update_content(self, transactional_id: int, content_id: int, edit: Edit) -> OneTransactionalContent:
        answer: OneTransactionalContent = await self._call(
            contract.UPDATE_CONTENT,
            {"transactional_id": transactional_id, "content_id": content_id},
            body=written(edit),
        )
        return answer

    async def language(self, transactional_id: int, language: str) -> OneTransactionalContent:
        answer: OneTransactionalContent = await self._call(
            contract.LANGUAGE, {"transactional_id": transactional_id, "language": language}
        )
        return answer

    async def update_language(self, transactional_id: int, language: str, edit: Edit) -> OneTransactionalContent:
        answer: OneTransactionalContent = await self._call(
            contract.UPDATE_LANGUAGE, {"transactional_id": transactional_id, "language": language}, body=written(edit)
        )
        return answer

    async def metrics(self, transactional_id: int, query: counted.PeriodQuery | None = None) -> counted.Metrics:
        answer: counted.Metrics = await self._call(
            counted.TRANSACTIONAL, {"transactional_id": transactional_id}, query
        )
        return answer

    async def links(self, transactional_id: int, query: counted.LinksQuery | None = None) -> counted.Links:
        answer: counted.Links = await self._call(
            counted.TRANSACTIONAL_LINKS, {"transactional_id": transactional_id}, query
        )
        return answer
