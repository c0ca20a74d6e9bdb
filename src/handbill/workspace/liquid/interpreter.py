"""Renders a template node by node: the compiler's reference, its fallback, and where faults get their place."""

import secrets
from collections.abc import Callable, Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

from liquid import RenderContext, Token
from liquid.ast import Node
from liquid.exceptions import FilterError, LiquidError
from liquid.template import BoundTemplate
from liquid.utils import ReadOnlyChainMap

from handbill.workspace.liquid import values
from handbill.workspace.liquid.expressions import MissingVariableError, json_or_text
from handbill.workspace.liquid.faults import LiquidRenderFault
from handbill.workspace.liquid.limits import LimitReachedError
from handbill.workspace.liquid.syntax import fault, path_name

if TYPE_CHECKING:
    from handbill.workspace.liquid.dialect import Dialect


class Run:
    """One rendering of one template: its data, and what it has used up of the limits."""

    __slots__ = ("depth", "dialect", "roots", "turns")

    def __init__(self, dialect: "Dialect", roots: Mapping[str, object]) -> None:
        self.dialect = dialect
        self.roots = roots
        self.turns = 0
        self.depth = 0

    def scope(self, template: BoundTemplate) -> "Scope":
        """The names a template sees at its beginning."""
        return Scope(template, self)

    def random_number(self, below: int) -> int:
        """A whole number from 0 up to, not including, `below`."""
        return secrets.randbelow(below)

    def spend_turns(self, count: int) -> None:
        """Count a loop's turns before it begins."""
        self.turns += count
        if self.turns > self.dialect.limits.loop_turns:
            raise LimitReachedError(f"Loops take more than {self.dialect.limits.loop_turns:,} turns")

    def snippet(self, name: str) -> str:
        """The text of a snippet rendered with this run's roots. Raises KeyError when there is none."""
        return self.nested(interpret, self.dialect.snippet(name))

    def render_text(self, source: str, name: str) -> str:
        """Liquid that stands in a value, rendered with this run's roots."""
        return self.nested(interpret, self.dialect.parsed(source, name))

    def nested(self, render: Callable[[Any, "Run"], str], template: object) -> str:
        """Render a snippet inside this run, unless that would be too deep."""
        if self.depth >= self.dialect.limits.nesting:
            raise LimitReachedError(f"Snippets are nested deeper than {self.dialect.limits.nesting}")
        self.depth += 1
        try:
            return render(template, self)
        finally:
            self.depth -= 1


class BoundedText(StringIO):
    """Collects output up to a limit in characters."""

    def __init__(self, limit: int) -> None:
        super().__init__(newline="")
        self._limit = limit
        self._size = 0

    def write(self, text: str) -> int:
        self._size += len(text)
        if self._size > self._limit:
            raise LimitReachedError(f"The output is larger than {self._limit:,} characters")
        return super().write(text)


class Scope(RenderContext):
    """The names a template sees, with the rules for missing ones (reference 16.2)."""

    __slots__ = ("run",)

    def __init__(self, template: BoundTemplate, run: Run) -> None:
        super().__init__(template, globals=run.roots)
        self.run = run
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)

    def get(self, path: list[Any], *, token: Token | None, default: object = None) -> object:
        """The value of a path: nil under an unknown root, an error under a known one."""
        root, *keys = path
        if root == "snippets" and root not in self.locals:
            return self._snippet(keys, token)
        if not isinstance(root, str) or root not in self.scope:
            return None
        return self._descend(self.scope[root], [root], keys, token)

    def root(self, name: str) -> object:
        """A root, whatever the template has called its own variables; nil when it is unknown."""
        return self.globals.get(name)

    def _snippet(self, keys: list[object], token: Token | None) -> object:
        if not keys:
            return self.run.dialect.snippets
        try:
            text = self.run.snippet(values.text(keys[0]))
        except KeyError:
            raise _missing(["snippets", keys[0]], token) from None
        return self._descend(json_or_text(text), ["snippets", keys[0]], keys[1:], token) if keys[1:] else text

    def _descend(self, value: object, done: list[object], keys: list[object], token: Token | None) -> object:
        for key in keys:
            done.append(key)
            try:
                value = values.step(value, key)
            except KeyError:
                raise _missing(done, token) from None
        return value

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """A filter whose failures are errors with a place."""
        call = super().filter(name, token)

        def guarded(*args: object, **options: object) -> object:
            try:
                return call(*args, **options)
            except TypeError as error:
                raise FilterError(f"The filter '{name}' cannot take these arguments", token=token) from error
            except (ValueError, ArithmeticError, RecursionError, AttributeError, LookupError) as error:
                raise FilterError(f"{name}: {error}", token=token) from error

        return guarded

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.run.spend_turns(length)

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        return BoundedText(self.run.dialect.limits.output)


def _missing(path: list[object], token: Token | None) -> MissingVariableError:
    name = path_name(path)
    shown = name if len(name) <= 60 else f"{name[:57]}..."
    return MissingVariableError(f"Variable '{shown}' is missing", token=token)


def interpret(template: BoundTemplate, run: Run) -> str:
    """Render a template with its own variables. Raises LiquidError, marked with the template's name."""
    scope = run.scope(template)
    buffer = scope.get_buffer()
    for node in template.nodes:
        try:
            node.render(scope, buffer)
        except LiquidError as error:
            raise _placed(error, node, template)  # noqa: B904 (the same error)
        except RecursionError as error:
            raise _placed(LimitReachedError("A value is nested too deeply"), node, template) from error
    return buffer.getvalue()


def _placed(error: LiquidError, node: Node, template: BoundTemplate) -> LiquidError:
    """An error that knows where it happened; what an inner template has said stays."""
    error.token = error.token or node.token
    error.template_name = error.template_name or template.name
    return error


def render_or_fault(template: BoundTemplate, run: Run) -> str:
    """Render a template. Raises LiquidRenderFault."""
    try:
        return interpret(template, run)
    except LiquidError as error:
        raise fault(error, LiquidRenderFault) from error
