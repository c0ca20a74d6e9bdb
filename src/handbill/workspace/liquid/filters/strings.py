"""Filters for text (reference 16.5; liquidjs 10 where Shopify's core differs)."""

import re
import unicodedata
from urllib.parse import quote, unquote

from handbill.workspace.liquid import values
from handbill.workspace.liquid.limits import value_of_bounded_size
from handbill.workspace.liquid.values import as_list, join_texts, text

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"})
_needs_escape = re.compile("[&<>\"']").search
_ENTITY = re.compile("&(amp|lt|gt|#34|#39);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "#34": '"', "#39": "'"}
_LINE_END = re.compile(r"\r?\n")
_WHITESPACE = re.compile(r"\s+")
_TAG_BLOCKS = (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"), ("<", ">"))
_CJK = re.compile("[\u4e00-\u9fff\uf900-\ufaff\u3400-\u4dbf\u3040-\u30ff\uac00-\ud7af]")
_unsafe_in_component = re.compile(r"[^A-Za-z0-9\-_.!~*'()]")
_SAFE_IN_URI = "-_.!~*'();/?:@&=+$,#[]"


def append(value: object, suffix: object) -> str:
    return text(value) + text(suffix)


def prepend(value: object, prefix: object) -> str:
    return text(prefix) + text(value)


def capitalize(value: object) -> str:
    """First character upper case, the rest lower case."""
    string = text(value)
    return string[:1].upper() + string[1:].lower()


def titlecase(value: object) -> str:
    """Every word capitalized."""
    return re.sub(r"\S+", lambda word: capitalize(word[0]), text(value))


def upcase(value: object) -> str:
    return text(value).upper()


def downcase(value: object) -> str:
    return text(value).lower()


def escape(value: object) -> str:
    """Safe for HTML; unlike in the Legacy engine nothing is URL-encoded (reference 16.1)."""
    string = text(value)
    if not _needs_escape(string):
        return string
    escaped = string.translate(_ESCAPES)
    value_of_bounded_size(len(escaped))
    return escaped


def unescape(value: object) -> str:
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text(value))


def escape_once(value: object) -> str:
    return escape(unescape(value))


def newline_to_br(value: object) -> str:
    string = text(value)
    return _LINE_END.sub("<br />\n", string) if "\n" in string else string


def strip_newlines(value: object) -> str:
    return _LINE_END.sub("", text(value))


def strip_html(value: object) -> str:
    """The text without tags, comments, scripts and styles; an unclosed tag stays as it is."""
    string = text(value)
    kept: list[str] = []
    open_ended: set[str] = set()
    start = 0
    while (bracket := string.find("<", start)) >= 0:
        kept.append(string[start:bracket])
        start = _after_tag(string, bracket, open_ended)
        if start < 0:
            start = bracket
            break
    return "".join(kept) + string[start:]


def _after_tag(string: str, bracket: int, open_ended: set[str]) -> int:
    """Where the text goes on after the tag at `bracket`; an opener once found unclosed is not searched again."""
    for opener, closer in _TAG_BLOCKS:
        if opener not in open_ended and string.startswith(opener, bracket):
            end = string.find(closer, bracket + len(opener))
            if end >= 0:
                return end + len(closer)
            open_ended.add(opener)
    return -1


def strip(value: object, characters: object = None) -> str:
    return text(value).strip(text(characters) or None)


def lstrip(value: object, characters: object = None) -> str:
    return text(value).lstrip(text(characters) or None)


def rstrip(value: object, characters: object = None) -> str:
    return text(value).rstrip(text(characters) or None)


def squish(value: object) -> str:
    return _WHITESPACE.sub(" ", text(value)).strip()


def normalize_whitespace(value: object) -> str:
    return _WHITESPACE.sub(" ", text(value))


def replace(value: object, old: object, new: object = None) -> str:
    string, searched, replacement = text(value), text(old), text(new)
    if not searched:
        return join_texts(replacement, string)
    growth = len(replacement) - len(searched)
    if growth > 0:
        value_of_bounded_size(len(string) + growth * string.count(searched))
    return string.replace(searched, replacement)


def replace_first(value: object, old: object, new: object = None) -> str:
    return text(value).replace(text(old), text(new), 1)


def replace_last(value: object, old: object, new: object = None) -> str:
    string, searched = text(value), text(old)
    index = string.rfind(searched)
    return string if index < 0 else string[:index] + text(new) + string[index + len(searched) :]


def remove(value: object, part: object) -> str:
    return replace(value, part)


def remove_first(value: object, part: object) -> str:
    return replace_first(value, part)


def remove_last(value: object, part: object) -> str:
    return replace_last(value, part)


def split(value: object, separator: object) -> list[str]:
    """Parts of a text, without empty ones at the end; an empty separator gives single characters."""
    string, between = text(value), text(separator)
    parts = string.split(between) if between else list(string)
    while parts and not parts[-1]:
        parts.pop()
    return parts


def truncate(value: object, length: object = 50, ellipsis: object = "...") -> object:
    """At most `length` characters, the ellipsis counted in."""
    string, end, size = text(value), text(ellipsis), values.whole(length)
    return value if len(string) <= size else string[: max(size - len(end), 0)] + end


def truncatewords(value: object, words: object = 15, ellipsis: object = "...") -> str:
    count = max(values.whole(words), 1)
    found = _WHITESPACE.split(text(value).lstrip())
    return " ".join(found[:count]) + (text(ellipsis) if len(found) >= count else "")


def number_of_words(value: object, mode: object = None) -> int:
    """Words between whitespace; with `"cjk"` or `"auto"` every Chinese, Japanese or Korean character counts too."""
    string = text(value).strip()
    cjk = len(_CJK.findall(string))
    if mode == "cjk" or (mode == "auto" and cjk):
        return cjk + len(_CJK.sub(" ", string).split())
    return len(string.split())


def array_to_sentence_string(value: object, connector: object = "and") -> str:
    """`a, b, and c`"""
    items = list(map(text, as_list(value)))
    if len(items) <= 1:
        return "".join(items)
    if len(items) == 2:
        return f"{items[0]} {text(connector)} {items[1]}"
    return f"{join_texts(', ', items[:-1])}, {text(connector)} {items[-1]}"


def pluralize(value: object, singular: object, plural: object) -> str:
    """The word that fits a number."""
    return text(singular if values.number(value) == 1 else plural)


def contains(value: object, part: object) -> bool:
    return values.contains(value, part)


def url_encode(value: object) -> str:
    string = text(value)
    if not _unsafe_in_component.search(string):
        return string
    encoded = _unsafe_in_component.sub(_percent, string)
    value_of_bounded_size(len(encoded))
    return encoded


def _percent(found: re.Match[str]) -> str:
    character = found[0]
    return "+" if character == " " else "".join(f"%{byte:02X}" for byte in character.encode())


def url_decode(value: object) -> str:
    return unquote(text(value).replace("+", " "))


def cgi_escape(value: object) -> str:
    return quote(text(value), safe="").replace("%20", "+")


def uri_escape(value: object) -> str:
    return quote(text(value), safe=_SAFE_IN_URI)


_SLUG_SEPARATORS = {
    "raw": re.compile(r"\s+"),
    "default": re.compile(r"(?:[^\w]|_)+"),
    "pretty": re.compile(r"(?:[^\w.~!$&'()+,;=@])+"),
    "ascii": re.compile(r"[^A-Za-z0-9]+"),
    "latin": re.compile(r"(?:[^\w]|_)+"),
}
_LETTERS = str.maketrans(
    {"æ": "ae", "ð": "d", "ø": "o", "ß": "ss", "œ": "oe", "þ": "th", "ẞ": "SS", "Œ": "OE", "Þ": "TH"}
)


def slugify(value: object, mode: object = "default", cased: object = False) -> str:
    """Fit for a URL: what is no letter or digit becomes a hyphen; `"latin"` also drops accents."""
    slug = text(value)
    if mode == "latin":
        slug = unicodedata.normalize("NFD", slug.translate(_LETTERS))
        slug = "".join(character for character in slug if not unicodedata.combining(character))
    if separator := _SLUG_SEPARATORS.get(text(mode)):
        slug = re.sub("^-|-$", "", separator.sub("-", slug))
    return slug if values.truthy(cased) else slug.lower()
