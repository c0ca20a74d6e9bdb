"""Python code for Liquid expressions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
from liquid.builtin.expressions.logical import LogicalAndExpression, LogicalNotExpression, LogicalOrExpression
from liquid.builtin.expressions.primitive import Blank, Empty, Nil, StringLiteral
from liquid.builtin.tags.decrement_tag import DecrementNode
from liquid.builtin.tags.increment_tag import IncrementNode
from liquid.expression import Expression

from handbill.workspace.liquid import values
from handbill.workspace.liquid.expressions import BoundedRange, Comparison, LenientPath, SnippetList
from handbill.workspace.liquid.filters import FILTERS, TEXT_FILTERS
from handbill.workspace.liquid.folding import Folder
from handbill.workspace.liquid.function_source import FunctionSource
from handbill.workspace.liquid.syntax import assigned_names, walk

FORLOOP = {
    "first": "({index} == 0)",
    "index": "({index} + 1)",
    "index0": "{index}",
    "last": "({index} == {length} - 1)",
    "length": "{length}",
    "name": "{label!r}",
    "rindex": "({length} - {index})",
    "rindex0": "({length} - {index} - 1)",
}
"""Code for the properties of `forloop`; a loop that asks for others is interpreted."""

MOST_FILTERS = 20
"""A longer chain of filters would nest deeper than Python's parser goes; it is interpreted."""

_SIZE_FIRST_LAST = ("size", "first", "last")


@dataclass(frozen=True)
class Loop:
    """A loop the code is in: what the template calls its item, and the Python variables that hold its state."""

    name: str
    label: str
    item: str
    index: str
    length: str
    uses: frozenset[str]
    """Properties of `forloop` that its body asks for."""

    def forloop(self, key: str) -> str:
        """Code for a property of `forloop`."""
        return FORLOOP[key].format(index=self.index, length=self.length, label=self.label)


class ExpressionCode:
    """Code for the expressions of one template.

    Names follow the template's scopes: the loops around, then assigned variables, then the roots.
    """

    def __init__(self, source: FunctionSource, folder: Folder, nodes: list[Node]) -> None:
        assigned = assigned_names(nodes)
        self._source = source
        self._folder = folder
        self.variables = {name: f"a{number}" for number, name in enumerate(sorted(assigned))}
        self.certain: set[str] = set()
        self._counters = {node.name for node in walk(nodes) if isinstance(node, IncrementNode | DecrementNode)}
        self._roots: dict[str, str] = {}
        self._loops: list[Loop] = []
        self._uses_scope = False
        self._uses_cycles = False

    def prologue(self) -> list[str]:
        """What the function begins with."""
        lines = [f"    {variable} = roots.get({root!r}, NOWHERE)" for root, variable in self._roots.items()]
        lines += [f"    {variable} = UNSET" for variable in self.variables.values()]
        if self._uses_scope:
            lines.append("    scope = run.scope(template)")
        if self._uses_cycles:
            lines.append("    cycles = scope.tag_namespace['cycles']" if self._uses_scope else "    cycles = {}")
        return lines

    def scope(self) -> str:
        """The interpreter's scope, for what it has to do."""
        self._uses_scope = True
        return "scope"

    def cycles(self) -> str:
        """The counts of cycles."""
        self._uses_cycles = True
        return "cycles"

    def loop(self, expression: LoopExpression, uses: frozenset[str]) -> Loop:
        """A loop about to begin."""
        label = f"{expression.identifier}-{expression.iterable}"
        item, index, length = (self._source.name(stem) for stem in ("item", "index", "length"))
        return Loop(str(expression.identifier), label, item, index, length, uses)

    @contextmanager
    def inside(self, loop: Loop) -> Iterator[None]:
        """The body of a loop: its names vary."""
        hidden = {loop.name, "forloop"} - self._folder.varying
        self._folder.varying.update(hidden)
        self._loops.append(loop)
        yield
        self._loops.pop()
        self._folder.varying.difference_update(hidden)

    def visible(self) -> str:
        """Arguments that show the interpreter this function's variables."""
        loops = "".join(f"{loop.name!r}: {loop.item}, " for loop in self._loops)
        if self._loops and (uses := sorted(self._loops[-1].uses)):
            forloop = ", ".join(f"{key!r}: {self._forloop(key)}" for key in uses)
            loops = f"'forloop': {{{forloop}}}, {loops}"
        names = "".join(f"({name!r}, {self._held(name)}), " for name in self.variables)
        return f"{{{loops}}}, ({names})"

    def _held(self, name: str) -> str:
        """Where an assigned variable is: a constant while its value is known, else a variable of the function."""
        if name in self._folder.known and name not in self._folder.varying:
            return self._source.named(self._folder.known[name])
        return self.variables[name]

    def value(self, expression: Expression) -> str:
        """Code for the value of an expression."""
        if known := self._folder.value(expression):
            return self._source.constant(known[0])
        match expression:
            case SnippetList():
                return self._evaluated(expression)
            case Path():
                return self._path(expression, lenient=isinstance(expression, LenientPath))
            case FilteredExpression():
                return self._filtered(expression)
            case BoundedRange(start=start, stop=stop):
                return f"whole_numbers({self.value(start)}, {self.value(stop)})"
        return self.condition(expression)

    def text(self, expression: Expression) -> str:
        """Code for what an expression prints."""
        code = self.value(expression)
        if _is_text(expression):
            return code
        return f"(t if (t := {code}).__class__ is str else text(t))"

    def condition(self, expression: Expression) -> str:
        """Code for a condition; its value is a bool."""
        if known := self._folder.value(expression):
            return repr(values.truthy(known[0]))
        match expression:
            case Comparison():
                return self._comparison(expression)
            case LogicalAndExpression(left=left, right=right):
                return f"({self.condition(left)} and {self.condition(right)})"
            case LogicalOrExpression(left=left, right=right):
                return f"({self.condition(left)} or {self.condition(right)})"
            case LogicalNotExpression(right=right):
                return f"(not {self.condition(right)})"
        return f"((t := {self.value(expression)}) is not None and t is not False)"

    def _comparison(self, expression: Comparison) -> str:
        left, right = self.value(expression.left), self.value(expression.right)
        if expression.compare in (values.equals, values.differs):
            negation = "" if expression.compare is values.equals else "not "
            return f"({negation}{self._equality(expression, left, right)})"
        return f"{self._function(expression.compare)}({left}, {right})"

    def _equality(self, expression: Comparison, left: str, right: str) -> str:
        match expression.right:
            case Blank():
                return f"is_blank({left})"
            case Empty():
                return f"is_empty({left})"
            case StringLiteral() if self._is_data(expression.left):
                return f"{left} == {right}"
            case Nil() if self._is_data(expression.left):
                return f"{left} is None"
        return f"equals({left}, {right})"

    def _is_data(self, expression: Expression) -> bool:
        """Whether the value is JSON for certain; a variable might hold `blank` or `empty`."""
        return isinstance(expression, Path) and len(expression.path) > 1 and expression.path[0] not in self.variables

    def _filtered(self, expression: FilteredExpression) -> str:
        filters = expression.filters or []
        needs_scope = any(hasattr(FILTERS[item.name], "with_context") for item in filters)
        if needs_scope or len(filters) > MOST_FILTERS:
            return self._evaluated(expression)
        code = self.value(expression.left)
        for item in filters:
            arguments = "".join(f", {self._argument(argument)}" for argument in item.args)
            code = f"{self._function(FILTERS[item.name])}({code}{arguments})"
        return code

    def _argument(self, argument: Any) -> str:
        name = getattr(argument, "name", None)
        value = self.value(argument.value)
        return f"**{{{name!r}: {value}}}" if name else value

    def _function(self, function: Any) -> str:
        return self._source.constant(function, f"f_{function.__name__}_")

    def _evaluated(self, expression: Expression) -> str:
        return f"evaluated({self.scope()}, {self._source.constant(expression)}, {self.visible()})"

    # Paths

    def _path(self, path: Path, *, lenient: bool) -> str:
        root, *keys = path.path
        if root == "forloop" and self._loops and self._loops[-1].name != root:
            return self._forloop(str(keys[0]))
        if not isinstance(root, str) or (root == "snippets" and root not in self.variables):
            return self._snippet(path, lenient=lenient)
        if root in self._counters:
            return self._evaluated(path)
        base = self._base(root)
        if not keys:
            return base if root in self._loop_items() else f"(None if (t := {base}) is NOWHERE else t)"
        if lenient:
            return self._lenient_path(base, keys)
        if len(keys) == 1 and _is_plain(keys[0]):
            return f"{base}[{keys[0]!r}]"
        if any(isinstance(key, Path) for key in keys):
            return f"follow({base}, {', '.join(map(self._key, keys))})"
        *accesses, last = [f"t[{key!r}]" if _is_plain(key) else f"step(t, {key!r})" for key in keys]
        through_nil = "".join(f" or (t := {access}) is None" for access in accesses)
        return f"(None if (t := {base}) is NOWHERE{through_nil} else {last})"

    def _lenient_path(self, base: str, keys: list[Any]) -> str:
        if len(keys) == 1 and isinstance(keys[0], str) and _is_plain(keys[0]) and base.isidentifier():
            return f"({base}.get({keys[0]!r}) if {base}.__class__ is dict else reach({base}, {keys[0]!r}))"
        return f"reach({base}, {', '.join(map(self._key, keys))})"

    def _key(self, key: Any) -> str:
        return self._path(key, lenient=False) if isinstance(key, Path) else repr(key)

    def _base(self, name: str) -> str:
        if item := self._loop_items().get(name):
            return item
        if name in self.variables:
            variable = self._held(name)
            if variable != self.variables[name]:
                return variable
            otherwise = f" if {variable} is not UNSET else {self._root(name)}"
            return variable if name in self.certain else f"({variable}{otherwise})"
        return self._root(name)

    def _loop_items(self) -> dict[str, str]:
        return {loop.name: loop.item for loop in self._loops}

    def _root(self, name: str) -> str:
        return self._roots.setdefault(name, f"r{len(self._roots)}")

    def _forloop(self, key: str) -> str:
        return self._loops[-1].forloop(key)

    def _snippet(self, path: Path, *, lenient: bool) -> str:
        if is_plain_snippet(path) and not lenient:
            return f"snippet(run, {path.path[1]!r})"
        return self._evaluated(path)


def _is_plain(key: object) -> bool:
    """Whether a subscript finds the same as a step of a path."""
    if isinstance(key, str):
        return key not in _SIZE_FIRST_LAST
    return isinstance(key, int) and key >= 0


def is_plain_snippet(path: Path) -> bool:
    """Whether a path is `snippets.<name>` with a name known beforehand."""
    return len(path.path) == 2 and path.path[0] == "snippets" and isinstance(path.path[1], str)


def _is_text(expression: Expression) -> bool:
    if isinstance(expression, FilteredExpression) and expression.filters:
        return expression.filters[-1].name in TEXT_FILTERS
    return False


def forloop_uses(node: Node) -> Iterator[str]:
    """What a loop and those within ask of `forloop`; `forloop` where it is not just one property."""
    for inner in walk([node]):
        for expression in inner.expressions():
            yield from _forloop_uses(expression)


def _forloop_uses(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Path) and expression.path[0] == "forloop":
        yield str(expression.path[1]) if len(expression.path) == 2 else "forloop"
    for child in expression.children():
        yield from _forloop_uses(child)
