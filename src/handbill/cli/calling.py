"""`handbill call`: any tool, JSON in, JSON out."""

import asyncio
import json
from typing import Any

import click

from handbill.cli import values
from handbill.cli.running import run
from handbill.errors import Unreadable
from handbill.settings import Settings
from handbill.tools import TOOLS, named


@click.command(epilog="Tools: " + ", ".join(TOOLS))
@click.argument("tool")
@click.argument("arguments", default="{}", metavar="[JSON]")
@click.option("--no-wait", is_flag=True, help="Do not stay until a triggered broadcast is sent.")
@click.option("--json", "_", is_flag=True, help="Print JSON, as this command always does.")
@click.pass_obj
def call(settings: Settings, tool: str, arguments: str, no_wait: bool, _: bool) -> None:
    """Call TOOL with its arguments as a JSON object: in place, from a file (@arguments.json) or standard input (-).

    \b
    Examples:
      handbill call CUSTOMERIO_GET_SEGMENTS
      handbill call CUSTOMERIO_TRIGGER_BROADCAST '{"broadcast_id": 5, "ids": ["u1"]}'
      handbill call CUSTOMERIO_TRIGGER_BROADCAST @call.json
    """
    answer = asyncio.run(run(settings, named(tool), _object(values.read("JSON", arguments)), wait=not no_wait))
    click.echo(json.dumps(answer.data(), ensure_ascii=False))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The arguments are not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise Unreadable('The arguments must be a JSON object such as {"broadcast_id": 5}.')
    return value
