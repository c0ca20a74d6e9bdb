"""Imports: people and events from CSV and JSON Lines files, all of a file or, with `skip_bad`, its good lines.

A file is read once, inside one transaction of the workspace: each line is judged and written, and a bad one takes
everything back in the end, when all bad lines are known. Memory is bounded by a batch of lines.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from handbill.contract import attributes as people_contract
from handbill.contract import events as events_contract
from handbill.contract.filters import listed, short
from handbill.errors import Fault, InvalidInput, Unreadable, quoted
from handbill.workspace.import_files import EVENT_KEYS, Kind, Line, read, said
from handbill.workspace.store import events, people
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.operations import event_row
from handbill.workspace.workspace import Workspace

Progress = Callable[[int], None]
"""Told how many bytes of the file have been read."""

SHOWN = 100
_BATCH = 1000


@dataclass(slots=True)
class Report:
    """What became of a file. `skipped` lines are wrong, the first hundred of them stand in `errors`; `repeated`
    events were there already by their id. Nothing is imported when lines are wrong, unless they were to be skipped.
    """

    imported: int = 0
    skipped: int = 0
    repeated: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    """`{"line", "reason"}`, by line."""

    def refuse(self, line: int, reason: str) -> None:
        self.skipped += 1
        if len(self.errors) < SHOWN:
            self.errors.append({"line": line, "reason": reason})


class _Refused(Exception):
    """Takes the transaction back; nobody sees it."""


async def run(
    workspace: Workspace, kind: Kind, path: Path, *, skip_bad: bool = False, progress: Progress | None = None
) -> Report:
    """Import a file of people or events. Raises Unreadable for a file that cannot hold any."""
    report = Report()
    try:
        await workspace.database.write(
            _import, kind, path, report, workspace.clock.now(), skip_bad, progress or _silent
        )
    except _Refused:
        report.imported = report.repeated = 0
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from None
    return report


def _silent(_: int) -> None:
    """Nobody watches."""


def _import(
    tx: Transaction, kind: Kind, path: Path, report: Report, now: int, skip_bad: bool, progress: Progress
) -> None:
    take = {"people": _take_people, "events": _take_events}[kind]
    with path.open("rb") as file:
        lines = read(file, path, kind)
        while batch := list(islice(lines, _BATCH)):
            take(tx, batch, report, now)
            progress(file.tell())
    if report.skipped and not skip_bad:
        raise _Refused


def _take_people(tx: Transaction, lines: Sequence[Line], report: Report, now: int) -> None:
    for line in lines:
        fault = line.fault or _person(tx, line.values, now)
        if fault:
            report.refuse(line.number, fault)
        else:
            report.imported += 1


def _person(tx: Transaction, values: Mapping[str, Any], now: int) -> str:
    """Make or change one person; what is wrong with the line, or nothing."""
    kind: Literal["id", "email"] = "id" if values.get("id") not in (None, "") else "email"
    if values.get(kind) in (None, ""):
        return "neither id nor email"
    faults = people_contract.check(values) + people_contract.moment(values.get("created_at") or None, "created_at")
    if faults:
        return said(faults)
    try:
        done = people.identify(tx, kind, str(values[kind]), values, now, strict=True)
    except InvalidInput as error:
        return said(error.faults)
    return "" if done.person else "this person is suppressed, or not to be made"


def _take_events(tx: Transaction, lines: Sequence[Line], report: Report, now: int) -> None:
    known = _Known(tx, people.numbers(tx, [name for line in lines if (name := _customer(line.values)[1])]))
    rows = []
    for line in lines:
        fault = line.fault or _event_fault(line.values)
        person = None if fault else known.person(*_customer(line.values))
        if person is None:
            report.refuse(line.number, fault or _unknown(*_customer(line.values)))
        else:
            rows.append(_row(person, line.values, now))
    added = events.add(tx, rows, now) if rows else 0
    report.imported += added
    report.repeated += len(rows) - added


def _customer(values: Mapping[str, Any]) -> tuple[str, str]:
    """Whose event it is: `customer_id`, else `email`, else `id`, which beside one of those is the event's own."""
    for key in ("customer_id", "email", "id"):
        if isinstance(values.get(key), str | int) and not isinstance(values[key], bool):
            return key, str(values[key])
    return "", ""


def _unknown(key: str, name: str) -> str:
    return f"no person with {'email' if key == 'email' else 'id'} {quoted(name)}; import people first"


@dataclass(slots=True)
class _Known:
    """People by the names that the events of a batch use."""

    tx: Transaction
    ids: dict[str, int]
    emails: dict[str, int | None] = field(default_factory=dict)

    def person(self, key: str, name: str) -> int | None:
        if key != "email":
            return self.ids.get(name)
        if name not in self.emails:
            found = people.by_email(self.tx, name)
            self.emails[name] = found[0] if len(found) == 1 else None
        return self.emails[name]


def _event_fault(values: Mapping[str, Any]) -> str:
    key, _ = _customer(values)
    if not key:
        return "nobody is named: customer_id or email is needed"
    own = values if key != "id" else {name: value for name, value in values.items() if name != "id"}
    faults = events_contract.check(own, values.get("type", "event"))
    if values.get("timestamp") is None:
        faults.append(Fault("timestamp", "timestamp is required"))
    known = (*EVENT_KEYS, "data")
    faults += [
        Fault(name, f"{short(name)} is not known; use {listed(known)}") for name in values if name not in known
    ]
    return said(faults)


def _row(person: int, values: Mapping[str, Any], now: int) -> dict[str, Any]:
    row = event_row(person, values.get("type", "event"), values, values.get("data"), now)
    return row | {"id": None} if _customer(values)[0] == "id" else row
