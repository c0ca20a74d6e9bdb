"""Answers for people, as tables. Customers' text is never read as markup."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

COLUMNS: Mapping[str, Sequence[str]] = {
    "broadcasts": ("id", "name", "state", "actions", "first_started"),
    "triggers": ("id", "created_at", "processed_at"),
    "messages": ("id", "created", "type", "recipient", "subject", "metrics", "name"),
    "segments": ("id", "name", "type", "state", "description"),
    "campaigns": ("id", "name", "state", "event_name", "actions", "first_started"),
    "identifiers": ("id", "email", "cio_id"),
    "integrations": ("id", "name", "type", "enabled", "needs"),
    "reporting_webhooks": ("id", "name", "endpoint", "disabled", "events"),
    "collections": ("id", "name", "rows", "bytes", "schema"),
    "snippets": ("name", "value", "updated_at"),
    "reports": ("kind", "id", "line"),
    "rates": ("metric", "count", "of", "base", "percent", "before", "change"),
    "checks": ("ok", "what", "detail", "words"),
    "topics": ("name", "subscribed"),
    "activities": ("timestamp", "type", "name", "data"),
    "newsletters": ("id", "name", "type", "sent_at"),
    "left_out": ("reason", "count"),
    "missing_attributes": ("path", "people"),
    "deliveries": ("id", "type", "broadcast_id", "newsletter_id", "trigger_id", "recipient", "failure_message"),
    "stopped": ("id", "broadcast_id", "newsletter_id"),
    "approvals": ("id", "approval", "what", "people", "reason", "state", "created_at", "expires_at", "connection"),
    "samples": ("recipient", "subject", "text", "fault"),
}
"""Which columns a list of each name has; those that no entry fills are left out."""

TIMES = (
    "created",
    "created_at",
    "processed_at",
    "sent_at",
    "first_started",
    "updated_at",
    "updated",
    "timestamp",
    "queued_at",
    "expires_at",
)
PIPE_WIDTH = 200
"""Columns when standard output is no terminal."""


def show(data: Mapping[str, Any]) -> None:
    """Print an answer: single values first, then a table for each list. Notes go to standard error."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    about = Console(stderr=True, highlight=False, style="dim")
    lists = {name: value for name, value in data.items() if name in COLUMNS}
    _show_values(console, set(), {name: value for name, value in data.items() if name not in lists})
    for name, entries in lists.items():
        if entries:
            _show_list(console, name, entries)
        elif len(lists) == 1:
            console.print(f"No {name}.")
    for note in [*data["notes"], *_going_on(data), data.get("workspace", "")]:
        if note:
            about.print(Text(note))


def _show_list(console: Console, name: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """A table; of a single report its rates, too."""
    console.print(_table(name, entries))
    for inner, its in entries[0].items() if len(entries) == 1 else ():
        if inner in COLUMNS and its:
            console.print(_table(inner, its))


_ASIDE = ("notes", "workspace", "next", "total", "ids", "timestamps")
"""Not shown, or not here: `ids` repeats `identifiers`, and `timestamps` says of each attribute when it was set."""

_USUAL = (("repeated", "False"),)
"""What goes without saying."""


def _going_on(data: Mapping[str, Any]) -> list[str]:
    return [f"More: --start {data['next']}"] if data.get("next") else []


def _show_values(console: Console, shown: set[tuple[str, str]], values: Mapping[str, Any]) -> None:
    """Each value once, however often the answer has it."""
    for name, value in values.items():
        if isinstance(value, dict) and name not in ("counts", *_ASIDE):
            _show_values(console, shown, value)
        elif value not in (None, "", []) and name not in _ASIDE and (name, str(value)) not in (*shown, *_USUAL):
            shown.add((name, str(value)))
            console.print(Text.assemble((f"{name:<20}", "bold"), _cell(name, value)))


def _table(name: str, entries: Sequence[Mapping[str, Any]]) -> Table:
    columns = [column for column in COLUMNS[name] if any(entry.get(column) for entry in entries)]
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for entry in entries:
        table.add_row(*(_cell(column, entry.get(column)) for column in columns))
    return table


def _cell(name: str, value: Any) -> Text:
    if value is None:
        return Text("")
    if name in TIMES and isinstance(value, int):
        return Text(f"{datetime.fromtimestamp(value).astimezone():%Y-%m-%d %H:%M:%S}")
    if name == "metrics":
        return Text("".join(sorted(value, key=value.__getitem__)[-1:]))
    if name == "actions":
        return Text(", ".join(action["type"] for action in value))
    if name == "counts":
        return Text(", ".join(f"{count:,} {state}" for state, count in value.items() if count) or "none")
    if isinstance(value, dict):
        return Text(", ".join(f"{key}: {inner}" for key, inner in value.items()))
    if isinstance(value, list):
        return Text(", ".join(str(item) for item in value))
    return Text(str(value))
