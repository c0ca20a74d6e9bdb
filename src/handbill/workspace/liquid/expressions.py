"""Expressions that Latest Liquid evaluates differently from python-liquid: conditions, ranges, lenient paths."""

import json
from collections.abc import Callable, Iterable

from liquid import RenderContext, Token
from liquid.builtin.expressions import Path, tokenize
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalNotExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import UndefinedError
from liquid.expression import Expression
from liquid.stream import TokenStream
from liquid.token import TOKEN_DOT, TOKEN_PIPE, TOKEN_WORD

from handbill.workspace.liquid import values
from handbill.workspace.liquid.limits import value_of_bounded_size

COMPARISONS: dict[type[Expression], Callable[[object, object], bool]] = {
    EqExpression: values.equals,
    NeExpression: values.differs,
    LtExpression: values.less,
    LeExpression: values.less_or_equal,
    GtExpression: values.greater,
    GeExpression: values.greater_or_equal,
    ContainsExpression: values.contains,
}


class MissingVariableError(UndefinedError):
    """A known root without the key that was asked of it (reference 16.2)."""


class LenientPath(Path):
    """A path where nothing found counts as nil: in conditions, loops, assignments and before `default`."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        try:
            return super().evaluate(context)
        except MissingVariableError:
            return None


class SnippetList(LenientPath):
    """A snippet a loop runs over: its text as JSON when it is a JSON list or object."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return json_or_text(super().evaluate(context))


class BoundedRange(Expression):
    """`(1..n)` as a list; too long a one is refused before it is made."""

    __slots__ = ("start", "stop")

    def __init__(self, token: Token, start: Expression, stop: Expression) -> None:
        super().__init__(token)
        self.start = start
        self.stop = stop

    def __str__(self) -> str:
        return f"({self.start}..{self.stop})"

    def evaluate(self, context: RenderContext) -> object:
        return whole_numbers(self.start.evaluate(context), self.stop.evaluate(context))

    def children(self) -> Iterable[Expression]:
        return [self.start, self.stop]


class Comparison(Expression):
    """`left operator right` by JavaScript's rules."""

    __slots__ = ("compare", "left", "right")

    def __init__(
        self, token: Token, compare: Callable[[object, object], bool], left: Expression, right: Expression
    ) -> None:
        super().__init__(token)
        self.compare = compare
        self.left = left
        self.right = right

    def evaluate(self, context: RenderContext) -> object:
        return self.compare(self.left.evaluate(context), self.right.evaluate(context))

    def children(self) -> Iterable[Expression]:
        return [self.left, self.right]


class AnyEquals(Expression):
    """`when a, b`: whether the value of `case` equals one of them."""

    __slots__ = ("left", "options")

    def __init__(self, token: Token, left: Expression, options: list[Expression]) -> None:
        super().__init__(token)
        self.left = left
        self.options = options

    def evaluate(self, context: RenderContext) -> list[bool]:
        left = self.left.evaluate(context)
        return [any(values.equals(left, option.evaluate(context)) for option in self.options)]

    def children(self) -> Iterable[Expression]:
        return self.options


def tokens_of(source: str, parent: Token) -> TokenStream:
    """The tokens of an expression; after a dot or pipe every word is a name, also `limit`, `for` or `empty`."""
    tokens = list(tokenize(source, parent))
    for previous, (place, token) in zip(tokens, enumerate(tokens[1:], 1), strict=False):
        if previous.kind in (TOKEN_DOT, TOKEN_PIPE) and token.kind == token.value:
            tokens[place] = token._replace(kind=TOKEN_WORD)
    return TokenStream(iter(tokens))


def whole_numbers(start: object, stop: object) -> list[int]:
    """The list of a range."""
    first, last = values.number(start), values.number(stop)
    if not (abs(first) <= values.LARGEST_EXACT and abs(last) <= values.LARGEST_EXACT):
        value_of_bounded_size(values.LARGEST_EXACT if last > first else 0)
        return []
    value_of_bounded_size(int(last) - int(first) + 1)
    return list(range(int(first), int(last) + 1))


def json_or_text(value: object) -> object:
    """A text that holds a JSON list or object as that, any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def strict(expression: Expression) -> Expression:
    """An expression in output or as an argument: what is missing fails the delivery."""
    if isinstance(expression, RangeLiteral):
        return BoundedRange(expression.token, strict(expression.start), strict(expression.stop))
    return expression


def lenient(expression: Expression) -> Expression:
    """An expression where what is missing counts as nil."""
    return LenientPath(expression.token, expression.path) if type(expression) is Path else strict(expression)


def looped(expression: Expression) -> Expression:
    """What a loop runs over."""
    if isinstance(expression, Path) and expression.path[0] == "snippets":
        return SnippetList(expression.token, expression.path)
    return lenient(expression)


def condition(expression: Expression) -> Expression:
    """A condition with JavaScript's comparisons; `not` binds tighter than `and` and `or`."""
    if compare := COMPARISONS.get(type(expression)):
        left, right = (condition(side) for side in expression.children())
        return Comparison(expression.token, compare, left, right)
    if isinstance(expression, LogicalAndExpression | LogicalOrExpression):
        return type(expression)(expression.token, condition(expression.left), condition(expression.right))
    if isinstance(expression, LogicalNotExpression):
        return _negated(expression.token, expression.right)
    return lenient(expression)


def _negated(token: Token, operand: Expression) -> Expression:
    if isinstance(operand, LogicalAndExpression | LogicalOrExpression):
        return type(operand)(operand.token, _negated(token, operand.left), condition(operand.right))
    return LogicalNotExpression(token, condition(operand))
