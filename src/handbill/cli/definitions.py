"""`handbill apply` and `handbill export`: the workspace's definitions as files."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from handbill.settings import Settings
from handbill.workspace import definitions
from handbill.workspace.definitions import Applied
from handbill.workspace.workspace import Workspace

COLOURS = {"made": "green", "changed": "yellow", "unchanged": "bright_black"}


@click.command
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
@click.pass_obj
def apply(settings: Settings, folder: Path, as_json: bool) -> None:
    """Make the workspace what the files in FOLDER say.

    Segments, broadcasts, newsletters, transactional messages, snippets and layouts, each in the folder of its name.
    Everything is checked first; on any fault nothing is changed. What is not in FOLDER is left alone.

    \b
    Examples:
      handbill apply ./workspace
      handbill apply ./workspace --json
    """
    applied = asyncio.run(_apply(settings, folder))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in applied], ensure_ascii=False))
    else:
        _show(applied)


async def _apply(settings: Settings, folder: Path) -> list[Applied]:
    async with Workspace.open(settings) as workspace:
        await workspace.check_writable()
        return await definitions.apply(workspace, folder)


def _show(applied: Sequence[Applied]) -> None:
    for each in applied:
        number = "" if each.id is None else f" {each.id}"
        outcome = click.style(f"{each.outcome:9}", fg=COLOURS[each.outcome])
        click.echo(f"{outcome} {each.kind}{number} {each.name}")
    counts = [f"{sum(each.outcome == outcome for each in applied)} {outcome}" for outcome in COLOURS]
    click.echo(f"{', '.join(counts)}.", err=True)


@click.command
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
@click.pass_obj
def export(settings: Settings, folder: Path, as_json: bool) -> None:
    """Write the workspace's definitions into FOLDER, as files that `handbill apply` reads.

    \b
    Examples:
      handbill export ./workspace
    """
    written = [str(path) for path in asyncio.run(_export(settings, folder))]
    click.echo(json.dumps(written, ensure_ascii=False) if as_json else "\n".join(written))
    click.echo(f"{len(written)} files in {folder}.", err=True)


async def _export(settings: Settings, folder: Path) -> list[Path]:
    async with Workspace.open(settings) as workspace:
        return await definitions.export(workspace, folder)
