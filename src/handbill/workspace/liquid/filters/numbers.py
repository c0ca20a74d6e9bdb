"""Filters for numbers, with JavaScript's arithmetic: text is read as a number, what is none counts 0.

Not by `minus`, `times`, `divided_by` and `modulo`, which refuse text.
"""

import math
import random as randomness
from decimal import ROUND_HALF_UP, Decimal

from liquid.exceptions import FilterArgumentError

from handbill.workspace.liquid.values import LARGEST_EXACT, Number, exact, number, number_or_zero, text, truthy, whole


def absolute(value: object) -> Number:
    return abs(number_or_zero(value))


def at_least(value: object, bound: object) -> Number:
    return max(number_or_zero(value), number_or_zero(bound))


def at_most(value: object, bound: object) -> Number:
    return min(number_or_zero(value), number_or_zero(bound))


def ceil(value: object) -> Number:
    amount = number_or_zero(value)
    return exact(math.ceil(amount)) if math.isfinite(amount) else amount


def floor(value: object) -> Number:
    amount = number_or_zero(value)
    return exact(math.floor(amount)) if math.isfinite(amount) else amount


def _operand(value: object) -> Number:
    """What is calculated with: no text, which only `plus` reads as a number (reference 16.2)."""
    if isinstance(value, str):
        raise FilterArgumentError("Unidentified method: the value is text; write | plus: 0 before it", token=None)
    return number_or_zero(value)


def plus(value: object, other: object) -> Number:
    return exact(number_or_zero(value) + number_or_zero(other))


def minus(value: object, other: object) -> Number:
    return exact(_operand(value) - number_or_zero(other))


def times(value: object, other: object) -> Number:
    return exact(_operand(value) * number_or_zero(other))


def divided_by(value: object, divisor: object, whole: object = False) -> Number:
    """`7 | divided_by: 2` is 3.5 as in JavaScript; `divided_by: 2, true` is 3."""
    a, b = _operand(value), number_or_zero(divisor)
    if b == 0:
        return math.nan if a == 0 else math.copysign(math.inf, a)
    return floor(a / b) if truthy(whole) else exact(a / b)


def modulo(value: object, divisor: object) -> Number:
    """The remainder, with the divisor's sign."""
    a, b = _operand(value), number_or_zero(divisor)
    return math.nan if b == 0 or math.isinf(a) else exact(a % b)


def rounded(value: object, digits: object = 0) -> Number:
    """Half rounds away from zero, on the number as it is written."""
    amount, places = number_or_zero(value), whole(digits)
    if not math.isfinite(amount) or abs(amount) * 10.0 ** max(min(places, 300), -300) > LARGEST_EXACT:
        return amount
    places = max(places, -30)
    result = Decimal(str(amount)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return exact(float(result))


def to_integer(value: object) -> Number:
    return number(value)


def random(value: object) -> object:
    """One item of a list, or a whole number from 0 up to, not including, the value."""
    if isinstance(value, list):
        return randomness.choice(value) if value else None  # noqa: S311 (no secret)
    return randomness.randrange(max(whole(value), 1))  # noqa: S311


def format_number(value: object, locale: object = "en") -> str:
    """`1234.5 | format_number: "fr"` is `1 234,5`."""
    from babel.numbers import format_decimal  # here, because it is slow to load and seldom used

    return format_decimal(_decimal(value), locale=_locale(locale))


def currency(value: object, locale: object = "en", code: object = "USD") -> str:
    """`9.5 | currency: "en", "EUR"` is `€9.50`."""
    from babel.numbers import format_currency

    return format_currency(_decimal(value), text(code).upper(), locale=_locale(locale))


def rounded_currency(value: object, locale: object = "en", code: object = "USD") -> str:
    """`currency` without cents."""
    from babel import Locale
    from babel.numbers import format_currency

    language = _locale(locale)
    pattern = Locale.parse(language).currency_formats["standard"].pattern.replace(".00", "")
    amount = _decimal(value).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return format_currency(amount, text(code).upper(), pattern, locale=language, currency_digits=False)


def _decimal(value: object) -> Decimal:
    amount = number(value)
    if not math.isfinite(amount):
        raise FilterArgumentError("The value is not a number", token=None)
    return Decimal(str(amount))


def _locale(name: object) -> str:
    from babel.core import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(text(name).replace("-", "_")))
    except (ValueError, UnknownLocaleError) as error:
        message = f"Unknown locale '{text(name)[:20]}'; use one like en, fr or pt-BR"
        raise FilterArgumentError(message, token=None) from error
