"""Finished mails per second through the child processes, and in one process, with what each side spends on a mail.

Run: .venv/bin/python benchmarks/rendering.py [MESSAGES]
"""

import asyncio
import resource
import sys
import time

import msgspec
import uvloop

from handbill.workspace import archive
from handbill.workspace.engine.needs import Content, Rendered, Work
from handbill.workspace.rendering.message import Message
from handbill.workspace.rendering.pool import ProcessRenderer

ROW = (
    '<tr><td style="padding:8px;border-bottom:1px solid"><a href="https://film.example/{{ film.slug }}?from=mail">'
    '{{ film.title | escape }}</a></td><td align="right">{{ film.price }} euro</td></tr>\n'
)
BODY = f"""\
<!doctype html>
<html lang="en"><head><title>{{{{ trigger.headline }}}}</title></head>
<body style="margin:0;font-family:Helvetica,Arial,sans-serif;background:#f4f4f4">
<table role="presentation" width="100%"><tr><td align="center">
<h1 style="font-size:28px;line-height:1.2">{{{{ trigger.headline | escape }}}}</h1>
<p>Dear {{{{ customer.first_name | default: "film friend" | escape }}}},</p>
<p>{{{{ trigger.intro }}}}</p>
<table width="600">
{{% for film in trigger.films %}}{ROW}{{% endfor %}}</table>
{{% if customer.plan == "premium" %}}<p>Premium members book two days early.</p>
{{% else %}}<p>Become a member.</p>{{% endif %}}
<p>Near you, in {{{{ customer.city }}}}:</p>
<ul>{{% for cinema in customer.cinemas %}}<li>{{{{ cinema }}}}</li>{{% endfor %}}</ul>
<p style="font-size:11px">Sent to {{{{ customer.email }}}}. <a href="{{% unsubscribe_url %}}">Unsubscribe</a></p>
</td></tr></table></body></html>
"""
FILMS = [{"title": f"The film no. {n} & its sequel", "slug": f"film-{n}", "price": n + 4} for n in range(15)]
INTRO = "Fifteen films on fifteen evenings, each of them with somebody who was there when it was made. " * 6
FIELDS = {
    "from": "Film Club <news@film.example>",
    "subject": "{{ customer.first_name | default: 'You' }}, {{ trigger.headline | downcase }}",
    "preheader_text": "{{ trigger.films.size }} films",
    "body": BODY,
}
SHARED = {"trigger": {"headline": "New in March", "intro": INTRO, "films": FILMS}}
CONTENT = Content(1, "email", FIELDS, SHARED, base_url="http://127.0.0.1:8622", tracked=True)
BATCH = 1000


def work(number: int) -> Work:
    """One delivery to a person with about 400 bytes of attributes."""
    customer = {
        "id": str(number),
        "email": f"person{number}@people.example",
        "first_name": ["Zoë", "Ahmed", "Mary-Jane", "Li"][number % 4],
        "plan": ["premium", "free"][number % 2],
        "city": ["Paris", "Wien", "Turku"][number % 3],
        "cinemas": ["Rex", "Gartenbau", "Kino Engel"][: number % 4],
        "unsubscribed": False,
        "notes": "a person like any other " * 8,
    }
    return Work(number, f"d{number:031}", msgspec.Raw(msgspec.json.encode(customer)), 1_764_000_000)


def children_seconds() -> float:
    """CPU seconds of child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(name: str, count: int, wall: float, here: float, children: float) -> None:
    cost = f"{here / count * 1e6:6.1f} µs here, {children / count * 1e6:6.1f} µs in children"
    print(f"{name:22} {count / wall:8,.0f} messages/s   {cost}")


def in_this_process(works: list[Work], dictionary: bytes) -> None:
    message = Message(CONTENT, dictionary)
    wall, here = time.perf_counter(), time.process_time()
    for each in works:
        message.render(each)
    report("in this process", len(works), time.perf_counter() - wall, time.process_time() - here, 0)


async def through_children(processes: int, works: list[Work], dictionary: bytes) -> None:
    """Batches of 1,000 one after the other, two at a time, as the engine asks for them."""
    before = children_seconds()
    async with ProcessRenderer(processes) as renderer:
        await asyncio.gather(*(renderer.check(CONTENT) for _ in range(processes)))
        wall, here = time.perf_counter(), time.process_time()
        await asyncio.gather(*(_batches(renderer, works[part::2], dictionary) for part in (0, 1)))
        wall, here = time.perf_counter() - wall, time.process_time() - here
    report(f"{processes} children", len(works), wall, here, children_seconds() - before)


async def _batches(renderer: ProcessRenderer, works: list[Work], dictionary: bytes) -> None:
    for start in range(0, len(works), BATCH):
        async for _ in renderer.render(CONTENT, works[start : start + BATCH], dictionary):
            pass


def main(count: int) -> None:
    """One sample's archive is the dictionary of the others, as in a broadcast."""
    works = [work(number) for number in range(count)]
    sample = Message(CONTENT).render(works[0])
    assert isinstance(sample, Rendered), sample
    dictionary = archive.pack(archive.expand(sample.archive))
    rendered = Message(CONTENT, dictionary).render(works[1])
    assert isinstance(rendered, Rendered), rendered
    print(f"mail of {len(rendered.payload):,} bytes, {len(rendered.archive):,} kept")
    in_this_process(works, dictionary)
    for processes in (1, 2):
        for runner in (asyncio.Runner(), asyncio.Runner(loop_factory=uvloop.new_event_loop)):
            with runner:
                runner.run(through_children(processes, works, dictionary))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
