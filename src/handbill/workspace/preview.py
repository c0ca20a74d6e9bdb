"""A trigger tried out: how many people, who is left out and why, samples, and what the template misses."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from handbill.contract.app.triggers import LeftOut, MissingAttribute, Preview, Sample
from handbill.contract.audience import check, named
from handbill.errors import Fault, HandbillError, InvalidInput
from handbill.workspace import archive, audience, ways
from handbill.workspace.channels import mime
from handbill.workspace.engine.broadcast import SAMPLED, spread
from handbill.workspace.engine.needs import Content, Rendered, Work
from handbill.workspace.ledger import sample
from handbill.workspace.store import audience as audiences
from handbill.workspace.store import contents, triggers
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Audience:
    """Who a trigger names: people, the data of those who have their own, and what is wrong."""

    option: str
    people: Sequence[int]
    data: Mapping[int, str]
    faults: Sequence[Fault]
    missing: int = 0
    merged: int = 0


async def preview(workspace: Workspace, number: int, body: Mapping[str, Any], samples: int) -> Preview:
    """What `POST …/triggers` with this body would do. Nothing is recorded. Raises NotFound.

    `samples`: how many rendered messages to show; with 0 nothing is rendered.
    """
    faults = check(body)
    broadcast = dict(await workspace.database.read(triggers.broadcast, number))
    chosen = _Audience("", [], {}, faults) if faults else await _choose(workspace, number, body)
    obstacle = await workspace.database.read(_obstacle, number, workspace)
    left_out = await workspace.database.read(audiences.left_out, chosen.people, broadcast["topic_id"])
    looked = await _look(workspace, broadcast, body, chosen) if samples and chosen.people else _Look([], [], [])
    told = [*chosen.faults, *([Fault("broadcast_id", obstacle)] if obstacle else [])]
    return Preview(
        broadcast_id=number,
        people=len(chosen.people) - sum(left_out.values()),
        people_in_workspace=await workspace.database.read(audiences.everyone),
        left_out=_left_out(chosen, left_out),
        samples=looked.samples[:samples],
        faults=[*(fault.message for fault in told), *looked.faults],
        missing_attributes=looked.missing,
    )


def _obstacle(tx: Transaction, number: int, workspace: Workspace) -> str:
    return triggers.obstacle(tx, triggers.broadcast(tx, number), ways.lacking(workspace.settings))


def _left_out(chosen: _Audience, counts: Mapping[str, int]) -> list[LeftOut]:
    reasons = {**counts, "not in the workspace": chosen.missing, "named more than once": chosen.merged}
    return [LeftOut(reason=reason, count=count) for reason, count in reasons.items() if count]


# Who


async def _choose(workspace: Workspace, number: int, body: Mapping[str, Any]) -> _Audience:
    if body.get("data_file_url"):
        return await _from_file(workspace, body)
    return await workspace.database.read(_from_body, number, body, workspace.clock.now())


def _from_body(tx: Transaction, number: int, body: Mapping[str, Any], now: int) -> _Audience:
    option, entries = audiences.entries(body)
    if option:
        flags = audiences.Flags.of(body)
        found = audiences.find(tx, entries, flags)
        return _named(option, found, flags)
    filter_ = body["recipients"] if named(body) else audiences.saved(triggers.broadcast(tx, number))
    if not filter_:
        fault = Fault("recipients", f"Broadcast {number} has no audience of its own; name recipients.")
        return _Audience("recipients", [], {}, [fault])
    try:
        people = audiences.matching(tx, filter_, now)
    except HandbillError as error:
        return _Audience("recipients", [], {}, [Fault("recipients", str(error))])
    nobody = [] if people else [Fault("recipients", "recipients matches nobody now; nothing was sent.")]
    return _Audience("recipients", people, {}, nobody)


def _named(option: str, found: audiences.Named, flags: audiences.Flags) -> _Audience:
    missing = len(found.missing_ids) + len(found.missing_emails)
    own = {person: data for person, data in found.people.items() if data != "{}"}
    return _Audience(option, list(found.people), own, found.faults(option, flags), missing, found.merged)


async def _from_file(workspace: Workspace, body: Mapping[str, Any]) -> _Audience:
    flags = audiences.Flags.of(body)
    found = audiences.Named()
    try:
        async for portion in audience.portions(workspace, body["data_file_url"]):
            await workspace.database.read(audiences.find, portion, flags, found)
    except InvalidInput as error:
        return _Audience("data_file_url", [], {}, error.faults)
    return _named("data_file_url", found, flags)


# What


@dataclass(frozen=True, slots=True)
class _Look:
    samples: list[Sample]
    faults: list[str]
    missing: list[MissingAttribute]


async def _look(
    workspace: Workspace, broadcast: Mapping[str, Any], body: Mapping[str, Any], chosen: _Audience
) -> _Look:
    """Render each message for people spread over the audience, and count who lacks what it uses."""
    written = await workspace.database.read(_contents, broadcast, body, chosen, workspace.settings.base_url)
    look = _Look([], [], [])
    for content in written:
        works = await workspace.database.read(_works, content, chosen, workspace.clock.now())
        look.samples.extend(await render(workspace, content, works))
        look.missing.extend(await _missing(workspace, content, body, chosen))
    look.faults.extend(_summary(look.samples))
    look.samples.sort(key=lambda sample: bool(sample.fault))
    return look


def _contents(
    tx: Transaction, broadcast: Mapping[str, Any], body: Mapping[str, Any], chosen: _Audience, base_url: str
) -> list[Content]:
    data = body.get("data") or {}
    own = bool(chosen.data)
    return contents.of_parent(tx, "broadcast_id", broadcast, {"trigger": data}, own_roots=own, base_url=base_url)


def _works(tx: Transaction, content: Content, chosen: _Audience, now: int) -> list[Work]:
    return sample(tx, content, 0, spread(chosen.people, SAMPLED), now, chosen.data)


async def render(workspace: Workspace, content: Content, works: Sequence[Work]) -> list[Sample]:
    """The message as each of these people would get it."""
    results = [group async for group in workspace.renderer.render(content, works)]
    by_person = {result.delivery: result for group in results for result in group}
    return [_sample(content, work, by_person[work.delivery]) for work in works]


def _sample(content: Content, work: Work, result: Any) -> Sample:
    customer = msgspec.json.decode(work.customer)
    identifiers = {name: customer.get(name) for name in ("id", "email", "cio_id")}
    if not isinstance(result, Rendered):
        return Sample(identifiers=identifiers, type=content.type, fault=result.reason)
    body = archive.expand(result.archive).get("body", "")
    text = mime.plain(body) if content.type == "email" else body
    return Sample(
        identifiers=identifiers,
        type=content.type,
        sender=result.sender,
        recipient=result.recipient,
        subject=result.subject,
        body=body,
        text=text,
    )


def _summary(samples: Sequence[Sample]) -> list[str]:
    """Each way the samples failed, with how many did."""
    counted = Counter(sample.fault for sample in samples if sample.fault)
    return [f"{count} of {len(samples)} samples: {fault}" for fault, count in counted.most_common()]


async def _missing(
    workspace: Workspace, content: Content, body: Mapping[str, Any], chosen: _Audience
) -> list[MissingAttribute]:
    found = []
    for path in sorted(await workspace.renderer.paths(content)):
        root, _, name = path.partition(".")
        count = 0
        if root == "customer" and name and "." not in name:
            count = await workspace.database.read(audiences.without, chosen.people, name)
        elif root == "trigger" and name.partition(".")[0] not in (body.get("data") or {}):
            count = len(chosen.people) - sum(
                name.partition(".")[0] in msgspec.json.decode(data) for data in chosen.data.values()
            )
        if count:
            found.append(MissingAttribute(path=path, people=count))
    return found
