"""Campaigns: messages for each person to whom something happens."""

from handbill.contract.app.campaigns import Campaign
from handbill.tools.answers import Answer
from handbill.tools.tool import Context, tool


class CampaignList(Answer):
    campaigns: list[Campaign]
    total: int


@tool(effect="reads", toolset="campaigns", command="campaigns list")
async def list_campaigns(context: Context) -> CampaignList:
    """List the campaigns, with the event that starts each, its state and its messages (actions)."""
    campaigns = (await context.client.campaigns.list()).campaigns
    return CampaignList(campaigns=campaigns, total=len(campaigns))
