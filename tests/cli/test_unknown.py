"""Messages of which nobody knows whether they arrived wait for a person, who sends them again or closes them."""

import asyncio
from pathlib import Path

import pytest
from tests.cli.test_commands import Shell
from tests.workspace.engine.standins import EVERYBODY, PEOPLE, PlainRenderer, add_broadcast, go_live
from tests.workspace.engine.test_worker import die, sending_two

from handbill.settings import Settings
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.store import audit, people, triggers
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace


def fill(tx: Transaction) -> None:
    for number in range(PEOPLE):
        people.identify(tx, "id", f"u{number}", {"email": f"u{number}@film.example"}, 1)
    add_broadcast(tx, 5)
    go_live(tx, on_unknown="hold")


@pytest.fixture
def handbill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """In its workspace a process died between two messages and the answers of their server."""

    async def make() -> None:
        async with Workspace.open(Settings.load({}, tmp_path)) as workspace:
            await workspace.database.write(fill)
            await workspace.database.write(triggers.accept, 5, EVERYBODY, lacking={}, time=workspace.clock.time())
            dying, other = await sending_two(workspace, PlainRenderer()), WorkspaceLedger(workspace)
            worker = await other.join()
            die(dying)
            await other.recover(worker)
            await other.leave(worker)

    asyncio.run(make())
    return Shell(tmp_path, capsys)


@pytest.mark.parametrize(
    ("option", "action", "left"),
    [
        ("--resend", "resent", {"queued": PEOPLE, "resent": 2}),
        ("--close", "closed", {"queued": PEOPLE - 2, "failed": 2}),
    ],
)
def test_what_may_have_arrived_is_listed_and_one_word_decides_it(
    handbill: Shell, option: str, action: str, left: dict[str, int]
) -> None:
    listed = handbill("unknown", "--json").json["deliveries"]
    assert [each["failure_message"] for each in listed] == [
        "The process ended before the server's answer was recorded."
    ] * 2
    assert all("@" in each["recipient"] and len(each["id"]) == 32 for each in listed)
    assert handbill("unknown", option, "--json").json == {"settled": 2}
    assert handbill("unknown").out == "No deliveries.\n"
    assert handbill("unknown", option).out.startswith("0 messages")

    async def look() -> None:
        async with Workspace.open(Settings.load({}, handbill.home)) as workspace:
            counts = (await workspace.database.read(triggers.progress, 5, 1)).counts
            assert counts.model_dump(exclude_defaults=True) == left
            last = (await workspace.database.read(audit.read))[-1]
            assert (last.action, last.via, last.facts) == (action, "cli", {"deliveries": 2})

    asyncio.run(look())
