"""What a tool is: one typed async function, from which the MCP schema, the command and the Python call are derived.

    @tool(effect="reads", toolset="segments", command="segments show")
    async def get_segment_details(context: Context, segment_id: Annotated[int, SegmentId(…)]) -> SegmentDetails:
        \"\"\"One segment, with how many people are in it.\"\"\"

The function's name gives the tool's (`CUSTOMERIO_GET_SEGMENT_DETAILS`), its docstring the description, each
parameter's kind its schema and its strict reading, the returned model the output schema. See parameters.py.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

from handbill.client import Client, telling
from handbill.contract.app.triggers import Progress
from handbill.errors import Fault, HandbillError, InvalidInput, NotFound, ReadOnly, Unauthorized, quoted
from handbill.gate.gate import Gate
from handbill.gate.questions import Ask
from handbill.policy import Policy, Way
from handbill.tools import masking
from handbill.tools.answers import Answer, fitted
from handbill.tools.parameters import Cursor, Flag, Kind, nearest

if TYPE_CHECKING:
    from handbill.tools.connections import Connections

Effect = Literal["reads", "changes", "sends", "stops"]
"""What a call may do at most. What only stops is open to everybody, also where nothing may be changed."""
Arguments = dict[str, Any]

INJECTED = frozenset({"task_progress", "security_context"})
"""Names some hosts add to every call; they are dropped with a note."""

TOOLS: dict[str, "Tool"] = {}
"""Every tool by name, in the order they are written. `handbill.tools` fills it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a tool works with. `report`, if given, is told how a trigger gets on; `tell`, in a sentence, of waits."""

    client: Client
    gate: Gate
    workspace: Callable[[], Awaitable[str]]
    """Where calls go at this moment: `embedded (sandbox)`."""
    report: Callable[[Progress], Awaitable[None]] | None = None
    notes: list[str] = field(default_factory=list)
    ask: Ask | None = None
    """Asks the person in front of this client, if they can be asked (gate/questions.py)."""
    asks_via: Way = "elicitation"
    """The way in which that is a person's yes."""
    tell: Callable[[str], Awaitable[None]] | None = None
    connections: "Connections | None" = None
    """Those of this process (connections.py)."""
    live: bool = False
    """Calls go to Customer.io."""
    page: Callable[[int], Awaitable[str]] | None = None
    """The address of the page of an approval, where a person decides."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: Kind
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    name: str
    does: str
    effect: Effect
    toolset: str
    command: str
    parameters: tuple[Parameter, ...]
    answer: type[Answer]
    run: Callable[..., Awaitable[Answer]]
    check: Callable[[Arguments], Iterable[Fault]]
    """The faults that show only when arguments are seen together."""

    async def call(self, context: Context, arguments: Mapping[str, Any]) -> Answer:
        """Run the tool. Raises what `refusal` says, InvalidInput with every fault of the arguments, or what the
        service answers."""
        policy = await context.gate.policy()
        if refused := self.refusal(policy):
            raise refused
        with masking.errors(policy.pii):
            answer = await self._answer(context, arguments)
        return masking.mask(answer) if policy.pii == "masked" else answer

    def refusal(self, policy: Policy) -> HandbillError | None:
        """Why nobody may call this tool as long as these are the rules; None when they may."""
        if not policy.offers(self.toolset):
            return NotFound(
                f"{self.name} is in the toolset {self.toolset}, which is off in this workspace. A person can switch "
                f"it on: `handbill tools --toolsets {policy.toolsets},{self.toolset}`. Nothing was done."
            )
        return ReadOnly() if policy.readonly and self.effect in ("changes", "sends") else None

    async def _answer(self, context: Context, arguments: Mapping[str, Any]) -> Answer:
        notes = [f"ignored `{name}`" for name in arguments if name in INJECTED]
        given = {name: value for name, value in arguments.items() if name not in INJECTED}
        own = replace(context, notes=notes)
        read = self.read(given)
        try:
            with telling(own.tell):
                answer = await self.run(own, **read)
        except Unauthorized as error:
            raise own.connections.refused(self.name, error) if own.connections else error from None
        where = answer.workspace or await own.workspace()
        return fitted(answer.model_copy(update={"workspace": where, "notes": [*own.notes, *answer.notes]}))

    def read(self, arguments: Arguments) -> Arguments:
        """The arguments, strictly read. Raises InvalidInput with all that is wrong."""
        read: Arguments = {}
        faults = [*self._unknown(arguments)]
        for parameter in self.parameters:
            try:
                read |= _read(parameter, arguments)
            except InvalidInput as error:
                faults += error.faults
        faults += self.check(read)
        if faults:
            raise InvalidInput(*faults)
        return read

    def input_schema(self) -> dict[str, Any]:
        """The parameters as JSON Schema."""
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {parameter.name: _schema(parameter.kind) for parameter in self.parameters},
            "additionalProperties": False,
        }
        required = [parameter.name for parameter in self.parameters if parameter.required]
        return schema | ({"required": required} if required else {})

    def output_schema(self) -> dict[str, Any]:
        """The answer as JSON Schema."""
        return self.answer.model_json_schema(by_alias=True)

    def _unknown(self, arguments: Arguments) -> Iterator[Fault]:
        known = [parameter.name for parameter in self.parameters]
        for name in arguments:
            if name not in known:
                yield Fault(name, self._unknown_sentence(quoted(name)[1:-1], known))

    def _unknown_sentence(self, name: str, known: list[str]) -> str:
        if not known:
            return f"{self.name} takes no parameters; got {name}."
        near = nearest(name, known)
        meant = f"Did you mean `{near}`?" if near else f"It takes {', '.join(known)}."
        return f"Unknown parameter `{name}`. {meant}{' Nothing was sent.' if self.effect == 'sends' else ''}"


def tool(
    *, effect: Effect, toolset: str, command: str, check: Callable[[Arguments], Iterable[Fault]] = lambda _: ()
) -> Callable[[Callable[..., Awaitable[Answer]]], Tool]:
    """Make a tool of an async function whose parameters are `Annotated[type, Kind]`, and put it into `TOOLS`."""

    def make(run: Callable[..., Awaitable[Answer]]) -> Tool:
        hints = get_type_hints(run, include_extras=True)
        made = Tool(
            name=f"CUSTOMERIO_{run.__name__.upper()}",
            does=inspect.cleandoc(run.__doc__ or ""),
            effect=effect,
            toolset=toolset,
            command=command,
            parameters=tuple(_parameters(run, hints)),
            answer=hints["return"],
            run=run,
            check=check,
        )
        TOOLS[made.name] = made
        return made

    return make


def _parameters(run: Callable[..., object], hints: dict[str, Any]) -> Iterator[Parameter]:
    """Each parameter after the context; a `**` of an unpacked TypedDict stands for its entries, all optional."""
    for parameter in list(inspect.signature(run).parameters.values())[1:]:
        hint = hints[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD:
            entries = get_type_hints(get_args(hint)[0], include_extras=True)
            yield from (Parameter(name, _kind(entry), required=False) for name, entry in entries.items())
        else:
            yield Parameter(parameter.name, _kind(hint), required=parameter.default is parameter.empty)


def _kind(hint: Any) -> Kind:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{hint} names no kind of parameter")
    kind = get_args(hint)[1]
    assert isinstance(kind, Kind)
    return kind


def _read(parameter: Parameter, arguments: Arguments) -> Arguments:
    name, kind = parameter.name, parameter.kind
    value = arguments.get(name)
    if value is None and not (name in arguments and isinstance(kind, Flag)):
        if parameter.required:
            raise InvalidInput.of(name, kind.missing(name))
        return {}
    return {name: kind.read(name, value)}


def _schema(kind: Kind) -> dict[str, Any]:
    default = {} if kind.default is None else {"default": kind.default}
    return {**kind.schema(), "description": kind.does, **default}


def as_text(answer: Answer) -> str:
    """The answer as JSON text for a reader, with times written out."""
    return json.dumps(answer.text_data(), ensure_ascii=False, separators=(",", ":"))


@contextmanager
def continuing() -> Iterator[None]:
    """Say of a cursor that the service does not take where the right one is found."""
    try:
        yield
    except InvalidInput as error:
        if any(fault.field == "start" for fault in error.faults):
            raise InvalidInput.of("start", Cursor.wrong()) from None
        raise
