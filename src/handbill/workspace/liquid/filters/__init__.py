"""Every filter of Latest Liquid by its name (reference 16.5)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from handbill.workspace.liquid.filters import arrays, dates, encoding, numbers, strings
from handbill.workspace.liquid.limits import value_of_bounded_size
from handbill.workspace.liquid.values import truthy

Filter = Callable[..., Any]


def default(value: object, fallback: object = None, *, allow_false: object = False) -> object:
    """The fallback for nil, false and what is empty."""
    if value or (value is not None and value is not False and not isinstance(value, str | list)):
        return value
    return False if value is False and truthy(allow_false) else fallback


def raw(value: object) -> object:
    return value


def _bounded(call: Filter) -> Filter:
    """A filter whose result may be longer than its input, checked."""

    @wraps(call)
    def checked(*args: object, **options: object) -> object:
        result = call(*args, **options)
        if isinstance(result, str | list):
            value_of_bounded_size(len(result))
        return result

    return checked


def _named(*filters: Filter) -> dict[str, Filter]:
    return {call.__name__.rstrip("_"): call for call in filters}


_GROWING = _named(
    strings.append,
    strings.array_to_sentence_string,
    strings.cgi_escape,
    strings.escape_once,
    strings.newline_to_br,
    strings.pluralize,
    strings.prepend,
    strings.replace,
    strings.replace_first,
    strings.replace_last,
    strings.truncate,
    strings.truncatewords,
    strings.uri_escape,
    arrays.concat,
    arrays.join,
    arrays.push,
    arrays.unshift,
    dates.date,
    encoding.base64_encode,
    encoding.base64_url_safe_encode,
    encoding.hex_base64,
    encoding.from_json,
    encoding.to_json,
)

# These never grow, shrink only, or look after their size themselves.
_STEADY = _named(
    default,
    raw,
    strings.capitalize,
    strings.contains,
    strings.downcase,
    strings.escape,
    strings.lstrip,
    strings.normalize_whitespace,
    strings.number_of_words,
    strings.remove,
    strings.remove_first,
    strings.remove_last,
    strings.rstrip,
    strings.slugify,
    strings.split,
    strings.squish,
    strings.strip,
    strings.strip_html,
    strings.strip_newlines,
    strings.titlecase,
    strings.unescape,
    strings.upcase,
    strings.url_decode,
    strings.url_encode,
    numbers.at_least,
    numbers.at_most,
    numbers.ceil,
    numbers.currency,
    numbers.divided_by,
    numbers.floor,
    numbers.format_number,
    numbers.minus,
    numbers.modulo,
    numbers.plus,
    numbers.random,
    numbers.rounded_currency,
    numbers.times,
    numbers.to_integer,
    arrays.compact,
    arrays.find,
    arrays.find_exp,
    arrays.find_index,
    arrays.first,
    arrays.group_by,
    arrays.group_by_exp,
    arrays.has,
    arrays.json_array_uniq,
    arrays.last,
    arrays.limit,
    arrays.map_,
    arrays.pop,
    arrays.reverse,
    arrays.shift,
    arrays.size,
    arrays.slice_,
    arrays.sort,
    arrays.sort_natural,
    arrays.sum_,
    arrays.uniq,
    arrays.where,
    arrays.where_exp,
    arrays.where_not,
    dates.add_day,
    dates.add_month,
    dates.add_year,
    dates.date_to_long_string,
    dates.date_to_rfc822,
    dates.date_to_string,
    dates.date_to_xmlschema,
    dates.subtract_day,
    dates.subtract_month,
    dates.subtract_year,
    encoding.base64_decode,
    encoding.base64_url_safe_decode,
    encoding.hmac_sha1,
    encoding.hmac_sha256,
    encoding.md5,
    encoding.sha1,
    encoding.sha256,
)

FILTERS: dict[str, Filter] = {name: _bounded(call) for name, call in _GROWING.items()} | _STEADY
FILTERS |= {
    "abs": numbers.absolute,
    "base64": FILTERS["base64_encode"],
    "inspect": FILTERS["to_json"],
    "json": FILTERS["to_json"],
    "jsonify": FILTERS["to_json"],
    "reject": arrays.where_not,
    "round": numbers.rounded,
    "xml_escape": FILTERS["escape"],
}

CLOCK_FILTERS = frozenset(name for name in FILTERS if name.startswith(("date", "add_", "subtract_")))
"""Filters whose result changes with time when their input is `"now"`."""

RANDOM_FILTERS = frozenset({"random"})

TEXT_FILTERS = frozenset(
    [
        "append",
        "array_to_sentence_string",
        "base64",
        "base64_encode",
        "capitalize",
        "cgi_escape",
        "currency",
        "downcase",
        "escape",
        "escape_once",
        "format_number",
        "join",
        "json",
        "lstrip",
        "md5",
        "newline_to_br",
        "prepend",
        "remove",
        "replace",
        "rounded_currency",
        "rstrip",
        "sha1",
        "sha256",
        "slugify",
        "squish",
        "strip",
        "strip_html",
        "strip_newlines",
        "titlecase",
        "to_json",
        "truncatewords",
        "upcase",
        "uri_escape",
        "url_encode",
        "xml_escape",
    ]
)
"""Filters whose result is always text."""
