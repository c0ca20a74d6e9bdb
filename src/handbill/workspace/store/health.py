"""How the database is, read from the file without changing it."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from handbill.errors import Unavailable
from handbill.policy import Policy
from handbill.workspace.store import approvals, audit, holding, sending
from handbill.workspace.store.database import Transaction, newest_version


@dataclass(frozen=True, slots=True)
class Sending:
    """How a connection sends, and how many people were reached over it in the last 24 hours."""

    rules: Policy
    reached: int


@dataclass(frozen=True, slots=True)
class Health:
    """`damage` is SQLite's first word on what is broken, or empty. What is older is not read further."""

    version: int
    newest: int
    damage: str = ""
    sending: Mapping[str, Sending] = field(default_factory=dict)
    """By connection; `''` is the workspace itself."""
    last_sent: int | None = None
    """Unix seconds."""
    waiting: int = 0
    """Deliveries that may go, and that nobody is sending yet."""
    triggers: int = 0
    """Those that wait for a worker: to be prepared, or to go after a yes."""
    stopped: Sequence[int] = ()
    """Triggers that somebody stopped."""
    approvals: Sequence[int] = ()
    """The numbers of those that wait for a person."""
    entries: int = 0
    """Of the audit log."""
    changed: str = ""
    """What is wrong with the audit log."""


def look(path: Path, connections: Sequence[str], now: int) -> Health:
    """Look at the database, whoever uses it meanwhile. Raises Unavailable when it cannot be read."""
    # Where no process has it open there is no log beside it, and SQLite would make one even to read.
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as file:
            file.row_factory = sqlite3.Row
            return _health(Transaction(file), connections, now)
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"{path} cannot be read: {error}.") from error


def _health(tx: Transaction, connections: Sequence[str], now: int) -> Health:
    version, newest = tx.value("health.version"), newest_version()
    found = tx.value("health.check")
    damage = "" if found == "ok" else found
    if damage or version != newest:
        return Health(version, newest, damage)
    last = audit.last(tx)
    return Health(
        version,
        newest,
        sending={name: Sending(sending.get(tx, name), sending.reached(tx, now, name)) for name in ("", *connections)},
        last_sent=tx.value("health.last_sent"),
        waiting=tx.value("health.waiting"),
        triggers=tx.value("health.accepted", {"now": now}) + len(holding.due(tx, now)),
        stopped=list(tx.column("stopping.stopped")),
        approvals=[each.id for each in approvals.waiting(tx) if each.state == "waiting" and each.expires_at > now],
        entries=last,
        changed=next(audit.faults(audit.whole(tx), last), ""),
    )
