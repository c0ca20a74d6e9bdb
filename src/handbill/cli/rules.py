"""`handbill keys` and `handbill sending`: what a person may see and set, and an agent's tools may not."""

import asyncio
import dataclasses
import json
from collections.abc import Mapping

import click
import msgspec

from handbill.policy import MODES, Policy
from handbill.settings import Settings
from handbill.workspace import keys as workspace_keys
from handbill.workspace.store.sending import change, get
from handbill.workspace.workspace import Workspace


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def keys(settings: Settings, as_json: bool) -> None:
    """Show the keys of the workspace's own APIs; they are made at the first start.

    \b
    Example:
      curl -H "Authorization: Bearer $(handbill keys --json | jq -r .app_key)" http://127.0.0.1:8622/v1/segments
    """
    found = workspace_keys.load(settings)
    shown = dataclasses.asdict(found)
    click.echo(json.dumps(shown) if as_json else "\n".join(f"{name:<13} {key}" for name, key in shown.items()))


@click.command
@click.argument("mode", type=click.Choice(MODES), required=False)
@click.option("--auto-send-max", type=click.IntRange(min=0), help="Live: people per trigger without a person's yes.")
@click.option(
    "--repeat-window", type=click.IntRange(0, 86_400), help="Seconds: the same trigger again is one. 0: off."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sending(settings: Settings, /, mode: str | None, as_json: bool, **limits: int | None) -> None:
    """Show or set what may be sent: sandbox (nothing leaves the machine), live, or off.

    \b
    Examples:
      handbill sending
      handbill sending live --auto-send-max 100
      handbill sending sandbox --repeat-window 0
      handbill sending off
    """
    given = {name: value for name, value in {"mode": mode, **limits}.items() if value is not None}
    rules = asyncio.run(_rules(settings, given))
    click.echo(json.dumps(msgspec.structs.asdict(rules)) if as_json else f"{sentence(rules)} {_repeats(rules)}")


async def _rules(settings: Settings, given: Mapping[str, str | int]) -> Policy:
    """The rules in force, after changing what is given."""
    async with Workspace.open(settings) as workspace:
        now = await workspace.database.read(get)
        wanted = msgspec.structs.replace(now, **given)
        if wanted != now:
            await workspace.database.write(change, wanted, "cli", workspace.clock.now())
        return wanted


def _repeats(rules: Policy) -> str:
    if not rules.repeat_window:
        return "The same trigger asked for again is a new one."
    return f"The same trigger asked for again within {rules.repeat_window:,} s is one."


def sentence(rules: Policy) -> str:
    """What the rules mean, for a person."""
    return {
        "sandbox": "sandbox: everything is sent, and nothing leaves this machine.",
        "live": f"live: triggers for up to {rules.auto_send_max:,} people go without a person.",
        "off": "off: nothing is sent.",
    }[rules.mode]
