"""Reporting webhooks: endpoints outside that are told what happens."""

from handbill.client.call import Caller
from handbill.contract.app import reporting_webhooks as contract


class ReportingWebhooks:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.Webhooks:
        answer: contract.Webhooks = await self._call(contract.LIST)
        return answer

    async def get(self, webhook_id: int) -> contract.Webhook:
        answer: contract.Webhook = await self._call(contract.GET, {"webhook_id": webhook_id})
        return answer

    async def create(self, webhook: contract.NewWebhook) -> contract.Webhook:
        answer: contract.Webhook = await self._call(contract.CREATE, body=webhook.model_dump())
        return answer

    async def update(self, webhook_id: int, webhook: contract.NewWebhook) -> contract.Webhook:
        """Replace what the webhook is: what is left out takes its default."""
        path = {"webhook_id": webhook_id}
        answer: contract.Webhook = await self._call(contract.UPDATE, path, body=webhook.model_dump())
        return answer

    async def delete(self, webhook_id: int) -> None:
        await self._call(contract.DELETE, {"webhook_id": webhook_id})
