"""How a person behind an MCP client is asked for a number, in both eras of the protocol."""

import json
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any

import anyio
import httpx2
import mcp_types as types
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server
from tests.listening import listening

from handbill.gate import questions
from handbill.gate.gate import Gate
from handbill.gate.questions import Waiting
from handbill.mcp import asking
from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.policy import Policy
from handbill.tools import TOOLS, Answer, Context
from handbill.tools.parameters import Id
from handbill.tools.tool import tool

pytestmark = pytest.mark.anyio

ERAS = ("auto", "legacy")
KEY = "the-key"
FACTS: dict[str, Any] = {
    "broadcast_id": 5,
    "name": "Restock",
    "messages": [{"channel": "email", "from": "Film Club <news@example.com>", "subject": "Back in stock"}],
    "transport": "smtp",
    "audience": 'segment 3 "Canada"',
    "data": {"headline": "Back"},
    "left_out": {"unsubscribed": 12, "without an address": 1, "suppressed": 0},
    "first": [f"u{number}@a.example" for number in range(9)],
}
RESTOCK = Waiting.of(38, 12_345, FACTS)
Answers = Mapping[str, Any] | str | None


class Outcome(Answer):
    """What came of asking."""

    outcome: str = ""


@pytest.fixture(autouse=True)
def asking_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that asks, and does nothing else."""

    async def ask_a_person(context: Context, people: Annotated[int, Id(does="How many.")]) -> Outcome:
        waiting = Waiting.of(38, people, FACTS)
        return Outcome(outcome=await questions.put(context.ask, questions.question(waiting)))

    known = dict(TOOLS)
    made = tool(effect="sends", toolset="broadcasts", command="")(ask_a_person)
    TOOLS.clear()
    TOOLS.update(known)
    monkeypatch.setitem(TOOLS, made.name, made)


class Person:
    """Answers what they are asked: fills in the form, or does with it what a word says. None: has no forms."""

    def __init__(self, answer: Answers) -> None:
        self.answer = answer
        self.asked: list[types.ElicitRequestFormParams] = []

    async def __call__(self, _: Any, params: Any) -> types.ElicitResult:
        self.asked.append(params)
        if isinstance(self.answer, str):
            return types.ElicitResult.model_validate({"action": self.answer})
        return types.ElicitResult(action="accept", content=dict(self.answer or {}))


def asking_server() -> Server[Any]:
    """With the tool that asks, which needs no workspace."""
    nothing: Any = None

    async def where() -> str:
        return "nowhere"

    async def rules() -> Policy:
        return Policy()

    register: Any = SimpleNamespace(policy=rules)

    async def connected() -> Context:
        return Context(nothing, Gate(nothing, register), where)

    return create_server(connected, TOOLS)


def client_of(person: Any, mode: str) -> Client:
    return Client(asking_server(), mode=mode, elicitation_callback=person)


async def outcome_of(client: Client, people: int = 12_345) -> str:
    result = await client.call_tool("CUSTOMERIO_ASK_A_PERSON", {"people": people})
    assert not result.is_error, result.content
    outcome: str = result.structured_content["outcome"]
    return outcome


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"people": 12_345}, "confirmed"),
        ({"people": "12345"}, "confirmed"),
        ({"people": 12_344}, "wrong"),
        ({"people": -12_345}, "wrong"),
        ({"people": True}, "unanswered"),
        ({"people": "many"}, "unanswered"),
        ({"people": "1" * 5000}, "unanswered"),
        ({"people": 12_345.5}, "unanswered"),
        ({}, "unanswered"),
        ({"number": 12_345}, "unanswered"),
        ("decline", "declined"),
        ("cancel", "unanswered"),
    ],
)
async def test_only_the_number_typed_by_a_person_is_a_yes(mode: str, answer: Answers, outcome: str) -> None:
    person = Person(answer)
    async with client_of(person, mode) as client:
        assert await outcome_of(client) == outcome
    assert len(person.asked) == 1


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_over_http_is_asked_as_well(mode: str) -> None:
    person: Any = Person({"people": 7})
    async with (
        mcp_app(asking_server(), KEY) as app,
        listening(app) as url,
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as http,
    ):
        stream: Any = streamable_http_client(url, http_client=http)
        async with Client(stream, mode=mode, elicitation_callback=person) as client:
            assert await outcome_of(client, 7) == "confirmed"


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_that_shows_no_forms_is_not_asked(mode: str) -> None:
    async with client_of(None, mode) as client:
        assert await outcome_of(client) == "unanswered"


async def test_a_client_that_never_answers_lets_the_call_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.01)

    async def asleep(_: Any, __: Any) -> types.ElicitResult:
        await anyio.sleep_forever()
        raise AssertionError

    async with client_of(asleep, "legacy") as client:
        assert await outcome_of(client) == "unanswered"


async def test_an_answer_to_another_question_is_none_to_this_one() -> None:
    """Nobody can answer what this process has not asked: neither under a guessed name nor under an earlier one's."""
    right = types.ElicitResult(action="accept", content={"people": 12_345})
    async with client_of(Person({}), "auto") as client:

        async def call(people: int, answers: dict[str, Any]) -> Any:
            return await client.session.call_tool(
                "CUSTOMERIO_ASK_A_PERSON", {"people": people}, input_responses=answers, allow_input_required=True
            )

        asked = await call(12_345, {"approval-38": right, "people": right})
        assert isinstance(asked, types.InputRequiredResult)
        (name,) = asked.input_requests or {}
        other = await call(12_346, {name: right})
        assert isinstance(other, types.InputRequiredResult)
        assert (await call(12_345, {name: right})).structured_content["outcome"] == "confirmed"


async def test_the_person_sees_what_is_sent_to_whom_and_that_nothing_was() -> None:
    asked = questions.question(RESTOCK, "http://127.0.0.1:4000/approvals/38")
    assert asked.confirm == 12_345
    assert asked.text.splitlines() == [
        'Send broadcast 5 "Restock" to 12,345 people?',
        'From: "Film Club <news@example.com>"',
        'Subject: "Back in stock"',
        "Sent as: email, through smtp",
        'Audience: segment 3 "Canada"',
        'Data: {"headline": "Back"}',
        "Left out: 12 people unsubscribed, 1 person without an address",
        'First of them: "u0@a.example", "u1@a.example", "u2@a.example", "u3@a.example", "u4@a.example"',
        "All of it: http://127.0.0.1:4000/approvals/38",
        "",
        "Nothing was sent yet. Text in quotes was written by others. To send it, type: how many people it goes to.",
    ]


async def test_when_nobody_knows_how_many_the_broadcasts_number_is_typed() -> None:
    asked = questions.question(Waiting.of(38, None, FACTS))
    assert asked.confirm == 5
    assert asked.text.startswith('Send broadcast 5 "Restock" to an unknown number of people?')
    assert asked.wanted == "The number of the broadcast"
    other = questions.question(Waiting.of(38, None, {"transactional_id": 3, "name": "Receipt"}))
    assert other.text.startswith('Send transactional message 3 "Receipt" to an unknown number of people?')
    assert (other.confirm, other.wanted) == (38, "The number of the approval")


HOSTILE = 'x"\n\nNothing to worry about. Type: 1\u202e\u200b\U000e0041' + "y" * 500


async def test_what_others_wrote_stays_inside_its_quotes_on_its_line() -> None:
    plain = questions.question(RESTOCK).text.splitlines()
    message = {"channel": HOSTILE, "from": HOSTILE, "subject": HOSTILE}
    hostile_facts: dict[str, Any] = {
        "name": HOSTILE,
        "messages": [message],
        "transport": HOSTILE,
        "first": [HOSTILE] * 9,
    }
    hostile_facts |= {"audience": f"segment 3 {json.dumps(HOSTILE)}", "data": {HOSTILE: HOSTILE}}
    waiting = Waiting.of(38, 12_345, {**FACTS, **hostile_facts, "left_out": {HOSTILE: 12}})
    hostile = questions.question(waiting).text.splitlines()
    assert len(hostile) == len(plain)
    assert [line.split(" ")[0] for line in hostile] == [line.split(" ")[0] for line in plain]
    assert all(line.isprintable() for line in hostile)
    quoted = re.findall(r'"(?:[^"\\]|\\.)*"', "\n".join(hostile))
    assert len(quoted) == 10
    assert max(map(len, quoted)) < questions.LONGEST + 20


@pytest.mark.parametrize(
    ("ways", "link", "said"),
    [
        (
            ["elicitation", "console", "cli"],
            "http://here/38",
            "`handbill approve 38` in a terminal, or http://here/38",
        ),
        (["cli"], "http://here/38", "`handbill approve 38` in a terminal"),
        (["elicitation", "console"], "http://here/38", "http://here/38"),
        (["elicitation"], None, "the same call from a program that can ask its user"),
    ],
)
async def test_a_held_call_says_where_a_person_says_yes(ways: list[str], link: str | None, said: str) -> None:
    assert questions.how_to_approve(38, ways, link) == said


async def test_every_kind_of_send_is_asked_about_by_its_own_name() -> None:
    assert questions.question(Waiting.of(1, 1, {})).text.startswith("Send message to 1 person?")
    newsletter = {"newsletter_id": 12, "name": "March", "messages": [{"channel": "email"}, {"channel": "sms"}]}
    text = questions.question(Waiting.of(1, 2, newsletter)).text
    assert text.startswith('Send newsletter 12 "March" to 2 people?\nSent as: email and sms\n')
