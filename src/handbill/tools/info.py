"""Info: the ways out of this workspace and the addresses its mail leaves from."""

from pydantic import BaseModel, Field

from handbill.errors import NotFound
from handbill.tools.answers import Answer
from handbill.tools.tool import Context, tool


class IpAddressList(Answer):
    ip_addresses: list[str]


class Integration(BaseModel):
    id: str
    name: str
    type: str = Field(description="channel: what messages of this type go out by; reporting_webhook: who is told.")
    enabled: bool
    needs: str = Field("", description="What must be set before it sends.")


class IntegrationList(Answer):
    integrations: list[Integration]


@tool(effect="reads", toolset="workspace", command="workspace addresses")
async def list_ip_addresses(context: Context) -> IpAddressList:
    """List the IP addresses that mail leaves from. There are none where no mail server is set."""
    return IpAddressList(ip_addresses=(await context.client.info.ip_addresses()).ip_addresses)


@tool(effect="reads", toolset="workspace", command="workspace integrations")
async def get_integrations(context: Context) -> IntegrationList:
    """List what sends and receives here: each type of message with its way out, and each reporting webhook.

    In a sandbox no way out is enabled: messages are made and kept, and leave for nobody.
    """
    webhooks = (await context.client.reporting_webhooks.list()).reporting_webhooks
    told = [
        Integration(id=f"webhook_{each.id}", name=each.name, type="reporting_webhook", enabled=not each.disabled)
        for each in webhooks
    ]
    return IntegrationList(integrations=[*await _channels(context), *told])


async def _channels(context: Context) -> list[Integration]:
    try:
        channels = (await context.client.info.channels()).channels
    except NotFound:  # Customer.io tells only its own pages
        context.notes.append("Which channels send is not told here; these are the reporting webhooks.")
        return []
    return [
        Integration(id=each.type, name=each.type, type="channel", enabled=each.sends, needs=each.needs)
        for each in channels
    ]
