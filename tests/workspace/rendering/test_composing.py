"""What each type of message hands to its channel, rendered for one person."""

import base64
from typing import Any

import msgspec
import pytest
from tests.workspace.rendering.test_message import ANN, FIELDS, content, made, mail, reason, render, work

from handbill.workspace import archive
from handbill.workspace.engine.needs import Rendered

PERSON = {**ANN, "id": "u1", "phone": "+15550100999", "url": "https://film.example/hook?a=1"}
PHONE = {"token": "tok-a", "platform": "android", "last_used": 5, "attributes": {}}
TABLET = {"token": "tok-i", "platform": "ios", "last_used": 9, "attributes": {}}


def rendered(type_: str, fields: dict[str, str], *, devices: Any = (), **more: Any) -> Rendered:
    return made(content(fields, type=type_, **more), of(devices))


def of(devices: Any = (), **attributes: object) -> Any:
    own = msgspec.Raw(msgspec.json.encode(list(devices)))
    return msgspec.structs.replace(work({**PERSON, **attributes}), devices=own)


def saying(**fields: object) -> Any:
    return msgspec.structs.replace(of(), fields=msgspec.Raw(msgspec.json.encode(fields)))


def payload(message: Rendered) -> Any:
    return msgspec.json.decode(message.payload)


# Mail


def test_a_mail_goes_to_all_it_names_and_shows_all_but_the_blind() -> None:
    fields = FIELDS | {
        "recipient": '"Club, Ann" <{{customer.email}}>, {{ "bob@example.org" | append: "" }},',
        "cc": "desk@example.com",
        "bcc": "Archive <archive@example.com>, {{customer.email}}",
    }
    message = rendered("email", fields)
    assert message.recipients == ("ann@example.org", "bob@example.org", "desk@example.com", "archive@example.com")
    assert message.recipient == "ann@example.org, bob@example.org"
    assert [each.display_name for each in mail(message)["To"].addresses] == ["Club, Ann", ""]
    assert (mail(message)["Cc"], mail(message)["Bcc"]) == ("desk@example.com", None)
    assert b"archive@" not in message.payload
    assert archive.expand(message.archive)["bcc"].startswith("Archive <archive@example.com>")


def test_a_copy_for_nobody_is_left_out() -> None:
    message = made(content(FIELDS | {"cc": "{{customer.partner}}"}), of(partner=""))
    assert message.recipients == ("ann@example.org",)
    assert mail(message)["Cc"] is None


def test_fifteen_addresses_are_the_most() -> None:
    names = ", ".join(f"p{number}@example.org" for number in range(14))
    assert len(rendered("email", FIELDS | {"cc": names}).recipients) == 15
    failure = reason(render(content(FIELDS | {"cc": names, "bcc": "one@example.org"}), of()))
    assert failure == "recipient names 16 addresses with cc and bcc; the limit is 15"


@pytest.mark.parametrize("field", ["recipient", "cc", "bcc"])
def test_a_value_never_adds_an_address(field: str) -> None:
    for partner in (
        "a@example.org, eve@example.net",
        "a@example.org>, <eve@example.net",
        "a@b.example\r\nBcc: e@f.example",
    ):
        outcome = render(content(FIELDS | {field: "desk@example.com, {{customer.partner}}"}), of(partner=partner))
        assert reason(outcome).startswith(field)


def test_a_mail_carries_amp_and_attachments() -> None:
    files = {"{{customer.x}}.pdf": base64.b64encode(b"%PDF").decode()}
    message = mail(
        made(
            content(FIELDS | {"body_amp": "<html amp4email>"}),
            saying(attachments=msgspec.json.encode(files).decode()),
        )
    )
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("{{customer.x}}.pdf", b"%PDF")
    assert "text/x-amp-html" in [part.get_content_type() for part in message.walk()]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"a.txt": "!"}, 'Attachment must be base64 encoded: "a.txt"'),
        ({"a.txt": 5}, 'Attachment must be base64 encoded: "a.txt"'),
        ({"run.EXE": ""}, "Forbidden file type exe for attachment run.EXE."),
        ({"a": base64.b64encode(bytes(2**21)).decode()}, "Total attachment size exceeds the limit"),
        ({"a\nb": ""}, "attachments has a line break"),
    ],
)
def test_an_attachment_that_cannot_go_fails_the_message(files: dict[str, object], fault: str) -> None:
    assert reason(render(content(), saying(attachments=msgspec.json.encode(files).decode()))) == fault


def test_what_a_message_says_itself_is_no_liquid_and_comes_before_its_content() -> None:
    own = saying(recipient="Bob <bob@example.org>, cy@example.org", bcc="x@example.org", subject="{{a}}")
    message = made(content(FIELDS | {"cc": "desk@example.com"}), own)
    assert message.recipients == ("bob@example.org", "cy@example.org", "desk@example.com", "x@example.org")
    assert (mail(message)["Subject"], message.subject) == ("{{a}}", "{{a}}")


# Webhooks


def test_a_webhook_is_a_call_with_the_delivery_as_its_key() -> None:
    fields = {
        "url": "{{customer.url}}&b={{customer.id}}",
        "method": "put",
        "body": '{"name": "{{customer.first_name}}"}',
    }
    message = rendered("webhook", fields, headers=(("X-Who", "{{customer.first_name}}"),))
    assert payload(message) == {
        "url": "https://film.example/hook?a=1&b=u1",
        "method": "PUT",
        "headers": [["X-Who", "Ann"]],
        "body": '{"name": "Ann"}',
        "key": "dlv-7",
    }
    assert message.recipient == "https://film.example/hook?a=1&b=u1"
    assert archive.expand(message.archive)["request_method"] == "PUT"


@pytest.mark.parametrize(
    ("fields", "headers", "fault"),
    [
        ({"url": "{{customer.first_name}}"}, (), "url must be a whole address"),
        ({"url": "https://film.example/a b"}, (), "url must be a whole address"),
        ({"method": "trace"}, (), "method must be one of get, post"),
        ({}, (("X-A", "{{customer.bad}}"),), "header X-A has a line break"),
        ({}, (("X A", "b"),), "headers has a name"),
        ({}, (("Content-Length", "5"),), "headers may not set Content-Length"),
    ],
)
def test_a_call_that_cannot_be_made_fails_with_the_field(fields: dict[str, str], headers: Any, fault: str) -> None:
    written = content({"url": "https://film.example/", **fields}, type="webhook", headers=headers)
    assert reason(render(written, of(bad="a\r\nX-B: c"))).startswith(fault)


# Text messages, Slack


def test_an_sms_goes_to_the_persons_phone_in_twilios_words() -> None:
    fields = {"from": "+15550111000", "body": "Hi {{customer.first_name}}", "image_url": "https://film.example/a.png"}
    message = rendered("twilio", fields, base_url="https://film.example/")
    assert payload(message) == {
        "To": "+15550100999",
        "From": "+15550111000",
        "Body": "Hi Ann",
        "MediaUrl": "https://film.example/a.png",
        "StatusCallback": "https://film.example/twilio/dlv-7",
    }
    assert (message.sender, message.recipient) == ("+15550111000", "+15550100999")


def test_whatsapp_has_a_prefix_and_a_service_sends_in_place_of_a_number() -> None:
    assert payload(rendered("whatsapp", {"from": "whatsapp:+15550111000", "body": "Hi"})) == {
        "To": "whatsapp:+15550100999", "From": "whatsapp:+15550111000", "Body": "Hi"
    }  # fmt: skip
    service = "MG" + "0" * 32
    assert payload(rendered("whatsapp", {"from": service, "body": "Hi"}))["MessagingServiceSid"] == service


@pytest.mark.parametrize("phone", ["5550100", "+0155501", "0015550100999", "+1 555 0100", "+١٥٥٥٠١٠٠٩٩", ""])
def test_a_number_that_is_not_e164_fails_the_delivery(phone: str) -> None:
    outcome = render(content({"body": "Hi"}, type="twilio"), of(phone=phone))
    assert "Phone numbers must be in E.164 format." in reason(outcome)


def test_slack_gets_text_and_perhaps_a_channel() -> None:
    assert payload(rendered("slack", {"body": "{{customer.first_name}} is back"})) == {"text": "Ann is back"}
    assert payload(rendered("slack", {"body": "Hi", "recipient": "#club"})) == {"text": "Hi", "channel": "#club"}


@pytest.mark.parametrize("type_", ["twilio", "whatsapp", "slack"])
def test_a_text_that_says_nothing_is_not_sent(type_: str) -> None:
    assert reason(render(content({"body": " {{customer.nick}} "}, type=type_), of(nick=""))) == "body is empty"


# Push


@pytest.mark.parametrize(
    ("to", "tokens"),
    [("", ["tok-a", "tok-i"]), ("all", ["tok-a", "tok-i"]), ("last_used", ["tok-i"]), ("{{'tok-a'}}", ["tok-a"])],
)
def test_a_push_goes_to_the_devices_that_are_meant(to: str, tokens: list[str]) -> None:
    message = rendered("push", {"recipient": to, "body": "Hi"}, devices=[PHONE, TABLET])
    assert [device["token"] for device in payload(message)["devices"]] == tokens
    assert message.recipient == ", ".join(tokens)


def test_a_push_carries_what_a_send_may_say() -> None:
    fields = {
        "subject": "Hi {{customer.first_name}}",
        "body": "Two new films",
        "image_url": "https://film.example/a.png",
        "link": "club://films",
        "sound": "default",
        "custom_data": '{"film": "{{customer.id}}"}',
        "custom_payload": '{"ios": {"aps": {"badge": 2}}}',
    }
    told = payload(rendered("push", fields, devices=[PHONE]))
    assert told == {
        "delivery_id": "dlv-7",
        "devices": [{"token": "tok-a", "platform": "android"}],
        "title": "Hi Ann",
        "message": "Two new films",
        "image_url": "https://film.example/a.png",
        "link": "club://films",
        "sound": "default",
        "custom_data": {"film": "u1"},
        "custom_payload": {"ios": {"aps": {"badge": 2}}},
    }


@pytest.mark.parametrize(
    ("fields", "devices", "fault"),
    [
        ({}, [], "recipient: this person has no device"),
        ({"recipient": "tok-x"}, [PHONE], "recipient must be all, last_used or the token of a device"),
        ({"custom_data": "{{customer.id}}"}, [PHONE], "custom_data must be a JSON object"),
        ({"custom_payload": "[1]"}, [PHONE], "custom_payload must be a JSON object"),
    ],
)
def test_a_push_that_cannot_go_fails_with_the_field(fields: dict[str, str], devices: list[Any], fault: str) -> None:
    assert reason(render(content({"body": "Hi", **fields}, type="push"), of(devices))).startswith(fault)


# What is served


@pytest.mark.parametrize("type_", ["in_app", "inbox"])
def test_a_message_that_is_served_is_kept_for_its_person(type_: str) -> None:
    message = rendered(type_, {"subject": "For {{customer.first_name}}", "body": "Hi"})
    assert (message.recipient, message.payload) == ("u1", b"")
    assert archive.expand(message.archive)["subject"] == "For Ann"
