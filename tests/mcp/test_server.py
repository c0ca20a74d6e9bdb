"""The tools over MCP: what a client is told, and what a call answers, in both eras of the protocol."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.client import Client
from tests.tools.film_club import RESTOCK, film_club

from handbill.mcp.server import create_server, describe
from handbill.tools import TOOLS, Context, toolsets
from handbill.workspace.clock import SystemClock
from handbill.workspace.running import running

pytestmark = pytest.mark.anyio

SNAPSHOTS = Path(__file__).with_name("snapshots")
ERAS = ("auto", "legacy")


@asynccontextmanager
async def client_of(context: Context, mode: str = "auto") -> AsyncIterator[Client]:
    async def connected() -> Context:
        return context

    async with Client(create_server(connected), mode=mode) as client:
        yield client


@pytest.mark.parametrize("name", TOOLS)
def test_what_an_agent_sees_of_a_tool_changes_only_with_its_snapshot(name: str) -> None:
    """To accept a change, delete the file and run the test: it is written anew."""
    file = SNAPSHOTS / f"{name}.json"
    seen = json.dumps(_seen(name), indent=2, ensure_ascii=False) + "\n"
    if not file.exists():
        file.write_text(seen)
        pytest.fail(f"{file.name} was not there; it is now. Look at it and run again.")
    assert json.loads(seen) == json.loads(file.read_text())


def test_no_snapshot_is_left_of_a_tool_that_is_gone() -> None:
    assert {file.stem for file in SNAPSHOTS.glob("*.json")} == TOOLS.keys()


@pytest.mark.parametrize("name", TOOLS)
def test_input_schemas_suit_every_model_provider(name: str) -> None:
    schema = TOOLS[name].input_schema()
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert not {"anyOf", "oneOf", "allOf", "$ref", "$defs"} & schema.keys()
    for part in schema["properties"].values():
        assert part["type"] in ("string", "integer", "boolean", "array", "object")
        assert part["description"]


CHANGING = {
    "ADD_PERSON_TO_GROUP",
    "CREATE_ALIAS",
    "CUSTOMER_IO_SUPPRESS_PERSON",
    "IDENTIFY_PERSON",
    "MANAGE_CONNECTIONS",
    "REPORT_PUSH_EVENTS",
    "SEND_BATCH",
    "SEND_TRANSACTIONAL_MESSAGE",
    "TRACK_EVENT",
    "TRACK_PAGE",
    "TRACK_SCREEN",
    "TRIGGER_BROADCAST",
    "UNSUBSCRIBE_DELIVERY",
}


def test_what_changes_or_sends_says_that_it_may_destroy_and_all_else_that_it_reads() -> None:
    for name, tool in TOOLS.items():
        hints = describe(tool).annotations
        assert hints
        assert hints.open_world_hint
        stops = tool.effect == "stops"  # it changes, and destroys nothing
        assert (hints.read_only_hint or stops) is (name.removeprefix("CUSTOMERIO_") not in CHANGING)
        assert hints.destructive_hint is not (hints.read_only_hint or stops)
        assert hints.idempotent_hint is (hints.read_only_hint or stops)


@pytest.mark.parametrize("mode", ERAS)
async def test_a_call_answers_structured_data_and_the_same_as_text(tmp_path: Path, mode: str) -> None:
    async with film_club(tmp_path) as (_, context), client_of(context, mode) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == toolsets.shown("").keys()
        result = await client.call_tool("CUSTOMERIO_GET_SEGMENT_DETAILS", {"segment_id": 3})
        assert not result.is_error
        assert result.structured_content["people"] == 2
        text = json.loads(_text(result))
        assert text["segment"]["name"] == "Regulars"
        assert text["segment"]["created_at"] == "1764000000 (2025-11-24 16:00:00 UTC)"


@pytest.mark.parametrize("mode", ERAS)
async def test_errors_are_results_with_one_line_for_each_fault(tmp_path: Path, mode: str) -> None:
    async with film_club(tmp_path) as (_, context), client_of(context, mode) as client:
        result = await client.call_tool("CUSTOMERIO_GET_MESSAGES", {"limit": 0, "sort": "asc", "type": "sms"})
        assert result.is_error
        assert [line.partition(" ")[0] for line in _text(result).splitlines()] == ["Unknown", "type", "limit"]
        assert result.meta
        assert result.meta["handbill/error"] == {"code": "invalid"}


@pytest.mark.parametrize("mode", ERAS)
async def test_an_unknown_tool_is_a_result_too(tmp_path: Path, mode: str) -> None:
    async with film_club(tmp_path) as (_, context), client_of(context, mode) as client:
        result = await client.call_tool("CUSTOMERIO_TRIGER_BROADCAST", {})
        assert result.is_error
        assert "Did you mean CUSTOMERIO_TRIGGER_BROADCAST?" in _text(result)


async def test_how_long_to_wait_is_told_beside_the_sentence(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context), client_of(context) as client:
        arguments = {"broadcast_id": RESTOCK, "ids": ["u1"]}
        await client.call_tool("CUSTOMERIO_TRIGGER_BROADCAST", arguments)
        result = await client.call_tool("CUSTOMERIO_TRIGGER_BROADCAST", {**arguments, "ids": ["u2"]})
        assert result.meta
        assert result.meta["handbill/error"] == {"code": "rate_limited", "retry_after": 10}


async def test_a_fault_of_ours_tells_nothing_of_what_was_inside(tmp_path: Path) -> None:
    async def connected() -> Context:
        raise ValueError("secret")

    async with Client(create_server(connected)) as client:
        result = await client.call_tool("CUSTOMERIO_GET_SEGMENTS", {})
        assert result.is_error
        assert _text(result) == "Something went wrong inside Handbill; its log says what."


async def test_a_client_that_asks_for_progress_hears_of_it_until_all_is_sent(tmp_path: Path) -> None:
    heard: list[tuple[float, float | None]] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total))

    async with (
        film_club(tmp_path, SystemClock()) as (workspace, context),
        running(workspace),
        client_of(context, "legacy") as client,
    ):
        arguments = {"broadcast_id": RESTOCK, "ids": ["u1", "u2"], "data": {"headline": "Sale"}}
        result = await client.call_tool("CUSTOMERIO_TRIGGER_BROADCAST", arguments, progress_callback=listen)
        assert result.structured_content["counts"]["sent"] == 2
        assert heard[-1] == (2, 2)
        assert heard == sorted(set(heard))


def _seen(name: str) -> dict[str, Any]:
    return describe(TOOLS[name]).model_dump(by_alias=True, mode="json", exclude_none=True)


def _text(result: types.CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, types.TextContent)
    return content.text
