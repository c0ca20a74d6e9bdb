"""The text of a Python function while it is being written."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from handbill.workspace.liquid import expressions, runtime, tags, values

HELPERS: Mapping[str, object] = {
    "NOWHERE": runtime.NOWHERE,
    "UNSET": runtime.UNSET,
    "enumerable": values.enumerable,
    "equals": values.equals,
    "evaluated": runtime.evaluated,
    "follow": runtime.follow,
    "interpreted": runtime.interpreted,
    "is_blank": values.is_blank,
    "is_empty": values.is_empty,
    "joined": runtime.joined,
    "link": runtime.link,
    "reach": values.reach,
    "step": values.step,
    "text": values.text,
    "tracked": tags.tracked,
    "turn": runtime.turn,
    "whole_numbers": expressions.whole_numbers,
    "window": values.window,
}


class FunctionSource:
    """Lines of code, and the values they refer to by name."""

    def __init__(self, globals_: Mapping[str, object]) -> None:
        self._globals: dict[str, Any] = {**HELPERS, **globals_}
        self._lines: list[str] = []
        self._indent = "    "
        self._names = 0

    def name(self, stem: str) -> str:
        """A fresh name for a variable."""
        self._names += 1
        return f"{stem}{self._names}"

    def line(self, code: str) -> None:
        self._lines.append(self._indent + code)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """An indented block; it may stay empty."""
        self.line(header)
        outer, self._indent = self._indent, self._indent + " "
        self.line("pass")
        yield
        self._indent = outer

    def constant(self, value: object, stem: str = "k") -> str:
        """Code for a value."""
        if value is None or isinstance(value, bool | str) or (isinstance(value, int) and abs(value) < 2**53):
            return repr(value)
        return self.named(value, stem)

    def named(self, value: object, stem: str = "k") -> str:
        """A name for a value."""
        name = self.name(stem)
        self._globals[name] = value
        return name

    def function(self, prologue: list[str]) -> Callable[[Any], str]:
        """The function itself."""
        lines = ["def render(run):", "    roots = run.roots", "    out = []", *prologue, *self._lines]
        exec(compile("\n".join(lines), "<template>", "exec"), self._globals)  # noqa: S102 (code of our own making)
        return self._globals["render"]  # type: ignore[no-any-return]
