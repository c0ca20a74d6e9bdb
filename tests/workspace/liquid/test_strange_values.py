"""Values are data: whatever people are called, it comes through unchanged, or escaped where that is asked for."""

import html
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.workspace.liquid import Dialect

STRINGS = Path(__file__).parents[4] / "shared/data/weird-inputs/naughty-strings.json"
NAMES = [
    "Zoë Müller-Ñandú",
    "O'Brien & <Sons>",
    "{{ customer.secret }}",
    "{% if true %}x{% endif %}",
    "\x00\u202e\u200d👩‍👩‍👧",
    "{{",
    "%}",
    "' + __import__('os').name + '",
    '"""\\',
    "\ud800",
]

PLAIN = Dialect().compile("<{{ customer.name }}>")
ESCAPED = Dialect().compile("<{{ customer.name | escape }}>")
SHARED = "{{ trigger.name }}{{ customer.x }}"


def check(value: str) -> None:
    roots = {"customer": {"name": value, "x": ""}}
    assert PLAIN.render(roots) == f"<{value}>"
    safe = html.escape(value).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    assert ESCAPED.render(roots) == f"<{safe}>"
    assert Dialect().compile(SHARED, shared={"trigger": {"name": value}}).render(roots) == value


@pytest.mark.parametrize("value", NAMES)
def test_a_strange_name_comes_through(value: str) -> None:
    check(value)


@given(st.text())
def test_any_text_comes_through(value: str) -> None:
    check(value)


def test_naughty_strings_come_through() -> None:
    if not STRINGS.exists():
        pytest.skip("the list of naughty strings lies beside the repository, not in it")
    strings = json.loads(STRINGS.read_text())
    assert strings
    for value in strings:
        check(value)


@given(st.text(min_size=1).filter(lambda key: not set(key) & set("\"'%}{")))
def test_any_key_can_be_reached(key: str) -> None:
    assert Dialect().compile(f'{{{{ customer["{key}"] }}}}').render({"customer": {key: "found"}}) == "found"


@pytest.mark.parametrize("word", ["limit", "for", "in", "empty", "nil", "true", "with", "contains", "offset", "as"])
def test_liquids_own_words_are_keys_like_any_other(word: str) -> None:
    source = f"{{{{ customer.{word} }}}}{{% if customer.{word} == 'v' %}}!{{% endif %}}"
    assert Dialect().compile(source).render({"customer": {word: "v"}}) == "v!"
