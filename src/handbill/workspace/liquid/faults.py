"""What can be wrong with a template: one base class, one class per moment it is noticed.

LiquidFault
├── LiquidSyntaxFault   the text is not valid Liquid; raised by `Dialect.compile`
└── LiquidRenderFault   it cannot be rendered for this person; raised by `Template.render`
"""

import re

QUOTED = 60
_LONG = re.compile(f"'[^']{{{QUOTED + 1},}}'")


class LiquidFault(Exception):
    """A fault in a template, with the place where it stands.

    `template` is the name given to `compile` (or `snippets.<name>`), `line` and `column` count from 1.
    """

    def __init__(self, message: str, template: str, line: int, column: int) -> None:
        super().__init__(message, template, line, column)
        self.message = _told(message)
        self.template = template
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.template} line {self.line}, column {self.column}: {self.message}"


class LiquidSyntaxFault(LiquidFault):
    """The template is not valid Liquid, or larger or deeper than allowed."""


class LiquidRenderFault(LiquidFault):
    """This delivery cannot be rendered: a variable is missing, a filter refused its input, a limit was reached."""


def _told(message: str) -> str:
    """Of the template's own text as much as an error may quote: 60 characters, escaped."""
    escaped = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in message)
    return _LONG.sub(lambda found: f"{found[0][:QUOTED]}…'", escaped)


def position(source: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1, of a character index in a template's text."""
    before = source[: max(index, 0)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")
