"""A broadcast reaches each person once, in their language."""

from collections.abc import Callable

import pytest
from tests.workspace.engine.standins import EVERYBODY, send_everything

from handbill.client import Client
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
NOW = 1_764_000_000


async def test_everybody_gets_one_mail_in_their_language(
    workspace: Workspace, client: Client, put: Callable[..., int]
) -> None:
    put("broadcasts", id=5, name="Restock")
    for number, language, subject in ((12, "", "Hello"), (13, "pt", "Olá"), (14, "de", "Hallo")):
        fields = {"from": "a@film.example", "subject": subject, "body": subject}
        of = 12 if language else None
        put("contents", id=number, broadcast_id=5, name="Mail", language=language, translation_of=of, fields=fields)

    def fill(tx: Transaction) -> None:
        for name, language in (("u1", "pt-BR"), ("u2", "de"), ("u3", "fr"), ("u4", None), ("u5", 5)):
            people.identify(tx, "id", name, {"email": f"{name}@film.example", "language": language}, NOW)

    await workspace.database.write(fill)
    await client.triggers.create(5, EVERYBODY)
    await send_everything(workspace)
    got = sorted((each.customer_id, each.subject) for each in (await client.messages.list()).messages)
    assert got == [("u1", "Olá"), ("u2", "Hallo"), ("u3", "Hello"), ("u4", "Hello"), ("u5", "Hello")]
