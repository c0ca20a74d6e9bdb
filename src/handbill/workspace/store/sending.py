"""How a connection sends: sandbox until a person says live, then so many without asking; `''` is this workspace."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from handbill.policy import DAY, Mode, Policy, check
from handbill.workspace.store import audit
from handbill.workspace.store.database import Row, Transaction

MINUTE = 60


def get(tx: Transaction, connection: str = "") -> Policy:
    """The rules in force."""
    kept = tx.value("workspace.get", {"key": _key(connection)})
    return msgspec.json.decode(kept, type=Policy) if kept else Policy()


def peek(path: Path, connection: str = "") -> Policy:
    """The rules as the file has them, without opening the workspace; a new one's when there is no file to read."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            opened.row_factory = Row
            return get(Transaction(opened), connection)
    except sqlite3.DatabaseError:
        return Policy()


def put(tx: Transaction, rules: Policy, connection: str = "") -> None:
    """Change the rules; only a person's command or page does this. Raises InvalidInput for rules that cannot be."""
    check(rules)
    if rules.mode != "live" and not connection:
        _stop(tx, rules.mode)
    tx.run("workspace.put", {"key": _key(connection), "value": msgspec.json.encode(rules).decode()})


def change(tx: Transaction, rules: Policy, via: str, now: int, connection: str = "") -> None:
    """The same, written into the audit log with what is different."""
    before, after = msgspec.to_builtins(get(tx, connection)), msgspec.to_builtins(rules)
    put(tx, rules, connection)
    facts = {name: value for name, value in after.items() if value != before[name]}
    if facts:
        audit.record(tx, audit.Entry(connection, "policy", via, facts), now)


def _stop(tx: Transaction, mode: Mode) -> None:
    """Nothing more leaves of what is under way: what was live is never captured instead."""
    note = f"Sending is {mode} since. A person can let it go on: `handbill sending live`, then `handbill resume`."
    every = dict.fromkeys(("broadcast", "newsletter", "trigger"))
    tx.run("stopping.stop", {**every, "transport": None if mode == "off" else "live", "all": False, "note": note})


def _key(connection: str) -> str:
    return f"sending:{connection}" if connection else "sending"


def transport(tx: Transaction) -> Literal["capture", "live"]:
    """How what is accepted now will be sent."""
    return "live" if get(tx).mode == "live" else "capture"


def off(tx: Transaction) -> str:
    """What to say when nothing at all is sent; empty when something is."""
    said = "Sending is off in this workspace. A person can change it: `handbill sending sandbox`."
    return said if get(tx).mode == "off" else ""


def obstacle(tx: Transaction, types: Sequence[str], lacking: Mapping[str, str]) -> str:
    """Why messages of these types cannot leave; empty when they can. `lacking`: see `ways.lacking`."""
    if transport(tx) == "capture":
        return ""
    missing = [f"there is nothing to send {type_} with. Set {lacking[type_]}." for type_ in types if type_ in lacking]
    return missing[0] if missing else ""


def reached(tx: Transaction, now: int, connection: str = "") -> int:
    """How many people were let through for the 24 hours before `now`, and those after it."""
    window = {"since": now - DAY - MINUTE, "until": now + DAY}
    return int(tx.value("sending.reached", {"connection": connection, **window}))


def let_through(tx: Transaction, people: int, now: int, connection: str = "", later: int | None = None) -> None:
    """Count people who are about to be reached, or are `later` (Unix seconds)."""
    at = max(now, later or 0)
    tx.run("sending.forget_reached", {"connection": connection, "before": now - 2 * DAY})
    tx.run("sending.let_through", {"connection": connection, "minute": at - at % MINUTE, "people": people})
