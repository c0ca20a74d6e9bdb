"""What the functions made by the compiler call while they run."""

from collections.abc import Mapping, Sequence

from liquid.ast import Node
from liquid.expression import Expression

from handbill.workspace.liquid import values
from handbill.workspace.liquid.interpreter import Scope
from handbill.workspace.liquid.limits import LimitReachedError


class Nowhere:
    """An unknown root: every key of it is nil (reference 16.2)."""

    def __getitem__(self, key: object) -> None:
        return None


NOWHERE = Nowhere()
UNSET = object()
"""The value of a variable before the template assigns it."""

PIECES_AT_ONCE = 200
"""Pieces of output a loop collects before they are joined and measured."""

Names = Sequence[tuple[str, object]]


def joined(pieces: list[str], limit: int) -> str:
    """The output collected so far."""
    output = "".join(pieces)
    if len(output) > limit:
        raise LimitReachedError(f"The output is larger than {limit:,} characters")
    return output


def follow(holder: object, *keys: object) -> object:
    """A path whose keys are computed. Raises KeyError where a step finds nothing."""
    for key in keys if holder is not NOWHERE else ():
        holder = values.step(holder, key)
    return None if holder is NOWHERE else holder


def link(roots: Mapping[str, object], name: str) -> str:
    """An entry of the root `links`, empty where there is none."""
    return values.text(values.reach(roots.get("links"), name))


def turn(cycles: dict[object, int], key: str, length: int) -> int:
    """The index of a cycle's next option."""
    index = cycles.get(key, 0)
    cycles[key] = (index + 1) % length
    return index


def interpreted(scope: Scope, node: Node, loops: Mapping[str, object], names: Names) -> str:
    """What the interpreter prints for one node."""
    buffer = scope.get_buffer()
    _remember(scope, names)
    with scope.extend(loops):
        node.render(scope, buffer)
    return buffer.getvalue()


def evaluated(scope: Scope, expression: Expression, loops: Mapping[str, object], names: Names) -> object:
    """The value the interpreter finds for one expression."""
    _remember(scope, names)
    with scope.extend(loops):
        return expression.evaluate(scope)


def _remember(scope: Scope, names: Names) -> None:
    scope.locals.update((name, value) for name, value in names if value is not UNSET)
