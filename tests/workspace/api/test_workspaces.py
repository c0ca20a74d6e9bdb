from collections.abc import Callable
from dataclasses import replace

import httpx2
import pytest

from handbill.client import Client
from handbill.workspace.app import create_app
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
MONTH = NOW - 23 * 86400 - 12 * 3600
"""1 November 2025, 00:00 in New York."""
Put = Callable[..., int]


async def test_the_one_workspace_is_counted_as_of_now(http: httpx2.AsyncClient, put: Put) -> None:
    for _ in range(3):
        put("people")
    put("object_types", id=1, name="Companies", singular_name="Company")
    for object_id in ("a", "b"):
        put("objects", type_id=1, object_id=object_id)
    for hour, metric, kind, count in (
        (MONTH, "sent", "email", 5),
        (NOW - NOW % 3600, "sent", "push", 2),
        (MONTH - 3600, "sent", "email", 100),
        (MONTH, "opened", "email", 100),
    ):
        content = {"email": 1, "push": 2}[kind]
        put("counters", content_id=content, metric=metric, hour=hour, type=kind, count=count)
    assert (await http.get("/v1/workspaces")).json() == {
        "workspaces": [
            {
                "id": 1,
                "name": "Handbill",
                "messages_sent": 7,
                "billable_messages_sent": 5,
                "people": 3,
                "object_types": 1,
                "objects": 2,
            }
        ]
    }


async def test_an_empty_workspace_counts_nothing(client: Client) -> None:
    [workspace] = (await client.workspaces.list()).workspaces
    assert (workspace.people, workspace.messages_sent, workspace.billable_messages_sent) == (0, 0, 0)


@pytest.mark.parametrize(
    ("smtp", "addresses"),
    [
        (None, []),
        ("smtp://127.0.0.1:2525", ["127.0.0.1"]),
        ("smtp://mail.invalid:25", []),
    ],
)
async def test_mail_leaves_from_the_address_that_the_mail_server_sees(
    workspace: Workspace, smtp: str | None, addresses: list[str]
) -> None:
    sending = replace(workspace, settings=replace(workspace.settings, smtp=smtp))
    async with Client(
        "http://workspace", workspace.keys.app_key, httpx2.ASGITransport(create_app(sending, limits=False))
    ) as client:
        assert (await client.info.ip_addresses()).ip_addresses == addresses
