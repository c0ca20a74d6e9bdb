"""Partial evaluation: what a template prints the same way for everybody is rendered once, when it is compiled.

A node is tried out with only the shared roots in sight. If it asks for anything else, the clock or chance, it is
not constant: the try is undone and the compiler emits code for it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from liquid import Token
from liquid.ast import Node
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.cycle_tag import CycleNode
from liquid.builtin.tags.decrement_tag import DecrementNode
from liquid.builtin.tags.increment_tag import IncrementNode
from liquid.exceptions import LiquidError, LiquidInterrupt
from liquid.expression import Expression
from liquid.template import BoundTemplate

from handbill.workspace.liquid.filters import CLOCK_FILTERS, RANDOM_FILTERS
from handbill.workspace.liquid.filters.dates import NOW
from handbill.workspace.liquid.interpreter import Run, Scope
from handbill.workspace.liquid.syntax import assigned_names, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handbill.workspace.liquid.dialect import Dialect


class NotConstantError(Exception):
    """What was tried depends on the person, the clock or chance."""


MOST_EFFORT = 2_000_000
"""Characters and items that filters may be given while folding, so that compiling takes no longer than rendering."""

MOST_TURNS = 1_000
"""Turns of loops rendered while folding; a loop that takes more stays a loop."""


class FoldingRun(Run):
    """A rendering that sees nothing but the shared roots."""

    __slots__ = ("cycles_vary", "effort", "varying")

    def __init__(self, dialect: "Dialect", shared: "Mapping[str, object]") -> None:
        super().__init__(dialect, shared)
        self.varying: set[str] = set()
        self.cycles_vary = False
        self.effort = 0

    def spend_turns(self, count: int) -> None:
        super().spend_turns(count)
        if self.turns > MOST_TURNS:
            raise NotConstantError

    def spend_effort(self, value: object) -> None:
        """Count the work of a filter."""
        self.effort += len(value) + 1 if isinstance(value, str | list) else 1
        if self.effort > MOST_EFFORT:
            raise NotConstantError

    def scope(self, template: BoundTemplate) -> Scope:
        return FoldingScope(template, self)

    def random_number(self, below: int) -> int:
        raise NotConstantError


class FoldingScope(Scope):
    """Names whose values are known already; any other raises NotConstantError."""

    __slots__ = ()
    run: FoldingRun

    def get(self, path: list[Any], *, token: Token | None, default: object = None) -> object:
        root = path[0]
        if root in self.run.varying or not (root in self.scope or root == "snippets"):
            raise NotConstantError
        return super().get(path, token=token, default=default)

    def root(self, name: str) -> object:
        if name not in self.globals:
            raise NotConstantError
        return super().root(name)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        call = super().filter(name, token)
        if name in RANDOM_FILTERS:
            raise NotConstantError
        return _measured(call, self.run, timeless=name not in CLOCK_FILTERS)

    def cycle(self, key: object, length: int) -> int:
        if self.run.cycles_vary:
            raise NotConstantError
        return super().cycle(key, length)

    def increment(self, name: str) -> int:
        raise NotConstantError

    def decrement(self, name: str) -> int:
        raise NotConstantError


def _measured(call: Callable[..., object], run: FoldingRun, *, timeless: bool) -> Callable[..., object]:
    def checked(value: object, *args: object, **options: object) -> object:
        if not timeless and isinstance(value, str) and value in NOW:
            raise NotConstantError
        run.spend_effort(value)
        return call(value, *args, **options)

    return checked


class Folder:
    """The values known at the place the compiler has reached."""

    def __init__(self, dialect: "Dialect", template: BoundTemplate, shared: "Mapping[str, object]") -> None:
        self._run = FoldingRun(dialect, shared)
        self._scope = FoldingScope(template, self._run)
        self.known = self._scope.locals
        self.varying = self._run.varying
        self._cycles: dict[object, int] = self._scope.tag_namespace["cycles"]

    def value(self, expression: Expression) -> tuple[object] | None:
        """The value of an expression in a tuple, None when it is not constant."""
        try:
            return (expression.evaluate(self._scope),)
        except (NotConstantError, LiquidError, RecursionError):
            return None

    def text(self, node: Node, *, straight: bool) -> tuple[str, int] | None:
        """What a node prints and the loop turns it takes, None when that is not constant.

        `straight`: the node is passed exactly once, so that variables it sets keep a known value.
        """
        names = assigned_names([node])
        simple = isinstance(node, AssignNode | CaptureNode)
        if (not straight and has_effects(node)) or (not simple and names & self.varying):
            return None
        buffer = self._scope.get_buffer()
        before = dict(self.known), dict(self._cycles), self._run.turns
        try:
            node.render(self._scope, buffer)
        except (NotConstantError, LiquidError, LiquidInterrupt, RecursionError):
            self._undo(*before)
            return None
        self.varying.difference_update(names)
        return buffer.getvalue(), self._run.turns - before[2]

    def _undo(self, known: dict[str, object], cycles: dict[object, int], turns: int) -> None:
        self.known.clear()
        self.known.update(known)
        self._cycles.clear()
        self._cycles.update(cycles)
        self._run.turns = turns

    def forget(self, names: frozenset[str]) -> dict[str, object]:
        """From here on these variables vary; returns the values they have been known to have."""
        self.varying.update(names)
        return {name: self.known.pop(name) for name in names if name in self.known}

    def forget_cycles(self) -> dict[object, int]:
        """From here on cycles are counted while rendering; returns their counts so far."""
        self._run.cycles_vary = True
        counts = dict(self._cycles)
        self._cycles.clear()
        return counts


def has_effects(node: Node) -> bool:
    """Whether passing a node changes what later nodes print."""
    changing = AssignNode | CaptureNode | CycleNode | IncrementNode | DecrementNode
    return any(isinstance(inner, changing) for inner in walk([node]))


def uses_cycles(node: Node) -> bool:
    """Whether a node, or one it contains, is a `cycle`."""
    return any(isinstance(inner, CycleNode) for inner in walk([node]))
