"""One broadcast, step by step: accept → resolve → prepare → render → send → record → settle.

Accepting is the API's: one transaction, answered at once. `prepare` takes an accepted trigger up to the moment before
the first message; `deliver` renders claimed deliveries and hands them to a dispatcher, which sends and records; the
ledger settles a trigger in the transaction that records its last delivery.
"""

from collections.abc import Callable, Sequence

from handbill.workspace.engine.dispatcher import Dispatcher, Parcel
from handbill.workspace.engine.needs import (
    Batch,
    Content,
    Job,
    Ledger,
    Outcome,
    Rendered,
    Renderer,
    RenderFailure,
    Result,
    Work,
)

SAMPLED = 20
"""So many people, spread over the audience, are rendered before anything is sent."""

CHUNK = 10_000
"""People written out in one transaction."""


async def prepare(job: Job, ledger: Ledger, renderer: Renderer) -> None:
    """Resolve the audience, try the messages on a sample, and write the audience out completely."""
    resolved = await ledger.resolve(job)
    if resolved.faults:
        await ledger.fail(job, resolved.faults)
        return
    contents = await ledger.contents(job)
    samples: dict[int, bytes] = {}
    for content in contents:
        works = await ledger.sample(job, content, spread(resolved.people, SAMPLED))
        rendered, failures = await render_all(renderer, content, works)
        if failures and not rendered:
            await ledger.fail(job, sorted({failure.reason for failure in failures}))
            return
        if rendered:
            samples[content.id] = rendered[0].archive
    for start in range(0, len(resolved.people), CHUNK):
        await ledger.write_out(job, contents, resolved.people[start : start + CHUNK])
    await ledger.begin(job, contents, samples)


def spread(people: Sequence[int], count: int) -> Sequence[int]:
    """`count` people at equal distances, the first among them; everybody when there are fewer."""
    step = max(1, len(people) // count)
    return people[::step][:count]


async def render_all(
    renderer: Renderer, content: Content, works: Sequence[Work]
) -> tuple[list[Rendered], list[RenderFailure]]:
    """Render a few works; those that came out and those that did not."""
    results = [result async for group in renderer.render(content, works) for result in group]
    rendered = [result for result in results if isinstance(result, Rendered)]
    failures = [result for result in results if isinstance(result, RenderFailure)]
    return rendered, failures


async def deliver(batch: Batch, renderer: Renderer, dispatcher: Dispatcher, now: Callable[[], int]) -> None:
    """Render a claimed batch and hand each message over as soon as it is ready."""
    works = {work.delivery: work for work in batch.works}
    async for group in renderer.render(batch.content, batch.works, batch.sample):
        for result in group:
            if isinstance(result, Rendered):
                await dispatcher.put(Parcel(result, works[result.delivery], batch))
            else:
                dispatcher.finish(Result(result.delivery, Outcome.FAILED, now(), result.reason))
