"""A workspace with one broadcast and some people."""

import pytest
from tests.workspace.engine.standins import PEOPLE, PlainRenderer, add_broadcast

from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace


@pytest.fixture
def renderer() -> PlainRenderer:
    return PlainRenderer()


@pytest.fixture
async def broadcast(workspace: Workspace) -> int:
    """A broadcast with one email, and people u0 to u29."""

    def fill(tx: Transaction) -> None:
        for number in range(PEOPLE):
            people.identify(tx, "id", f"u{number}", {"email": f"u{number}@film.example"}, 1)
        add_broadcast(tx, 5)

    await workspace.database.write(fill)
    return 5
