"""Sends: one transactional message to one person, followed until it is clear what became of it."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from handbill.contract.app.messages import Message
from handbill.contract.app.sends import Sent
from handbill.errors import HandbillError, InvalidInput
from handbill.gate.gate import Channel, Outcome
from handbill.tools.approvals import Sending, decided, waiting
from handbill.tools.customers import Who, find_one
from handbill.tools.parameters import Choice, Flag, Json, Text, Timestamp
from handbill.tools.tool import Context, tool

FOLLOW_SECONDS = 60
POLL_SECONDS = 0.25
SETTLED = ("sent", "failed", "bounced", "undeliverable", "suppressed", "drafted", "deferred")
"""What has happened to a message of which it is clear what became of it, for now."""
State = Literal[
    "queued",
    "held",
    "declined",
    "sent",
    "failed",
    "bounced",
    "undeliverable",
    "suppressed",
    "drafted",
    "deferred",
]
ADDRESSES = {"email": "email", "sms": "phone", "whatsapp": "phone"}
"""The attribute with the person's address, for the channels that want one."""


class SentMessage(Sending):
    delivery_id: str = Field("", description="The message, for CUSTOMERIO_EXPLAIN_DELIVERY; empty while it is held.")
    queued_at: int | None = None
    send_at: int | None = None
    recipient: str
    state: State
    failure_message: str | None = None


@tool(effect="sends", toolset="sends", command="transactional send")
async def send_transactional_message(
    context: Context,
    transactional_message_id: Annotated[
        str,
        Text(
            does="Which message: its number or name; CUSTOMERIO_LIST_TRANSACTIONAL_MESSAGES lists them.",
            example="Receipt",
            number=True,
        ),
    ],
    identifier: Who,
    message_data: Annotated[
        dict[str, Any] | None,
        Json(
            does="Values for the message: {{trigger.total}} is message_data.total.",
            of={"type": "object"},
            example='{"total": 40}',
        ),
    ] = None,
    channel: Annotated[Channel, Choice(does="By which way.", options=get_args(Channel), default="email")] = "email",
    to: Annotated[
        str | None,
        Text(does="The address or number, instead of the person's own.", example="ana@shop.example", longest=998),
    ] = None,
    language: Annotated[str | None, Text(does="Instead of the person's own, such as fr.", example="fr")] = None,
    send_at: Annotated[int | None, Timestamp(does="Later: in Unix seconds, at most 90 days ahead.")] = None,
    queue_draft: Annotated[bool, Flag(does="true: make a draft, which a person sends.")] = False,
) -> SentMessage:
    """Send one transactional message, such as a receipt or a password reset, to one person of the workspace.

    Sent once: when the answer is lost, look with CUSTOMERIO_GET_MESSAGES before you call again. state `held`: it
    waits for a person, who is told how in `approve`; the same call again tells what became of it.
    """
    person = await find_one(context, identifier)
    attribute = ADDRESSES.get(channel)
    recipient = to or (person.attributes.get(attribute) if attribute else None) or ""
    if attribute and not recipient:
        raise InvalidInput.of("to", f"to is required: this person has no {attribute}. Nothing was sent.")
    said = {"to": recipient or None, "message_data": message_data, "language": language, "send_at": send_at}
    body = {
        "transactional_message_id": transactional_message_id,
        "identifiers": {"cio_id": person.identifiers.cio_id},
        **{name: value for name, value in said.items() if value is not None},
        **({"queue_draft": True} if queue_draft else {}),
    }
    outcome = await decided(context, await context.gate.message(channel, body))
    context.notes.extend(outcome.notes)
    if outcome.held:
        return SentMessage(**(outcome.answer or {}), recipient=recipient, **await waiting(context, outcome))
    context.notes.extend(["the same call came before: this is its message, nothing new is sent"] * outcome.repeated)
    return await _followed(context, outcome, recipient)


async def _followed(context: Context, outcome: Outcome, recipient: str) -> SentMessage:
    """What became of it, at once or, if the caller waits, when it is settled or a minute passed."""
    sent = Sent(**(outcome.answer or {}))
    settled = [state for state in SETTLED if state != "drafted" or outcome.approval is None]
    answer = SentMessage(**sent.model_dump(), recipient=recipient, state="queued", repeated=outcome.repeated)
    loop = asyncio.get_running_loop()
    end = loop.time() + (FOLLOW_SECONDS if context.report and not sent.send_at else 0)
    try:
        while True:
            message = (await context.client.messages.get(sent.delivery_id)).message
            answer = answer.model_copy(update=_outcome(message, settled))
            if answer.state != "queued" or loop.time() > end:
                return answer
            await asyncio.sleep(POLL_SECONDS)
    except HandbillError as error:
        context.notes.append(f"The message was accepted, but what became of it could not be read: {error}")
        return answer


def _outcome(message: Message, settled: Sequence[str]) -> dict[str, Any]:
    state = next((state for state in settled if state in message.metrics), "queued")
    return {"state": state, "failure_message": message.failure_message}
