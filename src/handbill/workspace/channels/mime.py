"""Mail as bytes: one message for one person, in which no value can add, end or alter a header."""

import base64
import binascii
import functools
import hashlib
import html as markup
import mimetypes
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import idna

LINE = 76
"""Columns of a header line (RFC 2047 2)."""
HARD_LINE = 998
"""Bytes no line may exceed (RFC 5322 2.1.1)."""
LONGEST_VALUE = 10_000
"""Characters of one header; our own bound."""


class HeaderFault(ValueError):
    """A value that must not become a header or an address: `field` names it, `reason` says why."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field} {reason}")


@dataclass(frozen=True, slots=True)
class Mail:
    """One rendered message for one person, still as text."""

    sender: str
    """`Film Club <news@example.com>` or a bare address."""
    recipient: str
    """One mailbox, the first of the To header."""
    subject: str
    html: str
    text: str = ""
    """The plain alternative; when empty it is derived from the html."""
    preheader: str = ""
    """Put, hidden, at the start of the html body."""
    reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    to_name: str = ""
    others: tuple[str, ...] = ()
    """Further mailboxes of the To header."""
    cc: tuple[str, ...] = ()
    amp: str = ""
    """The body for mail programs that show AMP."""
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    unsubscribe_url: str = ""
    """Adds one-click unsubscribe (RFC 8058)."""


def build(mail: Mail, *, message_id: str, date: int) -> bytes:
    """The message with CRLF line ends, not dot-stuffed; the same input gives the same bytes.

    `date` is in Unix seconds. Raises HeaderFault when a value must not become a header.
    """
    identifier = _identifier(message_id)
    mark = hashlib.sha256(identifier.encode()).hexdigest()[:24]
    lines = [
        _mailbox_line("From", "sender", mail.sender),
        _to_line(mail.recipient, mail.to_name) + _more(mail.others, "recipient"),
        *([_mailbox_line("Cc", "cc", mail.cc[0]) + _more(mail.cc[1:], "cc")] if mail.cc else ()),
        *([_mailbox_line("Reply-To", "reply_to", mail.reply_to)] if mail.reply_to else ()),
        _text_line("Subject", _clean(mail.subject, "subject")),
        f"Date: {_date(date)}\r\nMessage-ID: <{identifier}>",
        *_extra_lines(mail.headers),
        *_unsubscribe_lines(mail.unsubscribe_url),
        "MIME-Version: 1.0\r\n",
    ]
    body = _multipart("alternative", f"=_{mark}", list(_alternatives(mail)))
    if mail.attachments:
        files = [_attachment(name, data) for name, data in mail.attachments.items()]
        body = _multipart("mixed", f"=_m{mark}", [body, *files])
    return "\r\n".join(lines).encode() + body + b"\r\n"


def address(text: str, field: str) -> str:
    """The one bare address in `Name <a@b>` or `a@b`, its domain as ASCII (RFC 5891).

    Plain means a dot-atom before the @ (RFC 5321 4.1.2); one outside ASCII stays as it is (RFC 6531).
    Raises HeaderFault when there is no address, more than one, or one that is not plain.
    """
    return mailbox(text, field)[1]


def plain(html: str) -> str:
    """The words of the html as plain text, a line for each block, links as `text (address)`."""
    html = _HIDDEN.sub("", _COMMENT.sub("", _line_ends(html)))
    marked = "".join(map(_chunk_as_text, html.replace(">\n", ">\0").split("\0")))
    if "\1" in marked or "\3" in marked:  # links with a line break in them
        marked = _MARKS.sub("", _LINK.sub(_link_as_text, marked))
    lines = "\n".join(map(str.strip, marked.split("\n")))
    return "\n\n".join(filter(None, (paragraph.strip("\n") for paragraph in lines.split("\n\n"))))


# Values: decoded, then checked, then encoded by ourselves.

_BREAK = re.compile("[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_UNSAFE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WORD = r"=\?([^?*\s]+)(?:\*[^?]*)?\?([bqBQ])\?([^?]*)\?="
_ENCODED_WORD = re.compile(_WORD)
_ENCODED_WORDS = re.compile(rf"{_WORD}(?:[ \t]+{_WORD})*")


def _clean(text: str, field: str) -> str:
    """`text` without encoded words, however deep; a control character at any depth is refused."""
    _check(text, field)
    while "=?" in text:
        decoded = _ENCODED_WORDS.sub(_decoded_words, text)
        if decoded == text:
            break
        text = decoded
        _check(text, field)
    return text.strip(" ")


def _check(text: str, field: str) -> None:
    if len(text) > LONGEST_VALUE:
        raise HeaderFault(field, f"is longer than {LONGEST_VALUE:,} characters")
    if _UNSAFE.search(text):
        raise HeaderFault(field, "has a line break" if _BREAK.search(text) else "has a control character")


def _decoded_words(words: re.Match[str]) -> str:
    return "".join(map(_decoded_word, _ENCODED_WORD.finditer(words[0])))


def _decoded_word(word: re.Match[str]) -> str:
    charset, encoding, payload = word.groups()
    try:
        if encoding in "bB":
            return binascii.a2b_base64(payload + "==").decode(charset, "replace")
        return binascii.a2b_qp(payload, header=True).decode(charset, "replace")
    except (LookupError, ValueError):  # an unknown charset, broken base64: then it is just text
        return word[0]


# Addresses

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ATOM = r"[^\0-\x20\x7f\"(),.:;<>@\[\\\]]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE | re.ASCII)
_PHRASE = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)


def mailbox(text: str, field: str) -> tuple[str, str]:
    """Display name (may be empty) and bare address."""
    _check(text, field)
    text = text.strip(" ")
    if not text.endswith(">"):
        return "", _bare(text, field)
    name, _, bare = text[:-1].rpartition("<")
    name = _clean(name, field)
    if quoted := _QUOTED.fullmatch(name):
        name = re.sub(r"\\(.)", r"\1", quoted[1]).strip(" ")
    elif "<" in name or ">" in name or ("@" in name and re.search("[,;]", name)):
        raise HeaderFault(field, "has more than one address")
    return name, _bare(bare.strip(" "), field)


def _bare(text: str, field: str) -> str:
    local, _, domain = text.rpartition("@")
    if "@" in local:
        raise HeaderFault(field, "has more than one address")
    if not domain.isascii():
        domain = _ascii_domain(domain)
    result = f"{local}@{domain}"
    if len(result.encode()) > 254 or not (_is_local(local) and _DOMAIN.fullmatch(domain)):
        raise HeaderFault(field, "is not one plain address such as ann@example.com")
    return result


def _is_local(text: str) -> bool:
    # "=?" would be read as an encoded word; NFKC is what a server may turn a look-alike @ or comma into
    return bool(
        len(text.encode()) <= 64
        and _LOCAL.fullmatch(text)
        and "=?" not in text
        and (text.isascii() or (text.isprintable() and _LOCAL.fullmatch(unicodedata.normalize("NFKC", text))))
    )


def _ascii_domain(domain: str) -> str:
    """The domain by IDNA 2008; empty when there is none, which no address may have."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return ""


# Header lines

_IDENTIFIER = re.compile(r"<?([\w.+=~-]{1,120}@[\w.-]{1,120})>?", re.ASCII)
_HEADER_NAME = re.compile("[A-Za-z0-9._-]{1,76}")
_OURS = re.compile(
    "from|to|cc|bcc|sender|reply-to|subject|date|message-id|return-path|delivered-to|authentication-results"
    "|(?:received|resent-|mime-|content-|dkim-|domainkey-|arc-|list-unsubscribe).*",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://(?!.*=\?)[!-;=?-~]{1,900}")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _identifier(message_id: str) -> str:
    match = _IDENTIFIER.fullmatch(message_id)
    if match is None:
        raise HeaderFault("message_id", "must look like <delivery@example.com>")
    return match[1]


@functools.lru_cache(64)
def _date(seconds: int) -> str:
    when = time.gmtime(seconds)
    clock = f"{when.tm_hour:02}:{when.tm_min:02}:{when.tm_sec:02}"
    return f"{_DAYS[when.tm_wday]}, {when.tm_mday:02} {_MONTHS[when.tm_mon - 1]} {when.tm_year:04} {clock} +0000"


def _to_line(recipient: str, to_name: str) -> str:
    name, bare = mailbox(recipient, "recipient")
    return _named("To", _clean(to_name, "to_name") or name, bare)


@functools.lru_cache(256)
def _mailbox_line(header: str, field: str, text: str) -> str:
    return _named(header, *mailbox(text, field))


def _more(mailboxes: tuple[str, ...], field: str) -> str:
    """Further mailboxes of a header, a line each."""
    return "".join(f",\r\n{_named('', *mailbox(each, field))}" for each in mailboxes)


def _named(header: str, name: str, bare: str) -> str:
    """A header, or a further line of one, with one mailbox; the address has its own line when there is no room."""
    start = f"{header}: " if header else " "
    if not name:
        return f"{start}{bare}"
    line = f"{start}{_phrase(name, used=len(start))}"
    columns = len(line) - line.rfind("\n") + len(bare) + 2
    return f"{line}{' ' if columns <= LINE else _FOLD}<{bare}>"


def _phrase(name: str, used: int) -> str:
    """A display name as words, as a quoted string or as encoded words (RFC 5322 3.2.5)."""
    if not name.isascii() or "=?" in name or used + len(name) > LINE - 8:
        return _encoded(name, used)
    if _PHRASE.fullmatch(name):
        return name
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def _text_line(header: str, value: str) -> str:
    """A header of free text, folded."""
    if value.isascii() and "=?" not in value and len(max(value.split(" "), key=len)) < HARD_LINE - LINE:
        return _folded(f"{header}: {value}")
    return f"{header}: {_encoded(value, used=len(header) + 2)}"


def _folded(line: str) -> str:
    """`line` broken before words, so that taking out the line breaks gives `line` again."""
    if len(line) <= LINE:
        return line
    first, *words = line.split(" ")
    lines = [first]
    for number, word in enumerate(words):
        if number and word and len(lines[-1]) + len(word) >= LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _extra_lines(headers: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for number, (name, value) in enumerate(headers):
        if not _HEADER_NAME.fullmatch(name):
            raise HeaderFault(f"headers[{number}]", "has a name that no header can have; use letters, digits and -")
        if _OURS.fullmatch(name):
            raise HeaderFault(f"headers[{number}]", f"may not set {name}, which is set with the message")
        yield _text_line(name, _clean(value, f"header {name}"))


def _unsubscribe_lines(url: str) -> Iterator[str]:
    if not url:
        return
    if not _URL.fullmatch(url):
        raise HeaderFault("unsubscribe_url", "must be an https:// address of plain ASCII, at most 900 characters")
    yield f"List-Unsubscribe: <{url}>"
    yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


# Encoded words (RFC 2047)

_FOLD = "\r\n "
_AROUND = len("=?utf-8?q??=")
_CLUSTER = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag
    "|.(?:[\u0300-\u036f\u200d\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|(?<=\u200d).){0,8}"
)
_Q = [chr(byte) if chr(byte).isalnum() and byte < 128 else f"={byte:02X}" for byte in range(256)]
_Q[ord(" ")] = "_"


def _quoted(raw: bytes) -> str:
    return "".join(map(_Q.__getitem__, raw))


def _encoded(text: str, used: int) -> str:
    """`text` as encoded words, one for each line; `used` columns of the first line are taken.

    A word ends between characters as readers see them: an emoji sequence or an accent stays whole.
    """
    raw = text.encode()
    clusters = [cluster.encode() for cluster in _CLUSTER.findall(text)]
    if len(_quoted(raw)) * 3 > len(raw) * 4 or max(map(len, clusters)) > 15:
        words = _split(clusters, len, (LINE - used - _AROUND) // 4 * 3, 45)
        return _FOLD.join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" if word else "" for word in words)
    words = _split(clusters, _quoted_size, LINE - used - _AROUND, 63)
    return _FOLD.join(f"=?utf-8?q?{_quoted(word)}?=" if word else "" for word in words)


def _quoted_size(raw: bytes) -> int:
    return len(_quoted(raw))


def _split(clusters: list[bytes], size: Callable[[bytes], int], room: int, full: int) -> list[bytes]:
    """The clusters in words of at most `full`, the first of at most `room`; it is empty where nothing fits."""
    words = [b""]
    for cluster in clusters:
        needed = size(cluster)
        if needed > room:
            words.append(b"")
            room = full
        words[-1] += cluster
        room -= needed
    return words


# Bodies

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


def _with_preheader(html: str, preheader: str) -> str:
    if not preheader:
        return html
    body = _BODY.search(html)
    start = body.end() if body else 0
    style = "display:none;max-height:0;overflow:hidden;mso-hide:all"
    return f'{html[:start]}<div style="{style}">{markup.escape(preheader)}</div>{html[start:]}'


def _alternatives(mail: Mail) -> Iterator[bytes]:
    """The body's forms, the richest last, but AMP before HTML: some programs show the last one only."""
    yield _part(b"plain", mail.text or plain(mail.html))
    if mail.amp:
        yield _part(b"x-amp-html", mail.amp)
    yield _part(b"html", _with_preheader(mail.html, mail.preheader))


def _multipart(subtype: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    """Parts with their headers as one, with its header; it ends with its last boundary."""
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n'.encode()
    cut = f"--{boundary}".encode()
    pieces = [piece for part in parts for piece in (cut, part)]
    return b"\r\n".join((head, *pieces, cut + b"--"))


def _attachment(name: str, data: bytes) -> bytes:
    """A file in base64. Its name is checked like any value of a header (RFC 2231 outside ASCII)."""
    _check(name, "attachments")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    plain_name = re.fullmatch(r"[A-Za-z0-9 ._()-]{1,60}", name)
    said = f'filename="{name}"' if plain_name else f"filename*=utf-8''{quote(name[:200], safe='')}"
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n {said}\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(data).rstrip(b"\n").replace(b"\n", b"\r\n")


def _line_ends(text: str) -> str:
    """`text` with \\n as its only line end and without NUL."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "")


def _part(subtype: bytes, body: str) -> bytes:
    """A text part with its headers; its line ends are CRLF and nothing else (SMTP smuggling)."""
    raw = _line_ends(body).replace("\n", "\r\n").encode("utf-8", "replace")
    encoding = b"7bit" if _fits(raw) else b"quoted-printable"
    if encoding != b"7bit":
        # the line end makes b2a_qp break lines with CRLF; it belongs to the boundary again afterwards
        raw = binascii.b2a_qp(raw + b"\r\n")[:-2]
    head = b'Content-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: %b\r\n\r\n'
    return head % (subtype, encoding) + raw


def _fits(raw: bytes) -> bool:
    """Whether the body can go as it is. `--=_` begins our boundary, which quoted-printable cannot contain."""
    return raw.isascii() and b"--=_" not in raw and max(map(len, raw.split(b"\r\n"))) <= HARD_LINE


# Html as plain text. Each expression reads the text once, whatever is left open in it.

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HIDDEN = re.compile(r"<(head|style|script|title)\b[^<]*(?:<(?!/\1\b)[^<]*)*", re.IGNORECASE)
_TAG = re.compile("<([a-zA-Z/!?][^<>]*)>")
_TAG_NAME = re.compile("/?[a-zA-Z0-9]*")
_HREF = re.compile(r"""\shref\s*=\s*["']?((?:https?:|mailto:)[^"'\s]+)""", re.IGNORECASE)
_LINK = re.compile("\1([^\1-\3]*)\2([^\1-\3]*)\3")
_MARKS = re.compile("[\1-\3]")
_BLANK_LINE = re.compile("/?(?:p|h[1-4]|ul|ol|table|blockquote|hr)")
_NEW_LINE = re.compile("br|/?(?:div|tr|section|header|footer)")


def _chunk_as_text(chunk: str) -> str:
    return _short_as_text(chunk) if len(chunk) < 2000 else _short_as_text.__wrapped__(chunk)


@functools.lru_cache(512)  # what a template says to everybody comes again with every person
def _short_as_text(chunk: str) -> str:
    """A stretch of html as text; a link's address is between \\1 and \\2, its text before \\3."""
    pieces: list[str] = _TAG.split(" ".join(chunk.split()))
    pieces[1::2] = [_tag_as_text(tag) if len(tag) < 1000 else _tag_as_text.__wrapped__(tag) for tag in pieces[1::2]]
    return markup.unescape(_LINK.sub(_link_as_text, "".join(pieces))) + " "


@functools.lru_cache(4096)
def _tag_as_text(tag: str) -> str:
    match = _TAG_NAME.match(tag)
    name = match[0].lower() if match else ""
    if name == "a":
        href = _HREF.search(tag)
        return f"\1{href[1]}\2" if href else ""
    if _BLANK_LINE.fullmatch(name):
        return "\n\n"
    return {"/a": "\3", "li": "\n- ", "td": " ", "th": " "}.get(name, "\n" if _NEW_LINE.fullmatch(name) else "")


def _link_as_text(link: re.Match[str]) -> str:
    url, text = link[1], link[2].strip()
    return f"{text} ({url})" if text and text != url else url
