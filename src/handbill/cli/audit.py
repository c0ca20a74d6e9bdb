"""`handbill audit`: what was decided about sending, in order, and whether anybody changed the record of it."""

import asyncio
import json

import click
import msgspec

from handbill.errors import EXIT_STATUS
from handbill.settings import Settings
from handbill.workspace.store import audit as log
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace


@click.group
def audit() -> None:
    """The log of every decision about sending: append-only, each entry sealed with the hash of the one before it."""


@audit.command
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def verify(settings: Settings, as_json: bool) -> None:
    """Say whether the log is whole, how many entries it has, and the last hash; status 1 when it is not.

    Whoever keeps that hash elsewhere can see later that nothing before it was changed.

    \b
    Examples:
      handbill audit verify
      handbill audit verify --json
    """
    told = asyncio.run(_verify(settings))
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(
            told["fault"] or f"{told['entries']:,} entries, all as they were written. Last hash: {told['last']}"
        )
    if told["fault"]:
        raise click.exceptions.Exit(EXIT_STATUS["internal"])


@audit.command
@click.pass_obj
def export(settings: Settings) -> None:
    """Print the log as JSON Lines, an entry each, oldest first.

    \b
    Example:
      handbill audit export > audit.jsonl
    """
    for line in asyncio.run(_lines(settings)):
        click.echo(line)


async def _verify(settings: Settings) -> dict[str, str | int]:
    async with Workspace.open(settings) as workspace:
        return await workspace.database.read(_check)


def _check(tx: Transaction) -> dict[str, str | int]:
    fault = next(log.faults(log.whole(tx), log.last(tx)), "")
    return {"entries": tx.value("audit.count"), "last": tx.value("audit.last") or log.START, "fault": fault}


async def _lines(settings: Settings) -> list[str]:
    async with Workspace.open(settings) as workspace:
        return await workspace.database.read(
            lambda tx: [msgspec.json.encode(each).decode() for each in log.whole(tx)]
        )
