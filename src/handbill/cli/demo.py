"""`handbill demo`: a workspace with people and a broadcast, and the whole round through a real MCP client."""

import asyncio
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from handbill.connections import connect
from handbill.contract.app.messages import ArchivedMessage
from handbill.demo.filling import fill
from handbill.demo.round import Audience, make
from handbill.demo.showing import JsonLines, Tables
from handbill.errors import Conflict
from handbill.settings import Settings
from handbill.workspace.channels.mime import plain
from handbill.workspace.workspace import Workspace

CLIENTS = {"Claude Code": "claude", "Cursor": "cursor", "VS Code": "vscode", "Codex": "codex"}
"""What `handbill setup` calls each."""
EXCERPT = 9
"""Lines of the mail's words that are shown."""


@click.command
@click.option("--keep", is_flag=True, help="Keep the workspace: in the empty folder --home names, or in a new one.")
@click.option("--json", "as_json", is_flag=True, help="Print calls and answers as JSON lines.")
@click.pass_obj
def demo(settings: Settings, keep: bool, as_json: bool) -> None:
    """Make a workspace with 1,000 invented people, and use it the way a marketer's agent would.

    Nothing is sent to anybody, and your own workspace is left alone.

    \b
    Examples:
      handbill demo
      handbill demo --keep --home ./fennel-row
      handbill demo --json
    """
    start = time.monotonic()
    shows = JsonLines() if as_json else Tables()
    with _home(settings, keep) as (home, letter):
        mail = asyncio.run(_run(home, shows))
        letter.write_text(mail.body, "utf-8")
        words = "\n".join(plain(mail.body).splitlines()[:EXCERPT])
        shows.mail({"recipient": mail.recipient, "subject": mail.subject, "text": words, "html": str(letter)})
        shows.ended(time.monotonic() - start, _next_steps(home if keep else None))


async def _run(home: Path, shows: Audience) -> ArchivedMessage:
    """Fill the workspace, make the round, and fetch one message as its person got it."""
    settings = Settings.load({}, home)
    start = time.monotonic()
    async with Workspace.open(settings) as workspace:
        people, events = await fill(workspace)
    shows.filled(people, events, time.monotonic() - start)
    delivery_id = await make(home, shows)
    async with connect(settings, engine=False) as connection:
        return (await connection.client.messages.archived(delivery_id)).archived_message


@contextmanager
def _home(settings: Settings, keep: bool) -> Iterator[tuple[Path, Path]]:
    """The folder of the demo's workspace and the file for its mail, which stays when the workspace goes.

    Raises Conflict when the folder that is to be used has something in it: it may be the user's own.
    """
    if keep and settings.home != Settings.load({}).home:
        _make_empty(settings.home)
        yield settings.home, settings.home / "letter.html"
        return
    folder = Path(tempfile.mkdtemp(prefix="handbill-demo-"))
    try:
        yield folder / "home", folder / "letter.html"
    finally:
        if not keep:
            shutil.rmtree(folder / "home", ignore_errors=True)


def _make_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty. Name a new folder for the demo with --home.")


def _next_steps(home: Path | None) -> dict[str, str]:
    """What one does next; `home` is the workspace that was kept."""
    own = ["--home", str(home)] if home else []
    kept = {"This workspace": str(home)} if home else {"Keep it": "handbill demo --keep"}
    return {
        **kept,
        **{name: shlex.join(["handbill", "setup", client, *own]) for name, client in CLIENTS.items()},
        "Your own people": shlex.join(["handbill", "import", "people", "people.csv", *own]),
        "A server": shlex.join(["handbill", "serve", *own]),
    }
