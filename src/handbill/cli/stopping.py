"""`handbill resume`: a person lets go on what was stopped. No tool and no API does."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import click

from handbill.cli.approvals import follow
from handbill.errors import InvalidInput
from handbill.settings import Settings
from handbill.workspace.store import stopping, triggers
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace


@click.command
@click.argument("broadcast", type=click.IntRange(min=1), required=False)
@click.argument("trigger", type=click.IntRange(min=1), required=False)
@click.option("--newsletter", type=click.IntRange(min=1), help="A newsletter, in place of a trigger.")
@click.option("--no-wait", is_flag=True, help="Do not stay until it is sent.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def resume(
    settings: Settings,
    broadcast: int | None,
    trigger: int | None,
    newsletter: int | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Let a trigger of a broadcast, or a newsletter, go on from where it was stopped.

    \b
    Examples:
      handbill resume 5 37
      handbill resume --newsletter 12 --no-wait
    """
    if (newsletter is None) == (broadcast is None or trigger is None):
        raise InvalidInput.of("trigger", "Give BROADCAST and TRIGGER, such as 5 37, or --newsletter.")
    told = asyncio.run(_resume(settings, broadcast, trigger, newsletter, wait=not no_wait, as_json=as_json))
    click.echo(json.dumps(told) if as_json else f"Trigger {told['trigger_id']} is {told['state']}.")


async def _resume(
    settings: Settings,
    broadcast: int | None,
    trigger: int | None,
    newsletter: int | None,
    *,
    wait: bool,
    as_json: bool,
) -> Mapping[str, Any]:
    async with Workspace.open(settings) as workspace:
        number = await workspace.database.read(_number, broadcast, trigger, newsletter)
        await workspace.database.write(stopping.resume, number, "cli", workspace.clock.now())
        if wait:
            return await follow(workspace, number, as_json)
        progress = await workspace.database.read(triggers.followed, number)
        return {"trigger_id": number, **progress.model_dump(include={"state", "recipients", "counts", "note"})}


def _number(tx: Transaction, broadcast: int | None, trigger: int | None, newsletter: int | None) -> int:
    """The trigger that is meant. Raises NotFound."""
    if newsletter:
        return stopping.of_newsletter(tx, newsletter)
    return int(triggers.row(tx, broadcast or 0, trigger or 0)["id"])
