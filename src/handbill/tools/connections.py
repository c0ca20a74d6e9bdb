"""Connections: which workspace the tools work on, and how a person connects one at Customer.io.

No key passes through a tool: a person gives them on a page of this machine, and what the agent has is its address.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, Field

from handbill.errors import HandbillError
from handbill.tools.answers import Answer
from handbill.tools.parameters import Choice, Number, Text
from handbill.tools.tool import Context, tool

LONGEST_WAIT = 300
WAIT_TOOL = "CUSTOMERIO_WAIT_FOR_CONNECTION"

Name = Annotated[str, Text(does="The connection's name, such as acme. Left out: the current one.", example="acme")]


class NotWorking(BaseModel):
    why: str
    tools: list[str]


class ConnectionState(BaseModel):
    name: str
    current: bool
    where: str = Field(description="`on this machine`, or `Customer.io, EU`.")
    workspace: str = Field("", description="What Customer.io calls it.")
    keys: list[str] = Field([], description="The APIs there are keys for; never a key.")
    kept_in: str = Field("", description="Where its keys are kept.")
    works: list[str] = Field([], description="The tools that work there.")
    fails: list[NotWorking] = Field([], description="The tools that do not, by the reason.")


class ConnectionList(Answer):
    current: str
    connections: list[ConnectionState]
    link: str = Field("", description="A page on this machine where a person gives the keys: once, for ten minutes.")
    then: str = Field("", description="What to do next.")


class Waited(Answer):
    connected: bool = Field(description="The connection is there, and its keys were taken.")
    current: str
    then: str = ""


class Connections(Protocol):
    """What the tools need of the connections of this process."""

    async def listed(self) -> Sequence[ConnectionState]:
        """All of them, `embedded` first."""

    async def workspace(self) -> str:
        """Where the next call will act."""

    async def start(self, name: str) -> str:
        """The address of a page that asks a person for the keys of `name`; '' for the current one, or a new one."""

    async def remove(self, name: str) -> None:
        """Forget a connection and its keys. Raises NotFound."""

    async def wait(self, name: str, seconds: int) -> bool:
        """Whether the page that was opened for `name` led to a connection, after `seconds` at most."""

    async def state(self) -> object:
        """Something that is equal as long as the same tools work, and may be used, on the same workspace."""

    def refused(self, tool: str, error: HandbillError) -> HandbillError:
        """What to say when Customer.io does not let `tool` do this with the keys there are."""


@tool(effect="changes", toolset="connections", command="connections")
async def manage_connections(
    context: Context,
    action: Annotated[
        Literal["status", "start", "remove"],
        Choice(
            does="status lists the connections; start opens the page on which a person gives the keys; remove "
            "forgets one and its keys.",
            options=("status", "start", "remove"),
            default="status",
        ),
    ] = "status",
    name: Name = "",
) -> ConnectionList:
    """List, start or remove connections to workspaces at Customer.io; without one the tools work on this machine.

    To connect: call with action start, show the link to the person, then call CUSTOMERIO_WAIT_FOR_CONNECTION. Keys
    are typed by the person on that page and are never told here: do not ask for them.
    """
    connections = _there(context)
    link = await connections.start(name) if action == "start" else ""
    if action == "remove":
        await connections.remove(name or _current(await connections.listed()))
    listed = [*await connections.listed()]
    return ConnectionList(
        workspace=await connections.workspace(),
        current=_current(listed),
        connections=listed,
        link=link,
        then=f"Show the link to the person, then call {WAIT_TOOL}." if link else "",
    )


@tool(effect="reads", toolset="connections", command="connect")
async def wait_for_connection(
    context: Context,
    name: Name = "",
    timeout: Annotated[  # noqa: ASYNC109 (of the person, not of the call)
        int,
        Number(does="How long to wait, in seconds.", default=45, low=1, high=LONGEST_WAIT),
    ] = 45,
) -> Waited:
    """Wait until the person has given the keys on the page that CUSTOMERIO_MANAGE_CONNECTIONS or an error linked to.

    It answers as soon as that is done. If it was not done in time, call it again while the person is at it.
    """
    connections = _there(context)
    connected = await connections.wait(name, timeout)
    return Waited(
        workspace=await connections.workspace(),
        connected=connected,
        current=_current(await connections.listed()),
        then="" if connected else "Nobody has given the keys yet. Call this again, or start anew after ten minutes.",
    )


def _there(context: Context) -> Connections:
    if context.connections is None:
        raise HandbillError("This workspace was opened alone, without connections.")
    return context.connections


def _current(listed: Sequence[ConnectionState]) -> str:
    return next((each.name for each in listed if each.current), "")
