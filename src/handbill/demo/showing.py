"""How the round is shown: to a person as tables, or to a program as JSON lines."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from handbill.demo.round import Question

COLUMNS: Mapping[str, Sequence[str]] = {
    "segments": ("id", "name", "type", "description"),
    "broadcasts": ("id", "name", "state", "actions"),
    "left_out": ("reason", "count"),
    "missing_attributes": ("path", "people"),
    "samples": ("recipient", "subject"),
    "messages": ("id", "name", "recipient", "metrics"),
    "triggers": ("id", "created_at", "processed_at"),
    "newsletters": ("id", "name", "type", "sent_at"),
    "reports": ("line",),
    "checks": ("ok", "what", "detail", "words"),
    "identifiers": ("id", "email", "cio_id"),
    "activities": ("timestamp", "type", "name"),
}
ASIDE = ("workspace", "notes", "next", "total", "ids")
ROWS = 6
"""Of a list; the answer has them all."""
ARGUMENTS = 250
"""Characters of a call's arguments that a person sees."""
PIPE_WIDTH = 100
"""Columns when the output is no terminal."""


class Tables:
    """For a person: without colours when the output is no terminal. What customers wrote is never read as markup."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = PIPE_WIDTH
        self._number = 0

    def filled(self, people: int, events: int, seconds: float) -> None:
        text = f"A fresh workspace: {people:,} invented people did {events:,} things in two years ({seconds:.1f} s)."
        self.console.print(Text(f"\n  {text}"))

    def connected(self, protocol: str, tools: Sequence[str]) -> None:
        text = f"The official SDK's MCP client ({protocol}) has started `handbill mcp` and found {len(tools)} tools."
        self.console.print(Text(f"  {text}\n"))

    def asked(self, question: Question) -> None:
        self._number += 1
        call = Text.assemble((question.tool, "bold"), " ", _shortened(question.arguments))
        title = Text(f"{self._number}. {question.sentence}", "bold green")
        self.console.print(Panel(call, title=title, title_align="left", border_style="dim"))

    def progressed(self, text: str) -> None:
        self.console.print(Text(f"  … {text}", "dim"))

    def answered(self, question: Question, answer: Mapping[str, Any], seconds: float) -> None:
        for name, value in _values(answer):
            self.console.print(Text.assemble("  ", (f"{name:<20}", "cyan"), _text(name, value)))
        for name, entries in answer.items():
            if name in COLUMNS and entries:
                self.console.print(Padding(_table(name, entries), (0, 0, 0, 1)))
        self._ended(answer["workspace"], seconds)

    def refused(self, question: Question, sentence: str, seconds: float) -> None:
        for each in sentence.splitlines():
            self.console.print(Text(f"  Refused: {each}", "red"))
        self._ended("as it should be", seconds)

    def mail(self, shown: Mapping[str, str]) -> None:
        self._number += 1
        title = Text(f"{self._number}. And what did one of them get?", "bold green")
        lines = [f"To       {shown['recipient']}", f"Subject  {shown['subject']}", "", shown["text"]]
        self.console.print(Panel(Text("\n".join(lines)), title=title, title_align="left", border_style="dim"))
        self._line("  As it looks: ", f"file://{shown['html']}")

    def ended(self, seconds: float, steps: Mapping[str, str]) -> None:
        self.console.print(Text(f"\n  All of it through MCP, in {seconds:.1f} s. What next?\n", "bold green"))
        for name, command in steps.items():
            self._line(f"  {name:<16}", command)

    def _line(self, name: str, value: str) -> None:
        """A line to copy from: never broken."""
        self.console.print(Text.assemble((name, "cyan"), value), soft_wrap=True)

    def _ended(self, remark: str, seconds: float) -> None:
        self.console.print(Text(f"  {remark}, {seconds * 1000:.0f} ms\n", "dim"))


class JsonLines:
    """For a program: one object a line."""

    def filled(self, people: int, events: int, seconds: float) -> None:
        _print(people=people, events=events, seconds=round(seconds, 4))

    def connected(self, protocol: str, tools: Sequence[str]) -> None:
        _print(protocol=protocol, tools=tools)

    def asked(self, question: Question) -> None:
        """Told with the answer."""

    def progressed(self, text: str) -> None:
        _print(progress=text)

    def answered(self, question: Question, answer: Mapping[str, Any], seconds: float) -> None:
        _print(**_question(question), answer=answer, seconds=round(seconds, 4))

    def refused(self, question: Question, sentence: str, seconds: float) -> None:
        _print(**_question(question), refused=sentence, seconds=round(seconds, 4))

    def mail(self, shown: Mapping[str, str]) -> None:
        _print(mail=shown)

    def ended(self, seconds: float, steps: Mapping[str, str]) -> None:
        _print(seconds=round(seconds, 4), next=steps)


def _question(question: Question) -> dict[str, Any]:
    return {"asked": question.sentence, "tool": question.tool, "arguments": question.arguments}


def _print(**line: Any) -> None:
    click.echo(json.dumps(line, ensure_ascii=False))


def _shortened(arguments: Mapping[str, Any]) -> str:
    text = json.dumps(arguments, ensure_ascii=False) if arguments else ""
    return text if len(text) <= ARGUMENTS else text[: ARGUMENTS - 1] + "…"


def _values(answer: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What is not a list, one level deep: a segment's details stand beside the number of its people."""
    plain: list[tuple[str, Any]] = []
    for name, value in answer.items():
        if name == "segment":
            plain += [(key, value[key]) for key in ("name", "description")]
        elif name == "person":
            plain += list(value["attributes"].items())
        elif name not in (*COLUMNS, *ASIDE) and value not in (None, "", []):
            plain.append((name, value))
    return plain


def _table(name: str, entries: Sequence[Mapping[str, Any]]) -> Table:
    columns = [column for column in COLUMNS[name] if any(entry.get(column) for entry in entries)]
    table = Table(*columns, box=SIMPLE_HEAD, header_style="cyan", pad_edge=False, show_edge=False)
    for entry in entries[:ROWS]:
        table.add_row(*(_text(column, entry.get(column)) for column in columns))
    return table


def _text(name: str, value: Any) -> Text:
    if isinstance(value, bool):
        return Text("yes" if value else "no", "green" if value else "red")
    if (name.endswith("_at") or name == "timestamp") and isinstance(value, int):
        return Text(f"{datetime.fromtimestamp(value).astimezone():%Y-%m-%d %H:%M:%S}")
    if name == "actions":
        return Text(", ".join(action["type"] for action in value))
    if name == "metrics":
        return Text(", ".join(value))
    if isinstance(value, dict):
        return Text(", ".join(f"{key} {count}" for key, count in value.items() if count))
    if isinstance(value, list):
        return Text(" ".join(map(str, value)))
    return Text("" if value is None else f"{value:,}" if isinstance(value, int) else str(value))
