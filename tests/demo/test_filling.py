"""The demo's workspace: its segments have people in them, and its mails can be made for everybody."""

from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import filled

from handbill.client import Client
from handbill.demo.filling import fill
from handbill.demo.round import RESTOCK
from handbill.workspace.definitions import apply
from handbill.workspace.engine.needs import Rendered, Work
from handbill.workspace.rendering.message import Message
from handbill.workspace.store import contents, people, triggers
from handbill.workspace.store.conditions import Where
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

CALENDAR = {"month": "December", "jobs": [{"title": "Clean the pots", "text": "Warm water and a brush."}]}
BARE = {"headline": "Back", "products": [{"name": "Seed tin", "category": "tools", "price": 18.9}]}

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def first_database(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(empty_database, tmp_path_factory.mktemp("demo"), fill)


async def test_its_five_segments_have_people_in_them(workspace: Workspace, client: Client) -> None:
    segments = (await client.segments.list()).segments
    counts = {segment.name: (await client.segments.count(segment.id)).count for segment in segments}
    assert len(counts) == 5
    assert all(0 < count < 600 for count in counts.values())
    assert counts["VIP"] < counts["Regulars"]
    assert counts["Trial gardeners"] == 25
    assert {segment.type for segment in segments} == {"dynamic", "manual"}


async def test_its_definitions_are_two_broadcasts_a_newsletter_and_two_templates(
    workspace: Workspace, client: Client
) -> None:
    assert [broadcast.name for broadcast in (await client.broadcasts.list()).broadcasts] == [
        "Back in stock",
        "Sowing calendar",
    ]
    assert len((await client.transactional.list()).messages) == 2


async def test_its_files_applied_again_change_nothing(workspace: Workspace) -> None:
    with as_file(files("handbill.demo") / "workspace") as folder:
        outcomes = {each.outcome for each in await apply(workspace, folder)}
    assert outcomes == {"unchanged"}


@pytest.mark.parametrize(("broadcast", "data"), [(1, RESTOCK), (1, BARE), (2, CALENDAR)])
async def test_a_broadcasts_mail_can_be_made_for_everybody(
    workspace: Workspace, broadcast: int, data: dict[str, Any]
) -> None:
    results = await workspace.database.read(_rendered, broadcast, data)
    assert len(results) == 1000
    assert all(isinstance(result, Rendered) and result.subject and result.recipient for result in results)


def _rendered(tx: Transaction, broadcast: int, data: Mapping[str, Any]) -> list[object]:
    parent, roots = dict(triggers.broadcast(tx, broadcast)), {"trigger": data}
    [content] = contents.of_parent(tx, "broadcast_id", parent, roots, own_roots=False, base_url="http://x")
    message = Message(content)
    rows = [people.get(tx, row["person"]) for row in people.search(tx, Where("TRUE", {}), 0, 2000)]
    return [message.render(_work(people.customer_json(row))) for row in rows if row is not None]


def _work(customer: str) -> Work:
    return Work(1, "unsent", customer.encode(), 1_764_000_000)  # type: ignore[arg-type]
