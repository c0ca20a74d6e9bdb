"""How the database is, read from the file without changing it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from handbill.errors import Unavailable
from handbill.policy import Policy
from handbill.workspace.store import sending
from handbill.workspace.store.database import Transaction, newest_version


@dataclass(frozen=True, slots=True)
class Health:
    """`damage` is SQLite's first word on what is broken, or empty. What is older is not read further."""

    version: int
    newest: int
    damage: str = ""
    rules: Policy | None = None
    last_sent: int | None = None
    """Unix seconds."""
    waiting: int = 0
    """Deliveries that nobody is sending yet."""


def look(path: Path) -> Health:
    """Look at the database, whoever uses it meanwhile. Raises Unavailable when it cannot be read."""
    # Where no process has it open there is no log beside it, and SQLite would make one even to read.
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as file:
            file.row_factory = sqlite3.Row
            return _health(Transaction(file))
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"{path} cannot be read: {error}.") from error


def _health(tx: Transaction) -> Health:
    version, newest = tx.value("health.version"), newest_version()
    found = tx.value("health.check")
    damage = "" if found == "ok" else found
    if damage or version != newest:
        return Health(version, newest, damage)
    sent, waiting = tx.value("health.last_sent"), tx.value("health.waiting")
    return Health(version, newest, "", sending.get(tx), sent, waiting)
