"""What an agent, a script or a person may do: one file per resource, one function per tool. Read tool.py first.

answer = await call(context, "CUSTOMERIO_GET_SEGMENTS", {})
"""

from collections.abc import Mapping
from typing import Any

from handbill.errors import NotFound, quoted
from handbill.gate.questions import Ask, Question, Unanswered
from handbill.tools import (
    approvals,
    broadcasts,
    campaigns,
    collections,
    connections,
    customers,
    explanations,
    info,
    messages,
    metrics,
    newsletters,
    pipelines,
    reporting_webhooks,
    segments,
    sends,
    snippets,
    stopping,
    toolsets,
    track,
    transactional,
    triggers,
)
from handbill.tools.answers import Answer
from handbill.tools.parameters import nearest
from handbill.tools.tool import TOOLS, Context, Tool

__all__ = [
    "TOOLS",
    "Answer",
    "Ask",
    "Context",
    "Question",
    "Tool",
    "Unanswered",
    "approvals",
    "broadcasts",
    "call",
    "campaigns",
    "collections",
    "connections",
    "customers",
    "explanations",
    "info",
    "messages",
    "metrics",
    "named",
    "newsletters",
    "pipelines",
    "reporting_webhooks",
    "segments",
    "sends",
    "snippets",
    "stopping",
    "toolsets",
    "track",
    "transactional",
    "triggers",
]


def named(name: str) -> Tool:
    """The tool called `name`. Raises NotFound with the nearest name there is."""
    if name in TOOLS:
        return TOOLS[name]
    near = nearest(name, [*TOOLS])
    hint = f"Did you mean {near}?" if near else f"There are {', '.join(TOOLS)}."
    raise NotFound(f"There is no tool {quoted(name)}. {hint}")


async def call(context: Context, name: str, arguments: Mapping[str, Any]) -> Answer:
    """Call the tool `name`. Raises a HandbillError that says what is wrong, what is right and what to do next."""
    return await named(name).call(context, arguments)
