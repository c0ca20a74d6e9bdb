"""Bombs are stopped with the name of the limit they met."""

import time
from dataclasses import replace

import pytest

from handbill.workspace.liquid import Dialect, Limits, LiquidRenderFault, LiquidSyntaxFault

BIG = "x" * 500_000
ROOTS: dict[str, object] = {
    "customer": {"big": BIG, "many": list(range(200)), "self": "{% render_liquid customer.self %}"}
}

TOO_LARGE = "larger than 1,000,000"

DOUBLING = "{% assign a = '' | split: ',' %}{% for i in (1..50) %}{% assign a = a | push: a %}{% endfor %}"
DEEPENING = (
    "{% assign none = '' | split: ',' %}{% assign a = none %}"
    "{% for i in (1..5000) %}{% assign a = none | push: a %}{% endfor %}"
)

BOMBS = [
    ("{% for i in (1..10001) %}{% endfor %}", "10,000 turns"),
    ("{% for i in (1..200) %}{% for j in (1..200) %}{% endfor %}{% endfor %}", "10,000 turns"),
    ("{% for i in customer.many %}{% for j in customer.many %}{{ j }}{% endfor %}{% endfor %}", "10,000 turns"),
    ("{% for i in (1..20000000) %}{{ i }}{% endfor %}", TOO_LARGE),
    ("{{ (1..20000000) | join }}", TOO_LARGE),
    ("{{ (1..99999999999999999999) }}", TOO_LARGE),
    ("{{ customer.big | replace: 'x', customer.big }}", TOO_LARGE),
    ("{{ customer.big | replace: '', customer.big }}", TOO_LARGE),
    ("{{ customer.big | append: customer.big | append: 'x' }}", TOO_LARGE),
    ("{{ customer.big | split: '' | join: 'abcdef' }}", TOO_LARGE),
    ("{{ customer.big | url_encode }}{{ customer.big }}{{ customer.big }}x", TOO_LARGE),
    ("{% assign a = 'x' %}{% for i in (1..30) %}{% assign a = a | append: a %}{% endfor %}", TOO_LARGE),
    ("{% assign a = 'x,' | split: ',' %}{% for i in (1..30) %}{% assign a = a | concat: a %}{% endfor %}", TOO_LARGE),
    ("{% assign a = '\"' %}{% for i in (1..30) %}{% assign a = a | json %}{% endfor %}", TOO_LARGE),
    ("{% assign a = customer.big | replace: 'x', '&' %}{{ a | escape }}", TOO_LARGE),
    ("{% for i in (1..9999) %}{{ customer.big }}{% endfor %}", TOO_LARGE),
    ("{% for i in (1..9999) %}{{ customer.big | append: i }}{% endfor %}", TOO_LARGE),
    ("{% capture c %}{% for i in (1..9999) %}{{ customer.big }}{% endfor %}{% endcapture %}", TOO_LARGE),
    ("{{ 1 | date: '%999999999Y' }}", TOO_LARGE),
    ("{{ snippets.loop }}", "nested deeper than 30"),
    ("{{ snippets.ping }}", "nested deeper than 30"),
    ("{% render_liquid customer.self %}", "nested deeper than 30"),
    (f"{DOUBLING}{{{{ a }}}}", TOO_LARGE),
    (f"{DOUBLING}{{{{ a | json }}}}", TOO_LARGE),
    (f"{DOUBLING}{{{{ a | join }}}}", TOO_LARGE),
    (f"{DEEPENING}{{{{ a }}}}", "nested too deeply"),
]
SNIPPETS = {"loop": "{{ snippets.loop }}", "ping": "{{ snippets.pong }}", "pong": "{{ snippets.ping }}"}


@pytest.mark.parametrize(("source", "limit"), BOMBS)
def test_a_bomb_is_a_fault_that_names_the_limit(source: str, limit: str) -> None:
    template = Dialect(SNIPPETS).compile(source)
    begun = time.process_time()
    with pytest.raises(LiquidRenderFault, match=limit):
        template.render(ROOTS)
    assert time.process_time() - begun < 3


def test_a_template_is_too_long_by_its_bytes() -> None:
    Dialect(limits=Limits(source=10)).compile("0123456789")
    with pytest.raises(LiquidSyntaxFault, match="12 bytes, more than 10"):
        Dialect(limits=Limits(source=10)).compile("ééé012345")


def test_blocks_nest_thirty_deep_and_no_deeper() -> None:
    def nested(depth: int) -> str:
        return "{% if true %}" * depth + "x" + "{% endif %}" * depth

    assert Dialect().compile(nested(29)).render({}) == "x"
    with pytest.raises(LiquidSyntaxFault, match="nesting"):
        Dialect().compile(nested(31))


def test_loops_nested_deeper_than_python_can_are_rendered_all_the_same() -> None:
    source = "".join(f"{{% for i{n} in customer.one %}}" for n in range(25)) + "{{ i24 }}" + "{% endfor %}" * 25
    assert Dialect().compile(source).render({"customer": {"one": [7]}}) == "7"


def test_a_chain_of_filters_longer_than_python_can_nest_is_rendered_all_the_same() -> None:
    assert (
        Dialect().compile("{{ customer.a" + " | append: 'x'" * 1000 + " }}").render({"customer": {"a": ""}})
        == "x" * 1000
    )


def test_limits_can_be_narrowed() -> None:
    limits = replace(Limits(), output=5, loop_turns=2, nesting=3)
    for source in ("123456", "{% for i in (1..3) %}{% endfor %}", "{{ snippets.loop }}"):
        with pytest.raises(LiquidRenderFault):
            Dialect(SNIPPETS, limits).compile(source).render({})
