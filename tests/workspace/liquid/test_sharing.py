"""What is the same for everybody is rendered once, and nobody can tell."""

import pytest

from handbill.workspace.liquid import Dialect, LiquidRenderFault

SHARED = {
    "trigger": {"headline": "News", "films": [{"title": "Ran"}, {"title": "Flow"}]},
    "campaign": {"name": "Club"},
}
ADA = {"customer": {"name": "Ada", "tags": ["x", "y"]}}
BOB = {"customer": {"name": "Bob", "tags": []}}

SOURCES = [
    "{{ trigger.headline }} {{ customer.name }} {{ campaign.name | upcase }}",
    "{% for film in trigger.films %}{{ film.title }} for {{ customer.name }}{% cycle 'a', 'b' %}{% endfor %}",
    "{% assign n = 0 %}{% for f in trigger.films %}{% assign n = n | plus: 1 %}{% endfor %}{{ n }}",
    "{% assign n = 1 %}{% for tag in customer.tags %}{{ n }}{% assign n = n | plus: 1 %}{% endfor %}{{ n }}",
    "{% assign n = 1 %}{% if customer.name == 'Ada' %}{% assign n = 2 %}{% endif %}{{ n }}{% assign n = 3 %}{{ n }}",
    "{% if trigger.headline and customer.tags.size > 1 %}many{% elsif trigger.headline == 'News' %}few{% endif %}",
    "{% unless trigger.gone %}{% assign x = customer.name %}{% endunless %}{{ x }}",
    "{% capture c %}{{ trigger.headline }}{{ customer.name }}{% endcapture %}{{ c }}{{ c | size }}",
    "{% cycle 'a', 'b' %}{% for tag in customer.tags %}{% cycle 'a', 'b' %}{% endfor %}{% cycle 'a', 'b' %}",
    "{% for f in trigger.films %}{% if f.title == 'Flow' %}{% break %}{% endif %}{{ customer.name }}{% endfor %}",
    "{% assign films = trigger.films %}{{ films[customer.tags.size].title | default: films[0].title }}",
    "{% assign n = 1 %}{{ n.gone | default: customer.name }}{% if n.gone == customer.gone %}{{ n }}{% endif %}",
    "{% assign film = trigger.films[1] %}{% for film in customer.tags %}{{ film }}{% endfor %}{{ film.title }}",
    "{{ snippets.line }}{{ snippets.own }}",
    "{% increment i %}{{ i }}{% increment i %}{{ trigger.headline }}",
    "{% case trigger.headline %}{% when 'News' %}{{ customer.name }}{% else %}no{% endcase %}",
    "{{ customer.tags | concat: trigger.films | map: 'title' | join: '-' }}",
    "{% for tag in customer.tags %}{% cycle forloop.index, 'b' %}{{ trigger.headline }}{% endfor %}",
    "{% liquid\nassign a = trigger.headline\nfor t in customer.tags\necho t | append: a\nendfor %}",
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("person", [ADA, BOB], ids=["Ada", "Bob"])
def test_sharing_does_not_show_in_the_output(source: str, person: dict[str, object]) -> None:
    dialect = Dialect({"line": "{{ campaign.name }} {{ trigger.headline }}", "own": "{{ customer.name }}"})
    everything = {**SHARED, **person}
    assert dialect.compile(source, shared=SHARED).render(person) == dialect.compile(source).render(everything)


def test_a_deliverys_own_root_wins_over_a_shared_one() -> None:
    template = Dialect().compile("{{ trigger.headline }} {{ campaign.name }}", shared=SHARED)
    assert template.render({"trigger": {"headline": "Only for you"}}) == "Only for you Club"
    assert template.render({}) == "News Club"


def test_a_shared_part_that_fails_is_a_fault_of_the_delivery() -> None:
    template = Dialect().compile("Hi\n{{ trigger.gone }}", shared=SHARED)
    with pytest.raises(LiquidRenderFault) as caught:
        template.render(ADA)
    assert str(caught.value) == "body line 2, column 4: Variable 'trigger.gone' is missing"


def test_a_shared_part_that_fails_where_nobody_comes_does_no_harm() -> None:
    template = Dialect().compile("{% if customer.vip %}{{ trigger.gone }}{% endif %}ok", shared=SHARED)
    assert template.render(ADA) == "ok"


def test_turns_of_shared_loops_count_at_every_rendering() -> None:
    once, per_tag = "{% for i in (1..900) %}{% endfor %}", "{% for i in (1..50) %}{% endfor %}" * 100
    loops = f"{once}{{% for tag in customer.tags %}}{per_tag}{{% endfor %}}"
    template = Dialect().compile(loops, shared=SHARED)
    assert template.render(BOB) == ""
    with pytest.raises(LiquidRenderFault, match="10,000 turns"):
        template.render(ADA)
