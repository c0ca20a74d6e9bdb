"""Reporting webhooks: endpoints outside that are told what happens."""

from handbill.contract.app.reporting_webhooks import Webhook
from handbill.errors import without_logins
from handbill.tools.answers import Answer
from handbill.tools.tool import Context, tool


class WebhookList(Answer):
    reporting_webhooks: list[Webhook]
    total: int


@tool(effect="reads", toolset="workspace", command="workspace webhooks")
async def get_webhooks(context: Context) -> WebhookList:
    """List the reporting webhooks: the endpoints outside that are told what happens, and of which events each is."""
    listed = (await context.client.reporting_webhooks.list()).reporting_webhooks
    webhooks = [each.model_copy(update={"endpoint": without_logins(each.endpoint)}) for each in listed]
    return WebhookList(reporting_webhooks=webhooks, total=len(webhooks))
