"""Sends in a live embedded workspace, which gates itself: the tools tell what it holds, and ask who can be asked."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import FixedClock
from tests.workspace.engine.standins import send_everything
from tests.workspace.test_drafts import written
from tests.workspace.test_holding import Live, live_workspace

from handbill.connections import reach
from handbill.opening import context_of
from handbill.tools import Context, call

pytestmark = pytest.mark.anyio


@pytest.fixture
async def live(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Live]:
    async with live_workspace(tmp_path, clock) as opened:
        await opened.workspace.database.write(written)
        yield opened


@pytest.fixture
async def context(live: Live) -> AsyncIterator[Context]:
    async with reach(live.workspace) as connection:
        yield context_of(connection)


async def send(context: Context, **more: Any) -> dict[str, Any]:
    given = {"transactional_message_id": "Receipt", "identifier": "u1", **more}
    return (await call(context, "CUSTOMERIO_SEND_TRANSACTIONAL_MESSAGE", given)).data()


def answering(context: Context, answer: int | None) -> Context:
    async def ask(_: Any) -> int | None:
        return answer

    return replace(context, ask=ask)


async def test_a_message_that_waits_has_its_id_and_says_how_a_person_lets_it_go(live: Live, context: Context) -> None:
    held = await send(context)
    assert (held["state"], held["reason"]) == ("held", "1 person; up to 0 go without approval")
    assert held["approve"] == f"`handbill approve {held['approval']}` in a terminal"
    assert (await call(context, "CUSTOMERIO_GET_MESSAGES", {"drafts": True})).data()["messages"][0]["id"] == held[
        "delivery_id"
    ]
    [listed] = (await call(context, "CUSTOMERIO_LIST_APPROVALS", {})).data()["approvals"]
    assert (listed["what"], listed["name"], listed["people"]) == ("transactional message 1", "Receipt", 1)
    await send_everything(live.workspace)
    assert live.post.mails == []


async def test_a_person_who_is_asked_sends_it(live: Live, context: Context) -> None:
    sent = await send(answering(context, 1))
    assert (sent["state"], bool(sent["delivery_id"])) == ("queued", True)
    await send_everything(live.workspace)
    assert len(live.post.mails) == 1


async def test_a_person_who_declines_does_not(live: Live, context: Context) -> None:
    declined = await send(answering(context, None))
    assert (declined["state"], declined["notes"]) == ("declined", ["A person declined it; nothing was sent."])
    await send_everything(live.workspace)
    assert live.post.mails == []


async def test_within_the_limits_nobody_is_asked(live: Live, context: Context) -> None:
    await live.rules(auto_send_max=1)
    assert (await send(answering(context, None)))["state"] == "queued"
    assert (await send(context, queue_draft=True))["state"] == "drafted"
