"""Toolsets: which tools an agent is shown, of those that the rules offer everybody (`handbill tools`)."""

from collections.abc import Mapping

from handbill.errors import InvalidInput, NotFound, quoted
from handbill.tools.parameters import nearest
from handbill.tools.tool import TOOLS, Tool

DEFAULT = ("broadcasts", "connections", "messages", "newsletters", "segments", "transactional")
"""The toolsets of an agent for whom nobody chose any: few tools are chosen well."""

SETTING = "HANDBILL_TOOLSETS"


def every() -> list[str]:
    """The names of all toolsets, those of `DEFAULT` first."""
    others = sorted({tool.toolset for tool in TOOLS.values()} - {*DEFAULT})
    return [*DEFAULT, *others]


def shown(names: str) -> Mapping[str, Tool]:
    """The tools of these toolsets, by name: `default,people`, or `all`; an empty text is `default`.

    Raises InvalidInput that names the setting and the toolsets there are.
    """
    wanted = written(names).split(",")
    return {name: tool for name, tool in TOOLS.items() if tool.toolset in wanted}


def written(names: str, setting: str = SETTING) -> str:
    """The names of these toolsets, each written out, with commas. Raises as `shown` does, naming `setting`."""
    wanted = {name for given in (names or "default").replace(",", " ").split() for name in _meant(given, setting)}
    return ",".join(name for name in every() if name in wanted)


def _meant(name: str, setting: str) -> list[str]:
    if name == "all":
        return every()
    if name == "default":
        return [*DEFAULT]
    if name in every():
        return [name]
    known = ["all", "default", *every()]
    near = nearest(name, known)
    meant = f"; did you mean {near}?" if near else "."
    raise InvalidInput.of(setting, f"{setting} names toolsets: {', '.join(known)}. Got {quoted(name)}{meant}")


def hidden(tool: Tool) -> NotFound:
    """What an agent is told that calls a tool it is not shown."""
    return NotFound(
        f"{tool.name} is in the toolset {tool.toolset}, which is off here. A person can switch it on: "
        f"{SETTING}=default,{tool.toolset}, or `--toolsets default,{tool.toolset}` behind `handbill mcp` or "
        "`handbill serve`. Nothing was done."
    )
