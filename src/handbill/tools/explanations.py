"""Explanations: why a person did or did not get a message. Read explain_delivery first, then what it asks in turn."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from handbill.client import Client
from handbill.contract.app.activities import ActivitiesQuery, PersonActivitiesQuery
from handbill.contract.app.customers import Person, PersonMessagesQuery
from handbill.contract.app.messages import Message
from handbill.contract.app.triggers import Progress, Trigger
from handbill.contract.limits import MESSAGES_MAX
from handbill.errors import Fault, HandbillError, InvalidInput, NotFound, Unauthorized
from handbill.tools.answers import Answer
from handbill.tools.customers import Who, find_one
from handbill.tools.metrics import PARENTS, Kind
from handbill.tools.parameters import Id, TriggerId
from handbill.tools.tool import Arguments, Context, tool
from handbill.tools.triggering import check_trigger_id, number_of

SHOWN = 5
"""Messages that one explanation shows."""
LESS = (
    "Customer.io does not tell whom a trigger left out, nor what the message would look like for this person: these "
    "are not among the checks."
)


class Check(BaseModel):
    """One thing that had to hold."""

    what: str
    ok: bool
    detail: str
    words: str = Field("", description="What a server, a template or the workspace said of it, as it was said.")


class Explanation(Answer):
    reason: str = Field(description="Why, in one sentence.")
    got_it: bool
    words: str = Field("", description="What a server, a template or the workspace said, as it was said.")
    checks: list[Check] = Field(
        description="What had to hold, in the order it is asked; `ok` is false where it did not."
    )
    messages: list[Message] = Field(description="The person's messages it is about, newest first.")


@dataclass(frozen=True, slots=True)
class Question:
    """Did this person get this message?"""

    client: Client
    person: Person
    kind: Kind
    number: int
    trigger_id: int | None = None

    @property
    def cio_id(self) -> str:
        return f"cio_{self.person.identifiers.cio_id}"


def check_question(arguments: Arguments) -> Iterator[Fault]:
    """What is wrong with the choice of message."""
    named = [name for name in PARENTS if name in arguments]
    if len(named) != 1:
        got = f"got {' and '.join(named)}" if named else "this call names none"
        yield Fault(named[-1] if named else "broadcast_id", f"Give exactly one of {', '.join(PARENTS)}; {got}.")
    if "trigger_id" in arguments and "broadcast_id" not in arguments:
        yield Fault("trigger_id", "trigger_id goes with broadcast_id.")
    yield from check_trigger_id(arguments)


@tool(effect="reads", toolset="people", command="why", check=check_question)
async def explain_delivery(
    context: Context,
    identifier: Who,
    broadcast_id: Annotated[int | None, Id(does="Of this broadcast.")] = None,
    trigger_id: Annotated[
        str | None, TriggerId(does="Of this time the broadcast was triggered; the latest, if left out.")
    ] = None,
    newsletter_id: Annotated[int | None, Id(does="Of this newsletter.")] = None,
    campaign_id: Annotated[int | None, Id(does="Of this campaign.")] = None,
    transactional_message_id: Annotated[int | None, Id(does="Of this transactional message.")] = None,
) -> Explanation:
    """Say why a person did or did not get a message: the reason first, then each thing that had to hold.

    Looks at the trigger and its audience, segments, the event, unsubscribing, topics, suppression, language and A/B
    group, the template, and what the provider said.
    """
    given = (broadcast_id, newsletter_id, campaign_id, transactional_message_id)
    [(kind, number)] = [pair for pair in zip(PARENTS.values(), given, strict=True) if pair[1] is not None]
    try:
        person = await find_one(context, identifier)
    except NotFound as error:
        return await _nobody(context, identifier, error)
    context.notes.extend([LESS] if context.client.live and kind == "broadcast" else [])
    question = Question(context.client, person, kind, number or 0, number_of(trigger_id) if trigger_id else None)
    checks = [check async for check in _origin(question)]
    messages = await _messages(question, checks)
    if messages:
        checks = [*checks, *_course(messages[0]), *[check async for check in _variant(question, messages[0])]]
    else:
        checks = [*checks, *[check async for check in _absence(question)]]
    return _answer([*checks, *[check async for check in _standing(question)]], messages)


def _answer(checks: list[Check], messages: list[Message]) -> Explanation:
    """The first thing that did not hold is the reason, unless the message went out all the same."""
    sent = next((message for message in messages if "sent" in message.metrics), None)
    failing = next((check for check in checks if not check.ok), None)
    if sent and "bounced" not in sent.metrics:
        return Explanation(reason=_sent(sent), got_it=True, checks=checks, messages=messages[:SHOWN])
    reason = (
        failing.detail if failing else "Nothing speaks against it, and there is no such message: it was not sent."
    )
    words = failing.words if failing else ""
    return Explanation(reason=reason, got_it=False, words=words, checks=checks, messages=messages[:SHOWN])


async def _nobody(context: Context, identifier: str, error: NotFound) -> Explanation:
    """Nobody of this name is there; perhaps somebody was."""
    query = ActivitiesQuery(customer_id=identifier, deleted=True, limit=1)
    try:
        gone = (await context.client.activities.list(query)).activities
    except HandbillError:
        gone = []
    said = f"This person was deleted, after {_time(gone[0].timestamp)}." if gone else str(error)
    return Explanation(reason=said, got_it=False, checks=[Check(what="person", ok=False, detail=said)], messages=[])


# What it came from


async def _origin(question: Question) -> AsyncIterator[Check]:
    """Was there an occasion to send it at all?"""
    match question.kind:
        case "broadcast":
            yield await _trigger(question)
        case "newsletter":
            newsletter = (await question.client.newsletters.get(question.number)).newsletter
            sent = newsletter.sent_at is not None
            said = f"It was sent at {_time(newsletter.sent_at)}." if sent else "The newsletter has not been sent yet."
            yield Check(what="sent", ok=sent, detail=said)
        case "campaign":
            campaign = (await question.client.campaigns.get(question.number)).campaign
            running = campaign.state == "running"
            yield Check(what="campaign", ok=running, detail=f"The campaign is {campaign.state}.")
        case _:
            await question.client.transactional.get(question.number)


async def _trigger(question: Question) -> Check:
    trigger = await _latest(question)
    if trigger is None:
        return Check(what="trigger", ok=False, detail="The broadcast was never triggered.")
    state = await question.client.triggers.standing(question.number, trigger.id)
    if state.state == "failed":
        errors = (await question.client.triggers.errors(question.number, trigger.id)).errors
        words = (errors or [state.note])[0]
        return Check(what="trigger", ok=False, detail=f"Trigger {trigger.id} failed: nobody got it.", words=words)
    if not trigger.processed_at and state.state in ("accepted", "preparing"):
        return Check(what="trigger", ok=False, detail=f"Trigger {trigger.id} is still being prepared.")
    return Check(what="trigger", ok=True, detail=f"Trigger {trigger.id} was accepted at {_time(trigger.created_at)}.")


async def _latest(question: Question) -> Trigger | None:
    """The trigger asked for, or the last one."""
    if question.trigger_id:
        return await question.client.triggers.get(question.number, question.trigger_id)
    triggers = (await question.client.triggers.list(question.number)).triggers
    return max(triggers, key=lambda trigger: trigger.id, default=None)


async def _progress(question: Question, trigger: Trigger) -> Progress | None:
    """How far it is, and for whom; Customer.io does not tell."""
    if question.client.live:
        return None
    return await question.client.triggers.progress(question.number, trigger.id)


# The person's messages


async def _messages(question: Question, checks: list[Check]) -> list[Message]:
    """The person's messages of the last six months that are meant, drafts only when there is nothing else."""
    for drafts in (False, True):
        parent = {f"{question.kind}_id": question.number} if question.kind in ("newsletter", "campaign") else {}
        query = PersonMessagesQuery(id_type="cio_id", limit=MESSAGES_MAX, drafts=drafts, **parent)
        found = (await question.client.customers.messages(question.cio_id, query)).messages
        if meant := await _meant(question, found):
            return meant
    return []


async def _meant(question: Question, messages: list[Message]) -> list[Message]:
    match question.kind:
        case "broadcast":
            trigger = await _latest(question)
            first, last = await _span(question, trigger) if trigger else (0, None)
            mine = [message for message in messages if _of_broadcast(question, message)]
            return [message for message in mine if first <= message.created <= (last or message.created)]
        case "newsletter":
            return [message for message in messages if message.newsletter_id == question.number]
        case "campaign":
            return [message for message in messages if message.campaign_id == question.number]
        case "transactional":
            contents = (await question.client.transactional.contents(question.number)).contents
            ids = {content.id for content in contents}
            return [message for message in messages if message.msg_template_id in ids]


async def _span(question: Question, trigger: Trigger) -> tuple[int, int | None]:
    """From when until when messages are this trigger's."""
    if question.client.live:
        return await question.client.triggers.span(question.number, trigger.id)
    return trigger.created_at, trigger.processed_at


def _of_broadcast(question: Question, message: Message) -> bool:
    """A broadcast's number at Customer.io is that of a campaign, and older lists call it so (reference 3.1, 9)."""
    theirs = (message.broadcast_id, message.campaign_id if question.client.live else None)
    return question.number in theirs


def _course(message: Message) -> Iterator[Check]:
    """How far the message came."""
    happened, words = message.metrics, message.failure_message or ""
    yield Check(what="message", ok=True, detail=f"A message was made at {_time(message.created)}.")
    if not happened:
        yield Check(what="sending", ok=False, detail="The message waits for its turn to be sent.")
    for metric, said in _ENDS.items():
        if metric in happened and "sent" not in happened:
            yield Check(what=metric, ok=False, detail=said, words=words)
    if "sent" in happened:
        bounced = "bounced" in happened
        said = "The server refused the message afterwards." if bounced else _sent(message)
        yield Check(what="sending", ok=not bounced, detail=said, words=words)


_ENDS = {
    "undeliverable": "The message was not sent: the person may not get it.",
    "suppressed": "The message was not sent: the address is suppressed.",
    "bounced": "The server refused the message.",
    "dropped": "The provider declined to send the message.",
    "failed": "The message could not be made from its template and the person's data.",
    "deferred": "The server said later: the message is tried again.",
    "attempted": "Sending met a passing problem: the message is tried again.",
    "drafted": "The message is a draft: a person has to send it.",
}
"""How a message ends that was not sent, the surest first."""


def _sent(message: Message) -> str:
    names = ("sent", "delivered", "opened", "clicked", "converted", "unsubscribed", "spammed")
    happened = [f"{name} at {_time(message.metrics[name])}" for name in names if name in message.metrics]
    return f"The person got it: {', '.join(happened)}."


async def _variant(question: Question, message: Message) -> AsyncIterator[Check]:
    """In which language it was, and in which group of an A/B test."""
    if (language := question.person.attributes.get("language")) and question.kind in _TRANSLATED:
        yield await _in_language(question, message, language)
    if question.kind == "newsletter":
        groups = (await question.client.newsletters.test_groups(question.number)).test_groups
        mine = next((group for group in groups if message.content_id in group.content_ids), None)
        if mine:
            yield Check(what="group", ok=True, detail="The person is in a group of an A/B test.", words=mine.name)


_TRANSLATED = ("broadcast", "campaign", "newsletter")


async def _in_language(question: Question, message: Message, language: str) -> Check:
    """`pt-BR` is served by a text in `pt`, too."""
    for wanted in dict.fromkeys((language, language.partition("-")[0])):
        if await _translated(question, message, wanted):
            said = "There is a translation into the person's language."
            return Check(what="language", ok=True, detail=said, words=wanted)
    said = "There is no translation into the person's language: the text without a language is used."
    return Check(what="language", ok=True, detail=said, words=language)


async def _translated(question: Question, message: Message, language: str) -> bool:
    client, number = question.client, question.number
    try:
        if question.kind == "newsletter":
            await client.newsletters.language(number, language)
        elif question.kind == "broadcast":
            await client.broadcasts.language(number, message.action_id or 0, language)
        else:
            await client.campaigns.language(number, message.action_id or 0, language)
    except HandbillError:
        return False
    return True


# Why there is no message


async def _absence(question: Question) -> AsyncIterator[Check]:
    """What may have kept the person out, of those it was for."""
    match question.kind:
        case "broadcast":
            async for check in _outside(question):
                yield check
        case "newsletter":
            newsletter = (await question.client.newsletters.get(question.number)).newsletter
            yield await _in_segments(question, newsletter.recipient_segment_ids, every=False)
        case "campaign":
            async for check in _unstarted(question):
                yield check
        case _:
            said = "Nobody sent this message to this person in the last six months."
            yield Check(what="sent", ok=False, detail=said)


async def _outside(question: Question) -> AsyncIterator[Check]:
    trigger = await _latest(question)
    if trigger is None:
        return
    if (made := await _made(question)) and made > trigger.created_at:
        said = f"The person was added at {_time(made)}, after the broadcast was triggered."
        yield Check(what="person", ok=False, detail=said)
    progress = await _progress(question, trigger)
    audience = progress.audience if progress else None
    inside = await _matches(question, audience) if audience else None
    now = {None: "", True: " They would be now.", False: " They are not now, either."}[inside]
    said = f"The person was not in the audience of trigger {trigger.id}.{now}"
    yield Check(what="audience", ok=False, detail=said)


async def _matches(question: Question, audience: dict[str, Any]) -> bool | None:
    """Whether the person matches the filter now; None where that cannot be asked."""
    known = question.person.identifiers
    field, value = ("id", known.id) if known.id else ("email", known.email)
    alone = {"attribute": {"field": field, "operator": "eq", "value": value}}
    try:
        found = await question.client.customers.search({"and": [audience, alone]})
    except HandbillError:
        return None
    return any(each.cio_id == known.cio_id for each in found.identifiers)


async def _made(question: Question) -> int | None:
    """When the person was added, if that is still told."""
    query = PersonActivitiesQuery(type="profile_create", id_type="cio_id", limit=1)
    found = (await question.client.activities.of_customer(question.cio_id, query)).activities
    return found[0].timestamp if found else None


async def _in_segments(question: Question, wanted: list[int], *, every: bool) -> Check:
    theirs = {
        segment.id for segment in (await question.client.customers.segments(question.cio_id, "cio_id")).segments
    }
    inside = theirs.issuperset(wanted) if every else bool(theirs.intersection(wanted)) or not wanted
    listed = ", ".join(str(each) for each in wanted)
    if not wanted:
        return Check(what="audience", ok=False, detail="The person was not in its audience when it was sent.")
    if inside:
        return Check(what="segments", ok=True, detail=f"The person is in its segments ({listed}) now.")
    return Check(what="segments", ok=False, detail=f"The person is not in its segments ({listed}).")


async def _unstarted(question: Question) -> AsyncIterator[Check]:
    campaign = (await question.client.campaigns.get(question.number)).campaign
    query = PersonActivitiesQuery(type="event", name=campaign.event_name, id_type="cio_id", limit=1)
    events = (await question.client.activities.of_customer(question.cio_id, query)).activities
    if not events:
        said = "The event that starts this campaign has not come in for this person."
        yield Check(what="event", ok=False, detail=said, words=campaign.event_name)
        return
    at = events[0].timestamp
    said = f"The event that starts this campaign came in last at {_time(at)}."
    yield Check(what="event", ok=True, detail=said, words=campaign.event_name)
    if campaign.filter_segment_ids:
        yield await _in_segments(question, campaign.filter_segment_ids, every=True)
    else:
        said = "No journey began with that event: it came before the campaign ran, was older than 72 hours when it "
        yield Check(what="journey", ok=False, detail=f"{said}came, or the person was not in the campaign's audience.")


# What holds for the person now


async def _standing(question: Question) -> AsyncIterator[Check]:
    """What keeps messages from this person at this moment, whatever was then."""
    person = question.person
    unsubscribed = person.unsubscribed and question.kind != "transactional"
    said = "The person is unsubscribed." if unsubscribed else "The person is not unsubscribed."
    yield Check(what="unsubscribed", ok=not unsubscribed, detail=said)
    if email := person.attributes.get("email"):
        async for check in _suppressed(question, email):
            yield check
    if question.kind == "newsletter":
        async for check in _topic(question):
            yield check
    if question.kind == "broadcast" and (trigger := await _latest(question)):
        async for check in _tried(question, await _progress(question, trigger)):
            yield check


async def _suppressed(question: Question, email: str) -> AsyncIterator[Check]:
    """An account that sends by a server of its own is not told at Customer.io (reference 10)."""
    try:
        found = (await question.client.suppressions.search(email)).suppressions
    except (NotFound, InvalidInput, Unauthorized):
        return
    said = "The address is suppressed." if found else "The address is not suppressed."
    yield Check(what="suppression", ok=not found, detail=said, words=found[0].reason if found else "")


async def _topic(question: Question) -> AsyncIterator[Check]:
    newsletter = (await question.client.newsletters.get(question.number)).newsletter
    if newsletter.subscription_topic_id is None:
        return
    preferences = (await question.client.subscriptions.preferences(question.cio_id, "cio_id")).customer.topics
    for topic in preferences:
        if topic.id in (str(newsletter.subscription_topic_id), f"topic_{newsletter.subscription_topic_id}"):
            state = "subscribed" if topic.subscribed else "not subscribed"
            said = f"The person is {state} to the newsletter's topic."
            yield Check(what="topic", ok=topic.subscribed, detail=said, words=topic.name)


async def _tried(question: Question, progress: Progress | None) -> AsyncIterator[Check]:
    """What would become of it if it were triggered for this person alone, now; Customer.io does not tell."""
    if progress is None:
        return
    known = question.person.identifiers
    body = {**({"ids": [known.id]} if known.id else {"emails": [known.email]}), "data": progress.data}
    try:
        preview = await question.client.triggers.preview(question.number, body, samples=1)
    except HandbillError:
        return
    for left in preview.left_out:
        yield Check(what="left out", ok=False, detail="The broadcast leaves this person out.", words=left.reason)
    for sample in (
        preview.samples if "trigger." not in preview.samples[0].fault else []
    ):  # data of one's own is not told
        said = (
            "The template cannot be filled in for this person." if sample.fault else "The template fits this person."
        )
        yield Check(what="template", ok=not sample.fault, detail=said, words=sample.fault)


def _time(seconds: int | None) -> str:
    return f"{datetime.fromtimestamp(seconds or 0, UTC):%Y-%m-%d %H:%M:%S} UTC"
