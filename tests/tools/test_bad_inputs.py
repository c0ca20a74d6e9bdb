"""Every wrong call of bad_inputs.py, through MCP and through Python: told in full, and nothing happens."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mcp.client import Client as McpClient
from tests.conftest import FixedClock, no_time
from tests.tools.bad_inputs import CASES, Case
from tests.tools.film_club import RESTOCK, film_club

from handbill.client.transport import Transport
from handbill.errors import HandbillError, RateLimited
from handbill.mcp.server import create_server
from handbill.tools import TOOLS, Context, call

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def context(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Context]:
    """One workspace for all: what is refused leaves nothing behind."""
    async with film_club(tmp_path_factory.mktemp("home")) as (_, context):
        yield context


def _name(case: Case) -> str:
    return f"{case[0]}: {case[2]!a}"


@pytest.mark.parametrize("case", CASES, ids=_name)
async def test_a_wrong_call_is_answered_the_same_through_python_and_mcp(context: Context, case: Case) -> None:
    tool, arguments, *parts = case
    with pytest.raises(HandbillError) as refused:
        await call(context, f"CUSTOMERIO_{tool}", arguments)
    result = await _over_mcp(context, tool, arguments)
    for part in parts:
        assert part in str(refused.value)
        assert part in result


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
async def test_a_number_that_json_does_not_have_is_refused(context: Context, number: float) -> None:
    arguments = {"broadcast_id": RESTOCK, "ids": ["u1"], "data": {"price": number}}
    with pytest.raises(HandbillError, match=r"data\.price is not a number JSON allows\."):
        await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", arguments)


async def test_refused_calls_leave_no_trigger(context: Context) -> None:
    for case in CASES[::7]:
        with pytest.raises(HandbillError):
            await call(context, f"CUSTOMERIO_{case[0]}", case[1])
    answer = await call(context, "CUSTOMERIO_GET_TRIGGERS", {"broadcast_id": RESTOCK})
    assert answer.data()["total"] == 0


async def test_a_second_trigger_within_ten_seconds_says_how_long_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Transport, "_rest", lambda _, seconds: no_time(seconds))
    clock = FixedClock()
    async with film_club(tmp_path, clock) as (_, context):
        arguments = {"broadcast_id": RESTOCK, "ids": ["u1"]}
        await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", arguments)
        arguments = {"broadcast_id": RESTOCK, "ids": ["u2"]}
        clock.advance(3)
        with pytest.raises(
            RateLimited, match=r"triggered 3 s ago; at most once per 10 s\. Retry in 7 s\."
        ) as refused:
            await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", arguments)
        assert refused.value.retry_after == 7
        assert "Retry in 7 s." in await _over_mcp(context, "TRIGGER_BROADCAST", arguments)


async def test_the_same_trigger_again_is_the_first_one_and_says_so(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        arguments = {"broadcast_id": RESTOCK, "ids": ["u1"]}
        answers = [(await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", arguments)).data() for _ in range(2)]
        assert [(answer["id"], answer["repeated"]) for answer in answers] == [(1, False), (1, True)]
        assert "the same call came before: this is its trigger, nothing new is sent" in answers[1]["notes"]


async def test_a_refused_trigger_does_not_count_against_the_ten_seconds(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        with pytest.raises(HandbillError):
            await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", {"broadcast_id": RESTOCK, "ids": ["u77"]})
        answer = await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", {"broadcast_id": RESTOCK, "ids": ["u1"]})
        assert answer.data()["state"] == "accepted"


async def test_a_sixth_trigger_is_refused_while_five_wait(tmp_path: Path) -> None:
    clock = FixedClock()
    async with film_club(tmp_path, clock) as (_, context):
        arguments = {"broadcast_id": RESTOCK, "ids": ["u1"]}
        for number in range(5):
            await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", {**arguments, "data": {"number": number}})
            clock.advance(10)
        with pytest.raises(RateLimited, match="5 triggers of broadcast 5 are waiting; wait for one to finish"):
            await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", arguments)


async def test_a_call_over_25_mb_is_refused(context: Context) -> None:
    people = [{"id": f"p{number}", "data": {"x": "x" * 1_900_000}} for number in range(15)]
    with pytest.raises(HandbillError, match=r"The call is 27\.2 MB; the limit is 25 MB\..*pass data_file_url"):
        await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", {"broadcast_id": RESTOCK, "per_user_data": people})


async def _over_mcp(context: Context, tool: str, arguments: dict[str, object]) -> str:
    async def connected() -> Context:
        return context

    async with McpClient(create_server(connected, TOOLS)) as client:
        result = await client.call_tool(f"CUSTOMERIO_{tool}", arguments)
    assert result.is_error
    return result.content[0].text  # type: ignore[union-attr]
