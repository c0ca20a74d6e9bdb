"""The tools as commands for people: `handbill broadcast trigger`, `handbill messages list`, …

Commands, arguments and options come from the tools' own records. Tools that share a command are told apart by what
they require: `messages list` asks for all messages, with `--broadcast` for one broadcast's.
"""

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from handbill.cli import values
from handbill.errors import EXIT_STATUS
from handbill.settings import Settings
from handbill.tools import TOOLS, Tool
from handbill.tools.parameters import Body, Flag, Kind
from handbill.tools.tool import Parameter

if TYPE_CHECKING:
    from handbill.cli.running import Report

EXAMPLES = {
    "broadcast list": ["handbill broadcast list", "handbill broadcast list --json"],
    "broadcast trigger": [
        "handbill broadcast trigger 5 --id u1 --id u2",
        'handbill broadcast trigger 5 --recipients \'{"segment": {"id": 3}}\' --data @sale.json',
        "handbill broadcast trigger 5 --per-user-data @people.json --no-wait",
    ],
    "broadcast preview": ["handbill broadcast preview 5 --email ana@shop.example"],
    "stop": ["handbill stop", "handbill stop 5", "handbill stop 5 37"],
    "triggers list": ["handbill triggers list 5"],
    "triggers show": ["handbill triggers show 5 37"],
    "messages list": [
        "handbill messages list --metric opened --limit 20",
        "handbill messages list --broadcast 5 --trigger 37 --json",
    ],
    "segments list": ["handbill segments list"],
    "segments show": ["handbill segments show 3"],
    "segments people": ["handbill segments people 3", "handbill segments people 3 --sort desc --limit 20"],
    "newsletters list": ["handbill newsletters list --sort desc"],
    "transactional list": ["handbill transactional list"],
    "transactional send": [
        "handbill transactional send Receipt u1 --message-data '{\"total\": 40}'",
        "handbill transactional send 3 ana@shop.example --channel sms",
    ],
    "campaigns list": ["handbill campaigns list"],
    "metrics report": ["handbill metrics report", "handbill metrics report --broadcast 5 --period days --steps 7"],
    "why": ["handbill why u1 --broadcast 5", "handbill why ana@shop.example --newsletter 12 --json"],
    "person show": ["handbill person show u1", "handbill person show ana@shop.example --activities 50"],
    "person find": [
        "handbill person find --email ana@shop.example",
        'handbill person find --filter \'{"segment": {"id": 3}}\'',
    ],
    "person identify": ['handbill person identify --user u1 --traits \'{"plan": "pro"}\''],
    "person group": ['handbill person group u1 acme --traits \'{"name": "Acme"}\''],
    "person alias": ["handbill person alias u1 u9"],
    "person suppress": ["handbill person suppress ana@shop.example"],
    "event track": ["handbill event track purchase --user u1 --properties '{\"total\": 40}'"],
    "event page": ["handbill event page --user u1 --name Pricing"],
    "event screen": ["handbill event screen Basket --user u1"],
    "event batch": ["handbill event batch @calls.json"],
    "messages report-push": ["handbill messages report-push dgTbAQUBAAGUq1Zk opened"],
    "messages unsubscribe": ["handbill messages unsubscribe dgTbAQUBAAGUq1Zk"],
    "approvals list": ["handbill approvals list", "handbill approvals list --json"],
    "workspace integrations": ["handbill workspace integrations"],
    "workspace webhooks": ["handbill workspace webhooks"],
    "workspace collections": ["handbill workspace collections"],
    "workspace snippets": ["handbill workspace snippets"],
    "workspace addresses": ["handbill workspace addresses"],
}


def _group(name: str, sentence: str) -> click.Group:
    commands: dict[str, list[Tool]] = {}
    for tool in TOOLS.values():
        group, _, verb = tool.command.partition(" ")
        if group == name:
            commands.setdefault(verb, []).append(tool)
    return click.Group(name, {verb: _command(verb, tools) for verb, tools in commands.items()}, help=sentence)


def _alone(name: str) -> click.Command:
    return _command(name, [tool for tool in TOOLS.values() if tool.command == name])


def _command(verb: str, tools: Sequence[Tool]) -> click.Command:
    """One command for the tools that share it."""
    parameters = {parameter.name: parameter for tool in tools for parameter in tool.parameters}
    examples = "\n".join(f"  {example}" for example in EXAMPLES[tools[0].command])

    @click.pass_obj
    def invoke(settings: Settings, /, as_json: bool, no_wait: bool = False, **given: Any) -> None:
        arguments = dict(_arguments(parameters.values(), given))
        _invoke(settings, _chosen(tools, arguments), arguments, as_json, wait=not no_wait)

    return click.Command(
        verb,
        callback=invoke,
        help=f"{tools[0].does}\n\n\b\nExamples:\n{examples}",
        short_help=tools[0].does.partition("\n")[0],
        params=[*_positions(tools[0]), *_all_options(parameters.values()), *_own_options(tools[0])],
    )


def _chosen(tools: Sequence[Tool], arguments: Mapping[str, Any]) -> Tool:
    """Of the tools whose requirements are met the one that requires most; without any, the first."""
    demanding = sorted(tools, key=lambda tool: len(_needs(tool)), reverse=True)
    return next((tool for tool in demanding if _needs(tool) <= arguments.keys()), tools[0])


def _needs(tool: Tool) -> set[str]:
    return {parameter.name for parameter in tool.parameters if parameter.required}


def _positions(tool: Tool) -> list[click.Parameter]:
    """What is required may also be given by its place, and so may what is to be stopped."""
    names = [parameter.name for parameter in tool.parameters if parameter.required or tool.effect == "stops"]
    return [click.Argument([f"{name}_here"], required=False, metavar=f"[{name.upper()}]") for name in names]


def _all_options(parameters: Iterable[Parameter]) -> list[click.Parameter]:
    return [option for parameter in parameters for option in _options(parameter)]


def _options(parameter: Parameter) -> Iterator[click.Parameter]:
    """`--broadcast-id` (or `--broadcast`), `--drafts`; for a list of texts `--id` for each and `--ids` for all."""
    name, kind = parameter.name, parameter.kind
    flag = f"--{name.replace('_', '-')}"
    if isinstance(kind, Flag):
        yield click.Option([flag, name], is_flag=True, help=kind.does)
    elif isinstance(kind, Body) and kind.schema().get("items") == {"type": "string"}:
        yield click.Option([flag[:-1], f"{name}_each"], multiple=True, help=f"{kind.does} Once for each.")
        yield click.Option([flag, name], metavar="JSON|@FILE", help=f"{kind.does} All at once.")
    elif isinstance(kind, Body) and kind.schema()["type"] != "string":
        yield click.Option([flag, name], metavar="JSON|@FILE", help=kind.does)
    else:
        names = [flag.removesuffix("-id"), flag] if flag.endswith("-id") else [flag]
        yield click.Option([*names, name], metavar=_metavar(kind), help=kind.does, show_default=True)


def _metavar(kind: Kind) -> str:
    schema = kind.schema()
    return "|".join(schema["enum"]) if "enum" in schema else "TEXT" if schema["type"] == "string" else "NUMBER"


def _own_options(tool: Tool) -> Iterator[click.Parameter]:
    if tool.effect == "sends":
        yield click.Option(["--no-wait"], is_flag=True, help="Do not stay until it is sent.")
    yield click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")


def _arguments(parameters: Iterable[Parameter], given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The tool's arguments; the tool itself reads text: it takes `"5"` for 5 and JSON for lists and objects."""
    for parameter in parameters:
        name = parameter.name
        value = given.get(name) or given.get(f"{name}_here") or [*given.get(f"{name}_each", ())]
        if isinstance(value, str) and isinstance(parameter.kind, Body):
            yield name, values.read(name, value)
        elif value:
            yield name, value


def _invoke(settings: Settings, tool: Tool, arguments: Mapping[str, Any], as_json: bool, *, wait: bool) -> None:
    # Imported here: the workspace and rich are most of the program, and `--help` needs neither.
    from handbill.cli.running import run

    with (
        _bar()
        if "counts" in tool.answer.model_fields and wait and not as_json and sys.stderr.isatty()
        else nullcontext() as report
    ):
        data = asyncio.run(run(settings, tool, arguments, wait=wait, report=report)).data()
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False))
    else:
        _show(data)
    if data.get("state") == "failed" and tool.effect == "sends":
        raise click.exceptions.Exit(EXIT_STATUS["internal"])


def _bar() -> AbstractContextManager["Report"]:
    from handbill.cli.bar import progress_bar

    return progress_bar()


def _show(data: Mapping[str, Any]) -> None:
    from handbill.cli.tables import show

    show(data)


broadcast = _group("broadcast", "List, preview and trigger broadcasts.")
triggers = _group("triggers", "The times broadcasts were triggered, and what became of each.")
messages = _group("messages", "Deliveries: to whom, when, and what became of them.")
segments = _group("segments", "Groups of people.")
newsletters = _group("newsletters", "Newsletters.")
transactional = _group("transactional", "Transactional messages: templates, and one message to one person.")
campaigns = _group("campaigns", "Messages for each person to whom something happens.")
metrics = _group("metrics", "What became of what was sent, as rates.")
person = _group("person", "People: found, read, added, merged, blocked.")
event = _group("event", "What people do.")
approvals = _group("approvals", "Sends that wait for a person's yes, and what became of others.")
workspace = _group("workspace", "What else is in the workspace, and what it is connected to.")
why = _alone("why")
stop = _alone("stop")
