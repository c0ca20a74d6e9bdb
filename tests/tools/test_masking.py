"""Where people's data is masked, tools tell no address, number, attribute or text of a person's, and ids go on."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.agents.calls import right
from tests.agents.planted import FAILING, REFUSED, context_in, planted

from handbill.connections import Connection
from handbill.contract.app.customers import Device, Person
from handbill.contract.app.segments import Identifiers
from handbill.errors import HandbillError
from handbill.policy import Policy
from handbill.tools import TOOLS, Context, call
from handbill.tools.answers import Answer
from handbill.tools.masking import HIDDEN, IDS, mask
from handbill.workspace.store import sending

pytestmark = pytest.mark.anyio

SECRET = "Moonstone"
"""In every name, attribute, text and event of the workspace."""
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("GET_PERSON", {"identifier": "ann1@shop.example", "activities": 50}),
    ("EXPLAIN_DELIVERY", {"identifier": "u12", "broadcast_id": REFUSED}),
    ("GET_TRIGGER", {"broadcast_id": FAILING, "trigger_id": "2"}),
    ("FIND_PEOPLE", {"email": "ann1@shop.example"}),
    ("TRIGGER_BROADCAST", {"broadcast_id": 5, "emails": ["ann99@shop.example"], "ids": []}),
    ("TRIGGER_BROADCAST", {"broadcast_id": 5, "emails": ["ann99@shop.example"]}),
    ("GET_PERSON", {"identifier": "ann99@shop.example"}),
]
PLACES = ("name", "attribute", "subject", "body", "event data", "trigger data", "message data", "url", "device")


@pytest.fixture
async def masked(tmp_path: Path) -> AsyncIterator[Connection]:
    async with planted(tmp_path, lambda place: SECRET if place in PLACES else place) as (connection, _):
        rules = Policy(mode="live", auto_send_max=100, pii="masked")
        await connection.workspace.database.write(sending.put, rules)
        yield connection


async def test_no_answer_and_no_error_says_who_a_person_is(masked: Connection) -> None:
    context = context_in(masked)
    calls = [*((name, right(tool)) for name, tool in TOOLS.items()), *((f"CUSTOMERIO_{n}", a) for n, a in OTHERS)]
    said = {f"{name} {arguments}": await told(context, name, arguments) for name, arguments in calls}
    assert [call for call, text in said.items() if re.search(rf"{SECRET}|ann\d|\+1555", text)] == []
    assert any("a…@shop.example" in text for text in said.values())


async def test_ids_of_masked_answers_go_on(masked: Connection) -> None:
    context = context_in(masked)
    [message] = (await ask(context, "GET_BROADCAST_MESSAGES", broadcast_id=5, limit=1))["messages"]
    person = await ask(context, "GET_PERSON", identifier=f"cio_{message['customer_identifiers']['cio_id']}")
    assert person["person"]["id"] == message["customer_id"]
    assert person["person"]["attributes"].keys() >= {"plan", "phone"}
    assert {value for name, value in person["person"]["attributes"].items() if name not in IDS} == {HIDDEN}
    found = await ask(context, "FIND_PEOPLE", filter={"attribute": {"field": "id", "operator": "eq", "value": "u2"}})
    assert found["identifiers"][0]["email"] == "a…@shop.example"


async def test_the_rule_holds_from_the_next_call_on(masked: Connection) -> None:
    context = context_in(masked)
    assert SECRET not in await told(context, "CUSTOMERIO_GET_PERSON", {"identifier": "u1"})
    await masked.workspace.database.write(sending.put, Policy())
    assert SECRET in await told(context, "CUSTOMERIO_GET_PERSON", {"identifier": "u1"})


class Told(Answer):
    person: Person
    said: str


@given(st.text("abz0189._%+-", min_size=1, max_size=20), st.text())
def test_an_address_is_masked_wherever_it_stands(name: str, text: str) -> None:
    address = f"{name}@mail.shop.example"
    who = Identifiers(id=address, email=address, cio_id="03000001")
    device = Device(id="token", platform="ios", last_used=5, attributes={"a": address})
    person = Person(id=address, identifiers=who, attributes={"x": text, "y": None}, timestamps={}, devices=[device])
    answer = mask(Told(person=person, said=f'"{address}", {text}')).model_dump()
    shown = f"{name[0]}{HIDDEN}@mail.shop.example"
    assert answer["person"]["identifiers"] == {"id": shown, "email": shown, "cio_id": "03000001"}
    assert answer["person"]["attributes"] == {"x": HIDDEN if text else "", "y": None}
    assert answer["person"]["devices"] == [
        {"id": HIDDEN, "platform": "ios", "last_used": 5, "attributes": {"a": HIDDEN}}
    ]
    assert answer["said"].startswith(f'"{shown}"')


async def told(context: Context, name: str, arguments: dict[str, Any]) -> str:
    """The answer, or the error, as text."""
    try:
        return json.dumps((await call(context, name, arguments)).data(), ensure_ascii=False)
    except HandbillError as error:
        return str(error)


async def ask(context: Context, name: str, **arguments: Any) -> dict[str, Any]:
    return (await call(context, f"CUSTOMERIO_{name}", arguments)).data()
