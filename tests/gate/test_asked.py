"""A send to Customer.io that waits, over MCP: what the person behind the client types decides, in both eras."""

from typing import Any

import mcp_types as types
import pytest
from mcp.client import Client
from tests.conftest import FixedClock
from tests.gate.conftest import Live

from handbill.mcp.server import create_server
from handbill.tools import Context

pytestmark = pytest.mark.anyio

CALL = {"broadcast_id": 5, "ids": ["u1", "u2"]}


def client_of(live: Live, mode: str, answer: int | str) -> Client:
    """Of a program whose user types this number, or closes the form as the word says."""

    async def connected() -> Context:
        return live.context

    async def person(_: Any, __: Any) -> types.ElicitResult:
        if isinstance(answer, str):
            return types.ElicitResult.model_validate({"action": answer})
        return types.ElicitResult(action="accept", content={"people": answer})

    asked: Any = person
    return Client(create_server(connected), mode=mode, elicitation_callback=asked)


async def triggered(client: Client) -> dict[str, Any]:
    result = await client.call_tool("CUSTOMERIO_TRIGGER_BROADCAST", CALL)
    assert not result.is_error, result.content
    answer: dict[str, Any] = result.structured_content
    return answer


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize(
    ("answer", "state", "made"),
    [(2, "accepted", 1), (3, "held", 0), ("cancel", "held", 0), ("decline", "declined", 0)],
)
async def test_what_a_person_answers_decides(live: Live, mode: str, answer: int | str, state: str, made: int) -> None:
    async with client_of(live, mode, answer) as client:
        told = await triggered(client)
        assert (told["state"], told["id"]) == (state, 1 if made else None)
        assert len(live.posted) == made


async def test_a_program_that_asked_for_progress_is_told_of_the_wait_for_a_turn(
    live: Live, clock: FixedClock
) -> None:
    await live.rules(auto_send_max=2)
    await live.trigger(ids=["u3"])
    clock.advance(3)
    told: list[str | None] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with client_of(live, "legacy", 0) as client:
        made: Any = await client.call_tool("CUSTOMERIO_TRIGGER_BROADCAST", CALL, progress_callback=listen)
        assert made.structured_content["id"] == 2
        soon: Any = await client.call_tool("CUSTOMERIO_TRIGGER_BROADCAST", {"broadcast_id": 5, "ids": ["u4"]})
        assert (soon.is_error, soon.meta["handbill/error"]) == (True, {"code": "rate_limited", "retry_after": 10})
    assert told == ["waiting 7 s for the broadcast's turn"]
