import dataclasses
import email
import email.policy
import json
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handbill.workspace.channels.mime import HeaderFault, Mail, address, build, plain

WEIRD = Path(__file__).parents[4] / "shared" / "data" / "weird-inputs"
ID = "d17@example.com"
MAIL = Mail(
    sender="Film Club <news@example.com>",
    recipient="ann@example.org",
    subject="Tonight",
    html="<html><body><p>Hello</p></body></html>",
    text="Hello",
    reply_to="Desk <desk@example.com>",
    headers=(("X-Campaign", "restock"),),
    to_name="Ann",
    unsubscribe_url="https://example.com/u/1",
)
NAMES = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "X-Campaign",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
]


def built(mail: Mail) -> bytes:
    return build(mail, message_id=ID, date=1_790_000_000)


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body_of(raw: bytes, kind: str) -> str:
    """The decoded part, its line ends as \\n."""
    (part,) = [part for part in parsed(raw).walk() if part.get_content_type() == f"text/{kind}"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode().replace("\r\n", "\n")


SAFE = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
LINES = st.text(SAFE, max_size=200)
SHORT = st.text(SAFE, max_size=8)  # one encoded word: between two in a name, Python 3.11's parser puts a space
BODIES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=2000)


@given(subject=LINES, name=SHORT, club=SHORT, extra=LINES)
@example(subject="Ann, =?utf-8?q?no?= word of 100 % =?", name="=?x?=", club='a "b\\" c', extra="=?utf-8?b?!?=")
@example(subject="👩‍👩‍👧‍👦" * 20, name="é", club="x" * 8, extra="word " * 60)
@example(subject="a" * 1200, name=" ", club="Inc., Film (Club)", extra="")
def test_what_a_mail_says_is_what_its_reader_reads(subject: str, name: str, club: str, extra: str) -> None:
    sender = '"' + club.replace("\\", "\\\\").replace('"', '\\"') + '" <news@example.com>'
    mail = dataclasses.replace(MAIL, subject=subject, to_name=name, sender=sender, headers=(("X-Campaign", extra),))
    message = parsed(built(mail))
    assert message.keys() == NAMES
    assert message["Subject"] == shown(subject)
    assert message["X-Campaign"] == shown(extra)
    (to,) = message["To"].addresses
    assert to.addr_spec == "ann@example.org"
    assert to.display_name.split() == shown(name).split()
    (sender,) = message["From"].addresses
    assert sender.addr_spec == "news@example.com"
    assert sender.display_name.split() == shown(club).split()


@pytest.mark.parametrize("name", ["é" * 100, "x" * 300, "Zoë " * 40 + "=?", "word " * 40 + "."])
def test_long_names_arrive_whole(name: str) -> None:
    head = built(dataclasses.replace(MAIL, to_name=name)).partition(b"\r\n\r\n")[0].decode()
    (line,) = re.findall(r"^To: ([^\r]*(?:\r\n [^\r]*)*)", head, re.MULTILINE)
    assert shown(line.replace("\r\n", "")) == f"{name.strip()} <ann@example.org>"


def shown(text: str) -> str:
    """What a reader shows for `text`: its encoded words decoded, as long as there are any."""
    while (decoded := str(email.header.make_header(email.header.decode_header(text)))) != text:
        text = decoded
    return text.strip(" ")


@given(html=BODIES, text=BODIES.filter(bool))
@example(html=".\n..\n.", text="\n.\n")
@example(html="x" * 3000, text="trailing \n\t\n")
def test_bodies_arrive_as_they_were_written(html: str, text: str) -> None:
    raw = built(dataclasses.replace(MAIL, html=html, text=text))
    assert body_of(raw, "html") == html
    assert body_of(raw, "plain") == text
    assert parsed(raw).keys() == NAMES
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@given(subject=LINES.filter(lambda text: not text.isascii()))
@example(subject="🇨🇦🇫🇷" * 20)
def test_encoded_words_are_short_and_each_stands_for_itself(subject: str) -> None:
    head = built(dataclasses.replace(MAIL, subject=subject)).partition(b"\r\n\r\n")[0].decode()
    lines = [line for line in head.split("\r\n") if "=?utf-8?" in line]
    assert lines
    assert max(map(len, lines)) <= 76
    for word in re.findall(r"=\?utf-8\?[qb]\?[^?]*\?=", head):
        ((raw, charset),) = email.header.decode_header(word)
        assert raw.decode(charset)


def test_an_emoji_sequence_is_never_cut_in_two() -> None:
    family = "👩🏽‍🦱"
    head = built(dataclasses.replace(MAIL, subject=family * 12)).partition(b"\r\n\r\n")[0].decode()
    for word in re.findall(r"=\?utf-8\?b\?[^?]*\?=", head):
        ((raw, charset),) = email.header.decode_header(word)
        assert raw.decode(charset).replace(family, "") == ""


INJECTIONS = {
    "line end": "x\r\nBcc: eve@example.net",
    "line feed": "x\nBcc: eve@example.net",
    "carriage return": "x\rBcc: eve@example.net",
    "end of headers": "x\r\n\r\n<script>",
    "folded": "x\r\n Bcc: eve@example.net",
    "at the end": "x\r\n",
    "vertical tab": "x\vBcc: eve@example.net",
    "form feed": "x\fBcc: eve@example.net",
    "NUL": "x\0Bcc: eve@example.net",
    "next line": "x\x85Bcc: eve@example.net",
    "line separator": "x\u2028Bcc: eve@example.net",
    "paragraph separator": "x\u2029Bcc: eve@example.net",
    "C1": "x\x9bBcc: eve@example.net",
    "lone surrogate": "x\ud800",
    "encoded, q": "=?utf-8?q?x=0d=0aBcc:_eve=40example.net?=",
    "encoded, Q with language": "=?UTF-8*en?Q?x=0D=0ABcc:_eve=40example.net?=",
    "encoded, base64": "=?utf-8?b?eA0KQmNjOiBldmVAZXhhbXBsZS5uZXQ=?=",
    "encoded, two words": "=?utf-8?q?x=0d?= =?utf-8?q?=0aBcc:_eve=40example.net?=",
    "encoded, twice": "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3D0aBcc:=5Feve=3F=3D?=",
    "encoded, UTF-7": "=?utf-7?q?x+AA0ACg-Bcc:_eve?=",
    "encoded, separator": "=?utf-8?q?x=e2=80=a8Bcc:_eve?=",
    "encoded, next line in latin": "=?iso-8859-1?q?x=85Bcc:_eve?=",
}
FIELDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "sender": lambda text: {"sender": text},
    "sender's name": lambda text: {"sender": f"{text} <news@example.com>"},
    "sender's quoted name": lambda text: {"sender": f'"{text}" <news@example.com>'},
    "sender's address": lambda text: {"sender": f"Club <news{text}@example.com>"},
    "recipient": lambda text: {"recipient": text},
    "recipient's address": lambda text: {"recipient": f"ann@example.org{text}"},
    "to_name": lambda text: {"to_name": text},
    "subject": lambda text: {"subject": text},
    "reply_to": lambda text: {"reply_to": f"{text} <desk@example.com>"},
    "header value": lambda text: {"headers": (("X-Campaign", text),)},
    "header name": lambda text: {"headers": ((text, "restock"),)},
    "unsubscribe_url": lambda text: {"unsubscribe_url": f"https://example.com/{text}"},
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("payload", INJECTIONS)
def test_no_value_adds_a_header(payload: str, field: str) -> None:
    with pytest.raises(HeaderFault):
        built(dataclasses.replace(MAIL, **FIELDS[field](INJECTIONS[payload])))


@pytest.mark.parametrize("payload", INJECTIONS)
def test_bodies_add_no_header_and_no_line_end_of_their_own(payload: str) -> None:
    text = INJECTIONS[payload]
    raw = built(dataclasses.replace(MAIL, html=text, text=text, preheader=text))
    assert parsed(raw).keys() == NAMES
    assert b"\0" not in raw
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_body_cannot_forge_a_part() -> None:
    boundary = parsed(built(MAIL)).get_boundary()
    raw = built(dataclasses.replace(MAIL, html=f"a\n--{boundary}--\nb", text=f"--{boundary}\n\nforged"))
    assert [part.get_content_type() for part in parsed(raw).walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert body_of(raw, "html") == f"a\n--{boundary}--\nb"


TAKEN = (
    "From BCC cc To Sender Date Message-ID MIME-Version Content-Type DKIM-Signature Received Return-Path "
    "List-Unsubscribe List-Unsubscribe-Post Resent-To Subject Reply-To"
)


@pytest.mark.parametrize("name", [*TAKEN.split(" "), "", "X Y", "X:", "X-É", "Bcc ", "x" * 77])
def test_an_extra_header_cannot_take_the_place_of_ours(name: str) -> None:
    with pytest.raises(HeaderFault, match=r"headers\[0\]"):
        built(dataclasses.replace(MAIL, headers=((name, "x"),)))


def test_faults_name_the_field_and_the_reason() -> None:
    with pytest.raises(HeaderFault) as caught:
        built(dataclasses.replace(MAIL, subject="a\nb"))
    assert (caught.value.field, caught.value.reason) == ("subject", "has a line break")
    assert str(caught.value) == "subject has a line break"


ADDRESSES = {
    "ann@example.com": "ann@example.com",
    " ann@example.com ": "ann@example.com",
    "Ann <ann@example.com>": "ann@example.com",
    "<ann@example.com>": "ann@example.com",
    '"Club, Film" <ann@example.com>': "ann@example.com",
    "Film Club, Inc. <ann@example.com>": "ann@example.com",
    "ann@example.com <ann@example.com>": "ann@example.com",
    "Zoë <zoe@example.com>": "zoe@example.com",
    "o'neil+tag@sub.example.com": "o'neil+tag@sub.example.com",
    "jörg@bücher.example": "jörg@xn--bcher-kva.example",
    "अजय@example.com": "अजय@example.com",
    "a@localhost": "a@localhost",
    "": None,
    "a": None,
    "a@": None,
    "@b.example": None,
    "a b@c.example": None,
    "a@b..example": None,
    "a@-b.example": None,
    "a@b.example.": None,
    ".a@b.example": None,
    "a@b.example, c@d.example": None,
    "a@b.example;c@d.example": None,
    "c@d.example, Ann <a@b.example>": None,
    "Ann <a@b.example> <c@d.example>": None,
    "<a@b.example>, <c@d.example>": None,
    "<a@b.example": None,
    "Club: a@b.example;": None,
    '"a b"@c.example': None,
    "a@[127.0.0.1]": None,
    "a(comment)@b.example": None,
    "=?utf-8?q?a?=@b.example": None,
    "a＠b@c.example": None,
    "a\u200bb@c.example": None,
    "a@b\u3002example": "a@b.example",
    f"{'a' * 65}@b.example": None,
    f"a@{'b' * 64}.example": None,
    f"a@{'b.' * 126}example": None,
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_address_finds_the_one_plain_address_or_refuses(text: str) -> None:
    if (right := ADDRESSES[text]) is not None:
        assert address(text, "recipient") == right
    else:
        with pytest.raises(HeaderFault, match=r"^recipient "):
            address(text, "recipient")


def verdict(text: str) -> str | None:
    try:
        return address(text, "recipient")
    except HeaderFault:
        return None


def weird(name: str) -> list[str]:
    path = WEIRD / name
    if not path.exists():
        pytest.skip(f"needs {name} beside the project")
    data = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(data, list):
        return data
    return [case["address"] for key in ("tests", "tests_original") for case in data[key]]


@pytest.mark.parametrize("name", ["emails-isemail.json", "naughty-strings.json"])
def test_weird_text_is_treated_the_same_everywhere(name: str) -> None:
    for text in weird(name):
        bare = verdict(text)
        assert bare is None or (verdict(bare) == bare and verdict(f"Ann <{text}>") == bare)
        mail = dataclasses.replace(MAIL, recipient=text)
        if bare is None:
            with pytest.raises(HeaderFault):
                built(mail)
        elif bare.isascii():
            assert [to.addr_spec for to in parsed(built(mail))["To"].addresses] == [bare]


def test_what_no_rfc_calls_an_address_is_refused() -> None:
    weird("emails-isemail.json")
    cases = json.loads((WEIRD / "emails-isemail.json").read_text(encoding="utf-8"))["tests"]
    assert [case["address"] for case in cases if case["category"] == "ISEMAIL_ERR" and verdict(case["address"])] == []


@given(st.text(max_size=120))
def test_any_text_is_an_address_or_a_fault(text: str) -> None:
    bare = verdict(text)
    assert bare is None or verdict(bare) == bare


@pytest.mark.parametrize("name", ["naughty-strings.json"])
def test_naughty_strings_are_refused_or_arrive_whole(name: str) -> None:
    for text in weird(name):
        try:
            raw = built(dataclasses.replace(MAIL, subject=text, to_name=text))
        except HeaderFault:
            assert re.search("[\0-\x1f\x7f-\x9f\u2028\u2029]", text)
        else:
            assert parsed(raw).keys() == NAMES
            assert parsed(raw)["Subject"] == text.strip(" ")


def test_the_same_mail_gives_the_same_bytes() -> None:
    assert built(MAIL) == built(MAIL)


def test_a_mail_for_a_person_outside_ascii_carries_utf_8() -> None:
    raw = built(dataclasses.replace(MAIL, recipient="jörg@bücher.example"))
    assert "To: Ann <jörg@xn--bcher-kva.example>\r\n".encode() in raw


def test_one_click_unsubscribe_is_offered_as_rfc_8058_asks() -> None:
    message = parsed(built(MAIL))
    assert message["List-Unsubscribe"] == "<https://example.com/u/1>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_preheader_is_hidden_at_the_start_of_the_body() -> None:
    raw = built(dataclasses.replace(MAIL, html="<html><BODY class='x'><p>Hi</p>", preheader="5 < 6"))
    assert re.search("<BODY class='x'><div style=\"display:none[^>]*>5 &lt; 6</div><p>Hi", body_of(raw, "html"))


PLAIN = {
    "<p>Hello <b>Ann</b>,</p><p>two &amp; three</p>": "Hello Ann,\n\ntwo & three",
    'See <a href="https://x.example/?a=1&amp;b=2">the list</a>.': "See the list (https://x.example/?a=1&b=2).",
    '<a href="https://x.example">\n<img src=x>\nShop</a>': "Shop (https://x.example)",
    "<a href='https://x.example'>https://x.example</a>": "https://x.example",
    "<a name=top>Top</a>": "Top",
    "<head><title>T</title><style>p{}</style></head><body>Hi<br>you": "Hi\nyou",
    "<!--[if mso]><table><![endif]-->Hi<!-- never closed": "Hi",
    "<script>if (1 < 2) x()</script>Hi": "Hi",
    "1 < 2 and 3 > 2": "1 < 2 and 3 > 2",
    "<ul>\n<li>one</li>\n<li>two</li>\n</ul>": "- one\n- two",
    "": "",
}


@pytest.mark.parametrize("html", PLAIN)
def test_plain_text_says_what_the_html_says(html: str) -> None:
    assert plain(html) == PLAIN[html]


@pytest.mark.parametrize("piece", ["<style ", "<!-- ", "<a href=", "<a", "\1", "\1x\2", "<i> ", "=?utf-8?q?", "&"])
def test_hostile_html_takes_no_longer_than_other_html(piece: str) -> None:
    assert isinstance(plain(piece * 100_000), str)


def test_several_recipients_and_copies_have_a_line_each() -> None:
    everybody: dict[str, Any] = {
        "others": ("Zoë <zoe@example.org>", "cy@example.org"),
        "cc": ("Desk <desk@example.com>", "x@y.example"),
    }
    message = parsed(built(dataclasses.replace(MAIL, **everybody)))
    assert message["To"].addresses[1].display_name == "Zoë"
    assert [each.addr_spec for each in message["To"].addresses] == [
        "ann@example.org",
        "zoe@example.org",
        "cy@example.org",
    ]
    assert [each.addr_spec for each in message["Cc"].addresses] == ["desk@example.com", "x@y.example"]


@pytest.mark.parametrize("field", ["others", "cc"])
def test_a_further_recipient_is_one_address_without_a_line_break(field: str) -> None:
    for text in ("a@example.org, b@example.org", "Ann\r\nBcc: eve@example.net <a@example.org>", "nobody"):
        more: dict[str, Any] = {field: ("ok@example.org", text)}
        with pytest.raises(HeaderFault):
            built(dataclasses.replace(MAIL, **more))


def test_amp_stands_between_plain_and_html() -> None:
    raw = built(dataclasses.replace(MAIL, amp="<html ⚡4email></html>"))
    types = [part.get_content_type() for part in parsed(raw).walk()]
    assert types == ["multipart/alternative", "text/plain", "text/x-amp-html", "text/html"]


FILES = {"ticket.pdf": b"%PDF-1.7 \x00\xff" * 40, "Zoës Karte.txt": "Grüße".encode(), 'a"b\\c.bin': b""}


def test_attachments_come_back_as_they_were() -> None:
    raw = built(dataclasses.replace(MAIL, attachments=FILES))
    message = parsed(raw)
    assert message.get_content_type() == "multipart/mixed"
    assert body_of(raw, "html").startswith("<html>")
    read = {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}
    assert read == FILES
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@given(name=st.text(max_size=300), data=st.binary(max_size=300))
def test_no_name_of_an_attachment_adds_a_header(name: str, data: bytes) -> None:
    try:
        raw = built(dataclasses.replace(MAIL, attachments={name: data}))
    except HeaderFault:
        return
    (file,) = parsed(raw).iter_attachments()
    assert [key.lower() for key in file] == ["content-type", "content-transfer-encoding", "content-disposition"]
    assert file.get_payload(decode=True) == data
