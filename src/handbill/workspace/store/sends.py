"""Sends: messages to one person, asked for by a call or by an event. Reference 7.2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from handbill.approval import digest
from handbill.contract.fields import reach
from handbill.errors import InvalidInput, quoted
from handbill.policy import GO
from handbill.workspace.store import drafts, ledger, people
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import IdType


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One message to one person. `content` is Liquid in place of the template's, `fields` is text that is none."""

    person: int
    content_id: int
    type: str
    transport: str
    roots: Mapping[str, Any]
    content: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    draft: bool = False
    send_at: int | None = None
    """Unix seconds; None: as soon as can be."""
    send_to_unsubscribed: bool = False
    tracked: bool | None = None
    retained: bool = True
    transactional_id: int | None = None
    campaign_id: int | None = None
    trigger_event_id: str | None = None
    via: str = "api"
    """What asked for it."""

    @property
    def call(self) -> str:
        """A digest of what was asked for, whoever asked; empty for a campaign, where each time is another one."""
        given = {name: getattr(self, name) for name in Send.__slots__ if name != "via"}
        return "" if self.campaign_id else digest(given)


def add(tx: Transaction, sends: Sequence[Send], now: int) -> list[int]:
    """Write the messages into the ledger, to be sent at their time; their numbers."""
    return [_add(tx, send, now) for send in sends]


def _add(tx: Transaction, send: Send, now: int) -> int:
    each = _reach(tx, send)
    decision = (
        GO if send.draft else drafts.judge(tx, transport=send.transport, each=each, at=max(now, send.send_at or 0))
    )
    if decision.outcome == "hold" and (earlier := drafts.earlier(tx, send.call, now)):
        return earlier
    waits = send.draft or decision.outcome != "go"
    state = "drafted" if waits else "deferred" if send.send_at and send.send_at > now else "queued"
    row = {name: getattr(send, name) for name in Send.__slots__}
    delivery = int(tx.value("sends.deliver", {**row, "state": state, "now": now}))
    texts = {name: _json(row[name]) for name in ("roots", "content", "fields")}
    tx.run("sends.add", {**row, **texts, "delivery": delivery})
    [counted] = tx.all("ledger.rows", {"deliveries": _json([delivery])})
    metrics = ("created", "drafted") if waits else ("created",)
    ledger.count_metrics(tx, [(counted, metric) for metric in metrics], now)
    if decision.outcome != "go":
        drafts.ask(tx, delivery, each, decision.reason, send.call, send.via, now)
    elif send.transport == "live" and not send.draft:
        drafts.go(tx, delivery, each, send.via, now, send.send_at)
    return delivery


def _reach(tx: Transaction, send: Send) -> int:
    """How many addresses it goes to."""
    template = msgspec.json.decode(tx.value("sends.fields", {"content": send.content_id}) or "{}")
    return reach(send.type, {**template, **send.content, **send.fields})


def template(tx: Transaction, wanted: int | str) -> Row | None:
    """The transactional message with this number, also as text, or this name in any case (reference 7.2)."""
    number = int(wanted) if str(wanted).isdecimal() and len(str(wanted)) < 17 else None
    return tx.one("sends.template", {"id": number, "name": str(wanted)})


def create_template(tx: Transaction, name: str, type_: str, now: int) -> Row:
    """An empty transactional message of this name and channel (`auto_create`)."""
    created = int(tx.value("sends.create_template", {"name": name, "now": now}))
    tx.run("sends.create_content", {"transactional": created, "name": name, "type": type_, "now": now})
    row = tx.one("sends.template", {"id": created, "name": name})
    assert row
    return row


def written(tx: Transaction, transactional_id: int, type_: str, language: str) -> Row | None:
    """What a transactional message says by this channel in this language, else in its own; None: not by this one."""
    return tx.one("sends.written", {"transactional": transactional_id, "type": type_, "language": language})


def recipient(tx: Transaction, identifiers: Mapping[IdType, Any], now: int) -> Row:
    """The person these identifiers name, who is made if need be. Raises InvalidInput for an unknown cio_id."""
    [(kind, value)] = identifiers.items()
    number = people.find(tx, kind, str(value))
    if number is None:
        number = people.identify(tx, kind, str(value), {}, now).person
    row = None if number is None else people.get(tx, number)
    if row is None:
        raise InvalidInput.of(
            "identifiers", f"identifiers: there is no person with {kind} {quoted(str(value))}, and none may be made."
        )
    return row


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
