"""Journeys: what an event starts. Each event of a campaign's name is a journey of its person, written to at once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from handbill.workspace.engine.variants import chosen, translations_of
from handbill.workspace.store import conditions, contents, drafts, people, sending, sends
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.ulids import ulid

AGE = 72 * 3600
"""Seconds. An older event is history: it starts nothing (reference 12)."""


def start(tx: Transaction, after: int, now: int) -> None:
    """Start the journeys of the events behind `after` (an event's number): their messages are written to be sent."""
    if not tx.one("journeys.running"):
        return
    for row in tx.all("journeys.started", {"after": after, "since": now - AGE}):
        if _matches(tx, row, now):
            _start(tx, row, now)


def _matches(tx: Transaction, row: Row, now: int) -> bool:
    """Whether the person is in the campaign's audience."""
    audience = msgspec.json.decode(row["audience"], type=dict[str, Any])
    return not audience or people.matches(tx, row["person"], conditions.of_filter(tx, audience, now))


def _start(tx: Transaction, row: Row, now: int) -> None:
    messages = list(_messages(tx, row, now))
    values = {"campaign": row["campaign"], "person": row["person"], "event": row["event"], "now": now}
    messaged = now if any(not message.draft for message in messages) else None
    journey = tx.value("journeys.add", {**values, "messaged": messaged})
    tx.run("journeys.first", values)
    told = {"journey": {}, "message": {"journey_id": journey}}
    sends.add(tx, [replace(message, roots={**message.roots, **told}) for message in messages], now)


def _messages(tx: Transaction, row: Row, now: int) -> "Iterator[sends.Send]":
    """The messages of the campaign for this person and event; an event may name their addresses (reference 12).

    What is to be live waits for the end of quiet hours.
    """
    parent = {"id": row["campaign"], "name": row["name"], "topic_id": row["topic_id"]}
    written = contents.of_parent(tx, "campaign_id", parent, {}, own_roots=True, base_url="")
    data = msgspec.json.decode(row["data"], type=dict[str, Any])
    own_id = row["event_id"] or ulid(row["timestamp"], row["event"])
    told = {"event_name": row["event_name"], "event_id": own_id, "event_timestamp": row["timestamp"]}
    named = {"from": data.get("from_address"), "reply_to": data.get("reply_to")}
    recipient, transport = data.get("recipient"), sending.transport(tx)
    for base in written:
        if base.translation_of:
            continue
        content = chosen(base, translations_of(base, written), row["language"] or "")
        yield sends.Send(
            person=row["person"],
            content_id=content.id,
            type=content.type,
            transport=transport,
            roots={"event": data, **told},
            content={name: text for name, text in named.items() if isinstance(text, str) and text},
            fields={"recipient": recipient} if isinstance(recipient, str) and recipient else {},
            draft=content.draft,
            send_at=drafts.ends_quiet(tx, transport, now),
            campaign_id=row["campaign"],
            trigger_event_id=own_id,
        )
