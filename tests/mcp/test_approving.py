"""A live send over MCP that must wait for a person: what they answer in their program decides, in both eras."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from tests.conftest import FixedClock
from tests.listening import listening
from tests.workspace.test_drafts import written
from tests.workspace.test_holding import SOME, Live, live_workspace

from handbill.connections import reach
from handbill.connections.switching import Connections
from handbill.console.pages import Pages
from handbill.mcp.http import mcp_app
from handbill.mcp.server import create_server
from handbill.opening import contexts, desk
from handbill.tools import TOOLS
from handbill.workspace.running import running
from handbill.workspace.store import audit

pytestmark = pytest.mark.anyio

ERAS = ("auto", "legacy")
CALL = {"broadcast_id": 5, **SOME}


class Program:
    """An agent's program, whose user answers forms: with a number, or by closing them as a word says."""

    def __init__(self, live: Live, client: Client, asked: list[Any]) -> None:
        self.live, self.client, self.asked = live, client, asked

    async def trigger(self) -> dict[str, Any]:
        result = await self.client.call_tool("CUSTOMERIO_TRIGGER_BROADCAST", CALL)
        assert not result.is_error, result.content
        answer: dict[str, Any] = result.structured_content
        return answer


@asynccontextmanager
async def program(folder: Path, mode: str, answer: int | str | None, **rules: Any) -> AsyncIterator[Program]:
    """Its user answers as told; None: it shows no forms."""
    asked: list[Any] = []

    async def person(_: Any, params: Any) -> types.ElicitResult:
        asked.append(params)
        if isinstance(answer, str):
            return types.ElicitResult.model_validate({"action": answer})
        return types.ElicitResult(action="accept", content={"people": answer})

    async with (
        live_workspace(folder, FixedClock()) as live,
        running(live.workspace),
        reach(live.workspace) as embedded,
    ):
        await live.rules(**rules)
        async with Pages() as pages, Connections(embedded, pages) as connections:
            pages.add(desk(live.workspace, connections).routes)
            context = contexts(connections, lambda approval: pages.at(f"/approvals/{approval}"))
            forms: Any = None if answer is None else person
            async with Client(create_server(context, TOOLS), mode=mode, elicitation_callback=forms) as client:
                yield Program(live, client, asked)


@pytest.mark.parametrize("mode", ERAS)
async def test_the_right_number_sends_it(tmp_path: Path, mode: str) -> None:
    async with program(tmp_path, mode, 3) as agent:
        answer = await agent.trigger()
        assert answer["state"] in ("sending", "finished")
        assert (answer["repeated"], answer["notes"]) == (False, [])
        (asked,) = agent.asked
        assert asked.message.startswith(
            'Send broadcast 5 "Restock" to 3 people?\nFrom: "Film Club <news@film.example>"'
        )
        assert re.search(r"\nAll of it: http://127.0.0.1:\d+/approvals/1\n", asked.message)
        assert (await agent.live.after(answer["id"])).state == "finished"
        assert len(agent.live.post.mails) == 3
        assert (await agent.trigger())["repeated"]
        assert len(agent.asked) == 1
        assert await agent.live.log() == ["held", "approved", "used", "sent"]


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(
    ("answer", "state", "note"),
    [
        (2, "held", "The number was not the right one, so nothing was sent."),
        ("cancel", "held", None),
        ("decline", "declined", "A person declined it; nothing was sent."),
        (None, "held", None),
    ],
)
async def test_any_other_answer_sends_nothing(
    tmp_path: Path, mode: str, answer: int | str | None, state: str, note: str | None
) -> None:
    async with program(tmp_path, mode, answer) as agent:
        told = await agent.trigger()
        assert told["state"] == state
        assert note is None or note in told["notes"]
        assert agent.live.post.mails == []
        if state == "held":
            assert told["expires_at"] > 0
            assert told["reason"] == "3 people; up to 0 go without approval"
            assert told["approve"].startswith("`handbill approve 1` in a terminal, or http://127.0.0.1:")


@pytest.mark.parametrize("mode", ERAS)
async def test_a_message_to_one_person_is_asked_about_once_and_written_once(tmp_path: Path, mode: str) -> None:
    async with program(tmp_path, mode, 1) as agent:
        await agent.live.workspace.database.write(written)
        receipt = {"transactional_message_id": "Receipt", "identifier": "u1"}
        result = await agent.client.call_tool("CUSTOMERIO_SEND_TRANSACTIONAL_MESSAGE", receipt)
        assert (result.structured_content["state"], len(agent.asked)) == ("queued", 1)
        messages = await agent.client.call_tool("CUSTOMERIO_GET_MESSAGES", {})
        assert len(messages.structured_content["messages"]) == 1


async def test_where_programs_may_not_ask_nobody_is_asked(tmp_path: Path) -> None:
    async with program(tmp_path, "auto", 3, approve_via=("console",)) as agent:
        told = await agent.trigger()
        assert told["state"] == "held"
        assert re.fullmatch(r"http://127.0.0.1:\d+/approvals/1", told["approve"])
        assert agent.asked == []


async def test_the_link_leads_to_a_page_that_wants_the_code_and_a_yes_there_sends_it(tmp_path: Path) -> None:
    async with program(tmp_path, "auto", None) as agent, httpx2.AsyncClient() as browser:
        told = await agent.trigger()
        link = told["approve"].rpartition(" ")[2]
        door = (await browser.get(link)).text
        assert "Restock" not in door
        origin, path = link.partition("/approvals")[0], link.rpartition("/approvals")[2]
        code = agent.live.workspace.keys.approval_key
        await browser.post(f"{origin}/approvals", data={**marked(door), "code": code}, headers={"Origin": origin})
        page = (await browser.get(link)).text
        form = {**marked(page), "code": code, "people": "3", "decision": "approve"}
        decided = await browser.post(f"{origin}/approvals{path}", data=form, headers={"Origin": origin})
        assert decided.status_code == 303
        assert (await agent.live.after(told["id"])).state == "finished"
        assert len(agent.live.post.mails) == 3
        again = await agent.trigger()
        assert (again["repeated"], again["state"]) == (True, "finished")


def marked(page: str) -> dict[str, str]:
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark
    return {"mark": mark[1]}


async def test_a_page_is_served_only_where_pages_decide(tmp_path: Path) -> None:
    async with program(tmp_path, "auto", None, approve_via=("cli",)) as agent:
        assert (await agent.trigger())["approve"] == "`handbill approve 1` in a terminal"


@pytest.mark.parametrize("mode", ERAS)
async def test_over_http_a_form_counts_only_where_a_person_said_so(tmp_path: Path, mode: str) -> None:
    """Whoever has the App API key can call as a program of their own, and answer what it is asked."""

    async def person(_: Any, __: Any) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"people": 3})

    async with (
        program(tmp_path, mode, None) as agent,
        reach(agent.live.workspace) as embedded,
        Connections(embedded) as connections,
        mcp_app(create_server(contexts(connections), TOOLS), "key") as app,
        listening(app) as url,
        httpx2.AsyncClient(headers={"Authorization": "Bearer key"}) as http,
    ):
        stream: Any = streamable_http_client(url, http_client=http)
        forms: Any = person
        async with Client(stream, mode=mode, elicitation_callback=forms) as client:
            over_http = Program(agent.live, client, [])
            assert (await over_http.trigger())["state"] == "held"
            assert agent.live.post.mails == []
            await agent.live.rules(approve_via=("elicitation-http", "cli"))
            assert (await over_http.trigger())["state"] in ("sending", "finished")
            assert "elicitation-http" in [each.via for each in await agent.live.workspace.database.read(audit.read)]
