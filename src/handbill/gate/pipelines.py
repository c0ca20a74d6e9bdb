"""Pipelines calls before they are made: whom a campaign may write to because of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from handbill.approval import digest
from handbill.client import Client
from handbill.contract.app.campaigns import Campaign
from handbill.errors import HandbillError
from handbill.gate.call import UNKNOWN_ADDRESSES, Call, Details, Sized
from handbill.policy import Policy

REACHING = ("identify", "track", "page", "screen", "group", "alias")
"""The types of calls that may start a campaign for their person."""


class Pipelines:
    repeats, sure = True, False  # what happens twice has happened twice

    def __init__(self, client: Client) -> None:
        self._client = client

    def about(self, call: Call) -> dict[str, Any]:
        return {}

    async def size(self, call: Call, rules: Policy) -> Sized:
        """The people for whom a running campaign may start; 0 when there is no such campaign.

        Nobody knows how many belong to an object that a campaign is about (reference 8.2).
        """
        calls, running = _calls(call), await self._running()
        starting = running is None or _starting(calls, running)
        waits = UNKNOWN_ADDRESSES if rules.only_domains and calls and starting else ""
        if starting and any(each.get("groupId") for each in calls) and (running is None or _of_objects(running)):
            return Sized(call, None, waits)
        return Sized(call, len({_who(each) for each in calls}) if starting else 0, waits)

    async def details(self, sized: Sized) -> Details:
        calls = _calls(sized.call)
        campaigns = _starting(calls, await self._running() or [])
        facts = {
            "kind": "call of Pipelines",
            "name": _name(sized.call, calls),
            "transport": "Customer.io",
            "campaigns": [{"id": each.id, "name": each.name} for each in campaigns],
        }
        parts = {
            "data": digest(sized.call.body),
            **{f"campaign {each.id}": digest([each.name, each.updated]) for each in campaigns},
        }
        return Details(facts, parts)

    async def _running(self) -> Sequence[Campaign] | None:
        """None when the key may not read campaigns: then any of them may be running."""
        try:
            campaigns = (await self._client.campaigns.list()).campaigns
        except HandbillError:
            return None
        return [each for each in campaigns if each.state == "running"]

    async def mark(self, call: Call) -> None:
        return None

    async def make(self, call: Call) -> dict[str, Any]:
        await getattr(self._client.pipelines, call.endpoint.partition(".")[2])(call.body)
        return {}

    async def made(self, call: Call, mark: None, began: int) -> None:
        return None

    def found(self, call: Call, outcome: Mapping[str, Any]) -> str:
        raise AssertionError("nothing is ever found")

    def look(self, call: Call) -> str:
        return "CUSTOMERIO_GET_PERSON, at the person's activities"


def _calls(call: Call) -> Sequence[Mapping[str, Any]]:
    """Those of the calls that may start something."""
    type_ = call.endpoint.partition(".")[2]
    if type_ != "batch":
        return [call.body]
    return [each for each in call.body if isinstance(each, dict) and each.get("type") in REACHING]


def _who(call: Mapping[str, Any]) -> str:
    return str(call.get("userId") or call.get("anonymousId"))


def _starting(calls: Sequence[Mapping[str, Any]], running: Iterable[Campaign]) -> list[Campaign]:
    """Those that these calls may start: an event starts those of its name, and anything may lead into a segment."""
    names = {each.get("event") or each.get("name") for each in calls}
    return [each for each in running if calls and (each.type != "event" or each.event_name in names)]


def _of_objects(running: Iterable[Campaign]) -> bool:
    return any(each.type in ("object", "relationship") for each in running)


def _name(call: Call, calls: Sequence[Mapping[str, Any]]) -> str:
    type_ = call.endpoint.partition(".")[2]
    if type_ == "batch":
        return f"a batch, {len(calls)} of which may start campaigns"
    return " ".join(part for part in (type_, str(call.body.get("event") or call.body.get("name") or "")) if part)
