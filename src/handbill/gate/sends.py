"""Transactional sends before they are made: whom they reach, what is approved of them, and whether one was made."""

from collections.abc import Mapping
from email.utils import getaddresses
from typing import Any

from handbill.approval import digest
from handbill.client import Client
from handbill.contract.app.messages import ParentMessagesQuery
from handbill.contract.app.transactional import TransactionalMessage
from handbill.errors import HandbillError, NotFound, SendingRefused, quoted
from handbill.gate.call import UNKNOWN_ADDRESSES, Call, Details, Sized, messages, of_texts
from handbill.policy import Policy, allowed

SOON = 2
"""Seconds by which Customer.io's clock may be behind ours when a message is looked for."""
LOOKED_AT = 50


class Sends:
    repeats, sure = False, False

    def __init__(self, client: Client) -> None:
        self._client = client

    def about(self, call: Call) -> dict[str, Any]:
        return {"send_at": call.body["send_at"]} if call.body.get("send_at") else {}

    async def size(self, call: Call, rules: Policy) -> Sized:
        """The addresses of a mail are counted; any other way reaches one person, and a draft nobody."""
        if call.body.get("queue_draft"):
            return Sized(call, 0)
        named = _addresses(call)
        if named is None:
            return Sized(call, None, UNKNOWN_ADDRESSES if rules.only_domains else "")
        waits = UNKNOWN_ADDRESSES if rules.only_domains and not named else ""
        kept = {field: [each for each in named[field] if allowed(each, rules.only_domains)] for field in named}
        if named and not kept.get("to"):
            outside = f"outside of {', '.join(rules.only_domains)}, to which sending is limited"
            raise SendingRefused(f"The address is {outside}. Nothing was sent.")
        if kept == named:
            return Sized(call, max(1, _count(named)), waits)
        notes = [f"{_count(named) - _count(kept)} addresses skipped: outside of {', '.join(rules.only_domains)}"]
        body = {**call.body, **{field: ", ".join(addresses) for field, addresses in kept.items()}}
        return Sized(Call(call.endpoint, body, call.path), _count(kept), waits, notes)

    async def details(self, sized: Sized) -> Details:
        message, body = await self._message(sized.call), sized.call.body
        contents = (await self._client.transactional.contents(message.id)).contents
        facts = {
            **self.about(sized.call),
            "transactional_id": message.id,
            "name": message.name,
            "messages": messages(contents),
            "transport": f"Customer.io, as {sized.call.endpoint.partition('.')[2]}",
        }
        whom = {name: body.get(name) for name in ("identifiers", "to")}
        how = {name: value for name, value in body.items() if name not in (*whom, "message_data")}
        parts = {
            f"transactional message {message.id}: name": digest(message.name),
            **of_texts(contents),
            "data": digest(body.get("message_data") or {}),
            "settings": digest(how),
            "audience": digest(whom),
        }
        return Details(facts, parts)

    async def _message(self, call: Call) -> TransactionalMessage:
        """By its number or its name. Raises NotFound."""
        wanted = str(call.body["transactional_message_id"])
        found = (await self._client.transactional.list()).messages
        for each in found:
            if wanted == str(each.id) or wanted.casefold() == each.name.casefold():
                return each
        raise NotFound(
            f"There is no transactional message {quoted(wanted)}; CUSTOMERIO_LIST_TRANSACTIONAL_MESSAGES lists them."
        )

    async def mark(self, call: Call) -> None:
        return None

    async def make(self, call: Call) -> dict[str, Any]:
        sent = await getattr(self._client.sends, call.endpoint.partition(".")[2])(dict(call.body))
        made: dict[str, Any] = sent.model_dump()
        return made

    async def made(self, call: Call, mark: None, began: int) -> list[dict[str, Any]] | None:
        """The message's deliveries to this person since; one that there is none of yet may still come."""
        person = (call.body.get("identifiers") or {}).get("cio_id")
        try:
            message = await self._message(call)
            query = ParentMessagesQuery(limit=LOOKED_AT)
            listed = (await self._client.transactional.messages(message.id, query)).messages
        except HandbillError:
            return None
        return [
            {"delivery_id": each.id, "queued_at": each.created}
            for each in listed
            if each.created >= began - SOON
            and each.customer_identifiers
            and each.customer_identifiers.cio_id == person
        ]

    def found(self, call: Call, outcome: Mapping[str, Any]) -> str:
        return str(outcome["delivery_id"])

    def look(self, call: Call) -> str:
        return "CUSTOMERIO_GET_MESSAGES"


def _addresses(call: Call) -> dict[str, list[str]] | None:
    """Whom a mail goes to, by field; None when a field cannot be read.

    There are none when the way is another, or the person's own device or address is meant.
    """
    if call.endpoint != "sends.email":
        return {}
    named = {field: _read(call.body[field]) for field in ("to", "cc", "bcc") if call.body.get(field)}
    found = {field: addresses for field, addresses in named.items() if addresses}
    return found if len(found) == len(named) else None


def _read(text: str) -> list[str]:
    """The addresses; none when there may be others than those that were understood."""
    addresses = [address for _, address in getaddresses([text])]
    return addresses if text.count("@") == len(addresses) and all(addresses) else []


def _count(named: Mapping[str, list[str]]) -> int:
    return sum(map(len, named.values()))
