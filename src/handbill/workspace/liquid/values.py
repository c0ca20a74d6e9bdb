"""How JSON values read, compare and print in Latest Liquid, which follows JavaScript (liquidjs 10)."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from liquid.builtin.expressions.primitive import Blank, Empty

from handbill.workspace.liquid.limits import value_of_bounded_size

Number = int | float

LARGEST_EXACT = 2**53
"""Beyond this JavaScript's numbers are no longer exact; arithmetic goes on in floating point."""

_KINDS = (Empty, Blank)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BASED_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")


def text(value: object) -> str:
    """The text a value prints as."""
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[return-value]
    if kind is int:
        return str(value)
    if value is None:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, list | tuple):
        return join_texts("", _texts(value))
    return "[object Object]" if isinstance(value, Mapping) else str(value)


def join_texts(separator: str, parts: Iterable[str]) -> str:
    """`separator.join(parts)`, refused before it is made when it would be too large."""
    texts: list[str] = []
    size = 0
    for part in parts:
        texts.append(part)
        size += len(part) + len(separator) or 1
        value_of_bounded_size(size)
    return separator.join(texts)


def _texts(items: Iterable[object]) -> Iterator[str]:
    """What the items of nested lists print; a list itself counts as an empty text, so that none is free."""
    for item in items:
        if isinstance(item, list | tuple):
            yield ""
            yield from _texts(item)
        else:
            yield text(item)


def comma_text(value: object) -> str:
    """What JavaScript makes of a value it needs as text: lists with commas in between."""
    return join_texts(",", map(comma_text, value)) if isinstance(value, list | tuple) else text(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        plain = format(Decimal(repr(value)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"


def truthy(value: object) -> bool:
    """Everything is true but nil and false; `""` and `0` are true."""
    return value is not None and value is not False


def equals(left: object, right: object) -> bool:
    """`==`: strictly by type and value, lists item by item; `empty` and `blank` match a kind of value."""
    if left.__class__ is right.__class__ is str:
        return left == right
    if right.__class__ in _KINDS:
        left, right = right, left
    if left.__class__ in _KINDS:
        return is_blank(right) if isinstance(left, Blank) else is_empty(right)
    if isinstance(left, list | tuple):
        return isinstance(right, list | tuple) and len(left) == len(right) and all(map(equals, left, right))
    if isinstance(left, bool) or isinstance(right, bool) or isinstance(left, Mapping):
        return left is right
    return left == right


def is_empty(value: object) -> bool:
    """What `== empty` matches: text, list or object without content."""
    return isinstance(value, str | Sequence | Mapping) and not value


def is_blank(value: object) -> bool:
    """What `== blank` matches: nil, false, text of whitespace only, empty list or object."""
    if value.__class__ is str:
        return not value or value.isspace()
    if value is None or value is False:
        return True
    return is_empty(value)


def less(left: object, right: object) -> bool:
    """`<`: text with text by characters, everything else as numbers (nil counts 0)."""
    a, b = _primitive(left), _primitive(right)
    if isinstance(a, str) and isinstance(b, str):
        return a < b
    return number(a) < number(b)


def less_or_equal(left: object, right: object) -> bool:
    """`<=`, by the rules of `less`."""
    a, b = _primitive(left), _primitive(right)
    if isinstance(a, str) and isinstance(b, str):
        return a <= b
    return number(a) <= number(b)


def greater(left: object, right: object) -> bool:
    """`>`, by the rules of `less`."""
    return less(right, left)


def greater_or_equal(left: object, right: object) -> bool:
    """`>=`, by the rules of `less`."""
    return less_or_equal(right, left)


def differs(left: object, right: object) -> bool:
    """`!=`."""
    return not equals(left, right)


def contains(left: object, right: object) -> bool:
    """`contains`: a list has the item, or a text has the text."""
    if isinstance(left, list | tuple):
        return any(equals(item, right) for item in left)
    return isinstance(left, str) and ("null" if right is None else text(right)) in left


def _primitive(value: object) -> object:
    if isinstance(value, list | tuple):
        return comma_text(value)
    if isinstance(value, Mapping):
        return "[object Object]"
    # `empty` and `blank` are neither less nor greater than anything.
    return math.nan if isinstance(value, Empty | Blank) else value


def number(value: object) -> Number:
    """A value as a number, NaN when it is none (JavaScript's `Number(value)`)."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return exact(value)
    if isinstance(value, float):
        return value
    if value is None:
        return 0
    if isinstance(value, str):
        return _parsed(value)
    primitive = _primitive(value)
    return _parsed(primitive) if isinstance(primitive, str) else math.nan


def number_or_zero(value: object) -> Number:
    """A value as a number, 0 when it is none: what arithmetic filters work on."""
    result = number(value)
    return 0 if result != result else result  # NaN differs from itself


def whole(value: object) -> int:
    """A value as a whole number that is exact: counts, indexes, widths."""
    amount = number_or_zero(value)
    return int(max(-LARGEST_EXACT, min(amount, LARGEST_EXACT)))


def _parsed(digits: str) -> Number:
    digits = digits.strip()
    if not digits:
        return 0
    if _NUMBER.fullmatch(digits):
        return exact(float(digits))
    if _BASED_NUMBER.fullmatch(digits):
        return exact(float(int(digits[:300], 0)))
    infinite = digits.removeprefix("+").removeprefix("-") == "Infinity"
    return float(digits.removesuffix("inity")) if infinite else math.nan


def exact(value: Number) -> Number:
    """A result of arithmetic: whole numbers as int, so that `5.0` prints `5`; huge ones as float."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= LARGEST_EXACT else value
    return value if abs(value) <= LARGEST_EXACT else _huge(value)


def _huge(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def step(holder: object, key: object) -> object:
    """One step of a path: `holder.key` or `holder[key]`.

    Only data is reachable: keys of objects, indexes of lists and texts, and `size`, `first` and `last`.
    A step out of nil is nil. Raises KeyError when there is nothing.
    """
    if holder is None:
        return None
    if isinstance(holder, Mapping):
        name = key if isinstance(key, str) else text(key)
        if name in holder:
            return holder[name]
        if name == "size":
            return len(holder)
    elif isinstance(holder, list | tuple | str):
        return _step_in_sequence(holder, key)
    raise KeyError(key)


def _step_in_sequence(holder: Sequence[object], key: object) -> object:
    if key == "size":
        return len(holder)
    if not isinstance(holder, str):
        key = {"first": 0, "last": -1}.get(key, key) if isinstance(key, str) else key
    if isinstance(key, int) and not isinstance(key, bool):
        lowest = 0 if isinstance(holder, str) else -len(holder)
        if lowest <= key < len(holder):
            return holder[key]
    raise KeyError(key)


def reach(holder: object, *keys: object) -> object:
    """A whole path, nil where a step finds nothing."""
    try:
        for key in keys:
            holder = step(holder, key)
    except KeyError:
        return None
    return holder


def enumerable(value: object) -> Sequence[object]:
    """What a `for` loop runs over: a list's items, an object's pairs, one text; nothing otherwise."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, Mapping):
        return [list(pair) for pair in value.items()]
    return []


def as_list(value: object) -> list[object]:
    """What filters for lists work on: a list as it is, nil as no items, anything else as one item."""
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return list(value)
    return [] if value is None else [value]


def window(items: Sequence[object], offset: object, limit: object, reverse: bool) -> Sequence[object]:
    """A loop's list after `offset:`, `limit:` and `reversed`, in this order whatever order they were written in."""
    if offset is not None:
        items = items[whole(offset) :]
    if limit is not None:
        items = items[: whole(limit)]
    return items[::-1] if reverse else items
