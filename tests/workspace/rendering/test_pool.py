"""Rendering in children: nothing lost, nothing twice, whatever happens to them."""

import asyncio
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from handbill.errors import Unavailable
from handbill.workspace.engine.needs import Content, Rendered, RenderFailure, Work
from handbill.workspace.rendering.message import Message
from handbill.workspace.rendering.pool import ProcessRenderer

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc are Linux's")]

Children = Callable[[], list[int]]
Outcome = Rendered | RenderFailure


def content(body: str = "Dear {{customer.name}}", subject: str = "Hello", number: int = 1) -> Content:
    fields = {"from": "Film Club <news@example.com>", "subject": subject, "body": body}
    return Content(id=number, type="email", fields=fields, shared={})


def work(number: int, **attributes: object) -> Work:
    customer = {"email": f"p{number}@example.org", "name": f"Person {number}", **attributes}
    return Work(number, f"dlv-{number}", msgspec.Raw(msgspec.json.encode(customer)), 1_700_000_000)


def works(count: int, **special: dict[int, object]) -> list[Work]:
    return [work(n, **{name: which[n] for name, which in special.items() if n in which}) for n in range(count)]


@asynccontextmanager
async def ready(processes: int = 1, deadline: float = 2.0) -> AsyncIterator[ProcessRenderer]:
    """A renderer with one child at least that has started, so that a test measures rendering alone."""
    async with asyncio.timeout(60), ProcessRenderer(processes, deadline=deadline) as renderer:
        await renderer.check(content())
        yield renderer


async def render(renderer: ProcessRenderer, what: Content, of: Sequence[Work]) -> dict[int, Outcome]:
    """What became of each work; every work exactly once."""
    outcomes = [outcome async for group in renderer.render(what, of) for outcome in group]
    assert Counter(outcome.delivery for outcome in outcomes) == Counter(each.delivery for each in of)
    return {outcome.delivery: outcome for outcome in outcomes}


def failures(outcomes: dict[int, Outcome]) -> dict[int, str]:
    return {number: outcome.reason for number, outcome in outcomes.items() if isinstance(outcome, RenderFailure)}


async def test_a_child_renders_the_same_bytes_as_this_process_would() -> None:
    here = Message(content())
    async with ready() as renderer:
        outcomes = await render(renderer, content(), works(3))
    assert outcomes == {n: here.render(work(n)) for n in range(3)}


async def test_many_works_over_several_calls_all_come_back_once() -> None:
    async with ready(processes=2) as renderer:
        calls = [render(renderer, content(f"{n} {{{{customer.name}}}}"), works(130)) for n in range(5)]
        for outcomes in await asyncio.gather(*calls):
            assert not failures(outcomes)


async def test_no_works_come_back_as_nothing() -> None:
    async with ready() as renderer:
        assert await render(renderer, content(), []) == {}


async def test_more_contents_than_a_child_remembers_are_learned_again() -> None:
    async with ready() as renderer:
        for number in [*range(20), *range(20)]:
            outcomes = await render(renderer, content("Dear reader", f"Number {number}"), works(1))
            assert isinstance(outcomes[0], Rendered)
            assert outcomes[0].subject == f"Number {number}"


async def test_a_check_names_the_fault_with_its_field_line_and_column() -> None:
    async with ready() as renderer:
        assert await renderer.check(content()) == []
        faults = await renderer.check(content("\n\n{% nothing %}", subject="{{ x | nothing }}"))
    assert [fault.partition(",")[0] for fault in faults] == ["subject line 1", "body line 3"]


async def test_paths_are_the_variables_in_use() -> None:
    async with ready() as renderer:
        assert await renderer.paths(content()) == {"customer.email", "customer.name"}


# Bombs: each is set off for one person of five; the others get their mail within 3 s.

GROW = (
    "{% assign x = 'xxxxxxxxxx' %}{% for i in (1..60) %}{% assign x = x | replace: 'x', 'xxxxxxxxxx' %}{% endfor %}"
)
BOMBS = {
    "replace_growth": GROW + "{{ x }}",
    "append_growth": "{% assign x = 'x' %}{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}{{ x }}",
    "append_chain": "{{ 'x'" + " | append: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'" * 3000 + " }}",
    "replace_by_itself": "{% capture b %}{% for i in (1..9999) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "{% endfor %}{% endcapture %}{{ b | replace: 'x', b }}",
    "memory": "{% capture b %}{% for i in (1..9000) %}" + "x" * 100 + "{% endfor %}{% endcapture %}"
    "{% assign l = '' | split: '' %}{% for i in (1..900) %}{% assign c = b | append: i %}"
    "{% assign l = l | push: c %}{% endfor %}",
    "range_join": "{{ (1..20000000) | join }}",
    "range_join_of_billions": "{{ (1..99999999999) | join: ', ' }}",
    "range_loop": "{% for i in (1..99999999999) %}x{% endfor %}",
    "loops_in_loops": "{% for a in (1..999) %}{% for b in (1..999) %}{% for c in (1..999) %}x{% endfor %}"
    "{% endfor %}{% endfor %}",
    "deep_blocks": "{% if true %}" * 500 + "x" + "{% endif %}" * 500,
    "deep_filters": "{{ 'x'" + " | upcase" * 30_000 + " }}",
    "deep_brackets": "{{ customer" + "[customer" * 5000 + "]" * 5000 + " }}",
    "deep_conditions": "{% if " + "true and " * 20_000 + "true %}x{% endif %}",
    "snippet_calls_itself": "{{ snippets.again }}",
    "snippets_double": "{{ snippets.double }}",
    "huge_output": "{% for i in (1..9999) %}" + "x" * 1000 + "{% endfor %}",
    "huge_split": GROW + "{{ x | split: '' | join: '----------' }}",
    "huge_times": "{% assign n = 9 %}{% for i in (1..9000) %}{% assign n = n | times: n %}{% endfor %}{{ n }}",
    "huge_round": "{{ 1.5 | round: 999999999 }}",
    "huge_date": "{{ 'now' | date: '%999999999Y' }}",
    "huge_truncate": "{{ 'x' | truncate: 999999999, 'y' }}",
    "render_liquid_itself": "{% render_liquid customer.liquid %}",
    "sort_of_many": "{% assign l = (1..9999) | join: ' ' | split: ' ' %}{% for i in (1..9999) %}"
    "{% assign l = l | sort | reverse %}{% endfor %}",
    "array_growth": "{% assign l = (1..9999) | join: ' ' | split: ' ' %}{% for i in (1..9000) %}"
    "{% assign l = l | concat: l %}{% endfor %}",
    "slow_replace": "{% capture b %}{% for i in (1..9999) %}ababababababababababababababababababababababababab"
    "{% endfor %}{% endcapture %}{% for i in (1..999) %}{% assign c = b | replace: 'ab', 'ba' %}{% endfor %}",
    "json_growth": "{% assign x = '\"' %}{% for i in (1..60) %}{% assign x = x | json %}{% endfor %}{{ x }}",
    "escape_growth": "{% assign x = '&' %}{% for i in (1..5000) %}{% assign x = x | escape %}{% endfor %}{{ x }}",
    "encode_growth": "{% assign x = '%' %}{% for i in (1..60) %}{% assign x = x | url_encode | base64_encode %}"
    "{% endfor %}{{ x }}",
    "tablerow": "{% tablerow i in (1..99999999) cols:3 %}x{% endtablerow %}",
    "cycle_and_increment": "{% for i in (1..9999) %}{% increment n %}{% for j in (1..9999) %}{% cycle 1,2 %}"
    "{% endfor %}{% endfor %}",
}
SNIPPETS = {"again": "{{ snippets.again }}", "double": "{{ snippets.more }}{{ snippets.more }}"}
SNIPPETS["more"] = "{{ snippets.double }}{{ snippets.double }}"


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_costs_its_own_delivery_and_delays_the_others_three_seconds_at_most(name: str) -> None:
    body = "Dear {{customer.name}}{% if customer.bomb %}" + BOMBS[name] + "{% endif %}"
    bomb = msgspec.structs.replace(content(body), snippets=SNIPPETS)
    people = [
        work(n, **({"bomb": True, "liquid": "{% render_liquid customer.liquid %}"} if n == 2 else {}))
        for n in range(5)
    ]
    async with ready() as renderer:
        start = time.monotonic()
        faults = await renderer.check(bomb)
        outcomes = await render(renderer, bomb, people)
        assert time.monotonic() - start < 3
        assert faults or set(failures(outcomes)) <= {2}
        assert all(len(outcome.payload) < 4_000_000 for outcome in outcomes.values() if isinstance(outcome, Rendered))
        assert not failures(await render(renderer, content(), works(5)))


async def test_a_message_that_needs_too_much_memory_fails_and_says_so() -> None:
    async with ready() as renderer:
        outcomes = await render(renderer, content(BOMBS["memory"]), works(1))
    assert failures(outcomes) == {0: "Rendering needs more than 256 MB; make the template do less"}


# What a child may suffer


@pytest.mark.usefixtures("sabotage")
async def test_a_work_that_kills_its_child_twice_fails_and_no_other() -> None:
    async with ready() as renderer:
        outcomes = await render(renderer, content(), works(120, kill={7: True, 100: True}))
    assert set(failures(outcomes)) == {7, 100}
    assert "exit status -9" in failures(outcomes)[7]


@pytest.mark.usefixtures("sabotage")
async def test_a_work_that_hangs_where_no_alarm_reaches_it_is_ended_from_outside() -> None:
    async with ready() as renderer:
        start = time.monotonic()
        outcomes = await render(renderer, content(), works(20, hang={7: True}))
        assert time.monotonic() - start < 5  # 3 s, and the start of the next child
    assert failures(outcomes) == {7: "Rendering took longer than 2 s; make the template do less"}


@pytest.mark.usefixtures("sabotage")
async def test_a_stray_print_and_a_fault_of_ours_disturb_no_other_work() -> None:
    async with ready() as renderer:
        outcomes = await render(renderer, content(), works(20, print={3: True}, crash={5: True}))
    assert failures(outcomes) == {5: "Rendering failed with ZeroDivisionError; this is a fault in Handbill"}


async def test_killing_a_child_in_the_middle_loses_nothing(children: Children) -> None:
    outcomes: list[Outcome] = []
    kills = 0
    async with ready(processes=2) as renderer:
        async for group in renderer.render(content(), works(2000)):
            outcomes += group
            if kills < 3 and len(outcomes) > 300 * kills:
                os.kill(children()[0], signal.SIGKILL)
                kills += 1
    assert sorted(outcome.delivery for outcome in outcomes) == list(range(2000))
    assert not failures({outcome.delivery: outcome for outcome in outcomes})
    assert kills == 3


async def test_a_child_killed_while_idle_is_replaced(children: Children) -> None:
    async with ready() as renderer:
        os.kill(children()[0], signal.SIGKILL)
        assert not failures(await render(renderer, content(), works(10)))


@pytest.mark.usefixtures("sabotage")
@pytest.mark.parametrize("seed", range(3))
async def test_any_mix_of_works_comes_back_exactly_once_each_with_its_own_fate(seed: int) -> None:
    chance = random.Random(seed)
    fates = {n: chance.choice(["kill", "hang", "crash", "missing"]) for n in chance.sample(range(150), 8)}
    people = [work(n, **({fates[n]: True} if n in fates else {"x": 1})) for n in range(150)]
    template = content("{% if customer.missing %}{{customer.nothing}}{% endif %}Dear {{customer.name}}")
    async with ready(processes=2, deadline=1.0) as renderer:
        halves = await asyncio.gather(*(render(renderer, template, people[part::2]) for part in (0, 1)))
    words = {"kill": "died", "hang": "longer than 1 s", "crash": "ZeroDivisionError", "missing": "customer.nothing"}
    reasons = failures(halves[0] | halves[1])
    assert {number: fates.get(number) for number in reasons} == fates, reasons
    assert all(words[fate] in reasons[number] for number, fate in fates.items())


# The life of the pool

SLOW = "{% for i in (1..9999) %}{{ customer.name }}{% endfor %}"


async def test_nobody_waits_behind_the_slow_templates_of_another() -> None:
    async with ready() as renderer:
        slow = asyncio.create_task(render(renderer, content(SLOW), works(400)))
        await anext(renderer.render(content(SLOW, number=2), works(1)))
        start = time.monotonic()
        await render(renderer, content(), works(1))
        assert time.monotonic() - start < 2
        assert not slow.done()
        slow.cancel()


async def test_a_call_that_is_given_up_leaves_nothing_behind() -> None:
    async with ready() as renderer:
        async for _ in renderer.render(content(SLOW), works(1000)):
            break
        assert not failures(await render(renderer, content(), works(5)))


async def test_closing_ends_the_children_and_the_calls_that_wait(children: Children) -> None:
    async with asyncio.timeout(30):
        renderer = ProcessRenderer(2)
        waiting = [asyncio.create_task(render(renderer, content(SLOW), works(500))) for _ in range(3)]
        await renderer.check(content())
        assert children()
        await renderer.close()
        assert not children()
        for task in waiting:
            with pytest.raises(Unavailable):
                await task
        with pytest.raises(Unavailable):
            await renderer.check(content())


async def test_children_are_started_when_there_is_something_to_do(children: Children) -> None:
    async with ProcessRenderer(1) as renderer:
        assert not children()
        await renderer.check(content())
        assert len(children()) == 1


async def test_a_child_that_cannot_start_is_said_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    async with asyncio.timeout(10), ProcessRenderer(1) as renderer:
        with pytest.raises(Unavailable, match="does not start"):
            await renderer.check(content())


async def test_children_know_none_of_our_secrets(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBILL_SMTP", "smtp://user:canary@127.0.0.1")
    async with ready():
        environ = Path(f"/proc/{children()[0]}/environ").read_bytes()  # noqa: ASYNC240
    assert environ
    assert b"canary" not in environ


PARENT = """
import asyncio
from pathlib import Path
import msgspec
from handbill.workspace.engine.needs import Content, Work
from handbill.workspace.rendering.pool import ProcessRenderer

async def main():
    renderer = ProcessRenderer(1, deadline=60)
    fields = {"from": "a@example.com", "body": "{% for i in (1..9999) %}{{ customer.name }}{% endfor %}"}
    content = Content(1, "email", fields, {})
    works = [Work(n, str(n), msgspec.Raw(b'{"name": "Ann", "email": "ann@example.org"}'), 0) for n in range(9999)]
    async for _ in renderer.render(content, works):
        for task in Path("/proc/self/task").glob("*/children"):
            print(task.read_text(), flush=True)

asyncio.run(main())
"""


def test_a_parent_killed_without_warning_leaves_no_children_behind() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = os.pidfd_open(int(parent.stdout.readline().split()[0]))
        parent.kill()
        gone, _, _ = select.select([child], [], [], 5)
        os.close(child)
    assert gone
