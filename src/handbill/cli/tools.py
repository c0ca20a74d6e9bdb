"""`handbill tools`: what may be done and seen at most, on every way in; a person sets it, no tool can."""

import asyncio
import json
from typing import Any

import click

from handbill.cli.rules import changed, named, of_connection
from handbill.connections.saved import EMBEDDED
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.tools import TOOLS, toolsets

RULES = ("readonly", "toolsets", "pii")


@click.command
@click.option(
    "--read-only/--no-read-only", "readonly", default=None, help="Refuse whatever changes or sends anything."
)
@click.option(
    "--toolsets", metavar="NAMES", help="The toolsets there are at most: names with commas, default, or all."
)
@click.option("--pii", type=click.Choice(["full", "masked"]), help="masked: tools do not tell who people are.")
@of_connection
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def tools(settings: Settings, /, connection: str | None, as_json: bool, **rules: Any) -> None:
    """Show or set what tools may do and tell at most on a connection: over MCP, as commands and in Python.

    Read-only also closes the App, Track and Pipelines APIs to all that changes. What an agent's program sets
    (HANDBILL_READONLY, HANDBILL_TOOLSETS) can only be less than this.

    \b
    Examples:
      handbill tools
      handbill tools --read-only --pii masked
      handbill tools --no-read-only --toolsets broadcasts,messages --connection acme
    """
    given = {name: value for name, value in rules.items() if value is not None}
    if "toolsets" in given and given["toolsets"] != "all":
        given["toolsets"] = toolsets.written(given["toolsets"], "toolsets")
    name = named(settings, connection)
    policy = asyncio.run(changed(settings, given, name))
    shown = {"connection": name or EMBEDDED, **{rule: getattr(policy, rule) for rule in RULES}}
    click.echo(json.dumps(shown) if as_json else f"{name or EMBEDDED}: {sentence(policy)}")


def sentence(policy: Policy) -> str:
    """What the rules mean, for a person."""
    open_ = sum(not tool.refusal(policy) for tool in TOOLS.values())
    changes = "read-only: nothing is changed or sent" if policy.readonly else "they may change things, and send"
    people = "as they are" if policy.pii == "full" else "masked"
    which = "all" if policy.toolsets == "all" else policy.toolsets.replace(",", ", ")
    return f"{open_} of {len(TOOLS)} tools may be used ({which}); {changes}. People are shown {people}."
