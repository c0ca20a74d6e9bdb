"""Make the workspace what the definition files say: all is checked first, then all of it is written, or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

from handbill.contract import conditions, filters
from handbill.contract.definitions import (
    Broadcast,
    Campaign,
    Definition,
    Message,
    Newsletter,
    Segment,
    Written,
    translated,
)
from handbill.contract.fields import FIELDS, NAMES, NEEDED
from handbill.errors import Fault, InvalidInput, quoted
from handbill.workspace.definitions.files import Read, read
from handbill.workspace.liquid import Dialect, LiquidSyntaxFault
from handbill.workspace.store import definitions as store
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.segments import within
from handbill.workspace.workspace import Workspace

Existing = Mapping[str, Sequence[Definition]]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one definition."""

    kind: str
    name: str
    id: int | None
    outcome: Literal["made", "changed", "unchanged"]


async def apply(workspace: Workspace, folder: Path) -> list[Applied]:
    """Apply every definition in `folder`; applied twice, the second time changes nothing.

    What is in the workspace and not in the folder is left alone. Raises InvalidInput with every fault of every file,
    its field the file's name; then nothing was changed.
    """
    found, faults = read(folder)
    if not found and not faults:
        raise InvalidInput.of("folder", f"{folder} holds no definitions: no segments/, broadcasts/ or others.")
    return await workspace.database.write(_apply, found, faults, workspace.clock.now())


def _apply(tx: Transaction, found: Sequence[Read], faults: Sequence[Fault], now: int) -> list[Applied]:
    existing = store.read(tx)
    placed = _topics_named([Read(each.file, _placed(each.definition, existing)) for each in found], existing)
    told = [*faults, *_twice(placed), *_checked(placed, existing)]
    if told:
        raise InvalidInput(*(Fault(fault.field, f"{fault.field}: {fault.message}") for fault in told))
    return [_one(tx, each.definition, existing, now) for each in placed]


def _placed(definition: Definition, existing: Existing) -> Definition:
    """With the id it has in the workspace: the given one, or that of its name."""
    same = [each.id for each in existing[definition.kind] if each.name == definition.name]
    return definition if definition.id or not same else definition.model_copy(update={"id": same[0]})


def _topics_named(placed: Sequence[Read], existing: Existing) -> list[Read]:
    """With every topic by its name, also where a file gives its id."""
    names = {each.id: each.name for each in _merged(placed, existing)["topics"]}
    return [
        Read(each.file, each.definition.model_copy(update={"topic": names.get(topic, topic)}))
        if isinstance(topic := getattr(each.definition, "topic", None), int)
        else each
        for each in placed
    ]


def _one(tx: Transaction, definition: Definition, existing: Existing, now: int) -> Applied:
    before = _before(definition, existing)
    if before and _same(before, definition):
        return Applied(definition.kind, definition.name, before.id, "unchanged")
    number = store.write(tx, definition, now)
    return Applied(definition.kind, definition.name, number, "changed" if before else "made")


def _before(definition: Definition, existing: Existing) -> Definition | None:
    by_name = definition.id is None
    for each in existing[definition.kind]:
        if each.name == definition.name if by_name else each.id == definition.id:
            return each
    return None


def _same(before: Definition, after: Definition) -> bool:
    return before.model_dump(exclude={"id"}) == after.model_dump(exclude={"id"})


# Checks


def _twice(placed: Sequence[Read]) -> Iterator[Fault]:
    """Two files for one name, or one id."""
    seen: dict[tuple[str, object], str] = {}
    for each in placed:
        definition = each.definition
        for what, value in (("name", definition.name), ("id", definition.id)):
            first = seen.setdefault((definition.kind, value), each.file)
            if value is not None and first != each.file:
                yield Fault(each.file, f"{what} {quoted(str(value))} is {first}'s already.")


def _checked(placed: Sequence[Read], existing: Existing) -> Iterator[Fault]:
    merged = _merged(placed, existing)
    known = {each.id for each in merged["segments"]}
    names = {kind: {each.name for each in merged[kind]} for kind in ("layouts", "topics")}
    dialect = Dialect({each.name: each.value for each in merged["snippets"]})  # type: ignore[attr-defined]
    for each in placed:
        what = each.definition
        faults = chain(
            _tree_faults(what, known),
            _template_faults(what, dialect),
            _named_faults(what, names),
            _translation_faults(what),
        )
        yield from (Fault(each.file, fault) for fault in faults)
    yield from _cycles(placed, merged)


def _merged(placed: Sequence[Read], existing: Existing) -> dict[str, list[Definition]]:
    """The workspace as it will be."""
    new = {kind: [each.definition for each in placed if each.definition.kind == kind] for kind in existing}
    names = {kind: {each.name for each in new[kind]} for kind in new}
    ids = {kind: {each.id for each in new[kind] if each.id} for kind in new}
    kept = {
        kind: [each for each in existing[kind] if each.name not in names[kind] and each.id not in ids[kind]]
        for kind in existing
    }
    return {kind: [*kept[kind], *new[kind]] for kind in existing}


def _tree_faults(definition: Definition, known: set[int | None]) -> Iterator[str]:
    """What is wrong with a segment's conditions or a saved audience."""
    match definition:
        case Segment(manual=True, conditions=None):
            return
        case Segment(manual=True):
            yield "give conditions or manual, not both."
            return
        case Segment(conditions=None):
            yield "needs conditions, or `manual: true`."
            return
        case Segment(conditions=tree):
            faults = conditions.check(tree, "conditions")
        case Broadcast(audience=tree) | Campaign(audience=tree) | Newsletter(audience=tree):
            faults = filters.check(tree, "audience") if tree else []
        case _:
            return
    yield from (fault.message for fault in faults)
    for number in () if faults else sorted(set(within(tree)) - {each for each in known if each}):
        yield f"names segment {number}, which neither the folder nor the workspace has."


def _template_faults(definition: Definition, dialect: Dialect) -> Iterator[str]:
    for where, source in _templates(definition):
        try:
            dialect.compile(source, where)
        except LiquidSyntaxFault as fault:
            yield str(fault)


def _templates(definition: Definition) -> Iterator[tuple[str, str]]:
    """Each text that may be Liquid, with where it stands."""
    for name in ("value", "body"):
        if source := getattr(definition, name, ""):
            yield name, source
    messages = definition.messages if isinstance(definition, Written) else []
    for position, message in enumerate(messages):
        given = message.model_dump(by_alias=True)
        for name in NAMES:
            if given[name]:
                yield (name if len(messages) == 1 else f"messages[{position}].{name}"), given[name]


def _translation_faults(definition: Definition) -> Iterator[str]:
    """Languages that stand twice for one message, types that change, and test groups where there are none."""
    messages = definition.messages if isinstance(definition, Written) else []
    bases = translated((message.language, message.test_group) for message in messages)
    said = [(base, message.language) for base, message in zip(bases, messages, strict=True) if base is not None]
    for translates, language in sorted(each for each in set(said) if said.count(each) > 1):
        yield f"messages[{translates}] has two translations into {quoted(language)}."
    for base, message in zip(bases, messages, strict=True):
        if base is not None and message.type != messages[base].type:
            yield f"a translation of messages[{base}] has its type, {messages[base].type}; got {message.type}."
        if message.test_group and not isinstance(definition, Newsletter):
            yield "only newsletters have a `test_group`."


def _named_faults(definition: Definition, names: Mapping[str, set[str]]) -> Iterator[str]:
    """What a definition names that nobody has, and what its messages lack."""
    topic = getattr(definition, "topic", None)
    if topic is not None and topic not in names["topics"]:
        yield f"names the topic {quoted(topic)}, which neither the folder nor the workspace has."
    for message in definition.messages if isinstance(definition, Written) else []:
        if message.layout and message.layout not in names["layouts"]:
            yield f"names the layout {quoted(message.layout)}, which neither the folder nor the workspace has."
        yield from _field_faults(message)


def _field_faults(message: Message) -> Iterator[str]:
    """What a message of this type must say, and what it cannot."""
    given = {name: text for name, text in message.model_dump(by_alias=True).items() if name in NAMES and text}
    for name, example in NEEDED[message.type].items():
        if name not in given:
            yield f"a message of type {message.type} needs `{name}`, such as {example}."
    for name in given.keys() - set(FIELDS[message.type]):
        yield f"a message of type {message.type} has no `{name}`; it has {', '.join(FIELDS[message.type])}."
    if message.headers and message.type not in ("email", "webhook"):
        yield f"a message of type {message.type} has no `headers`."


def _cycles(placed: Sequence[Read], merged: Existing) -> Iterator[Fault]:
    """Segments that end up asking for themselves."""
    asks = {
        each.id: set(within(each.conditions)) if each.conditions and not conditions.check(each.conditions) else set()
        for each in merged["segments"]
        if isinstance(each, Segment)
    }
    for each in placed:
        if isinstance(each.definition, Segment) and each.definition.id and _reaches(asks, each.definition.id):
            yield Fault(each.file, f"segment {each.definition.id} depends on itself.")


def _reaches(asks: Mapping[int | None, set[int]], start: int) -> bool:
    seen: set[int] = set()
    waiting = list(asks.get(start, ()))
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            waiting += asks.get(number, ())
    return start in seen
