"""Approvals are answered once and used once, and every step stands in a log that cannot be changed unseen."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW

from handbill.approval import Asked, digest
from handbill.errors import Conflict, InvalidInput, NotFound
from handbill.policy import Policy
from handbill.workspace.store import approvals, audit, sending
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

PARTS = {"content": digest("Hello"), "data": digest({"a": 1})}


async def ask(workspace: Workspace, **more: Any) -> int:
    asked = Asked(endpoint="triggers.create", reason="12,345 people", people=12_345, parts=PARTS, call="c", **more)
    return (await workspace.database.write(approvals.ask, asked, "tool", NOW)).id


async def test_a_yes_is_for_the_right_number_of_people_and_is_used_once(workspace: Workspace) -> None:
    write = workspace.database.write
    number = await ask(workspace)
    with pytest.raises(Conflict, match="there is no yes to use"):
        await write(approvals.use, number, PARTS, "worker", NOW)
    with pytest.raises(InvalidInput, match="people must be the number of people"):
        await write(approvals.approve, number, 12_344, "cli", NOW)
    assert (await write(approvals.approve, number, 12_345, "cli", NOW)).state == "approved"
    with pytest.raises(Conflict, match="is approved already"):
        await write(approvals.approve, number, 12_345, "cli", NOW)
    assert await write(approvals.use, number, PARTS, "worker", NOW + 899) == []
    with pytest.raises(Conflict, match="is used: there is no yes to use"):
        await write(approvals.use, number, PARTS, "worker", NOW + 899)


async def test_what_changed_after_the_yes_voids_it_and_is_named(workspace: Workspace) -> None:
    write, number = workspace.database.write, await ask(workspace)
    await write(approvals.approve, number, 12_345, "console", NOW)
    assert await write(approvals.use, number, {**PARTS, "content": digest("Bye")}, "worker", NOW) == ["content"]
    assert (await workspace.database.read(approvals.get, number)).state == "changed"


async def test_a_yes_is_good_for_fifteen_minutes_and_a_question_for_a_day(workspace: Workspace) -> None:
    write = workspace.database.write
    late, unanswered = await ask(workspace), await ask(workspace)
    await write(approvals.approve, late, 12_345, "cli", NOW)
    changed = await write(approvals.use, late, PARTS, "worker", NOW + 900)
    assert changed == ["the yes: it is older than 15 minutes"]
    with pytest.raises(Conflict, match="has expired"):
        await write(approvals.approve, unanswered, 12_345, "cli", NOW + 86_400)


async def test_a_no_is_final(workspace: Workspace) -> None:
    write, number = workspace.database.write, await ask(workspace)
    await write(approvals.decline, number, "elicitation", NOW)
    with pytest.raises(Conflict, match="is declined already"):
        await write(approvals.approve, number, 12_345, "cli", NOW)
    with pytest.raises(NotFound, match="There is no approval 99"):
        await write(approvals.decline, 99, "cli", NOW)


async def test_when_nobody_knows_how_many_the_broadcast_is_typed(workspace: Workspace) -> None:
    asked = Asked(endpoint="triggers.create", reason="unknown", people=None, facts={"broadcast_id": 5})
    approval = await workspace.database.write(approvals.ask, asked, "tool", NOW)
    with pytest.raises(InvalidInput, match="the broadcast's id, as its size is unknown"):
        await workspace.database.write(approvals.approve, approval.id, 6, "cli", NOW)
    assert (await workspace.database.write(approvals.approve, approval.id, 5, "cli", NOW)).via == "cli"


async def test_the_same_call_finds_what_already_waits(workspace: Workspace) -> None:
    number = await ask(workspace)
    found = await workspace.database.read(approvals.earlier, "", "c", 600, NOW)
    assert found
    assert found.id == number
    assert await workspace.database.read(approvals.earlier, "acme", "c", 600, NOW) is None


async def test_every_step_is_in_the_log(workspace: Workspace) -> None:
    number = await ask(workspace)
    await workspace.database.write(approvals.approve, number, 12_345, "cli", NOW)
    await workspace.database.write(approvals.use, number, {}, "worker", NOW)
    await workspace.database.write(sending.change, Policy(mode="live", auto_send_max=5), "cli", NOW)
    records = await workspace.database.read(audit.read)
    assert [(each.action, each.via) for each in records] == [
        ("held", "tool"),
        ("approved", "cli"),
        ("changed", "worker"),
        ("policy", "cli"),
    ]
    assert records[2].facts["changed"] == ["content", "data"]
    assert records[3].facts == {"mode": "live", "auto_send_max": 5}
    assert [*audit.faults(records, await workspace.database.read(audit.last))] == []


@pytest.mark.parametrize("change", ["UPDATE audit SET at = 0", "DELETE FROM audit"])
async def test_the_log_takes_no_change(workspace: Workspace, change: str) -> None:
    await ask(workspace)
    with closing(sqlite3.connect(workspace.database.path)) as other, pytest.raises(sqlite3.IntegrityError) as refused:
        other.execute(change)
    assert str(refused.value) == "the audit log is append-only"


def chain(length: int) -> list[audit.Record]:
    records: list[audit.Record] = []
    for number in range(1, length + 1):
        record = audit.Record(number, NOW + number, "", "sent", "api", {"people": number})
        before = records[-1].hash if records else audit.START
        records.append(audit.Record(**{**_fields(record), "hash": audit.sealed(record, before)}))
    return records


def _fields(record: audit.Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


@given(st.integers(1, 8), st.data())
def test_whatever_is_changed_or_taken_away_is_noticed(length: int, data: st.DataObject) -> None:
    records = chain(length)
    assert [*audit.faults(records, length)] == []
    victim = data.draw(st.integers(0, length - 1))
    other = {"at": 1, "connection": "acme", "action": "held", "via": "cli", "facts": {"people": 0}, "hash": "0" * 64}
    name = data.draw(st.sampled_from(sorted(other)))
    changed = audit.Record(**{**_fields(records[victim]), name: other[name]})
    assert [*audit.faults([*records[:victim], changed, *records[victim + 1 :]], length)]
    assert [*audit.faults([*records[:victim], *records[victim + 1 :]], length)]


async def test_people_count_for_a_day(workspace: Workspace) -> None:
    for at, people in ((NOW, 10), (NOW, 5), (NOW + 3600, 7)):
        await workspace.database.write(sending.let_through, people, at)
    read = workspace.database.read
    assert await read(sending.reached, NOW + 3600) == 22
    assert await read(sending.reached, NOW + 86_400 + 120) == 7
    assert await read(sending.reached, NOW + 3600, "acme") == 0
