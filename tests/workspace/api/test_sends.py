"""Transactional messages, sent: who gets what, when, and what is wrong with a call. Reference 7.2."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.workspace.engine.standins import send_everything

from handbill.client import Client
from handbill.contract.app.messages import Message
from handbill.contract.limits import SEND_AHEAD
from handbill.policy import Policy
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.store import people, sending
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
NOW = 1_764_000_000

RECEIPT = {
    "from": "Shop <mail@shop.example>",
    "subject": "Order {{trigger.order}}",
    "body": "Hi {{customer.first_name | default: 'you'}}, {{trigger.order}}",
}
OWN = {"from": "mail@shop.example", "subject": "Own", "body": "Own {{trigger.order}}"}


@pytest.fixture
async def template(workspace: Workspace, put: Callable[..., int]) -> int:
    """Transactional message 9, Receipt, by email and SMS, in English and Portuguese; and Ann, who is u1."""
    put("transactional", id=9, name="Receipt")
    put("contents", id=90, transactional_id=9, name="Receipt", fields=RECEIPT)
    pt = {**RECEIPT, "subject": "Pedido {{trigger.order}}"}
    put("contents", id=91, transactional_id=9, name="Receipt", language="pt", translation_of=90, fields=pt)

    def add(tx: Transaction) -> None:
        people.identify(tx, "id", "u1", {"email": "ann@shop.example", "first_name": "Ann"}, NOW)

    await workspace.database.write(add)
    return 9


def call(**more: Any) -> dict[str, Any]:
    to_ann = {"to": "ann@shop.example", "identifiers": {"id": "u1"}, "transactional_message_id": 9}
    return {**to_ann, "message_data": {"order": "A1"}, **more}


async def sent(workspace: Workspace, client: Client, body: dict[str, Any]) -> Message:
    """The delivery, once everything that is due is done."""
    answer = await client.sends.email(body)
    await send_everything(workspace)
    return (await client.messages.get(answer.delivery_id)).message


async def body_of(client: Client, message: Message) -> str:
    return (await client.messages.archived(message.id)).archived_message.body


async def test_a_message_is_rendered_and_kept_with_its_data(
    workspace: Workspace, client: Client, http: httpx2.AsyncClient, template: int
) -> None:
    answer = await http.post("/v1/send/email", json=call())
    assert (answer.status_code, answer.json().keys()) == (200, {"delivery_id", "queued_at"})
    await send_everything(workspace)
    message = (await client.messages.get(answer.json()["delivery_id"])).message
    assert (message.subject, message.recipient, message.customer_id) == ("Order A1", "ann@shop.example", "u1")
    assert message.metrics == {"sent": NOW, "delivered": NOW}
    assert await body_of(client, message) == "Hi Ann, A1"


@pytest.mark.parametrize("name", [9, "9", "receipt", "RECEIPT"])
async def test_a_template_is_named_by_number_text_or_name(
    workspace: Workspace, client: Client, template: int, name: object
) -> None:
    message = await sent(workspace, client, call(transactional_message_id=name))
    assert message.subject == "Order A1"


@pytest.mark.parametrize(
    ("attributes", "language", "subject"),
    [
        ({}, None, "Order A1"),
        ({"language": "pt"}, None, "Pedido A1"),
        ({"language": "pt-BR"}, None, "Pedido A1"),
        ({"language": "pt"}, "en", "Order A1"),
        ({}, "PT", "Pedido A1"),
    ],
)
async def test_a_person_is_written_to_in_their_language(
    workspace: Workspace,
    client: Client,
    template: int,
    attributes: dict[str, str],
    language: str | None,
    subject: str,
) -> None:
    await workspace.database.write(people.identify, "id", "u1", attributes, NOW)
    message = await sent(workspace, client, call(**({"language": language} if language else {})))
    assert message.subject == subject


@pytest.mark.parametrize(
    ("extra", "shown"),
    [
        ({"subject": "Hello {{customer.first_name}}"}, {"subject": "Hello Ann"}),
        ({"body": "{{trigger.order}}!"}, {"body": "A1!"}),
        ({"reply_to": "help@shop.example"}, {"reply_to": "help@shop.example"}),
        ({"preheader": "Look"}, {"preheader_text": "Look"}),
        ({"headers": {"X-Kind": "order"}}, {"headers": {"X-Kind": "order"}}),
        ({"headers": json.dumps([{"name": "X-Kind", "value": "order"}])}, {"headers": {"X-Kind": "order"}}),
        ({"headers": {}, "attachments": {}}, {"headers": {}}),
    ],
)
async def test_what_the_call_says_stands_in_place_of_the_template(
    workspace: Workspace, http: httpx2.AsyncClient, client: Client, template: int, extra: dict[str, Any], shown: Any
) -> None:
    message = await sent(workspace, client, call(**extra))
    kept = (await http.get(f"/v1/messages/{message.id}/archived_message")).json()["archived_message"]
    assert {name: kept[name] for name in shown} == shown


async def test_an_email_may_bring_all_of_itself_and_its_person(workspace: Workspace, client: Client) -> None:
    message = await sent(workspace, client, {"to": "Bo <bo@shop.example>", **OWN, "message_data": {"order": 7}})
    assert (message.subject, message.recipient) == ("Own", "bo@shop.example")
    assert message.customer_identifiers
    assert message.customer_identifiers.email == "bo@shop.example"
    assert await body_of(client, message) == "Own 7"


async def test_two_workers_never_have_the_same_message(workspace: Workspace, client: Client, template: int) -> None:
    for order in ("A1", "A2"):
        await client.sends.email(call(message_data={"order": order}))
    ledgers = WorkspaceLedger(workspace), WorkspaceLedger(workspace)
    workers = [await ledger.join() for ledger in ledgers]
    claimed = [
        await ledger.claim(worker, most) for ledger, worker, most in zip(ledgers, workers, (1, 9), strict=True)
    ]
    assert [[work.delivery for batch in batches for work in batch.works] for batches in claimed] == [[1], [2]]
    for ledger, worker in zip(ledgers, workers, strict=True):
        await ledger.leave(worker)


async def test_a_later_message_waits_for_its_time(
    workspace: Workspace, client: Client, http: httpx2.AsyncClient, clock: Any, template: int
) -> None:
    answer = (await http.post("/v1/send/email", json=call(send_at=NOW + 3600))).json()
    assert answer["send_at"] == NOW + 3600
    await send_everything(workspace)
    assert (await client.messages.get(answer["delivery_id"])).message.metrics == {}
    clock.advance(3600)
    await send_everything(workspace)
    assert (await client.messages.get(answer["delivery_id"])).message.metrics["sent"] == NOW + 3600


async def test_a_draft_is_not_sent(workspace: Workspace, client: Client, template: int) -> None:
    message = await sent(workspace, client, call(queue_draft=True))
    assert message.metrics == {"drafted": NOW}


async def test_what_shall_not_be_kept_is_forgotten(workspace: Workspace, client: Client, template: int) -> None:
    message = await sent(workspace, client, call(disable_message_retention=True))
    kept = (await client.messages.archived(message.id)).archived_message
    assert (kept.forgotten, kept.body, message.metrics["sent"]) == (True, "", NOW)


@pytest.mark.parametrize(
    ("settings", "call_says", "metric"),
    [
        ({}, None, "sent"),
        ({"send_to_unsubscribed": False}, None, "undeliverable"),
        ({"send_to_unsubscribed": False}, True, "sent"),
        ({}, False, "undeliverable"),
    ],
)
async def test_whether_the_unsubscribed_get_it_is_said_by_the_call_or_the_template(
    workspace: Workspace,
    client: Client,
    put: Callable[..., int],
    settings: dict[str, bool],
    call_says: bool | None,
    metric: str,
) -> None:
    put("transactional", id=9, name="Receipt", settings=settings)
    put("contents", transactional_id=9, name="Receipt", fields=RECEIPT)
    await workspace.database.write(people.identify, "id", "u1", {"email": "a@b.example", "unsubscribed": True}, NOW)
    message = await sent(workspace, client, call(send_to_unsubscribed=call_says))
    assert metric in message.metrics


async def test_a_suppressed_address_gets_nothing_whoever_it_belongs_to(
    workspace: Workspace, client: Client, put: Callable[..., int], template: int
) -> None:
    put("suppressions", identifier="list@shop.example", reason="bounce", created=NOW)
    message = await sent(workspace, client, call(to="List@shop.example"))
    assert message.metrics == {"suppressed": NOW}


async def test_a_person_who_is_not_known_is_made(workspace: Workspace, client: Client, template: int) -> None:
    message = await sent(workspace, client, call(identifiers={"email": "new@shop.example"}))
    assert message.customer_identifiers
    assert message.customer_identifiers.email == "new@shop.example"


async def test_a_name_that_is_not_known_becomes_an_empty_message_when_asked(
    client: Client, http: httpx2.AsyncClient, template: int
) -> None:
    assert (await http.post("/v1/send/email", json=call(transactional_message_id="welcome"))).status_code == 400
    own = {**OWN, "transactional_message_id": "welcome", "auto_create": True}
    assert (await http.post("/v1/send/email", json=call(**own))).status_code == 200
    assert [each.name for each in (await client.transactional.list()).messages] == ["Receipt", "welcome"]


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"to": None}, 400, "to "),
    ({"transactional_message_id": 99}, 400, 'there is no transactional message "99"'),
    ({"transactional_message_id": None}, 400, "transactional_message_id is required"),
    ({"identifiers": {}}, 400, "identifiers must hold exactly one of id, email and cio_id"),
    ({"identifiers": {"id": "u1", "email": "a@b.example"}}, 400, "exactly one"),
    ({"identifiers": {"phone": "+15550100"}}, 400, "got phone"),
    ({"identifiers": {"id": ""}}, 400, "identifiers.id is empty"),
    ({"identifiers": {"cio_id": "a3ffff"}}, 400, "there is no person with cio_id"),
    ({"send_at": NOW + SEND_AHEAD + 1}, 400, "send_at must be Unix seconds, at most 90 days ahead"),
    ({"message_data": [1]}, 400, "message_data must be an object"),
    ({"headers": [1]}, 400, "headers must be an object of texts"),
    ({"attachments": {"a.txt": "no base64!"}}, 400, 'Attachment must be base64 encoded: "a.txt"'),
    ({"attachments": {"a.exe": "AA=="}}, 403, "Forbidden file type exe for attachment a.exe."),
    ({"attachments": {"a.txt": base64.b64encode(b"x" * 2**21).decode()}}, 413, "Total attachment size exceeds"),
    ({"body": "x" * 2**20}, 413, "1024 KB"),
]


@pytest.mark.parametrize(("extra", "status", "said"), WRONG, ids=[said for _, _, said in WRONG])
async def test_a_wrong_call_is_refused_in_one_sentence_and_sends_nothing(
    http: httpx2.AsyncClient, client: Client, template: int, extra: dict[str, Any], status: int, said: str
) -> None:
    answer = await http.post("/v1/send/email", json=call(**extra))
    assert answer.status_code == status
    assert said in answer.json()["meta"]["error"]
    assert (await client.messages.list()).messages == []


async def test_the_number_in_a_call_needs_no_number_of_the_person(
    workspace: Workspace, client: Client, put: Callable[..., int], template: int
) -> None:
    fields = {"from": "+15550199", "body": "Order {{trigger.order}}"}
    put("contents", transactional_id=9, name="Receipt", type="twilio", fields=fields)
    answer = await client.sends.sms(call(to="+15550101"))
    await send_everything(workspace)
    message = (await client.messages.get(answer.delivery_id)).message
    assert (message.recipient, message.metrics) == ("+15550101", {"sent": NOW, "delivered": NOW})


async def test_a_channel_that_the_message_is_not_written_for_is_refused(
    http: httpx2.AsyncClient, template: int
) -> None:
    answer = await http.post("/v1/send/sms", json=call(to="+15550100"))
    assert answer.status_code == 400
    assert "Transactional message 9 has no twilio message" in answer.json()["meta"]["error"]


async def test_nothing_is_accepted_while_sending_is_off(
    workspace: Workspace, http: httpx2.AsyncClient, template: int
) -> None:
    await workspace.database.write(sending.put, Policy(mode="off"))
    answer = await http.post("/v1/send/email", json=call())
    assert answer.status_code == 403
    assert "Sending is off" in answer.json()["meta"]["error"]
