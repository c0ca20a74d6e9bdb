"""What is missing: fails in output, is nil in tests, is empty under an unknown root (reference 16.2)."""

import re
from pathlib import Path

import pytest

from handbill.workspace.liquid import Dialect, LiquidRenderFault
from handbill.workspace.liquid.faults import LiquidFault

ROOTS: dict[str, object] = {
    "customer": {"email": "ada@film.example", "null": None, "address": {"city": "Bath"}, "list": [{"n": 1}]},
    "trigger": {},
    "delivery_id": "d1",
}

FAILS = [
    ("{{ customer.first_name }}", "customer.first_name"),
    ("{{ customer.first_name | upcase }}", "customer.first_name"),
    ("{{ customer.first_name | upcase | default: 'friend' }}", "customer.first_name"),
    ("{{ 'Dear ' | append: customer.first_name }}", "customer.first_name"),
    ("{{ customer.nick | default: customer.first_name }}", "customer.first_name"),
    ("{% if true %}{{ customer.first_name }}{% endif %}", "customer.first_name"),
    ("{% echo customer.first_name %}", "customer.first_name"),
    ("{{ customer.address.street }}", "customer.address.street"),
    ("{{ customer.company.name }}", "customer.company"),
    ("{{ customer['first name'] }}", 'customer["first name"]'),
    ("{{ customer.list[3] }}", "customer.list[3]"),
    ("{% for item in customer.list %}{{ item.m }}{% endfor %}", "item.m"),
    ("{% assign a = customer.address %}{{ a.street }}", "a.street"),
    ("{{ trigger.headline }}", "trigger.headline"),
    ("{{ delivery_id.x }}", "delivery_id.x"),
    ("{{ snippets.footer }}", "snippets.footer"),
    ("{{ customer.__class__ }}", "customer.__class__"),
    ("{{ customer.items }}", "customer.items"),
    ("{{ customer.keys }}", "customer.keys"),
    ("{{ customer.email.upper }}", "customer.email.upper"),
]

RENDERS = [
    ("{{ event.name }}|{{ object.a.b.c }}|{{ unsubscribe_url }}", "||"),
    ("{{ event.name | upcase }}", ""),
    ("{{ customer.null }}|{{ customer.null.more }}", "|"),
    ("{{ customer.first_name | default: 'friend' }}", "friend"),
    ("{{ customer.company.name | default: 'nobody' | upcase }}", "NOBODY"),
    ("{% if customer.first_name %}yes{% else %}no{% endif %}", "no"),
    ("{% unless customer.first_name %}no{% endunless %}", "no"),
    ("{% if customer.first_name == nil %}nil{% endif %}", "nil"),
    ("{% if customer.first_name == blank %}blank{% endif %}", "blank"),
    ("{% if customer.first_name != blank %}known{% else %}unknown{% endif %}", "unknown"),
    ("{% if customer.first_name == customer.last_name %}same{% endif %}", "same"),
    ("{% if customer.company.name contains 'x' %}x{% else %}no{% endif %}", "no"),
    ("{% case customer.plan %}{% when 'a' %}a{% else %}other{% endcase %}", "other"),
    ("{% for item in customer.orders %}{{ item }}{% else %}none{% endfor %}", "none"),
    ("{% for item in event.list %}{{ item }}{% else %}none{% endfor %}", "none"),
    ("{% if false %}{{ customer.first_name }}{% endif %}ok", "ok"),
    ("{% assign name = customer.first_name %}{% if name == nil %}nil{% endif %}", "nil"),
    ("{{ customer.list.size }}{{ customer.list.first.n }}{{ customer.list.last.n }}", "111"),
]


PLACES = {
    "output": "{{ X }}",
    "assignment": "{% assign a = X %}[{{ a }}]",
    "condition": "{% if X %}yes{% else %}no{% endif %}",
    "comparison": "{% if X == blank %}blank{% else %}something{% endif %}",
    "case": "{% case X %}{% when nil %}nil{% else %}something{% endcase %}",
    "default": "{{ X | default: 'd' }}",
    "loop": "{% for a in X %}{{ a }}{% else %}none{% endfor %}",
    "filter argument": "{{ 'a' | append: X }}",
    "range": "{% for i in (1..X) %}{{ i }}{% endfor %}",
    "tag argument": "{% render_liquid X %}",
}

TABLE: list[tuple[str, tuple[str, ...]]] = [
    # output, assignment, condition, comparison, case, default, loop, filter argument, range, tag argument
    ("customer.two", ("2", "[2]", "yes", "something", "something", "2", "2", "a2", "12", "2")),
    ("customer.null", ("", "[]", "no", "blank", "nil", "d", "none", "a", "", "")),
    ("customer.gone", ("!", "[]", "no", "blank", "nil", "d", "none", "!", "!", "!")),
    ("customer.gone.deep", ("!", "[]", "no", "blank", "nil", "d", "none", "!", "!", "!")),
    ("event.two", ("", "[]", "no", "blank", "nil", "d", "none", "a", "", "")),
    ("event.two.deep", ("", "[]", "no", "blank", "nil", "d", "none", "a", "", "")),
    ("event", ("", "[]", "no", "blank", "nil", "d", "none", "a", "", "")),
    ("unsubscribe_url", ("", "[]", "no", "blank", "nil", "d", "none", "a", "", "")),
    ("snippets.gone", ("!", "[]", "no", "blank", "nil", "d", "none", "!", "!", "!")),
]
"""What each name prints in each place; `!` fails the delivery. Known roots: customer; unknown: event."""


@pytest.mark.parametrize(("place", "number"), [(place, number) for number, place in enumerate(PLACES)])
@pytest.mark.parametrize(("name", "outcomes"), TABLE, ids=[name for name, _ in TABLE])
def test_a_name_does_in_each_place_as_the_table_says(
    name: str, outcomes: tuple[str, ...], place: str, number: int
) -> None:
    roots = {"customer": {"two": "2", "null": None}}
    for shared in ({}, roots):
        template = Dialect().compile(PLACES[place].replace("X", name), shared=shared)
        if outcomes[number] != "!":
            assert template.render(roots) == outcomes[number]
        else:
            missing = name.removesuffix(".deep")
            with pytest.raises(LiquidRenderFault, match=f"Variable '{missing}' is missing"):
                template.render(roots)


@pytest.mark.parametrize(("source", "name"), FAILS)
def test_output_of_something_missing_fails_the_delivery_with_its_name(source: str, name: str) -> None:
    with pytest.raises(LiquidRenderFault) as caught:
        Dialect().compile(source).render(ROOTS)
    assert caught.value.message == f"Variable '{name}' is missing"


@pytest.mark.parametrize(("source", "output"), RENDERS)
def test_guarded_or_unknown_names_do_no_harm(source: str, output: str) -> None:
    assert Dialect().compile(source).render(ROOTS) == output


def test_a_long_name_is_shortened_in_the_fault() -> None:
    with pytest.raises(LiquidRenderFault) as caught:
        Dialect().compile(f"{{{{ customer.{'x' * 500} }}}}").render(ROOTS)
    assert len(caught.value.message) < 100


REACHES = """
{{ customer.__class__ }} {{ customer['__class__'] }} {{ customer.__init__.__globals__ }} {{ customer.name.__class__ }}
{{ customer.name.format }} {{ customer.items }} {{ customer.get }} {{ customer.keys }} {{ customer.name.encode }}
{{ __builtins__ }} {{ __import__ }} {{ self }} {{ context }} {{ environment }} {{ os.environ }} {{ settings }}
{{ snippets.__class__ }} {{ snippets['../secret'] }} {{ trigger.__dict__ }} {{ 'x' | __class__ }}
{{ customer | map: '__class__' }} {{ customer.tags | map: '__class__' }} {{ customer.tags | where: '__class__' }}
{{ customer.tags | sort: '__class__' }} {{ customer.tags | sum: '__class__' }} {{ customer.tags.__len__ }}
{% include 'secret' %} {% render 'secret' %} {% include '/etc/passwd' %} {% layout 'secret' %} {% extends 'secret' %}
{% render_liquid customer.nested %} {% for a in customer.__class__.__mro__ %}{{ a }}{% endfor %}
{% assign x = customer.__class__ %}{{ x.__mro__ }} {{ forloop.__class__ }} {% increment __class__ %}{{ __class__ }}
{{ 'secret' | inline_asset_content }} {{ 'secret' | asset_url }} {{ 'file:secret' | open }} {{ customer.name | eval }}
"""
"""Attempts on attributes of Python, on the environment and on files, one after the other."""


@pytest.mark.parametrize("source", re.findall(r"\{\{.*?\}\}|\{%.*?%\}(?:\{[\{%].*?[\}%]\})*", REACHES))
def test_a_template_reaches_nothing_but_what_it_is_given(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("canary")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", "canary")
    customer = {"name": "Ann", "tags": ["a", {"b": 1}], "nested": "{{ customer.__class__ }}"}
    try:
        shown = Dialect().compile(source).render({"customer": customer, "trigger": {}})
    except LiquidFault:
        return
    assert not re.search("canary|root:|<|object at|built-in|method|__", shown)
