"""Triggers before they are made: how many people they reach, what is approved of them, and whether one was made."""

from collections.abc import Mapping
from typing import Any

from handbill.approval import FIRST, digest, of_snippets
from handbill.client import Client
from handbill.contract import audience
from handbill.contract.app.contents import Text
from handbill.errors import HandbillError, SendingRefused, Unauthorized
from handbill.gate.call import UNKNOWN_ADDRESSES, Call, Details, Sized, messages, of_texts
from handbill.policy import Policy, allowed

SKEW = 60
"""Seconds by which Customer.io's clock and ours may differ."""


class Triggers:
    repeats, sure = False, True

    def __init__(self, client: Client) -> None:
        self._client = client

    def about(self, call: Call) -> dict[str, Any]:
        return {"broadcast_id": call.path["broadcast_id"]}

    async def size(self, call: Call, rules: Policy) -> Sized:
        """Named people are counted, a segment by itself is asked for; of all else nobody knows the size."""
        body, notes = _within(call.body, rules.only_domains)
        waits = UNKNOWN_ADDRESSES if rules.only_domains and not _addresses_known(body) else ""
        return Sized(Call(call.endpoint, body, call.path), await self._people(body), waits, notes)

    async def _people(self, body: Mapping[str, Any]) -> int | None:
        if body.get("email_add_duplicates") and not body.get("ids"):
            return None  # an address may be several people's
        if named := audience.people(body):
            return len(set(named))
        segment = audience.segment(body)
        # one of nobody may be full by the time it is sent to: its size is not known
        return (await self._client.segments.count(segment)).count or None if segment else None

    async def details(self, sized: Sized) -> Details:
        number, body = sized.call.path["broadcast_id"], sized.call.body
        broadcast = (await self._client.broadcasts.get(number)).broadcast
        actions = (await self._client.broadcasts.actions(number)).actions
        sent = [action for action in actions if action.sending_state != "off"]
        facts = {
            "broadcast_id": number,
            "name": broadcast.name,
            "messages": messages(sent),
            "transport": "Customer.io",
            "audience": audience.described(body, await self._segment_name(body)),
            "data": body.get("data") or {},
            "first": [name for _, name in audience.people(body)[:FIRST]],
        }
        whom = {name: value for name, value in body.items() if name != "data"}
        parts = {
            f"broadcast {number}: name": digest(broadcast.name),
            f"broadcast {number}: state": digest([broadcast.state, broadcast.active]),
            **of_texts(actions),
            **await self._snippets(actions),
            "data": digest(body.get("data") or {}),
            "audience": digest([whom, sized.people]),
        }
        return Details(facts, parts)

    async def _segment_name(self, body: Mapping[str, Any]) -> str:
        segment = audience.segment(body)
        return (await self._client.segments.get(segment)).segment.name if segment else ""

    async def _snippets(self, texts: list[Any]) -> dict[str, str]:
        """Those that are named in what is written, or in another snippet; none when the key may not read them."""
        try:
            snippets = (await self._client.snippets.list()).snippets
        except Unauthorized:
            return {}
        return of_snippets({each.name: each.value for each in snippets}, map(_all, texts))

    async def mark(self, call: Call) -> int:
        """The newest trigger there is; 0 without any."""
        return max((trigger.id for trigger in await self._list(call)), default=0)

    async def make(self, call: Call) -> dict[str, Any]:
        accepted = await self._client.triggers.create(call.path["broadcast_id"], dict(call.body))
        return {"id": accepted.id, **({"repeated": True} if accepted.repeated else {})}

    async def made(self, call: Call, mark: int, began: int) -> list[dict[str, Any]] | None:
        """Triggers that are new; None when there are some that were made at another time, or none can be read."""
        try:
            new = [trigger for trigger in await self._list(call) if trigger.id > mark]
        except HandbillError:
            return None
        if any(trigger.created_at < began - SKEW for trigger in new):
            return None
        return [{"id": trigger.id} for trigger in new]

    def found(self, call: Call, outcome: Mapping[str, Any]) -> str:
        return f"{call.path['broadcast_id']}-{outcome['id']}"

    def look(self, call: Call) -> str:
        return f"CUSTOMERIO_GET_TRIGGERS of broadcast {call.path['broadcast_id']}"

    async def _list(self, call: Call) -> Any:
        return (await self._client.triggers.list(call.path["broadcast_id"])).triggers


def _within(body: Mapping[str, Any], domains: tuple[str, ...]) -> tuple[Mapping[str, Any], list[str]]:
    """The trigger without the addresses outside of `domains`, and a note that counts them."""
    option = _option(body)
    if not domains or option not in ("emails", "per_user_data"):
        return body, []
    entries = body[option]
    kept = [each for each in entries if (address := _address(each)) is None or allowed(address, domains)]
    left_out = len(entries) - len(kept)
    if not kept:
        raise SendingRefused(f"All {left_out:,} addresses are outside of {', '.join(domains)}; nothing was sent.")
    said = f"{left_out:,} skipped: outside of {', '.join(domains)}, to which sending is limited"
    return {**body, option: kept}, [said] * bool(left_out)


def _option(body: Mapping[str, Any]) -> str:
    """How the audience is named; empty for the broadcast's own."""
    return next(iter(audience.named(body)), "")


def _address(entry: Any) -> str | None:
    return entry if isinstance(entry, str) else entry.get("email")


def _addresses_known(body: Mapping[str, Any]) -> bool:
    named = audience.people(body)
    return bool(named) and all(kind == "email" for kind, _ in named)


def _all(text: Text) -> str:
    return "\n".join(str(value) for value in text.model_dump().values())
