"""The round a marketer makes through an MCP client of the official SDK: find, preview, trigger, follow, read."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mcp import Client, StdioServerParameters

from handbill.demo.reading import read
from handbill.errors import HandbillError
from handbill.settings import Settings

RESTOCK = {
    "headline": "The climbing beans are back",
    "until": "Sunday evening",
    "code": "BEANPOLE",
    "products": [
        {
            "name": "Climbing bean Nightrain",
            "category": "vegetables",
            "price": 3.60,
            "note": "Dark pods until the first frost, two metres tall",
        },
        {"name": "Sweet pea Lantern Mix", "category": "flowers", "price": 3.10, "note": "Sow in November for May"},
        {"name": "Garlic Silverkeep", "category": "bulbs", "price": 5.40, "note": "Plant while a fork goes in"},
        {"name": "Seed tin", "category": "tools", "price": 18.90},
    ],
}
WEEK = 7 * 86_400
TOOLSETS = "broadcasts,messages,newsletters,segments,transactional,metrics,people"
PATIENCE = 60
"""Seconds to wait for any one answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """`sentence` is what a person would ask, the rest is the call an agent makes of it."""

    sentence: str
    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Audience(Protocol):
    """Who watches the demo."""

    def filled(self, people: int, events: int, seconds: float) -> None: ...

    def connected(self, protocol: str, tools: Sequence[str]) -> None: ...

    def asked(self, question: Question) -> None: ...

    def progressed(self, text: str) -> None: ...

    def answered(self, question: Question, answer: Mapping[str, Any], seconds: float) -> None: ...

    def refused(self, question: Question, sentence: str, seconds: float) -> None: ...


async def make(home: Path, audience: Audience) -> str:
    """Make the round on the workspace in `home` and return the id of one delivery of the broadcast.

    Raises HandbillError when an answer is not what it must be.
    """
    arguments = ["-m", "handbill", "mcp", "--home", str(home), "--toolsets", TOOLSETS]
    server = StdioServerParameters(command=sys.executable, args=arguments)
    async with Client(server, read_timeout_seconds=PATIENCE) as client:
        tools = (await client.list_tools()).tools
        audience.connected(client.protocol_version, [tool.name for tool in tools])
        try:
            return await _round(_Asker(client, audience), Settings.load({}, home))
        except HandbillError as error:
            failure = error  # raised outside: the client would wrap it in a group
    raise failure


async def _round(asker: "_Asker", settings: Settings) -> str:
    segment_id = await _find_segment(asker)
    broadcast_id = await _find_broadcast(asker)
    delivery_id = await _send(asker, broadcast_id, {"segment": {"id": segment_id}})
    await read(settings, broadcast_id)
    await _look_back(asker, broadcast_id)
    await asker.ask("When was this broadcast sent?", "CUSTOMERIO_GET_TRIGGERS", broadcast_id=broadcast_id)
    await asker.ask("Which newsletters are there?", "CUSTOMERIO_LIST_NEWSLETTERS", sort="desc")
    await asker.ask("Which transactional templates?", "CUSTOMERIO_LIST_TRANSACTIONAL_MESSAGES")
    await asker.ask("Does anything wait for my yes?", "CUSTOMERIO_LIST_APPROVALS")
    await asker.ask("Whatever is still on its way: stop it.", "CUSTOMERIO_STOP_SENDING")
    return delivery_id


@dataclass(frozen=True, slots=True)
class _Asker:
    client: Client
    audience: Audience

    async def ask(self, sentence: str, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must answer, and return its answer."""
        question, answer, text, seconds = await self._call(sentence, tool, arguments)
        if answer is None:
            raise HandbillError(f"{tool} did not answer: {text}")
        self.audience.answered(question, answer, seconds)
        return answer

    async def ask_wrongly(self, sentence: str, tool: str, **arguments: Any) -> None:
        """Call a tool that must refuse."""
        question, answer, text, seconds = await self._call(sentence, tool, arguments)
        if answer is not None:
            raise HandbillError(f"{tool} accepted what it must refuse.")
        self.audience.refused(question, text, seconds)

    async def _call(
        self, sentence: str, tool: str, arguments: dict[str, Any]
    ) -> tuple[Question, dict[str, Any] | None, str, float]:
        question = Question(sentence, tool, arguments)
        self.audience.asked(question)
        start = time.perf_counter()
        result = await self.client.call_tool(tool, arguments, progress_callback=self._progressed)
        seconds = time.perf_counter() - start
        text = "\n".join(content.text for content in result.content if content.type == "text")
        return question, None if result.is_error else result.structured_content, text, seconds

    async def _progressed(self, progress: float, total: float | None, message: str | None) -> None:
        self.audience.progressed(message or f"{progress:g} of {total or 0:g}")


async def _find_segment(asker: _Asker) -> int:
    answer = await asker.ask("Which groups of people do we have?", "CUSTOMERIO_GET_SEGMENTS")
    segment_id = _named(answer["segments"], "VIP")
    await asker.ask("How many people are VIPs?", "CUSTOMERIO_GET_SEGMENT_DETAILS", segment_id=segment_id)
    await asker.ask("Who, for example?", "CUSTOMERIO_GET_SEGMENT_MEMBERSHIP", segment_id=segment_id, limit=3)
    return segment_id


async def _find_broadcast(asker: _Asker) -> int:
    answer = await asker.ask("Which broadcasts can we send?", "CUSTOMERIO_LIST_BROADCASTS")
    return _named(answer["broadcasts"], "Back in stock")


async def _send(asker: _Asker, broadcast_id: int, recipients: dict[str, Any]) -> str:
    """Preview, trigger and follow the broadcast; the id of one of its deliveries."""
    whole = {"broadcast_id": broadcast_id, "recipients": recipients, "data": RESTOCK}
    preview = await asker.ask(
        "What would the VIPs get if we told them the beans are back?", "CUSTOMERIO_PREVIEW_BROADCAST", **whole
    )
    await asker.ask_wrongly(
        "Send it. (With a slip of the pen: is a wrong call stopped?)",
        "CUSTOMERIO_TRIGGER_BROADCAST",
        broadcast_id=broadcast_id,
        recipents=recipients,
    )
    triggered = await asker.ask("Send it, then.", "CUSTOMERIO_TRIGGER_BROADCAST", **whole)
    _check(triggered, preview["people"])
    ids = {"broadcast_id": broadcast_id, "trigger_id": str(triggered["id"])}
    await asker.ask("Has everyone got it?", "CUSTOMERIO_GET_TRIGGER", **ids)
    answer = await asker.ask("Who got it, and when?", "CUSTOMERIO_GET_BROADCAST_MESSAGES", **ids, limit=5)
    since = int(time.time()) - WEEK
    await asker.ask(
        "Which of last week's emails went out?",
        "CUSTOMERIO_GET_MESSAGES",
        type="email",
        metric="sent",
        start_ts=since,
        limit=5,
    )
    delivery: str = answer["messages"][0]["id"]
    return delivery


async def _look_back(asker: _Asker, broadcast_id: int) -> None:
    """How it went, and why somebody did not get it."""
    own = {"broadcast_id": broadcast_id}
    await asker.ask(
        "People have read it by now. How did it do?", "CUSTOMERIO_GET_METRICS_REPORT", **own, period="days", steps=2
    )
    left_out = await asker.ask(
        "Who did not get it?", "CUSTOMERIO_GET_BROADCAST_MESSAGES", **own, metric="undeliverable", limit=1
    )
    person = left_out["messages"][0]["customer_id"]
    why = await asker.ask("Why not?", "CUSTOMERIO_EXPLAIN_DELIVERY", identifier=person, **own)
    if why["got_it"]:
        raise HandbillError(f"{person} got the broadcast and did not get it.")
    found = await asker.ask("Who is that?", "CUSTOMERIO_GET_PERSON", identifier=person)
    address = found["person"]["identifiers"]["email"]
    await asker.ask("Does the address belong to anybody else?", "CUSTOMERIO_FIND_PEOPLE", email=address)


def _named(entries: list[dict[str, Any]], name: str) -> int:
    for entry in entries:
        if entry["name"] == name:
            return int(entry["id"])
    raise HandbillError(f"There is no {name} among what was listed.")


def _check(triggered: Mapping[str, Any], people: int) -> None:
    """The preview must have told the truth."""
    state, sent = triggered["state"], triggered["counts"]["sent"]
    if state != "finished" or sent != people:
        raise HandbillError(f"The broadcast is {state}, with {sent} of {people} messages sent.")
