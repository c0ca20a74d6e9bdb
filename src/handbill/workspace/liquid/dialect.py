"""The front door: `Dialect` compiles templates, `Template` renders them."""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Final

from liquid.builtin.expressions import Path
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

from handbill.workspace.liquid.compiler import Render, compile_template
from handbill.workspace.liquid.faults import LiquidSyntaxFault
from handbill.workspace.liquid.interpreter import Run, interpret, render_or_fault
from handbill.workspace.liquid.limits import Limits
from handbill.workspace.liquid.syntax import LatestEnvironment, fault, parse, path_name, variable_paths

TOO_MUCH_FOR_PYTHON = (SyntaxError, RecursionError, MemoryError)
"""What Python's compiler raises for code that is nested too deeply."""


class Dialect:
    """Customer.io's Latest Liquid (reference 16) with one workspace's snippets.

    `snippets` maps names to Liquid text; `limits` bounds every template compiled here.
    """

    def __init__(self, snippets: Mapping[str, str] = {}, limits: Limits = Limits()) -> None:  # noqa: B008
        self.snippets: Final = dict(snippets)
        self.limits: Final = limits
        self.environment: Final = LatestEnvironment(limits)
        self.snippet: Final = lru_cache(maxsize=None)(self._snippet)
        self.parsed: Final = lru_cache(maxsize=16)(self._parsed)

    def compile(self, source: str, name: str = "body", shared: Mapping[str, object] | None = None) -> "Template":
        """Compile a template; `name` stands in its faults. Raises LiquidSyntaxFault, for its snippets too.

        `shared` holds roots whose values are the same for everybody. What depends only on them is rendered here,
        once; the result is as if it were rendered each time. Neither they nor their contents may change afterwards.
        """
        try:
            return Template(self, self._parsed(source, name), dict(shared or {}))
        except LiquidError as error:
            raise fault(error, LiquidSyntaxFault) from error

    def snippets_in(self, source: str, name: str = "body") -> set[str | None]:
        """The snippets that a text itself asks for; None is one whose name is known only when it is rendered.

        Raises LiquidSyntaxFault.
        """
        try:
            parsed = self._parsed(source, name)
        except LiquidError as error:
            raise fault(error, LiquidSyntaxFault) from error
        return {_snippet_name(path) for path in variable_paths(parsed.nodes) if path.path[0] == "snippets"}

    def _snippet(self, name: str) -> BoundTemplate:
        return self._parsed(self.snippets[name], f"snippets.{name}")

    def _parsed(self, source: str, name: str) -> BoundTemplate:
        return parse(self.environment, source, name, self.limits)


class Template:
    """A compiled template, made by `Dialect.compile`."""

    paths: Final[frozenset[str]]
    """Variables the template and its snippets use, as far as they are known beforehand: `customer.first_name`."""

    def __init__(self, dialect: Dialect, parsed: BoundTemplate, shared: dict[str, object]) -> None:
        self.paths = frozenset(_paths(dialect, parsed, set()))
        self._dialect = dialect
        self._parsed = parsed
        self._shared = shared
        self._program = Program(dialect, shared)
        self._render = self._program.compiled(parsed)

    def render(self, roots: Mapping[str, object]) -> str:
        """Render for one delivery. Raises LiquidRenderFault.

        `roots` are its own: JSON objects by name, `links` for the tags that print links. Shared ones need not be
        repeated; where a name is in both, the delivery's own value counts.
        """
        render = self._render
        if self._shared:
            if not self._shared.keys().isdisjoint(roots):
                render = self._general
            roots = {**self._shared, **roots}
        try:
            return render(Run(self._dialect, roots))
        except MemoryError:
            raise
        except Exception:  # whatever it is, the interpreter knows better: see `compiler`
            return render_or_fault(self._parsed, Run(self._dialect, roots))

    @cached_property
    def _general(self) -> Render:
        """For a delivery that has shared roots of its own after all."""
        return Program(self._dialect, {}).compiled(self._parsed)


class Program:
    """The functions for a template and its snippets, for the same shared roots."""

    def __init__(self, dialect: Dialect, shared: Mapping[str, object]) -> None:
        self._dialect = dialect
        self._shared = shared
        self._snippets: dict[str, Render] = {}

    def compiled(self, template: BoundTemplate) -> Render:
        """A template as a function, which is the interpreter where Python's compiler gives up."""
        try:
            return compile_template(self._dialect, template, self._shared, self.snippet)
        except TOO_MUCH_FOR_PYTHON:
            return lambda run: interpret(template, run)

    def snippet(self, run: Run, name: str) -> str:
        """A snippet's text. Raises KeyError when there is none of that name."""
        render = self._snippets.get(name)
        if render is None:
            render = self._snippets[name] = self.compiled(self._dialect.snippet(name))
        return run.nested(_call, render)


def _call(render: Render, run: Run) -> str:
    return render(run)


def _paths(dialect: Dialect, parsed: BoundTemplate, seen: set[object]) -> Iterator[str]:
    for path in variable_paths(parsed.nodes):
        yield path_name(path.path)
        name = _snippet_name(path) if path.path[0] == "snippets" else None
        if name in dialect.snippets and name not in seen:
            seen.add(name)
            yield from _paths(dialect, dialect.snippet(name), seen)


def _snippet_name(path: Path) -> str | None:
    """`foot` of the path `snippets.foot`; None when it is no constant."""
    name = path.path[1] if len(path.path) > 1 else None
    return name if isinstance(name, str) else None
