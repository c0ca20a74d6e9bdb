"""Filters for lists; a value that is no list counts as a list of itself, nil as an empty one."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from liquid import RenderContext, Token
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.expressions.logical import parse_boolean_primitive
from liquid.exceptions import FilterArgumentError, LiquidError
from liquid.expression import Expression
from liquid.filter import with_context
from liquid.token import TOKEN_EXPRESSION

from handbill.workspace.liquid import values
from handbill.workspace.liquid.expressions import condition, tokens_of
from handbill.workspace.liquid.filters.encoding import to_json
from handbill.workspace.liquid.limits import value_of_bounded_size
from handbill.workspace.liquid.values import as_list, text

LONGEST_EXPRESSION = 1000
"""Characters of the expression in `where_exp` and its sisters."""


def join(value: object, separator: object = None) -> str:
    """Items in one text, a space between them unless a separator is given."""
    return values.join_texts(" " if separator is None else text(separator), map(values.comma_text, as_list(value)))


def first(value: object) -> object:
    return value[0] if isinstance(value, list | tuple | str) and value else ""


def last(value: object) -> object:
    return value[-1] if isinstance(value, list | tuple | str) and value else ""


def size(value: object) -> int:
    return len(value) if isinstance(value, list | tuple | str) else 0


def reverse(value: object) -> list[object]:
    return as_list(value)[::-1]


def sort(value: object, key: object = None) -> list[object]:
    """Ascending, nil last."""
    return sorted(as_list(value), key=_sort_key(key, lambda found: found))


def sort_natural(value: object, key: object = None) -> list[object]:
    """Ascending without regard to upper and lower case, nil last."""
    return sorted(as_list(value), key=_sort_key(key, lambda found: text(found).lower()))


def _sort_key(key: object, shaped: Callable[[object], object]) -> Callable[[object], Any]:
    def ordered(item: object) -> Any:
        found = _property(item, key) if values.truthy(key) else item
        return found is None, _in_order(None if found is None else shaped(found))

    return ordered


@functools.cmp_to_key
def _in_order(left: object, right: object) -> int:
    return values.less(right, left) - values.less(left, right)


def map_(value: object, key: object) -> list[object]:
    return [_property(item, key) for item in as_list(value)]


def sum_(value: object, key: object = None) -> values.Number:
    """Numbers, and texts that are numbers; others count 0."""
    items = as_list(value) if key is None else map_(value, key)
    return values.exact(sum(map(values.number_or_zero, items)))


def compact(value: object) -> list[object]:
    return [item for item in as_list(value) if item is not None]


def concat(value: object, other: object = None) -> list[object]:
    """The items of both; an object counts as one item."""
    left, right = as_list(value), as_list(other)
    value_of_bounded_size(len(left) + len(right))
    return left + right


def push(value: object, item: object) -> list[object]:
    return [*as_list(value), item]


def unshift(value: object, item: object) -> list[object]:
    return [item, *as_list(value)]


def pop(value: object) -> list[object]:
    return as_list(value)[:-1]


def shift(value: object) -> list[object]:
    return as_list(value)[1:]


def limit(value: object, count: object) -> list[object]:
    return as_list(value)[: max(values.whole(count), 0)]


def slice_(value: object, start: object, length: object = 1) -> object:
    """Part of a list or text; a negative start counts from the end."""
    if value is None:
        return []
    items: Any = value if isinstance(value, list) else text(value)
    begin, count = values.whole(start), values.whole(length)
    begin = begin + len(items) if begin < 0 else begin
    return items[:0] if begin < 0 or count < 0 else items[begin : begin + count]


def uniq(value: object) -> list[object]:
    """Items without repetition; objects are equal only to themselves, see `json_array_uniq`."""
    return _without_repetition(as_list(value), lambda item: item if _is_scalar(item) else id(item))


def json_array_uniq(value: object, key: object = None) -> list[object]:
    """Items without repetition, by their content, or by one of their properties."""
    return _without_repetition(as_list(value), lambda item: to_json(item if key is None else _property(item, key)))


def _without_repetition(items: list[object], identity: Callable[[object], object]) -> list[object]:
    seen: dict[object, object] = {}
    for item in items:
        seen.setdefault((isinstance(item, bool), isinstance(item, str), identity(item)), item)
    return list(seen.values())


def _is_scalar(item: object) -> bool:
    return item is None or isinstance(item, str | int | float)


def where(value: object, key: object, *expected: object) -> list[object]:
    """Items whose property equals a value, or is true when none is given."""
    return [item for item in as_list(value) if _matches(item, key, expected)]


def where_not(value: object, key: object, *expected: object) -> list[object]:
    return [item for item in as_list(value) if not _matches(item, key, expected)]


def find(value: object, key: object, *expected: object) -> object:
    return next((item for item in as_list(value) if _matches(item, key, expected)), None)


def find_index(value: object, key: object, *expected: object) -> object:
    return next((i for i, item in enumerate(as_list(value)) if _matches(item, key, expected)), None)


def has(value: object, key: object, *expected: object) -> bool:
    return any(_matches(item, key, expected) for item in as_list(value))


def group_by(value: object, key: object) -> list[object]:
    """Objects with `name` and `items`, one per value of a property."""
    return _grouped((_property(item, key), item) for item in values.enumerable(value))


def _grouped(pairs: Iterator[tuple[object, object]]) -> list[object]:
    groups: dict[object, dict[str, Any]] = {}
    for name, item in pairs:
        identity = (isinstance(name, bool), name) if _is_scalar(name) else id(name)
        groups.setdefault(identity, {"name": name, "items": []})["items"].append(item)
    return list(groups.values())


def _property(item: object, key: object) -> object:
    """A property, given as `name` or `outer.inner`; nil where there is none."""
    if isinstance(item, Mapping) and key in item:
        return item[key]
    return values.reach(item, *text(key).split("."))


def _matches(item: object, key: object, expected: tuple[object, ...]) -> bool:
    found = _property(item, key)
    return values.equals(found, expected[0]) if expected else values.truthy(found)


@with_context
def where_exp(value: object, name: object, source: object, *, context: RenderContext) -> list[object]:
    """`where_exp: "item", "item.price < 10"`"""
    return [item for item, found in _evaluated(as_list(value), name, source, context) if found is True]


@with_context
def find_exp(value: object, name: object, source: object, *, context: RenderContext) -> object:
    pairs = _evaluated(as_list(value), name, source, context)
    return next((item for item, found in pairs if values.truthy(found)), None)


@with_context
def group_by_exp(value: object, name: object, source: object, *, context: RenderContext) -> list[object]:
    pairs = _evaluated(list(values.enumerable(value)), name, source, context)
    return _grouped((found, item) for item, found in pairs)


def _evaluated(
    items: list[object], name: object, source: object, context: RenderContext
) -> Iterator[tuple[object, object]]:
    expression = _expression(context.env, text(source))
    for item in items:
        with context.extend({text(name): item}):
            yield item, expression.evaluate(context)


@functools.lru_cache(maxsize=256)
def _expression(environment: Any, source: str) -> Expression:
    if len(source) > LONGEST_EXPRESSION:
        raise FilterArgumentError(f"The expression is longer than {LONGEST_EXPRESSION} characters", token=None)
    tokens = tokens_of(source, Token(TOKEN_EXPRESSION, source, 0, source))
    try:
        if "|" in source:
            return FilteredExpression.parse(environment, tokens)
        expression = parse_boolean_primitive(environment, tokens)
        tokens.expect_eos()
    except LiquidError as error:
        # The place inside the expression is none in the template: the filter's own is used.
        error.token = None
        raise
    return condition(expression)
