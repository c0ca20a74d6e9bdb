"""Campaigns, with their actions, deliveries, journeys and metrics."""

from handbill.client.call import Caller, written
from handbill.contract.app import campaigns as contract
from handbill.contract.app import metrics as counted
from handbill.contract.app.contents import Edit
from handbill.contract.app.messages import Messages, ParentMessagesQuery


class Campaigns:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def list(self) -> contract.Campaigns:
        answer: contract.Campaigns = await self._call(contract.LIST)
        return answer

    async def get(self, campaign_id: int) -> contract.OneCampaign:
        answer: contract.OneCampaign = await self._call(contract.GET, {"campaign_id": campaign_id})
        return answer

    async def actions(self, campaign_id: int, query: contract.ActionsQuery | None = None) -> contract.Actions:
        answer: contract.Actions = await self._call(contract.ACTIONS, {"campaign_id": campaign_id}, query)
        return answer

    async def messages(self, campaign_id: int, query: ParentMessagesQuery | None = None) -> Messages:
        answer: Messages = await self._call(contract.MESSAGES, {"campaign_id": campaign_id}, query)
        return answer

    async def journey_metrics(self, campaign_id: int, query: contract.JourneyMetricsQuery) -> contract.JourneyMetrics:
        answer: contract.JourneyMetrics = await self._call(
            contract.JOURNEY_METRICS, {"campaign_id": campaign_id}, query
        )
        return answer

    async def action(self, campaign_id: int, action_id: int) -> contract.OneAction:
        answer: contract.OneAction = await self._call(
            contract.ACTION, {"campaign_id": campaign_id, "action_id": action_id}
        )
        return answer

    async def update_action(self, campaign_id: int, action_id: int, edit: Edit) -> contract.OneAction:
        answer: contract.OneAction = await self._call(
            contract.UPDATE_ACTION, {"campaign_id": campaign_id, "action_id": action_id}, body=written(edit)
        )
        return answer

    async def language(self, campaign_id: int, action_id: int, language: str) -> contract.OneAction:
        answer: contract.OneAction = await self._call(
            contract.LANGUAGE, {"campaign_id": campaign_id, "action_id": action_id, "language": language}
        )
        return answer

    async def update_language(
        self, campaign_id: int, action_id: int, language: str, edit: Edit
    ) -> contract.OneAction:
        answer: contract.OneAction = await self._call(
            contract.UPDATE_LANGUAGE,
            {"campaign_id": campaign_id, "action_id": action_id, "language": language},
            body=written(edit),
        )
        return answer

    async def metrics(
        self, campaign_id: int, query: counted.CampaignMetricsQuery | None = None
    ) -> counted.CampaignMetrics:
        answer: counted.CampaignMetrics = await self._call(counted.CAMPAIGN, {"campaign_id": campaign_id}, query)
        return answer

    async def action_metrics(
        self, campaign_id: int, action_id: int, query: counted.CampaignMetricsQuery | None = None
    ) -> counted.CampaignMetrics:
        answer: counted.CampaignMetrics = await self._call(
            counted.CAMPAIGN_ACTION, {"campaign_id": campaign_id, "action_id": action_id}, query
        )
        return answer

    async def links(self, campaign_id: int, query: counted.LinksQuery | None = None) -> counted.Links:
        answer: counted.Links = await self._call(counted.CAMPAIGN_LINKS, {"campaign_id": campaign_id}, query)
        return answer

    async def action_links(
        self, campaign_id: int, action_id: int, query: counted.LinksQuery | None = None
    ) -> counted.Links:
        answer: counted.Links = await self._call(
            counted.CAMPAIGN_ACTION_LINKS, {"campaign_id": campaign_id, "action_id": action_id}, query
        )
        return answer
