"""Faults say where they are and what is wrong."""

import pytest

from handbill.workspace.liquid import Dialect, LiquidFault, LiquidRenderFault, LiquidSyntaxFault

SYNTAX = [
    ("{% if a %}\n text", 2, 6, "endif"),
    ("one\ntwo {{ a b }}", 2, 10, "expected end of expression"),
    ("one\n  {% for x of y %}{% endfor %}", 2, 12, "expected in"),
    ("{{ a | shout }}", 1, 8, "Unknown filter 'shout'"),
    ("a{% include 'x' %}", 1, 5, "unexpected tag 'include'"),
    ("{% break %}", 1, 4, "outside a for loop"),
    ("\n\n{% countdown point:x time:'2026-01-01' %}", 3, 4, "countdown images are not made here"),
    ("{% cio_link track:true %}", 1, 4, "cio_link needs url:"),
]

RENDER = [
    ("line one\n  {{ customer.x }}", 2, 6, "Variable 'customer.x' is missing"),
    ("{% for i in (1..2) %}\n{{ i | append }}{% endfor %}", 2, 8, "The filter 'append' cannot take these arguments"),
    ("é😀 {{ 'x' | from_json }}", 1, 13, "The value is not JSON"),
    ("{{ 'a b' | base64_decode }}{{ '!' | base64_decode }}", 1, 37, "The value is not base64"),
    ("{{ 5 | currency: 'xx' }}", 1, 8, "Unknown locale 'xx'"),
    ("{{ 5 | date: '%Y', 'Mars/Base' }}", 1, 8, "Unknown time zone 'Mars/Base'"),
    ("{% render_liquid customer.bad %}", 1, 11, "expected tag endif"),
    ("{{ customer.list | where_exp: 'x', 'x ==' }}", 1, 1, "expected a primitive expression"),
]
ROOTS = {"customer": {"bad": "{% if a %}", "list": [1]}}


@pytest.mark.parametrize(("source", "line", "column", "message"), SYNTAX)
def test_a_syntax_fault_has_its_place(source: str, line: int, column: int, message: str) -> None:
    with pytest.raises(LiquidSyntaxFault, match=message) as caught:
        Dialect().compile(source, "subject")
    assert (caught.value.template, caught.value.line, caught.value.column) == ("subject", line, column)


@pytest.mark.parametrize(("source", "line", "column", "message"), RENDER)
def test_a_render_fault_has_its_place(source: str, line: int, column: int, message: str) -> None:
    template = Dialect().compile(source)
    with pytest.raises(LiquidRenderFault, match=message) as caught:
        template.render(ROOTS)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_fault_reads_as_one_sentence_with_its_place() -> None:
    fault = LiquidRenderFault("Variable 'customer.first_name' is missing", "body", 3, 8)
    assert str(fault) == "body line 3, column 8: Variable 'customer.first_name' is missing"


def test_a_fault_in_a_snippet_names_the_snippet() -> None:
    template = Dialect({"footer": "one\n{{ customer.x }}"}).compile("{{ snippets.footer }}")
    with pytest.raises(LiquidFault) as caught:
        template.render({"customer": {}})
    assert str(caught.value) == "snippets.footer line 2, column 4: Variable 'customer.x' is missing"


def test_a_snippet_that_is_no_liquid_fails_the_template_that_uses_it() -> None:
    dialect = Dialect({"broken": "{% if %}"})
    assert dialect.compile("fine").render({}) == "fine"
    with pytest.raises(LiquidSyntaxFault, match=r"snippets\.broken line 1"):
        dialect.compile("{{ snippets.broken }}")
