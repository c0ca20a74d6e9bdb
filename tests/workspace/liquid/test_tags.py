"""Customer.io's own tags (reference 16.4), snippets and layouts."""

import copy
import json
import re
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest

from handbill.workspace.liquid import Dialect, LiquidFault

TAGS = json.loads((Path(__file__).parent / "tags.json").read_text())
CASES = json.loads((Path(__file__).parent / "cases.json").read_text())["cases"]
ROOTS: dict[str, object] = {"customer": {"name": "Ada"}, "content": "<b>rendered</b> & {{ not again }}"}


@pytest.mark.parametrize("case", TAGS["cases"], ids=lambda case: case["template"])
@pytest.mark.parametrize("shared", [False, True])
def test_a_tag_does_as_the_table_says(case: Mapping[str, str], shared: bool) -> None:
    """Also where everything but the links is the same for everybody, so that what can be is rendered beforehand."""
    roots = copy.deepcopy(TAGS["roots"])
    everybodys = {name: value for name, value in roots.items() if name != "links"} if shared else {}
    try:
        outcome = {
            "output": Dialect()
            .compile(case["template"], shared=everybodys)
            .render({n: roots[n] for n in roots.keys() - everybodys})
        }
    except LiquidFault as fault:
        outcome = {"fault": str(fault)}
    assert outcome == {name: case.get(name) for name in outcome}


NO_TAGS = {"content", "output", "illegal"}
"""Kinds of text that python-liquid keeps beside tags."""


@pytest.mark.parametrize("name", sorted(Dialect().environment.tags.keys() - NO_TAGS))
def test_every_tag_has_three_cases(name: str) -> None:
    written = re.compile(rf"(?:{{%-?|\n)\s*{name}\b" if name != "#" else r"(?:{%-?|\n)\s*#")
    assert sum(bool(written.search(case["template"])) for case in [*TAGS["cases"], *CASES]) >= 3


def test_a_layouts_content_is_not_rendered_again() -> None:
    assert Dialect().compile("<p>{{ content }}</p>").render(ROOTS) == f"<p>{ROOTS['content']}</p>"


def test_links_are_empty_where_the_delivery_has_none() -> None:
    assert Dialect().compile("[{% unsubscribe_url %}{% unsubscribe %}]").render({}) == "[]"


def test_every_uuid_is_fresh() -> None:
    template = Dialect().compile("{% generate_uuid %} {% generate_uuid %}", shared={"campaign": {}})
    found = [uuid.UUID(word) for _ in range(3) for word in template.render({}).split()]
    assert len(set(found)) == 6
    assert {one.version for one in found} == {4}


def test_random_numbers_stay_below_their_bound() -> None:
    template = Dialect().compile("{% random 3 %} {{ 3 | random }}", shared={"campaign": {}})
    assert {number for _ in range(200) for number in template.render({}).split()} == {"0", "1", "2"}


# Snippets

SNIPPETS = {
    "footer": "{% assign who = customer.name %}Bye {{ who }}",
    "name with spaces": "spaced",
    "nested": "({{ snippets.footer }})",
    "films": '[{"title": "Ran"}, {"title": "Flow"}]',
}

SNIPPET_USES = [
    ("{{ snippets.footer }}", "Bye Ada"),
    ('{{ snippets["name with spaces"] }}', "spaced"),
    ("{{ snippets.nested | upcase }}", "(BYE ADA)"),
    ("{% assign which = 'footer' %}{{ snippets[which] }}", "Bye Ada"),
    ("{% for film in snippets.films %}{{ film.title }} {% endfor %}", "Ran Flow "),
    ("{% assign films = snippets.films | from_json %}{{ films[1].title }}", "Flow"),
    ("{{ snippets.films[0].title }}", "Ran"),
    ("{% if snippets.gone == nil %}none{% endif %}", "none"),
    ("{% capture c %}{{ snippets.footer }}{% endcapture %}{{ c | size }}", "7"),
]


@pytest.mark.parametrize(("source", "output"), SNIPPET_USES)
def test_a_snippet_is_rendered_where_it_is_used(source: str, output: str) -> None:
    assert Dialect(SNIPPETS).compile(source).render(ROOTS) == output


def test_snippets_and_body_do_not_share_variables() -> None:
    dialect = Dialect({"inner": "[{{ mine }}{% assign theirs = 1 %}]"})
    assert dialect.compile("{% assign mine = 1 %}{{ snippets.inner }}{{ theirs }}").render({}) == "[]"


def test_paths_name_the_variables_in_use_also_those_of_snippets() -> None:
    source = """{{ customer.first_name | append: trigger["odd key"] }}{% assign x = trigger.a.b[0].c %}{{ x }}
    {% for film in trigger.films %}{{ film.title }}{{ forloop.index }}{% endfor %}{{ snippets.nested }}
    {% if event %}{% endif %}"""
    assert Dialect(SNIPPETS).compile(source).paths == {
        "customer.first_name",
        "customer.name",
        "event",
        "snippets.footer",
        "snippets.nested",
        "trigger.a.b[0].c",
        "trigger.films",
        'trigger["odd key"]',
    }


def test_the_clock_is_read_at_every_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    template = Dialect().compile("{{ 'now' | date: '%Y-%m-%d' }}", shared={"campaign": {}})
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert template.render({}) == "1970-01-01"
    monkeypatch.undo()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", template.render({}))
