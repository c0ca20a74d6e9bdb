"""Tools on the workspace of the tests everywhere."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from tests.conftest import NOW

from handbill.connections import reach
from handbill.opening import context_of
from handbill.tools import Context, call
from handbill.workspace.store import people
from handbill.workspace.workspace import Workspace

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def context(workspace: Workspace) -> AsyncIterator[Context]:
    async with reach(workspace) as connection:
        yield context_of(connection)


@pytest.fixture
def ask(context: Context) -> Ask:
    """Call a tool, named without CUSTOMERIO_, and get its answer as an agent does."""

    async def asked(tool: str, **arguments: Any) -> dict[str, Any]:
        return (await call(context, f"CUSTOMERIO_{tool}", arguments)).data()

    return asked


@pytest.fixture
async def ann(workspace: Workspace) -> str:
    """The id of Ann, who has an address, a phone and a language."""
    given = {"email": "ann@shop.example", "first_name": "Ann", "language": "pt-BR", "phone": "+15550100001"}
    await workspace.database.write(people.identify, "id", "u1", given, NOW)
    return "u1"
