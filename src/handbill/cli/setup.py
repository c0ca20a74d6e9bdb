"""`handbill setup`: an agent's program told how to start us, and what it will start tried at once."""

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from platformdirs import user_config_path

from handbill.cli import client_files
from handbill.cli.client_files import NAME
from handbill.cli.stdio import READ_ONLY, TOOLSETS, fails, rules
from handbill.connections.saved import EMBEDDED, chosen
from handbill.errors import Conflict, Unavailable, quoted
from handbill.settings import Settings
from handbill.tools import Tool, toolsets

HERE_ALONE = ("HANDBILL_CONNECTION", "HANDBILL_DATABASE")
"""What decides where tools work, and is not written for a client."""
PATIENCE = 60
"""Seconds to wait for a program's answer."""


@click.command
@click.argument("client", type=click.Choice(["claude", "cursor", "vscode", "codex"]))
@TOOLSETS
@READ_ONLY
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.pass_obj
def setup(settings: Settings, client: str, names: str | None, readonly: bool, dry_run: bool) -> None:
    """Write into CLIENT's configuration how to start Handbill, start it that way, and say how many tools there are.

    What else is in the file stays as it is, with a copy of the file beside it. Doing it again changes nothing.
    Settings that may be secret, such as HANDBILL_SMTP, are not written: add them to the server's `env` there, which
    stays, too.

    \b
    Examples:
      handbill setup claude
      handbill setup cursor --toolsets default,people,metrics
      handbill setup codex --read-only --dry-run
      handbill setup vscode --home ./shop
    """
    settings = settings.tightened(readonly)
    names = names or settings.toolsets
    shown = toolsets.shown(names)
    command = _command(settings, names)
    if client == "claude" and (claude := shutil.which("claude")):
        _tell_claude(claude, command, dry_run)
    for path, table in _files(client):
        _write(path, table, command, dry_run)
    for name in HERE_ALONE:
        if os.environ.get(name):
            click.echo(
                f"{name} is set in this shell alone. If it is meant to hold there, add it to the server's `env`."
            )
    if not dry_run:
        click.echo(asyncio.run(_try(command, Settings.load({}, settings.home).tightened(settings.readonly), shown)))


def _command(settings: Settings, names: str) -> list[str]:
    """What the client is to start. Clients know neither this shell's PATH nor its settings."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("handbill", path=places)
    if not program:
        raise Unavailable("The command handbill is not installed beside this Python. Install it: `uv tool install .`")
    home = [] if settings.home == Settings.load({}).home else ["--home", str(settings.home)]
    readonly = ["--read-only"] if settings.readonly else []
    return [program, "mcp", *home, *(["--toolsets", names] if names else []), *readonly]


def _files(client: str) -> Sequence[tuple[Path, str]]:
    """The client's configuration files, each with the table that its servers are in."""
    match client:
        case "cursor":
            return [(Path.home() / ".cursor" / "mcp.json", "mcpServers")]
        case "vscode":
            return [(user_config_path("Code", appauthor=False) / "User" / "mcp.json", "servers")]
        case "codex":
            return [(Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex") / "config.toml", "mcp_servers")]
    desktop = user_config_path("Claude", appauthor=False)
    if desktop.is_dir():
        return [(desktop / "claude_desktop_config.json", "mcpServers")]
    return [] if shutil.which("claude") else [(Path.cwd() / ".mcp.json", "mcpServers")]


def _write(path: Path, table: str, command: Sequence[str], dry_run: bool) -> None:
    typed = {"type": "stdio"} if table == "servers" else {}
    change = client_files.change(path, table, {**typed, "command": command[0], "args": [*command[1:]]})
    if change.after == change.before:
        click.echo(f"{path} says so already.")
    elif dry_run:
        click.echo(change.difference())
    else:
        backup = change.write()
        click.echo(f"{path} is written." + (f" What it was is in {backup.name}." if backup else ""))


def _tell_claude(claude: str, command: Sequence[str], dry_run: bool) -> None:
    """Add the server with Claude Code's own command. Raises Conflict when another one has its name."""
    there = _run([claude, "mcp", "get", NAME])
    if there.returncode == 0:
        lines = {line.strip() for line in there.stdout.splitlines()}
        if lines >= {f"Command: {command[0]}", f"Args: {' '.join(command[1:])}"}:
            click.echo("Claude Code says so already.")
            return
        raise Conflict(
            f"Claude Code has a server {NAME} that starts something else; it is left alone. To replace it: "
            f"`claude mcp remove {NAME}`, and this command again."
        )
    add = [claude, "mcp", "add", "--scope", "user", NAME, "--", *command]
    if dry_run:
        click.echo(shlex.join(add))
        return
    done = _run(add)
    if done.returncode != 0:
        raise Unavailable(f"`claude mcp add` did not do it: {quoted(done.stderr.strip())}")
    click.echo("Claude Code is told, for all your projects.")


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{words[0]} does not answer ({type(error).__name__}).") from None


async def _try(command: Sequence[str], settings: Settings, shown: Mapping[str, Tool]) -> str:
    """Start what the client will start, with its `settings`, and say what it lists and where that works.

    Raises Unavailable when these are other tools than those that are `shown` and that the rules allow.
    """
    policy, (current, book) = await rules(settings), chosen(settings)
    wanted = {name for name, tool in shown.items() if not tool.refusal(policy)}
    found = await _tools(command)
    if found != wanted:
        raise Unavailable(f"{shlex.join(command)} lists {len(found)} tools; {len(wanted)} were expected.")
    where = "the embedded workspace" if current == EMBEDDED else book.named(current).title
    said = f"Started as it will be: {len(found)} tools, on {where}{', read-only' * policy.readonly}."
    broken = found & fails(settings).keys()
    return f"{said} {len(broken)} of them do not work there: `handbill doctor` says why." if broken else said


async def _tools(command: Sequence[str]) -> set[str]:
    """The names of the tools of the server that `command` starts, asked as an agent's program asks."""
    from mcp import Client, StdioServerParameters, stdio_client

    server = StdioServerParameters(command=command[0], args=[*command[1:]])
    try:
        async with Client(stdio_client(server, sys.stderr), read_timeout_seconds=PATIENCE) as client:
            return {tool.name for tool in (await client.list_tools()).tools}
    except Exception as error:
        raise Unavailable(
            f"The configuration is written, but {shlex.join(command)} does not answer ({type(error).__name__}). "
            "Start it in a terminal to see why."
        ) from error
