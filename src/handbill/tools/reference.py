"""The page `docs/reference/tools.md`: every tool with its parameters, by toolset. `make docs` writes it."""

import sys
from collections.abc import Iterator

from handbill.tools import TOOLS, Tool, toolsets
from handbill.tools.tool import Parameter

_HEAD = f"""# The tools

Made by `make docs` from `handbill.tools`, the same records that MCP, the commands and the Python calls come from.
An agent is shown the toolsets {", ".join(toolsets.DEFAULT)}.
More are switched on by name with `{toolsets.SETTING}=default,people` or `--toolsets default,people`, all of them with
`all`. Commands and Python have every tool.

*reads* changes nothing; *changes* changes what is stored; *sends* may reach people, and passes the gate
(`handbill sending`).
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_HEAD, *(_toolset(name) for name in toolsets.every())])


def _toolset(name: str) -> str:
    tools = [tool for tool in TOOLS.values() if tool.toolset == name]
    off = "" if name in toolsets.DEFAULT else " (off by default)"
    return "\n".join([f"## {name}{off}\n", *(_tool(tool) for tool in tools)])


def _tool(tool: Tool) -> str:
    does = " ".join(tool.does.split())
    head = f"### {tool.name}\n\n*{tool.effect}* · `handbill {tool.command}`\n\n{does}\n"
    return "\n".join([head, *_parameters(tool)])


def _parameters(tool: Tool) -> Iterator[str]:
    if not tool.parameters:
        return
    yield "| Parameter | Type | |"
    yield "|---|---|---|"
    for parameter in tool.parameters:
        required = "**required.** " if parameter.required else ""
        yield f"| `{parameter.name}` | {_type(parameter)} | {required}{parameter.kind.does} |"
    yield ""


def _type(parameter: Parameter) -> str:
    schema = parameter.kind.schema()
    if "enum" in schema:
        return ", ".join(schema["enum"])
    bounds = f" {schema['minimum']} to {schema['maximum']}" if "maximum" in schema else ""
    return f"{schema['type']}{bounds}"


if __name__ == "__main__":
    sys.stdout.write(page())
