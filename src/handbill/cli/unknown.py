"""`handbill unknown`: messages whose server never answered, which a person sends again or closes."""

import asyncio
import json
from typing import Any

import click

from handbill.cli.tables import show
from handbill.settings import Settings
from handbill.workspace import delivery_ids
from handbill.workspace.store import ledger
from handbill.workspace.store.database import Row
from handbill.workspace.workspace import Workspace


@click.command
@click.option("--resend", "resend", flag_value=True, default=None, type=bool, help="Send all of them again.")
@click.option("--close", "resend", flag_value=False, type=bool, help="Call all of them failed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def unknown(settings: Settings, resend: bool | None, as_json: bool) -> None:
    """List messages of which nobody knows whether they arrived, or decide what becomes of them.

    There are some when a process ended between a message and its server's answer, and the rules say to wait:
    `handbill sending --on-unknown hold`.

    \b
    Examples:
      handbill unknown
      handbill unknown --resend
    """
    told = asyncio.run(_told(settings, resend))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    elif resend is None:
        show({**told, "notes": []})
    else:
        what = "will be sent again: `handbill serve` or `handbill worker` does it" if resend else "are closed"
        click.echo(f"{told['settled']:,} messages {what}.")


async def _told(settings: Settings, resend: bool | None) -> dict[str, Any]:
    async with Workspace.open(settings) as workspace:
        database, now = workspace.database, workspace.clock.now()
        if resend is not None:
            return {"settled": await database.write(ledger.settle_unknown, resend, "cli", now)}
        return {"deliveries": [_shown(workspace, row) for row in await database.read(ledger.undecided)]}


def _shown(workspace: Workspace, row: Row) -> dict[str, Any]:
    known = {name: row[name] for name in row.keys() if name != "delivery"}  # noqa: SIM118 (a Row is no mapping)
    return {"id": delivery_ids.seal(workspace.secret, row["delivery"]), **known}
