"""One content for one person, rendered in this process."""

from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest

from handbill.workspace import archive
from handbill.workspace.engine.needs import Content, Rendered, RenderFailure, Work
from handbill.workspace.rendering.message import Message

FIELDS = {"from": "Film Club <news@example.com>", "subject": "Hello", "body": "<p>Hello</p>"}
ANN = {"email": "ann@example.org", "first_name": "Ann"}


def content(fields: Mapping[str, str] = FIELDS, shared: Mapping[str, object] = {}, **more: Any) -> Content:
    return Content(**{"id": 1, "type": "email", "fields": fields, "shared": shared, **more})


def work(customer: Mapping[str, object] = ANN, data: Mapping[str, object] = {}) -> Work:
    raw, own = (msgspec.Raw(msgspec.json.encode(value)) for value in (customer, {"trigger": data}))
    return Work(delivery=7, id="dlv-7", customer=raw, created=1_700_000_000, roots=own)


def render(rendered_content: Content, of: Work | None = None) -> Rendered | RenderFailure:
    return Message(rendered_content).render(of or work())


def made(rendered_content: Content, of: Work | None = None) -> Rendered:
    outcome = render(rendered_content, of)
    assert isinstance(outcome, Rendered), outcome
    return outcome


def mail(rendered: Rendered) -> EmailMessage:
    return message_from_bytes(rendered.payload, policy=policy.default)


def part(rendered: Rendered, kind: str) -> str:
    found = mail(rendered).get_body((kind,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content()).strip()


def html(rendered: Rendered) -> str:
    return part(rendered, "html")


def reason(outcome: Rendered | RenderFailure) -> str:
    assert isinstance(outcome, RenderFailure), outcome
    assert outcome.delivery == 7
    return outcome.reason


def test_a_mail_carries_every_field_of_its_content() -> None:
    fields = {
        "from": "{{trigger.club}} <news@example.com>",
        "reply_to": "desk+{{customer.first_name}}@example.com",
        "recipient": "{{customer.first_name}} <{{customer.email}}>",
        "subject": "For {{customer.first_name}}",
        "preheader_text": "Only {{trigger.left}} left",
        "body": "<p>Dear {{customer.first_name}}</p>",
        "body_plain": "Dear {{customer.first_name}}!",
    }
    headers = (("X-Campaign", "{{campaign.name}}"),)
    shared = {"trigger": {"club": "Film Club", "left": 3}, "campaign": {"name": "Restock"}}
    rendered = made(content(fields, shared, headers=headers))
    parsed = mail(rendered)
    assert (rendered.sender, rendered.recipient) == ("news@example.com", "ann@example.org")
    assert rendered.subject == "For Ann"
    assert parsed["From"] == "Film Club <news@example.com>"
    assert parsed["To"] == "Ann <ann@example.org>"
    assert parsed["Reply-To"] == "desk+Ann@example.com"
    assert parsed["Subject"] == "For Ann"
    assert parsed["X-Campaign"] == "Restock"
    assert "Only 3 left" in html(rendered)
    assert part(rendered, "plain") == "Dear Ann!"


def test_the_same_delivery_always_gives_the_same_bytes() -> None:
    first, second = made(content()), made(content())
    assert first == second
    assert mail(first)["Message-ID"] == "<dlv-7@example.com>"
    assert mail(first)["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"


def test_what_is_kept_is_what_was_rendered() -> None:
    sample = b"some other message with <p>Hello</p> in it"
    rendered = Message(content(headers=(("X-Kind", "news"),)), sample).render(work())
    assert isinstance(rendered, Rendered)
    assert archive.expand(rendered.archive, sample) == {
        "from": "Film Club <news@example.com>",
        "recipient": "ann@example.org",
        "subject": "Hello",
        "body": "<p>Hello</p>",
        "headers": {"X-Kind": "news"},
    }


def test_a_persons_own_data_overlays_the_data_shared_by_all() -> None:
    body = {**FIELDS, "body": "{{trigger.headline}} {{trigger.code}}"}
    shared = {"trigger": {"headline": "Sale", "code": "ALL"}}
    assert html(made(content(body, shared))) == "Sale ALL"
    assert html(made(content(body, shared, own_roots=True), work(data={"code": "ANN"}))) == "Sale ANN"


def test_own_data_alone_is_the_trigger() -> None:
    body = {**FIELDS, "body": "{{trigger.code}}"}
    assert html(made(content(body, own_roots=True), work(data={"code": "ANN"}))) == "ANN"


def test_a_layout_wraps_the_body_and_snippets_are_at_hand_everywhere() -> None:
    fields = {**FIELDS, "body": "Dear {{snippets.greeting}}", "layout": "<b>{{content}}</b> {{snippets['The end']}}"}
    snippets = {"greeting": "{{customer.first_name}}", "The end": "Bye {{trigger.club}}"}
    rendered = made(content(fields, {"trigger": {"club": "Film Club"}}, snippets=snippets))
    assert html(rendered) == "<b>Dear Ann</b> Bye Film Club"


def test_links_lead_to_this_workspace() -> None:
    fields = {**FIELDS, "body": "{% unsubscribe_url %} {% view_in_browser_url %} {{delivery_id}}"}
    rendered = made(content(fields, base_url="http://127.0.0.1:8622/"))
    assert html(rendered) == "http://127.0.0.1:8622/unsubscribe/dlv-7 http://127.0.0.1:8622/deliveries/dlv-7 dlv-7"
    assert mail(rendered)["List-Unsubscribe"] == "<http://127.0.0.1:8622/unsubscribe/dlv-7>"


def test_links_are_empty_where_nobody_answers_them() -> None:
    rendered = made(content({**FIELDS, "body": "[{% unsubscribe_url %}]"}))
    assert html(rendered) == "[]"
    assert mail(rendered)["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    ("field", "template", "expected"),
    [
        ("subject", "Dear {{customer.last_name}}", "subject line 1, column"),
        ("body", "<p>\n  {{customer.last_name}}", "body line 2, column"),
        ("body", "{{snippets.sign}}", "snippets.sign line 1, column"),
        ("layout", "{{content}}\n\n{{customer.last_name}}", "layout line 3, column"),
        ("preheader_text", "{{trigger.nothing}}", "preheader_text line 1, column"),
    ],
)
def test_a_missing_variable_fails_the_delivery_with_its_place_and_name(
    field: str, template: str, expected: str
) -> None:
    shared = {"trigger": {"something": 1}}
    failure = reason(
        render(content({**FIELDS, field: template}, shared, snippets={"sign": "{{customer.last_name}}"}))
    )
    assert failure.startswith(expected)
    assert "customer.last_name" in failure or "trigger.nothing" in failure


@pytest.mark.parametrize(
    ("attributes", "recipient", "expected"),
    [
        ({"email": ""}, "", "recipient is empty"),
        ({"email": "  "}, "", "recipient is empty"),
        ({"email": "ann"}, "", "recipient is not one plain address"),
        ({"email": "ann@example.org, bob@example.org"}, "", "recipient"),
        ({"email": "ann@example.org, bob@example.org"}, "eve@example.net, {{customer.email}}", "recipient"),
        ({}, "", "recipient line 1, column"),
    ],
)
def test_a_value_that_is_not_one_address_fails_the_delivery(
    attributes: dict[str, object], recipient: str, expected: str
) -> None:
    assert reason(render(content({**FIELDS, "recipient": recipient}), work(attributes))).startswith(expected)


@pytest.mark.parametrize("field", ["from", "reply_to", "recipient", "subject", "header"])
@pytest.mark.parametrize(
    "payload",
    ["Ann\r\nBcc: eve@example.net", "Ann\nBcc: eve@example.net", "=?utf-8?q?Ann=0d=0aBcc:_eve=40example.net?="],
)
def test_a_customers_attribute_cannot_add_a_header(field: str, payload: str) -> None:
    address = "{{customer.first_name}} <news@example.com>"
    template = "{{customer.first_name}}" if field in ("subject", "header") else address
    headers = (("X-Name", template),) if field == "header" else ()
    fields = FIELDS if field == "header" else {**FIELDS, field: template}
    assert "line break" in reason(render(content(fields, headers=headers), work({**ANN, "first_name": payload})))


def test_a_faulty_template_names_all_its_faults_and_fails_every_delivery() -> None:
    fields = {**FIELDS, "subject": "{{", "body": "\n{% if %}{{snippets.sign}}"}
    message = Message(content(fields, snippets={"sign": "{% nothing %}", "unused": "{%"}))
    assert [fault.partition(" line ")[0] for fault in message.faults] == ["subject", "body"]
    assert reason(message.render(work())) == message.faults[0]


def test_a_faulty_snippet_is_found_through_the_field_that_uses_it() -> None:
    snippets = {"outer": "{{snippets.inner}}", "inner": "\n{% nothing %}", "unused": "{% if"}
    message = Message(content({**FIELDS, "body": "{{snippets.outer}}"}, snippets=snippets))
    assert [fault.partition(",")[0] for fault in message.faults] == ["snippets.inner line 2"]


def test_paths_are_the_variables_of_all_fields_also_behind_snippets() -> None:
    fields = {**FIELDS, "subject": "{{trigger.headline}}", "body": "{{snippets.sign}}", "layout": "{{content}}"}
    message = Message(content(fields, snippets={"sign": "{{customer.team}}"}, headers=(("X-A", "{{campaign.id}}"),)))
    assert message.paths == {
        "trigger.headline", "snippets.sign", "content", "customer.team", "customer.email", "campaign.id"
    }  # fmt: skip


def test_a_message_knows_its_own_subject_as_the_person_reads_it() -> None:
    fields = {**FIELDS, "subject": "Hello {{customer.first_name}}\n", "body": "[{{message.subject}}]"}
    assert html(made(content(fields))) == "[Hello Ann]"
