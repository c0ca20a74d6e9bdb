"""Send: one transactional message to one person, accepted at once and sent by the worker. Reference 7.2."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request

from handbill.contract import attachments
from handbill.contract.app import sends as contract
from handbill.contract.app.contents import header_list
from handbill.contract.attributes import identifier
from handbill.contract.filters import got
from handbill.contract.limits import SEND_AHEAD, SEND_BYTES
from handbill.errors import Fault, InvalidInput, SendingRefused, TooLarge, quoted
from handbill.workspace import delivery_ids, ways
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import people, sending
from handbill.workspace.store import sends as store
from handbill.workspace.store.attributes import plain
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import IdType
from handbill.workspace.workspace import Workspace

_LITERAL = ("recipient", "cc", "bcc", "attachments")
"""Fields of a call that are no Liquid."""
_FIELDS: Mapping[str, Mapping[str, str]] = {
    "email": {"to": "recipient", "preheader": "preheader_text"},
    "push": {"to": "recipient", "title": "subject", "message": "body"},
    "twilio": {"to": "recipient"},
    "whatsapp": {"to": "recipient"},
    "in_app": {},
    "inbox": {"to": "recipient"},
}
"""What a field of the call is called in a content, where the name is another."""
_IDENTIFIERS: tuple[IdType, ...] = ("id", "email", "cio_id")
_WHOLE = ("from", "subject", "body")
_SETTINGS = {*contract.Mailing.model_fields, "tracked", "custom_device", "disable_css_preprocessing"}
"""What a call says about its sending, beside the message's own fields."""


@serves(contract.EMAIL, contract.PUSH, contract.SMS, contract.WHATSAPP, contract.IN_APP, contract.INBOX_MESSAGE)
async def send(call: Call) -> contract.Sent:
    wanted: contract.Send = call.body
    now = call.workspace.clock.now()
    _check(call.request, wanted, now)
    type_ = contract.TYPES[call.endpoint.name.removeprefix("sends.")]
    delivery = await call.workspace.database.write(_accept, call.workspace, type_, wanted, call.via, now)
    call.workspace.bell.set()
    later = wanted.send_at if wanted.send_at and wanted.send_at > now else None
    sealed = delivery_ids.seal(call.workspace.secret, delivery)
    return contract.Sent(delivery_id=sealed, queued_at=now, send_at=later)


def _check(request: Request, wanted: contract.Send, now: int) -> None:
    """What is wrong with the call itself. Raises InvalidInput, TooLarge and SendingRefused."""
    given = wanted.model_dump(by_alias=True)
    attached = given.pop("attachments", None) or {}
    attachments.read(attached)
    if len(msgspec.json.encode(given)) > SEND_BYTES:
        raise TooLarge(f"The request is larger than {SEND_BYTES // 1024} KB without its attachments.")
    faults = [*_identifier_faults(wanted), *_time_faults(wanted, now)]
    if wanted.transactional_message_id in (None, "") and not all(given.get(name) for name in _WHOLE):
        message = "transactional_message_id is required: the number or name of a transactional message"
        own = "; an email may bring its own from, subject and body instead." if "subject" in given else "."
        faults.append(Fault("transactional_message_id", message + own))
    if faults:
        raise InvalidInput(*faults)


def _identifier_faults(wanted: contract.Send) -> list[Fault]:
    given = wanted.identifiers
    if given is None and isinstance(wanted, contract.SendEmail):
        return []  # the address is the person's then
    named = {kind: value for kind, value in (given or {}).items() if value is not None}
    if len(named) != 1 or next(iter(named)) not in _IDENTIFIERS:
        shown = ", ".join(named) or got(given)
        return [Fault("identifiers", f"identifiers must hold exactly one of id, email and cio_id; got {shown[:60]}.")]
    [(kind, value)] = named.items()
    return identifier(kind, value, f"identifiers.{kind}")


def _time_faults(wanted: contract.Send, now: int) -> list[Fault]:
    if wanted.send_at is None or 0 <= wanted.send_at <= now + SEND_AHEAD:
        return []
    return [Fault("send_at", f"send_at must be Unix seconds, at most 90 days ahead; got {wanted.send_at}.")]


def _accept(tx: Transaction, workspace: Workspace, type_: str, wanted: contract.Send, via: str, now: int) -> int:
    template = _template(tx, type_, wanted, now)
    if reason := sending.off(tx) or sending.obstacle(tx, [type_], ways.lacking(workspace.settings)):
        raise SendingRefused(f"This cannot be sent: {reason}")
    person = store.recipient(tx, _identifiers(wanted), now)
    content = _content(tx, template, type_, wanted, person)
    settings = msgspec.json.decode(template["settings"], type=dict[str, Any]) if template else {}
    given = _given(type_, wanted)
    own: Any = wanted
    if isinstance(wanted, contract.SendPush) and wanted.custom_device:
        people.put_device(tx, person["person"], wanted.custom_device, now)
    unwilling = getattr(own, "send_to_unsubscribed", None)
    made = store.Send(
        person=person["person"],
        content_id=content,
        type=type_,
        transport=sending.transport(tx),
        roots={"trigger": wanted.message_data or {}},
        content={name: text for name, text in given.items() if name not in _LITERAL},
        fields={name: text for name, text in given.items() if name in _LITERAL},
        draft=wanted.queue_draft or bool(settings.get("queue_drafts")),
        send_at=wanted.send_at,
        send_to_unsubscribed=settings.get("send_to_unsubscribed", True) if unwilling is None else unwilling,
        tracked=getattr(own, "tracked", None),
        retained=not getattr(own, "disable_message_retention", False),
        transactional_id=template["id"] if template else None,
        via=via,
    )
    return store.add(tx, [made], now)[0]


def _template(tx: Transaction, type_: str, wanted: contract.Send, now: int) -> Row | None:
    """The transactional message that is meant; None when the call says all of it. Raises InvalidInput."""
    name = wanted.transactional_message_id
    if name in (None, ""):
        return None
    found = store.template(tx, name)
    if found is None and wanted.auto_create and not str(name).isdecimal():
        found = store.create_template(tx, str(name), type_, now)
    if found is None:
        message = f"transactional_message_id: there is no transactional message {quoted(str(name))}."
        raise InvalidInput.of("transactional_message_id", f"{message} GET /v1/transactional lists them.")
    return found


def _identifiers(wanted: contract.Send) -> Mapping[IdType, Any]:
    given = wanted.identifiers or {}
    return {kind: given[kind] for kind in _IDENTIFIERS if given.get(kind)} or {"email": _first_address(wanted)}


def _first_address(wanted: contract.Send) -> str:
    """The bare address of the first one in `to`."""
    assert isinstance(wanted, contract.SendEmail)
    first = wanted.to.split(",")[0].strip()
    return first.rpartition("<")[2].rstrip(">").strip() or first


def _content(tx: Transaction, template: Row | None, type_: str, wanted: contract.Send, person: Row) -> int:
    """The content in the language asked for, or the person's own; 0 when the call says all of it."""
    if template is None:
        return 0
    language = wanted.language or people.attributes(person).get("language") or ""
    row = store.written(tx, template["id"], type_, language)
    if row is None:
        message = f"Transactional message {template['id']} has no {type_} message; it cannot be sent this way."
        raise InvalidInput.of("transactional_message_id", message)
    return int(row["id"])


def _given(type_: str, wanted: contract.Send) -> dict[str, str]:
    """The fields of a content that the call brings itself, as text."""
    named = wanted.model_dump(by_alias=True, exclude=_SETTINGS, exclude_none=True)
    texts = {_FIELDS[type_].get(name, name): plain(value) for name, value in named.items() if value not in ({}, "")}
    return texts | ({"headers": _headers(texts["headers"])} if "headers" in texts else {})


def _headers(text: str) -> str:
    """Headers as a list of `{name, value}`, from an object or from the list itself. Raises InvalidInput."""
    try:
        pairs = [{key: str(each[key]) for key in ("name", "value")} for each in header_list(text)]
        return msgspec.json.encode(pairs).decode()
    except (TypeError, KeyError):
        raise InvalidInput.of(
            "headers", 'headers must be an object of texts, or a JSON list such as [{"name":"X-Kind","value":"a"}].'
        ) from None
