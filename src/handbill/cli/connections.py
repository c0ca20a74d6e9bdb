"""`handbill connect` and `handbill connections`: the workspaces at Customer.io that the tools may work on."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import click

from handbill.connections import connecting
from handbill.connections.connecting import KEY_FIELDS, Wanted, wanted
from handbill.connections.keys import FILE, Place
from handbill.connections.probe import WHERE, Found
from handbill.connections.saved import EMBEDDED, Saved, change, chosen, load
from handbill.errors import InvalidInput, Unavailable, Unreadable
from handbill.settings import Settings
from handbill.tools import TOOLS, toolsets
from handbill.workspace.store.database import Database

PIPE_WIDTH = 200
"""Columns when standard output is no terminal."""
PREFIX = "HANDBILL_CUSTOMERIO_"
PROMPTS = {
    "app_key": f"App API key ({WHERE['app']})",
    "site_id": "Track API site id (Enter for none)",
    "track_key": "Track API key",
    "pipelines_key": "Pipelines API key (Enter for none)",
}
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command
@click.argument("name", required=False)
@click.option(
    "--region", type=click.Choice(["us", "eu"]), help="Where the account is; found out when it is not given."
)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the keys from standard input, as a JSON object.")
@click.option("--browser", is_flag=True, help="Ask on a page of this machine, whose address is printed.")
@JSON
@click.pass_obj
def connect(
    settings: Settings, name: str | None, region: str | None, from_stdin: bool, browser: bool, as_json: bool
) -> None:
    """Connect a workspace at Customer.io, under NAME: its keys are asked for, tried and kept; then it is current.

    Keys are typed unseen, read from standard input as {"app_key": …, "site_id": …, "track_key": …,
    "pipelines_key": …}, or from HANDBILL_CUSTOMERIO_APP_KEY, _SITE_ID, _TRACK_KEY and _PIPELINES_KEY. They go to the
    system's keyring, or, where there is none, to a file that only you can read. No option takes them: other users of
    a machine see how commands were called.

    \b
    Examples:
      handbill connect
      handbill connect acme --region eu
      handbill connect --browser
      pass show customerio | handbill connect acme --stdin --json
    """
    if browser:
        _show(settings, *asyncio.run(_by_page(settings, name or "")), as_json)
        return
    fields = _from_stdin() if from_stdin else _from_environment() or _asked(region)
    want = wanted({**fields, **({"region": region} if region else {}), **({"name": name} if name else {})})
    saved, found = asyncio.run(_connect(settings, want))
    _show(settings, saved, found, as_json)


@click.group(invoke_without_command=True)
@JSON
@click.pass_context
def connections(context: click.Context, as_json: bool) -> None:
    """The workspaces the tools may work on, which is current, and where the keys of each are kept.

    \b
    Examples:
      handbill connections
      handbill connections use acme
      HANDBILL_CONNECTION=embedded handbill broadcast list
    """
    if context.invoked_subcommand is None:
        _list(context.obj, as_json)


@connections.command
@click.argument("name")
@JSON
@click.pass_obj
def use(settings: Settings, name: str, as_json: bool) -> None:
    """Make NAME current: a connection, or `embedded`. Running servers work there from their next call on.

    \b
    Examples:
      handbill connections use acme
      handbill connections use embedded
    """
    change(settings.home, lambda book: book.using(name))
    _list(settings, as_json)


@connections.command
@click.argument("name")
@JSON
@click.pass_obj
def remove(settings: Settings, name: str, as_json: bool) -> None:
    """Forget the connection NAME and its keys. If it was current, the embedded workspace is.

    \b
    Example:
      handbill connections remove acme
    """
    asyncio.run(_remove(settings, name))
    _list(settings, as_json)


@connections.command
@click.argument("name", required=False)
@JSON
@click.pass_obj
def test(settings: Settings, name: str | None, as_json: bool) -> None:
    """Try the keys of NAME, or of the current connection: which tools work, and why others do not.

    \b
    Examples:
      handbill connections test
      handbill connections test acme --json
    """
    wanted_name = name or chosen(settings)[0]
    if wanted_name == EMBEDDED:
        raise InvalidInput.of("name", "The embedded workspace is current, and needs no test. Name a connection.")
    _show(settings, *asyncio.run(connecting.try_again(settings, wanted_name, tell=_telling)), as_json)


async def _connect(settings: Settings, want: Wanted) -> tuple[Saved, Found]:
    async with _database(settings) as database:
        return await connecting.connect_live(settings, database, want, "cli", tell=_telling)


async def _by_page(settings: Settings, name: str) -> tuple[Saved, Found]:
    """Serve the page until a person has sent it. Raises Unavailable when nobody has in ten minutes."""
    from handbill.connections import connect as opened
    from handbill.connections.switching import Connections
    from handbill.console.pages import MINUTES, Pages

    async with (
        opened(settings, engine=False) as embedded,
        Pages() as pages,
        Connections(embedded, pages) as connections,
    ):
        # It is printed and not opened: a browser that we start has it among its arguments, which all users can see.
        click.echo(f"Open this page, within ten minutes: {await connections.start(name)}", err=True)
        if not await connections.wait(name, MINUTES * 60):
            raise Unavailable("Nobody gave the keys within ten minutes; nothing was connected.")
    book = load(settings.home)
    saved = book.named(book.current)
    return saved, Found(saved.region, saved.workspace, saved.fails)


async def _remove(settings: Settings, name: str) -> None:
    async with _database(settings) as database:
        await connecting.remove(settings, database, name, "cli")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    """The local workspace's, where the rules and the audit log of every connection are."""
    database = await Database.open(settings.sqlite_path)
    try:
        yield database
    finally:
        await database.close()


def _from_stdin() -> dict[str, Any]:
    try:
        fields = json.loads(sys.stdin.buffer.read())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise Unreadable('Standard input must hold a JSON object such as {"app_key": "…", "region": "eu"}.')
    return fields


def _from_environment() -> dict[str, str]:
    """The keys there; none without an App API key."""
    there = {field: os.environ.get(PREFIX + field.upper(), "") for field in KEY_FIELDS}
    return there if there["app_key"] else {}


def _asked(region: str | None) -> dict[str, str]:
    """What a person types, without showing it."""
    if not sys.stdin.isatty():
        raise InvalidInput.of(
            "app_key",
            "Standard input is no terminal. Give the keys with --stdin, or HANDBILL_CUSTOMERIO_APP_KEY and its like.",
        )
    fields = (
        {} if region else {"region": click.prompt("Region", type=click.Choice(["us", "eu"]), default="us", err=True)}
    )
    for field, prompt in PROMPTS.items():
        if field != "track_key" or fields["site_id"]:
            fields[field] = click.prompt(
                prompt, default="", show_default=False, hide_input=field != "site_id", err=True
            )
    return fields


def _telling(what: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"  trying: {what} …", err=True)


def _show(settings: Settings, saved: Saved, found: Found, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**_data(settings, saved), "works": found.works, "notes": found.notes}))
        return
    named = f" It is the workspace {saved.workspace!r}." if saved.workspace else ""
    click.echo(f"{saved.title} answers.{named} {' '.join(found.notes)}".rstrip())
    _table(found)
    click.echo(f"Keys: {', '.join(saved.apis)}, kept in {_place(settings, saved.place)}.")
    click.echo(
        "Whatever may reach people waits there for a person's yes, until you change that: "
        f"`handbill sending --connection {saved.name}`."
    )


def _table(found: Found) -> None:
    """How many tools of each toolset work, and the reasons why others do not."""
    from rich.console import Console
    from rich.table import Table

    table = Table("toolset", "works", "why others do not", box=None, header_style="bold", pad_edge=False)
    for toolset in toolsets.every():
        tools = [name for name, tool in TOOLS.items() if tool.toolset == toolset]
        reasons = dict.fromkeys(found.fails[name] for name in tools if name in found.fails)
        works = sum(name not in found.fails for name in tools)
        table.add_row(toolset, f"{works} of {len(tools)}", "\n".join(reasons))
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def _list(settings: Settings, as_json: bool) -> None:
    current, book = chosen(settings)
    if as_json:
        listed = [_data(settings, saved) for saved in book.connections.values()]
        click.echo(json.dumps({"current": current, "connections": listed}, ensure_ascii=False))
        return
    click.echo(f"{_mark(current, EMBEDDED)} {EMBEDDED:<20} on this machine")
    for saved in book.connections.values():
        apis = ", ".join(saved.apis)
        where = f"Customer.io, {saved.region.upper()}; keys: {apis}, kept in {_place(settings, saved.place)}"
        click.echo(f"{_mark(current, saved.name)} {saved.name:<20} {where}")
    if settings.connection:
        click.echo("HANDBILL_CONNECTION names the one that is used here.", err=True)


def _mark(current: str, name: str) -> str:
    return "*" if current == name else " "


def _place(settings: Settings, place: Place) -> str:
    if place == "keyring":
        return "the system's keyring"
    return f"{settings.home / FILE}, which only you can read: this system has no keyring"


def _data(settings: Settings, saved: Saved) -> Mapping[str, Any]:
    return {
        "name": saved.name,
        "region": saved.region,
        "workspace": saved.workspace,
        "keys": saved.apis,
        "kept_in": "keyring" if saved.place == "keyring" else str(settings.home / FILE),
        "fails": saved.fails,
    }
