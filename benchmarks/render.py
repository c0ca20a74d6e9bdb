"""Messages per CPU second: python-liquid's own render, and ours with and without shared parts.

Run: .venv/bin/python benchmarks/render.py
"""

import statistics
import time
from collections.abc import Callable, Mapping

from liquid import Environment

from handbill.workspace.liquid import Dialect

MAIL = """\
<!doctype html>
<html lang="en">
<head><title>{{ trigger.headline | escape }}</title></head>
<body style="margin:0;font-family:Helvetica,Arial,sans-serif">
<table role="presentation" width="100%"><tr><td align="center">
<table role="presentation" width="600">
<tr><td style="padding:24px"><img src="https://film.example/logo.png" alt="{{ campaign.name }}"></td></tr>
<tr><td style="padding:0 24px">
<h1>{{ trigger.headline | escape }}</h1>
{% if customer.first_name != blank %}
<p>Hello {{ customer.first_name | escape }},</p>
{% else %}
<p>Hello film friend,</p>
{% endif %}
<p>{{ trigger.intro | newline_to_br }}</p>
{% case customer.plan %}
{% when "premium" %}<p>Premium members book two days early.</p>
{% when "family", "couple" %}<p>Your household of {{ customer.seats }} is welcome.</p>
{% else %}<p>Become a member from {{ trigger.price | plus: 1 }} euro a month.</p>
{% endcase %}
</td></tr>
<tr><td style="padding:0 24px"><table width="100%">
{% for film in trigger.films %}
<tr class="{% cycle 'odd', 'even' %}">
<td><a href="https://film.example/{{ film.slug | url_encode }}?c={{ campaign.id }}">{{ film.title | escape }}</a></td>
<td>{{ film.year }}{% if film.new %} <strong>new</strong>{% endif %}</td>
</tr>
{% endfor %}
</table></td></tr>
<tr><td style="padding:0 24px">
<p>On your list:</p>
<ul>
{% for title in customer.watchlist %}<li>{{ forloop.index }}. {{ title | escape }}</li>
{% else %}<li>nothing yet</li>
{% endfor %}</ul>
{% assign city = customer.city | default: "your city" | capitalize %}
<p>Cinemas in {{ city }}: {{ customer.cinemas | size }}.
{% unless customer.newsletter %}<a href="{{ links.join }}">Join us</a>{% endunless %}</p>
<p style="font-size:11px">Sent to {{ customer.email }} as {{ delivery_id }} by {{ campaign.name | upcase }}.</p>
</td></tr></table></td></tr></table></body></html>
"""

SHARED = {
    "campaign": {"id": 12, "name": "Film Club"},
    "trigger": {
        "headline": "New in March & April",
        "intro": "Six films,\nsix evenings.",
        "price": 9,
        "films": [
            {"title": "Roman Holiday", "slug": "roman holiday", "year": 1953, "new": False},
            {"title": "Tampopo", "slug": "tampopo", "year": 1985, "new": True},
            {"title": "Amélie & Co", "slug": "amelie", "year": 2001, "new": False},
            {"title": "Paterson", "slug": "paterson", "year": 2016, "new": False},
            {"title": "Perfect Days", "slug": "perfect days", "year": 2023, "new": True},
            {"title": "Flow", "slug": "flow", "year": 2024, "new": True},
        ],
    },
}

PEOPLE = 200
ROUNDS = 9
SECONDS_A_ROUND = 0.4

Render = Callable[[Mapping[str, object]], str]


def person(number: int) -> dict[str, object]:
    """The roots of one delivery."""
    customer = {
        "first_name": ["Zoë", "Ahmed", "", "Mary-Jane"][number % 4],
        "email": f"person{number}@film.example",
        "plan": ["premium", "family", "free"][number % 3],
        "seats": number % 5 + 1,
        "watchlist": ["Ran", "Playtime", "Stalker <1979>", "Wings of Desire"][: number % 5],
        "city": ["paris", "WIEN", ""][number % 3],
        "cinemas": ["Rex", "Gartenbau"][: number % 3],
        "newsletter": number % 2 == 0,
    }
    return {"customer": customer, "delivery_id": f"d{number:05}", "links": {"join": "https://film.example/join"}}


def messages_per_second(render: Render, people: list[dict[str, object]]) -> float:
    """Rendered messages per second of this process's CPU time."""
    count = 0
    start = time.process_time()
    while (spent := time.process_time() - start) < SECONDS_A_ROUND:
        for roots in people:
            render(roots)
        count += len(people)
    return count / spent


def main() -> None:
    """Measure in interleaved rounds, print the medians."""
    people = [person(number) for number in range(PEOPLE)]
    reference = Environment()
    reference.suppress_blank_control_flow_blocks = False
    reference_template = reference.from_string(MAIL)
    dialect = Dialect()
    whole, split = dialect.compile(MAIL), dialect.compile(MAIL, shared=SHARED)
    complete = [{**SHARED, **roots} for roots in people]

    expected = [reference_template.render(**roots) for roots in complete]
    same = expected == [whole.render(roots) for roots in complete] == [split.render(roots) for roots in people]

    contenders: dict[str, tuple[Render, list[dict[str, object]]]] = {
        "python-liquid": (lambda roots: reference_template.render(**roots), complete),
        "ours, nothing shared": (whole.render, complete),
        "ours, shared parts": (split.render, people),
    }
    rounds = {name: [] for name in contenders}  # type: dict[str, list[float]]
    for _ in range(ROUNDS):
        for name, (render, data) in contenders.items():
            rounds[name].append(messages_per_second(render, data))

    base = statistics.median(rounds["python-liquid"])
    print(f"{MAIL.count(chr(10))} lines, {len(expected[0]):,} characters; outputs byte-identical: {same}")
    for name, speeds in rounds.items():
        speed = statistics.median(speeds)
        print(f"{name:22} {speed:10,.0f} messages per CPU second   {speed / base:5.1f} x")
    if not same:
        raise SystemExit("outputs differ")


if __name__ == "__main__":
    main()
