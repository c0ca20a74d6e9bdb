"""A database of an earlier version opens in this one, and keeps what it holds."""

import sqlite3
from importlib.resources import files
from pathlib import Path

import pytest

from handbill.workspace.store.database import Database, Transaction

pytestmark = pytest.mark.anyio

FIRST = files("handbill.workspace.store").joinpath("migrations", "0001_workspace.sql").read_text()
ROWS = """
INSERT INTO people (person, id, created) VALUES (1, 'u1', 1);
INSERT INTO broadcasts (id, name, created, updated) VALUES (5, 'Restock', 1, 1);
INSERT INTO contents (id, broadcast_id, name, fields, created, updated) VALUES (12, 5, 'Mail', '{}', 1, 1);
INSERT INTO contents (id, broadcast_id, name, type, fields, created, updated) VALUES
(13, 5, 'Mail', 'email', '{"from": "Film Club <a@film.example>", "reply_to": "b@film.example"}', 1, 1),
(14, 5, 'Mail', 'email', '{"from": "\\"Film Club\\" <a@film.example>", "reply_to": "{{customer.owner}}"}', 2, 2),
(15, 5, 'Text', 'twilio', '{"from": "+15550100"}', 3, 3);
INSERT INTO triggers (id, broadcast_id, audience, transport, state, created_at)
VALUES (37, 5, '{}', 'capture', 'finished', 1);
INSERT INTO trigger_errors VALUES (37, 1, 'line 4');
INSERT INTO trigger_counts VALUES (37, 'sent', 1);
INSERT INTO dictionaries (trigger_id, content_id, sample) VALUES (37, 12, x'00');
INSERT INTO suppressions VALUES ('ann@shop.example', 'bounce', 1);
PRAGMA user_version = 1;
"""
KEPT = {
    "broadcasts": 5,
    "contents": 12,
    "triggers": 37,
    "trigger_errors": 37,
    "trigger_counts": 37,
    "dictionaries": 1,
}


@pytest.fixture
async def upgraded(tmp_path: Path) -> sqlite3.Connection:
    """A database of the first version, with one row of each, opened once by this version."""
    path = tmp_path / "workspace.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(FIRST + ROWS)
    await (await Database.open(path)).close()
    return sqlite3.connect(path)


async def test_tables_that_are_made_anew_keep_their_rows_and_those_that_point_to_them(
    upgraded: sqlite3.Connection,
) -> None:
    assert {table: upgraded.execute(f"SELECT * FROM {table}").fetchone()[0] for table in KEPT} == KEPT
    assert upgraded.execute("SELECT identifier, reason FROM suppressions").fetchall() == [
        ("ann@shop.example", "bounce")
    ]
    assert upgraded.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_a_trigger_that_comes_later_gets_a_number_that_none_had(upgraded: sqlite3.Connection) -> None:
    columns = "(broadcast_id, audience, transport, state, created_at)"
    added = upgraded.execute(f"INSERT INTO triggers {columns} VALUES (5, '{{}}', 'capture', 'failed', 1)")
    assert added.lastrowid == 38


async def test_messages_written_before_have_their_senders(upgraded: sqlite3.Connection) -> None:
    senders = upgraded.execute("SELECT template_type, name, address, created FROM sender_identities ORDER BY address")
    assert senders.fetchall() == [
        ("phone", "", "+15550100", 3),
        ("email", "Film Club", "a@film.example", 1),
        ("email", "", "b@film.example", 1),
    ]
    query = """
        SELECT c.id, f.address, r.address FROM contents c
        LEFT JOIN sender_identities f ON f.id = c.from_id LEFT JOIN sender_identities r ON r.id = c.reply_to_id
    """
    assert upgraded.execute(query).fetchall() == [
        (12, None, None),
        (13, "a@film.example", "b@film.example"),
        (14, "a@film.example", None),
        (15, "+15550100", None),
    ]


async def test_foreign_keys_hold_after_a_migration(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "workspace.db")

    def orphan(tx: Transaction) -> None:
        tx.run(
            "people.put_device", {"person": 9, "token": "t", "platform": "ios", "last_used": None, "attributes": "{}"}
        )

    with pytest.raises(sqlite3.IntegrityError):
        await database.write(orphan)
    await database.close()
