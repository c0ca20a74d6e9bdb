"""A small workspace: ten people, three broadcasts, two segments, a newsletter; and tools that work in it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.conftest import NOW, FixedClock

from handbill.connections import reach
from handbill.opening import context_of
from handbill.settings import Settings
from handbill.tools import Context
from handbill.workspace.engine.needs import Clock
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

RESTOCK, DRAFT, EMPTY, NEWSLETTER = 5, 7, 8, 12
MAIL = {
    "from": "Film Club <news@film.example>",
    "subject": "{{trigger.headline}}",
    "body": "Hi {{customer.first_name}}",
}


@asynccontextmanager
async def film_club(home: Path, clock: Clock | None = None) -> AsyncIterator[tuple[Workspace, Context]]:
    """The open workspace and what tools work with; nothing is sent unless the test runs a worker."""
    async with Workspace.open(Settings.load({}, home), clock or FixedClock()) as workspace:
        await workspace.database.write(fill)
        async with reach(workspace) as connection:
            yield workspace, context_of(connection)


def fill(tx: Transaction) -> None:
    """u1 to u10 with addresses; u3 and u4 share one; u5 is unsubscribed. Segment 3: u1 and u2; segment 4: nobody."""
    tx.run("workspace.put", {"key": "identifiers", "value": "id"})
    for number in range(1, 11):
        email = "shared@film.example" if number in (3, 4) else f"u{number}@film.example"
        given = {"email": email, "first_name": f"Ann {number}", "unsubscribed": number == 5}
        people.identify(tx, "id", f"u{number}", given, NOW)
    insert = tx._connection.execute
    for broadcast, name, state in (
        (RESTOCK, "Restock", "running"),
        (DRAFT, "Weekly", "draft"),
        (EMPTY, "Bare", "running"),
    ):
        values = [broadcast, name, state, NOW, NOW]
        insert("INSERT INTO broadcasts (id, name, state, created, updated) VALUES (?, ?, ?, ?, ?)", values)
    mail = [RESTOCK, json.dumps(MAIL), NOW, NOW]
    insert("INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (?, 'Mail', ?, ?, ?)", mail)
    insert("INSERT INTO newsletters (id, name, created, updated) VALUES (?, 'March', ?, ?)", [NEWSLETTER, NOW, NOW])
    insert("INSERT INTO transactional (id, name, created, updated) VALUES (1, 'Receipt', ?, ?)", [NOW, NOW])
    for segment, name in ((3, "Regulars"), (4, "Nobody")):
        insert("INSERT INTO segments (id, name, created, updated) VALUES (?, ?, ?, ?)", [segment, name, NOW, NOW])
    insert("INSERT INTO segment_people SELECT 3, person FROM people WHERE id IN ('u1', 'u2')")
