"""Customer.io's own tags (reference 16.4), snippets and layouts."""

import re
import uuid

import pytest

from handbill.workspace.liquid import Dialect

LINKS = {
    name: f"https://mail.example/{name}?a=1&b=2" for name in ("unsubscribe_url", "view_in_browser_url", "cio_link_id")
}
ROOTS: dict[str, object] = {
    "links": LINKS,
    "journey": {"body": "Hi {{ customer.name }}", "url": "https://shop.example/x"},
    "customer": {"name": "Ada"},
    "message": {"subscription_topic": {"name": "Offers"}},
    "content": "<p>already <b>rendered</b> & {{ not again }}</p>",
}

PRINTS = [
    ("{% unsubscribe_url %}", LINKS["unsubscribe_url"]),
    ("{%- view_in_browser_url -%}", LINKS["view_in_browser_url"]),
    ("{% cio_link_id %}", LINKS["cio_link_id"]),
    ("[{% manage_subscription_preferences_url %}{% tracking_consent_url %}]", "[]"),
    (
        "{% unsubscribe %}",
        '<a href="https://mail.example/unsubscribe_url?a=1&amp;b=2" class="untracked">Unsubscribe</a>',
    ),
    ("{% subscription_topic_name %}", "Offers"),
    ("{% subscription_topic_name lang='pt' %}", "Offers"),
    ("{% cio_link url:https://shop.example/a?b=c track:true url_params:true %}", "https://shop.example/a?b=c"),
    ("{% cio_link url:'https://shop.example/a b' %}", "https://shop.example/a b"),
    ("{% cio_link url:journey.url track:false %}", "https://shop.example/x"),
    ("{% render_liquid journey.body %}!", "Hi Ada!"),
    ("<html>{{ content }}</html>", "<html><p>already <b>rendered</b> & {{ not again }}</p></html>"),
]


@pytest.mark.parametrize(("source", "output"), PRINTS)
def test_a_tag_prints(source: str, output: str) -> None:
    assert Dialect().compile(source).render(ROOTS) == output


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
