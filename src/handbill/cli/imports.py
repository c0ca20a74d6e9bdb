"""`handbill import`: people and events from CSV and JSON Lines files."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from handbill.errors import InvalidInput
from handbill.settings import Settings
from handbill.workspace import imports
from handbill.workspace.import_files import Kind
from handbill.workspace.workspace import Workspace

file_argument = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
skip_option = click.option("--skip-bad", is_flag=True, help="Import the good lines and leave the bad ones out.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")


@click.group("import")
def import_group() -> None:
    """Import people and events from files.

    CSV or JSON Lines, in UTF-8, plain or gzip. All of a file is imported or, when a line is wrong, nothing of it;
    every wrong line is named.
    """


@import_group.command
@file_argument
@skip_option
@json_option
@click.pass_obj
def people(settings: Settings, file: Path, skip_bad: bool, as_json: bool) -> None:
    """Add and update people from FILE.

    Each line has an id, an email or both; every other column is an attribute. Cells of a CSV file stay text, but
    `created_at` is a time and `unsubscribed` true or false; an empty cell says nothing.

    \b
    Examples:
      handbill import people people.csv
      handbill import people people.jsonl.gz --skip-bad
    """
    _run(settings, "people", file, skip_bad, as_json)


@import_group.command
@file_argument
@skip_option
@json_option
@click.pass_obj
def events(settings: Settings, file: Path, skip_bad: bool, as_json: bool) -> None:
    """Add events of people who are there, from FILE.

    A line of JSON is {"customer_id" or "email", "name", "timestamp", "data", "id"}; in CSV every other column is
    data. An event whose `id` is there already is not added again; without ids, a second import doubles the events.

    \b
    Examples:
      handbill import events events.jsonl
    """
    _run(settings, "events", file, skip_bad, as_json)


def _run(settings: Settings, kind: Kind, file: Path, skip_bad: bool, as_json: bool) -> None:
    report = asyncio.run(_import(settings, kind, file, skip_bad))
    refused = report.skipped and not skip_bad
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _tell_errors(report)
        click.echo("" if refused else _sentence(kind, report), nl=not refused)
    if refused:
        lines = "1 line is" if report.skipped == 1 else f"{report.skipped:,} lines are"
        raise InvalidInput.of("file", f"{lines} wrong; nothing was imported. Mend the file, or use --skip-bad.")


async def _import(settings: Settings, kind: Kind, file: Path, skip_bad: bool) -> imports.Report:
    async with Workspace.open(settings) as workspace:
        await workspace.check_writable()
        with _bar(file) as progress:
            return await imports.run(workspace, kind, file, skip_bad=skip_bad, progress=progress)


@contextmanager
def _bar(file: Path) -> Iterator[imports.Progress | None]:
    """A bar over the bytes of the file on standard error, when that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        yield lambda done: progress.update(task, completed=done)


def _tell_errors(report: imports.Report) -> None:
    for error in report.errors:
        click.echo(f"line {error['line']}: {error['reason']}", err=True)
    if report.skipped > len(report.errors):
        click.echo(f"and {report.skipped - len(report.errors):,} more lines", err=True)


def _sentence(kind: Kind, report: imports.Report) -> str:
    repeated = f", {report.repeated:,} were there already" if report.repeated else ""
    skipped = f", {report.skipped:,} lines left out" if report.skipped else ""
    return f"{report.imported:,} {kind} imported{repeated}{skipped}."
