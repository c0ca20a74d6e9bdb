"""Newsletters: one-time sends."""

from typing import Any

from handbill.client.call import Caller, written
from handbill.contract.app import metrics as counted
from handbill.contract.app import newsletters as contract
from handbill.contract.app.contents import Contents, Edit, OneContent, Translation
from handbill.contract.app.messages import Messages, ParentMessagesQuery


class Newsletters:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self, query: contract.NewslettersQuery | None = None) -> contract.Newsletters:
        answer: contract.Newsletters = await self._call(contract.LIST, query=query)
        return answer

    async def get(self, newsletter_id: int) -> contract.OneNewsletter:
        answer: contract.OneNewsletter = await self._call(contract.GET, {"newsletter_id": newsletter_id})
        return answer

    async def delete(self, newsletter_id: int) -> None:
        await self._call(contract.DELETE, {"newsletter_id": newsletter_id})

    async def messages(self, newsletter_id: int, query: ParentMessagesQuery | None = None) -> Messages:
        answer: Messages = await self._call(contract.MESSAGES, {"newsletter_id": newsletter_id}, query)
        return answer

    async def contents(self, newsletter_id: int) -> Contents:
        answer: Contents = await self._call(contract.CONTENTS, {"newsletter_id": newsletter_id})
        return answer

    async def content(self, newsletter_id: int, content_id: int) -> OneContent:
        answer: OneContent = await self._call(
            contract.CONTENT, {"newsletter_id": newsletter_id, "content_id": content_id}
        )
        return answer

    async def update_content(self, newsletter_id: int, content_id: int, edit: Edit) -> OneContent:
        answer: OneContent = await self._call(
            contract.UPDATE_CONTENT, {"newsletter_id": newsletter_id, "content_id": content_id}, body=written(edit)
        )
        return answer

    async def add_language(self, newsletter_id: int, edit: Translation) -> OneContent:
        answer: OneContent = await self._call(
            contract.ADD_LANGUAGE, {"newsletter_id": newsletter_id}, body=written(edit)
        )
        return answer

    async def language(self, newsletter_id: int, language: str) -> OneContent:
        answer: OneContent = await self._call(
            contract.LANGUAGE, {"newsletter_id": newsletter_id, "language": language}
        )
        return answer

    async def update_language(self, newsletter_id: int, language: str, edit: Edit) -> OneContent:
        answer: OneContent = await self._call(
            contract.UPDATE_LANGUAGE, {"newsletter_id": newsletter_id, "language": language}, body=written(edit)
        )
        return answer

    async def delete_language(self, newsletter_id: int, language: str) -> None:
        path = {"newsletter_id": newsletter_id, "language": language}
        await self._call(contract.DELETE_LANGUAGE, path)

    async def test_groups(self, newsletter_id: int) -> contract.TestGroups:
        answer: contract.TestGroups = await self._call(contract.TEST_GROUPS, {"newsletter_id": newsletter_id})
        return answer

    async def add_test_group(self, newsletter_id: int, group: contract.NewTestGroup) -> contract.TestGroups:
        answer: contract.TestGroups = await self._call(
            contract.ADD_TEST_GROUP, {"newsletter_id": newsletter_id}, body=written(group)
        )
        return answer

    async def add_group_language(self, newsletter_id: int, test_group_id: int, edit: Translation) -> OneContent:
        answer: OneContent = await self._call(
            contract.ADD_GROUP_LANGUAGE,
            {"newsletter_id": newsletter_id, "test_group_id": test_group_id},
            body=written(edit),
        )
        return answer

    async def group_language(self, newsletter_id: int, test_group_id: int, language: str) -> OneContent:
        answer: OneContent = await self._call(
            contract.GROUP_LANGUAGE,
            {"newsletter_id": newsletter_id, "test_group_id": test_group_id, "language": language},
        )
        return answer

    async def update_group_language(
        self, newsletter_id: int, test_group_id: int, language: str, edit: Edit
    ) -> OneContent:
        answer: OneContent = await self._call(
            contract.UPDATE_GROUP_LANGUAGE,
            {"newsletter_id": newsletter_id, "test_group_id": test_group_id, "language": language},
            body=written(edit),
        )
        return answer

    async def delete_group_language(self, newsletter_id: int, test_group_id: int, language: str) -> None:
        await self._call(
            contract.DELETE_GROUP_LANGUAGE,
            {"newsletter_id": newsletter_id, "test_group_id": test_group_id, "language": language},
        )

    async def metrics(
        self, newsletter_id: int, query: counted.NewsletterMetricsQuery | None = None
    ) -> counted.Metrics:
        answer: counted.Metrics = await self._call(counted.NEWSLETTER, {"newsletter_id": newsletter_id}, query)
        return answer

    async def content_metrics(
        self, newsletter_id: int, content_id: int, query: counted.NewsletterMetricsQuery | None = None
    ) -> counted.Metrics:
        answer: counted.Metrics = await self._call(
            counted.CONTENT, {"newsletter_id": newsletter_id, "content_id": content_id}, query
        )
        return answer

    async def links(self, newsletter_id: int, query: counted.LinksQuery | None = None) -> counted.Links:
        answer: counted.Links = await self._call(counted.NEWSLETTER_LINKS, {"newsletter_id": newsletter_id}, query)
        return answer

    async def content_links(
        self, newsletter_id: int, content_id: int, query: counted.LinksQuery | None = None
    ) -> counted.Links:
        answer: counted.Links = await self._call(
            counted.CONTENT_LINKS, {"newsletter_id": newsletter_id, "content_id": content_id}, query
        )
        return answer

    async def create(self, body: dict[str, Any]) -> contract.OneNewsletter:
        """With `send_now` or `scheduled_at` this sends. Never tried twice."""
        answer: contract.OneNewsletter = await self._call(contract.CREATE, body=body)
        return answer

    async def send(self, newsletter_id: int, body: dict[str, Any] | None = None) -> contract.OneNewsletter:
        """Send it now. Never tried twice."""
        answer: contract.OneNewsletter = await self._call(
            contract.SEND, {"newsletter_id": newsletter_id}, body=body or {}
        )
        return answer

    async def schedule(self, newsletter_id: int, body: dict[str, Any]) -> contract.OneNewsletter:
        """Send it at `scheduled_at`; 0 takes the time back."""
        answer: contract.OneNewsletter = await self._call(
            contract.SCHEDULE, {"newsletter_id": newsletter_id}, body=body
        )
        return answer
