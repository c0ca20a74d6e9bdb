"""`handbill keys` and `handbill sending`: what a person may see and set, and an agent's tools may not."""

import asyncio
import dataclasses
import json
from collections.abc import Mapping
from typing import Any, get_args

import click
import msgspec

from handbill.connections.saved import EMBEDDED, chosen
from handbill.errors import InvalidInput, quoted
from handbill.policy import ANYONE, MODES, Policy, Unknown, Way
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


of_connection = click.option(
    "--connection", metavar="NAME", help="Of this connection, or `embedded`; the current one if left out."
)


def _listed(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    """`a, b` as a list; an empty text is an empty one."""
    return None if text is None else tuple(each for each in text.replace(",", " ").split())


def _ways(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    ways = _listed(context, parameter, text)
    if wrong := [way for way in ways or () if way not in get_args(Way)]:
        known = ", ".join(get_args(Way))
        raise InvalidInput.of("approve_via", f"approve_via is one or more of {known}; got {quoted(wrong[0])}.")
    return ways


@click.command
@click.argument("mode", type=click.Choice(MODES), required=False)
@click.option(
    "--auto-send-max",
    type=click.IntRange(min=ANYONE),
    help="Live: people per send without a person's yes; -1: anyone, but half of all people or more.",
)
@click.option("--daily-max", type=click.IntRange(min=0), help="Live: people in any 24 hours without a yes.")
@click.option(
    "--only-domains", metavar="NAMES", callback=_listed, help="Live: everybody else is skipped. '' for all domains."
)
@click.option("--quiet-hours", metavar="TEXT", help="Live: 21:00-08:00 Europe/Berlin; sends wait. '' for none.")
@click.option(
    "--repeat-window", type=click.IntRange(0, 86_400), help="Seconds: the same trigger again is one. 0: off."
)
@click.option(
    "--on-unknown",
    type=click.Choice(get_args(Unknown)),
    help="What becomes of a message whose server gave no answer before a crash: sent again, or held.",
)
@click.option(
    "--approve-via", metavar="WAYS", callback=_ways, help=f"How a person may say yes: {', '.join(get_args(Way))}."
)
@of_connection
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sending(settings: Settings, /, mode: str | None, connection: str | None, as_json: bool, **limits: Any) -> None:
    """Show or set what may be sent without a person: sandbox (nothing leaves the machine), live, or off.

    Without --connection it is about the workspace that the tools work on now.

    \b
    Examples:
      handbill sending
      handbill sending live --auto-send-max 100 --daily-max 1000
      handbill sending live --quiet-hours "21:00-08:00 Europe/Berlin" --only-domains shop.example
      handbill sending off --connection acme
    """
    whose = named(settings, connection)
    given = {name: value for name, value in {"mode": mode, **limits}.items() if value is not None}
    rules = asyncio.run(changed(settings, given, whose))
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(rules)))
    else:
        begin = f"{whose}: " if whose else ""
        click.echo(f"{begin}{sentence(rules, whose)} {_repeats(rules)}{_more(rules)}")


def named(settings: Settings, name: str | None) -> str:
    """The connection as its rules are kept: `''` is the embedded workspace. Raises NotFound."""
    current, book = chosen(settings)
    wanted = name or current
    return "" if wanted == EMBEDDED else book.named(wanted).name


async def changed(settings: Settings, given: Mapping[str, Any], connection: str) -> Policy:
    """The rules in force, after changing what is given. Raises InvalidInput for what cannot be."""
    async with Workspace.open(settings) as workspace:
        now = await workspace.database.read(get, connection)
        wanted = msgspec.convert({**msgspec.structs.asdict(now), **given}, Policy)
        if wanted != now:
            await workspace.database.write(change, wanted, "cli", workspace.clock.now(), connection)
        return wanted


def _repeats(rules: Policy) -> str:
    if not rules.repeat_window:
        return "The same trigger asked for again is a new one."
    return f"The same trigger asked for again within {rules.repeat_window:,} s is one."


def _more(rules: Policy) -> str:
    """What else holds for live sends, if something does."""
    lines = {
        "only_domains": ", ".join(rules.only_domains),
        "quiet_hours": rules.quiet_hours,
        "on_unknown": rules.on_unknown,
        "approve_via": ", ".join(rules.approve_via),
    }
    told = {name: value for name, value in lines.items() if value} if rules.mode == "live" else {}
    return "".join(f"\n{name:<14}{value}" for name, value in told.items())


def sentence(rules: Policy, connection: str = "") -> str:
    """What the rules of this connection mean, for a person."""
    most = rules.auto_send_max
    who = "all people but half of them at a time" if most == ANYONE else f"up to {most:,} people at a time"
    captured = "everything is sent, and nothing leaves this machine"
    return {
        "sandbox": f"sandbox: {'what would be sent is checked, and nothing is sent' if connection else captured}.",
        "live": f"live: sends to {who}, and {rules.daily_max:,} in a day, go without a person.",
        "off": "off: nothing is sent.",
    }[rules.mode]
