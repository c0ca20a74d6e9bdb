"""The command line: `handbill`. This file names the commands; each is imported only when it is used."""

import json
import logging
import os
import sys
import traceback
from pathlib import Path

import click

from handbill import __version__
from handbill.cli.lazy import LazyGroup
from handbill.errors import EXIT_STATUS, HandbillError, InvalidInput, RateLimited
from handbill.settings import Settings

COMMANDS = {
    "setup": ("handbill.cli.setup:setup", "Tell Claude, Cursor, VS Code or Codex how to start Handbill."),
    "doctor": ("handbill.cli.doctor:doctor", "Say what works here, what does not, and what to do about it."),
    "demo": ("handbill.cli.demo:demo", "Show the whole round: people, a broadcast, what each of them got."),
    "mcp": ("handbill.cli.stdio:mcp", "Serve the tools to an agent over MCP on standard input and output."),
    "serve": ("handbill.cli.serving:serve", "Serve Customer.io's APIs and MCP, and send what is triggered."),
    "worker": ("handbill.cli.serving:worker", "Send beside `handbill serve`; several may run at once."),
    "broadcast": ("handbill.cli.resources:broadcast", "List, preview and trigger broadcasts."),
    "triggers": ("handbill.cli.resources:triggers", "The times broadcasts were triggered, and what became of each."),
    "messages": ("handbill.cli.resources:messages", "Deliveries: to whom, when, and what became of them."),
    "segments": ("handbill.cli.resources:segments", "Groups of people."),
    "newsletters": ("handbill.cli.resources:newsletters", "Newsletters."),
    "transactional": ("handbill.cli.resources:transactional", "Transactional messages: list them, send one."),
    "campaigns": ("handbill.cli.resources:campaigns", "Messages for each person to whom something happens."),
    "metrics": ("handbill.cli.resources:metrics", "What became of what was sent, as rates."),
    "why": ("handbill.cli.resources:why", "Why a person did or did not get a message."),
    "person": ("handbill.cli.resources:person", "People: find, read, add, merge and block them."),
    "event": ("handbill.cli.resources:event", "Record what people do."),
    "workspace": ("handbill.cli.resources:workspace", "Snippets, collections, webhooks and ways out."),
    "call": ("handbill.cli.calling:call", "Call any tool: JSON in, JSON out."),
    "import": ("handbill.cli.imports:import_group", "Import people and events from files."),
    "apply": ("handbill.cli.definitions:apply", "Make the workspace what the definition files say."),
    "export": ("handbill.cli.definitions:export", "Write the workspace's definitions as files."),
    "openapi": ("handbill.cli.openapi:openapi", "Print what the workspace's APIs take and answer, as OpenAPI 3.1."),
    "bounces": ("handbill.cli.bounces:bounces", "Read what mail servers write back about what was sent."),
    "connect": ("handbill.cli.connections:connect", "Connect a workspace at Customer.io; the tools then work there."),
    "connections": ("handbill.cli.connections:connections", "The workspaces there are: choose, test, remove one."),
    "approvals": ("handbill.cli.resources:approvals", "Sends that wait for a person, and what became of others."),
    "stop": ("handbill.cli.resources:stop", "Stop what is being sent; anybody may."),
    "resume": ("handbill.cli.stopping:resume", "Let go on what was stopped."),
    "approve": ("handbill.cli.approvals:approve", "List what waits for a person's yes, and give it."),
    "unknown": ("handbill.cli.unknown:unknown", "Messages that may or may not have arrived: send again, or close."),
    "audit": ("handbill.cli.audit:audit", "The log of every decision about sending: verify it, export it."),
    "decline": ("handbill.cli.approvals:decline", "Say no to what waits."),
    "keys": ("handbill.cli.rules:keys", "Show the keys of the workspace's own APIs."),
    "tools": ("handbill.cli.tools:tools", "Show or set what agents may use and see at most."),
    "sending": ("handbill.cli.rules:sending", "Show or set what may be sent without a person."),
}


def home_option() -> click.Option:
    """`--home`, which every command takes."""

    def choose(context: click.Context, _: click.Parameter, home: Path | None) -> None:
        if home:
            context.obj = Settings.load(home=home)

    return click.Option(
        ["--home"],
        type=click.Path(path_type=Path, file_okay=False),
        callback=choose,
        expose_value=False,
        is_eager=True,
        help="The folder of the workspace [env HANDBILL_HOME].",
    )


@click.group(
    "handbill",
    cls=LazyGroup,
    commands_at=COMMANDS,
    every=home_option,
    params=[home_option()],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="handbill")
@click.pass_context
def root(context: click.Context) -> None:
    """Customer.io's tools on your own machine: an embedded workspace, for agents, scripts and people.

    \b
    Examples:
      handbill demo
      handbill broadcast list
      handbill broadcast trigger 5 --id u1 --id u2
      handbill call CUSTOMERIO_GET_MESSAGES '{"metric": "opened"}'
    """
    context.obj = context.obj or Settings.load()


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit with its status: 0, or the one of the kind of error (errors.EXIT_STATUS)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        if status := root.main(arguments, prog_name="handbill", standalone_mode=False):  # that of click's Exit
            sys.exit(status)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        sys.exit(_tell(error, as_json="--json" in arguments or arguments[:1] == ["call"]))


def _tell(error: Exception, as_json: bool) -> int:
    """Say on standard error what went wrong, for a person or as JSON, and return the exit status."""
    if os.environ.get("HANDBILL_DEBUG") == "1":
        traceback.print_exception(error)
    known = _known(error)
    if as_json:
        click.echo(json.dumps({"error": _as_data(known)}, ensure_ascii=False), err=True)
    else:
        click.echo(click.style("Error: ", fg="red") + _as_sentences(known), err=True)
    return EXIT_STATUS[known.code]


def _known(error: Exception) -> HandbillError:
    if isinstance(error, HandbillError):
        return error
    if isinstance(error, click.ClickException):
        return InvalidInput.of("arguments", error.format_message())
    return HandbillError(
        f"Something went wrong inside Handbill ({type(error).__name__}). HANDBILL_DEBUG=1 shows where."
    )


def _as_sentences(error: HandbillError) -> str:
    return "\n".join(fault.message for fault in error.faults) if isinstance(error, InvalidInput) else str(error)


def _as_data(error: HandbillError) -> dict[str, object]:
    data: dict[str, object] = {"code": error.code, "message": str(error)}
    if isinstance(error, InvalidInput):
        data["faults"] = [{"field": fault.field, "message": fault.message} for fault in error.faults]
    if isinstance(error, RateLimited):
        data["retry_after"] = error.retry_after
    return data
