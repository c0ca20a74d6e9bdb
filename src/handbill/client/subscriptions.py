"""Subscriptions: topics, channels, and what one person chose."""

from handbill.client.call import Caller
from handbill.contract.app import subscriptions as contract
from handbill.contract.app.customers import IdType


class Subscriptions:
    def __init__(self, call: Caller) -> None:
        self._call = call

    async def topics(self) -> contract.Topics:
        answer: contract.Topics = await self._call(contract.TOPICS)
        return answer

    async def channels(self) -> contract.Channels:
        answer: contract.Channels = await self._call(contract.CHANNELS_LIST)
        return answer

    async def token(self, customer_id: str, id_type: IdType = "id") -> contract.Token:
        """The link to a person's own subscription centre."""
        query = contract.TokenQuery(id_type=id_type)
        answer: contract.Token = await self._call(contract.TOKEN, {"customer_id": customer_id}, query)
        return answer

    async def preferences(self, customer_id: str, id_type: IdType = "id") -> contract.PersonPreferences:
        query = contract.PreferencesQuery(id_type=id_type)
        path = {"customer_id": customer_id}
        answer: contract.PersonPreferences = await self._call(contract.PREFERENCES, path, query)
        return answer
