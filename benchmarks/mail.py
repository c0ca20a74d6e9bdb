"""A realistic mail and the people who get it: variables, a condition, a loop, links; about 5 KB."""

from typing import Any

SUBJECT = "{{ trigger.headline }}, {{ customer.first_name | default: 'film friend' }}"
ROW = (
    '<tr><td style="padding:12px 24px;border-bottom:1px solid #eeeeee;font:16px/24px Helvetica,Arial,sans-serif">'
    '<a href="https://film.example/{{ film.slug }}?c={{ customer.id }}" style="color:#1f4d3f">{{ film.title }}</a>'
    '<br><span style="color:#777777">{{ film.year }} · {{ film.minutes }} minutes</span></td></tr>'
)
BODY = f"""<!doctype html><html><head><meta charset="utf-8"><title>{{{{ trigger.headline }}}}</title></head>
<body style="margin:0;background:#f4f1ea"><table width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table width="600" cellpadding="0" cellspacing="0" style="background:#ffffff;border-radius:8px">
<tr><td style="padding:32px 24px;font:700 28px/36px Georgia,serif">{{{{ trigger.headline }}}}</td></tr>
<tr><td style="padding:0 24px 16px;font:16px/24px Helvetica,Arial,sans-serif">
Dear {{{{ customer.first_name | default: "film friend" | escape }}}},
{{% if customer.plan == "gold" %}}<p>as a gold member you may book two days earlier than everybody else.</p>
{{% elsif customer.rentals > 20 %}}<p>you rented {{{{ customer.rentals }}}} films this year: thank you.</p>
{{% else %}}<p>news for {{{{ customer.city | default: "your town" }}}}.</p>{{% endif %}}</td></tr>
{{% for film in trigger.films %}}{ROW}{{% endfor %}}
<tr><td style="padding:24px"><a href="https://film.example/book?c={{{{ customer.id }}}}" style="background:#1f4d3f;
color:#ffffff;padding:14px 28px;border-radius:6px;text-decoration:none">Book a seat</a></td></tr>
{"<tr><td style='padding:4px 24px;color:#777777;font:13px/20px Helvetica,Arial'>Doors open at seven.</td></tr>" * 20}
<tr><td style="padding:24px;font:12px/18px Helvetica,Arial,sans-serif;color:#999999">You get this because you are a
member of the film club. <a href="https://film.example/leave/{{{{ customer.id }}}}">Leave</a></td></tr>
</table></td></tr></table></body></html>"""
DATA: dict[str, Any] = {
    "headline": "New this week",
    "films": [
        {"title": f"Film number {number}", "slug": f"film-{number}", "year": 1990 + number, "minutes": 90 + number}
        for number in range(5)
    ],
}


def person(number: int) -> dict[str, Any]:
    """One of many: most have a name, a third are gold."""
    known = {"first_name": f"Name{number}"} if number % 7 else {}
    return {
        "id": f"u{number}",
        "email": f"u{number}@film.example",
        "plan": ("gold", "silver", "free")[number % 3],
        "rentals": number % 40,
        "city": ("Oslo", "Lima", "Kyoto")[number % 3],
        **known,
    }
