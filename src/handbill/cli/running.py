"""One tool, run for a command: the loop starts and ends here."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import click

from handbill.connections.saved import EMBEDDED, chosen
from handbill.contract.app.triggers import Progress
from handbill.opening import opened
from handbill.settings import Settings
from handbill.tools import Answer, Tool

Report = Callable[[Progress], Awaitable[None]]


async def run(
    settings: Settings, tool: Tool, arguments: Mapping[str, Any], *, wait: bool = True, report: Report | None = None
) -> Answer:
    """Call `tool`. A send is waited for unless `wait` is false: the embedded workspace sends while we are here."""
    sends = tool.effect == "sends"
    async with opened(settings, engine=sends and wait and chosen(settings)[0] == EMBEDDED) as context:
        told = (report or _silent) if sends and wait else None
        tell = _said if sys.stderr.isatty() else None
        return await tool.call(replace(context, report=told, tell=tell), arguments)


async def _said(sentence: str) -> None:
    click.echo(sentence, err=True)


async def _silent(_: Progress) -> None:
    """Waiting is all that is wanted."""
