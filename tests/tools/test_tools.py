"""What each tool answers when it is called rightly, on a workspace that sends."""

from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW, FixedClock
from tests.tools.film_club import RESTOCK, film_club

from handbill.contract.app.triggers import Progress
from handbill.errors import NotFound, SendingRefused
from handbill.policy import Policy
from handbill.tools import TOOLS, Context, call
from handbill.workspace.clock import SystemClock
from handbill.workspace.running import running
from handbill.workspace.store import sending

pytestmark = pytest.mark.anyio


async def answer(context: Context, tool: str, **arguments: Any) -> dict[str, Any]:
    return (await call(context, f"CUSTOMERIO_{tool}", arguments)).data()


async def test_lists_name_what_there_is(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        segments = await answer(context, "GET_SEGMENTS")
        assert [segment["name"] for segment in segments["segments"]] == ["Regulars", "Nobody"]
        assert segments["total"] == 2
        assert segments["workspace"] == "embedded (sandbox)"
        broadcasts = await answer(context, "LIST_BROADCASTS")
        assert [one["id"] for one in broadcasts["broadcasts"]] == [5, 7, 8]
        newsletters = await answer(context, "LIST_NEWSLETTERS", limit="10", sort="desc")
        assert (newsletters["newsletters"][0]["name"], newsletters["next"]) == ("March", "")
        transactional = await answer(context, "LIST_TRANSACTIONAL_MESSAGES")
        assert transactional["messages"][0]["name"] == "Receipt"


async def test_segment_details_carry_the_number_of_people(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        details = await answer(context, "GET_SEGMENT_DETAILS", segment_id="3")
        assert (details["segment"]["name"], details["people"]) == ("Regulars", 2)


async def test_a_preview_shows_people_samples_and_what_is_missing_and_sends_nothing(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        preview = await answer(
            context, "PREVIEW_BROADCAST", broadcast_id=RESTOCK, ids=["u1", "u5"], data={"headline": "Sale"}
        )
        assert (preview["people"], preview["people_in_workspace"]) == (1, 10)
        assert preview["left_out"] == [{"reason": "unsubscribed", "count": 1}]
        assert preview["samples"][0]["subject"] == "Sale"
        assert preview["samples"][0]["body"] == "Hi Ann 1"
        assert (await answer(context, "GET_TRIGGERS", broadcast_id=RESTOCK))["total"] == 0


async def test_a_trigger_answers_at_once_with_its_id(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        triggered = await answer(
            context, "TRIGGER_BROADCAST", broadcast_id="5", ids='["u1", "u2", "u1"]', email_ignore_missing=True
        )
        assert (triggered["id"], triggered["broadcast_id"], triggered["state"]) == (1, RESTOCK, "accepted")
        assert triggered["recipients"] == 2
        assert triggered["notes"] == ["email_ignore_missing does nothing with ids", "1 repeated id merged"]


async def test_names_that_hosts_add_are_dropped_with_a_note(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        segments = await answer(context, "GET_SEGMENTS", task_progress="1/2", security_context={})
        assert segments["notes"] == ["ignored `task_progress`", "ignored `security_context`"]


async def test_a_followed_trigger_is_reported_until_all_is_sent(tmp_path: Path) -> None:
    told: list[Progress] = []

    async def report(progress: Progress) -> None:
        told.append(progress)

    async with film_club(tmp_path, SystemClock()) as (workspace, context), running(workspace):
        following = Context(context.client, context.gate, context.workspace, report)
        data = {"headline": "Sale"}
        triggered = await answer(
            following, "TRIGGER_BROADCAST", broadcast_id=RESTOCK, recipients={"segment": {"id": 3}}, data=data
        )
        assert (triggered["state"], triggered["recipients"], triggered["counts"]["sent"]) == ("finished", 2, 2)
        assert told[-1].state == "finished"
        shown = await answer(context, "GET_TRIGGER", broadcast_id=RESTOCK, trigger_id=f"5-{triggered['id']}")
        assert (shown["counts"]["sent"], shown["errors"]) == (2, [])
        messages = await answer(context, "GET_BROADCAST_MESSAGES", broadcast_id=RESTOCK, trigger_id=triggered["id"])
        assert {message["customer_id"] for message in messages["messages"]} == {"u1", "u2"}
        assert (await answer(context, "GET_MESSAGES", metric="sent", limit=1))["next"] != ""


async def test_pages_go_on_where_the_last_one_ended(tmp_path: Path) -> None:
    async with film_club(tmp_path, SystemClock()) as (workspace, context), running(workspace):
        following = Context(context.client, context.gate, context.workspace, _silent)
        await answer(
            following, "TRIGGER_BROADCAST", broadcast_id=RESTOCK, ids=["u1", "u2", "u6"], data={"headline": "x"}
        )
        first = await answer(context, "GET_MESSAGES", limit=2)
        second = await answer(context, "GET_MESSAGES", limit=2, start=first["next"])
        ids = {message["id"] for message in first["messages"] + second["messages"]}
        assert (len(ids), second["next"]) == (3, "")


async def test_an_unknown_parent_gives_an_empty_list_and_says_so(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        assert (await answer(context, "GET_MESSAGES", newsletter_id=99))["notes"] == ["There is no newsletter 99."]
        assert (await answer(context, "GET_MESSAGES", campaign_id=99))["notes"] == ["There is no campaign 99."]
        (said,) = (await answer(context, "GET_MESSAGES", campaign_id=5))["notes"]
        assert said == "5 is a broadcast: CUSTOMERIO_GET_BROADCAST_MESSAGES lists its messages."


async def test_kinds_of_messages_that_are_newer_than_the_documented_ones_are_taken(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        assert (await answer(context, "GET_MESSAGES", type="whatsapp"))["messages"] == []


async def test_ranges_that_the_service_would_cut_are_cut_with_a_note(tmp_path: Path) -> None:
    async with film_club(tmp_path) as (_, context):
        notes = (await answer(context, "GET_MESSAGES", start_ts=NOW - 400 * 86_400, end_ts=NOW))["notes"]
        assert notes == ["A list covers twelve months at most: this is the last twelve before end_ts."]
        assert (await answer(context, "GET_MESSAGES", start_ts=4_000_000_000))["notes"] == [
            "start_ts is in the future, so there is nothing yet."
        ]


async def test_sending_that_is_off_is_refused(tmp_path: Path) -> None:
    async with film_club(tmp_path, FixedClock()) as (workspace, context):
        await workspace.database.write(sending.put, Policy(mode="off"))
        with pytest.raises(SendingRefused, match=r"Sending is off in this workspace\."):
            await call(context, "CUSTOMERIO_TRIGGER_BROADCAST", {"broadcast_id": RESTOCK, "ids": ["u1", "u2"]})
        assert (await answer(context, "GET_TRIGGERS", broadcast_id=RESTOCK))["total"] == 0


async def test_an_unknown_tool_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        NotFound, match=r'There is no tool "CUSTOMERIO_GET_SEGMENT"\. Did you mean CUSTOMERIO_GET_SEGMENTS\?'
    ):
        await call(None, "CUSTOMERIO_GET_SEGMENT", {})  # type: ignore[arg-type]


def test_each_tool_has_a_name_a_description_and_a_kind_for_every_parameter() -> None:
    for name, tool in TOOLS.items():
        assert name.startswith("CUSTOMERIO_")
        assert len(tool.does) > 30
        assert all(parameter.kind.does for parameter in tool.parameters)
        assert {"workspace", "notes"} <= tool.output_schema()["properties"].keys()


async def _silent(_: Progress) -> None:
    """Waiting is all that is wanted."""
