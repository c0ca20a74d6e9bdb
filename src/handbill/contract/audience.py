"""A trigger's body, checked before anything is asked of the workspace. Reference 3.1; limits.py has the numbers."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from handbill.contract import filters
from handbill.contract.app.triggers import AUDIENCES
from handbill.contract.limits import (
    AUDIENCE_ENTRIES,
    EMAIL_CHARACTERS,
    IDENTIFIER_BYTES,
    JSON_DEPTH,
    PERSON_DATA_BYTES,
    TRIGGER_DATA_BYTES,
)
from handbill.errors import Fault, quoted, without_logins

FAULTS = 20
"""The most faults that are told at once."""
FLAGS = ("email_add_duplicates", "email_ignore_missing", "id_ignore_missing")
BIGGEST_INTEGER = 2**63 - 1
LOCAL_BYTES = 64
"""Of an address before the @ (RFC 5321 4.5.3.1.1)."""


def check(body: Mapping[str, object]) -> list[Fault]:
    """Everything wrong with `body` that the body alone shows, at most 20 faults; empty when nothing is."""
    return list(islice(_faults(body), FAULTS))


def named(body: Mapping[str, object]) -> list[str]:
    """The audience options `body` gives. null and an empty `recipients` give none (reference 3.1)."""
    return [option for option in AUDIENCES if not _absent(option, body.get(option))]


def one_of(options: list[str]) -> Fault:
    """The fault of a call that does not name its audience exactly once."""
    listed = ", ".join(AUDIENCES)
    got = f"got {' and '.join(options)}" if options else "this call names nobody"
    return Fault(options[-1] if options else "recipients", f"Give exactly one of {listed}; {got}.")


def people(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Whom a checked body names, as `("id", …)` or `("email", …)` in one spelling; empty when it names nobody."""
    entries = [
        *({"id": each} for each in body.get("ids") or ()),
        *({"email": each} for each in body.get("emails") or ()),
        *(body.get("per_user_data") or ()),
    ]
    return [key for key in map(_person_key, entries) if key]


def segment(body: Mapping[str, Any]) -> int | None:
    """The segment, when the audience of a checked body is one and nothing else."""
    recipients = body.get("recipients")
    if not isinstance(recipients, dict) or recipients.keys() != {"segment"}:
        return None
    return int(recipients["segment"]["id"])


def described(body: Mapping[str, Any], segment_name: str = "", own: Mapping[str, Any] | None = None) -> str:
    """The audience of a checked body as it was asked for, without the people it names: `segment 3 "Canada"`.

    `own` is the broadcast's own, as far as it is known; `segment_name` is of the segment that either is.
    """
    filter_ = body.get("recipients")
    if people(body) or body.get("named"):
        whom = ["people named one by one"]
    elif body.get("data_file_url"):
        whom = [f"the people in {_json(without_logins(body['data_file_url']))}"]
    else:
        whom = [] if filter_ else ["the broadcast's own audience"]
        whom += [_in_words(each, segment_name) for each in (filter_ or own,) if each]
    return ", ".join([*whom, *(flag for flag in FLAGS if body.get(flag))])


def _in_words(filter_: Mapping[str, Any], segment_name: str) -> str:
    number = segment({"recipients": filter_})
    return (
        _json(filter_) if number is None else f"segment {number} {_json(segment_name) * bool(segment_name)}".strip()
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def is_address(text: str) -> bool:
    """Whether `text` is one plain address: a dot-atom, an @ and a domain name (RFC 5321 4.1.2, RFC 6531), no more."""
    local = text.partition("@")[0]
    return bool(len(text) <= EMAIL_CHARACTERS and _ADDRESS.fullmatch(text) and len(local.encode()) <= LOCAL_BYTES)


def _faults(body: Mapping[str, object]) -> Iterator[Fault]:
    options = named(body)
    if len(options) > 1:
        yield one_of(options)
    for option in options:
        yield from _CHECKS[option](body)
    if body.get("data") is not None:
        yield from _data("data", body["data"], TRIGGER_DATA_BYTES)
    for flag in FLAGS:
        if not isinstance(body.get(flag, False), bool):
            yield Fault(flag, f"{flag} must be true or false.")


def _absent(option: str, value: object) -> bool:
    return value is None or (option == "recipients" and value == {})


def _recipients(body: Mapping[str, object]) -> Iterator[Fault]:
    yield from filters.check(body["recipients"]) or json_faults("recipients", body["recipients"])


def _ids(body: Mapping[str, object]) -> Iterator[Fault]:
    ids = body["ids"]
    yield from _list_faults("ids", ids, 'customer ids, e.g. ["u1","u2"]')
    for position, value in enumerate(_entries(ids)):
        yield from _identifier(f"ids[{position}]", value)


def _emails(body: Mapping[str, object]) -> Iterator[Fault]:
    emails = body["emails"]
    yield from _list_faults("emails", emails, 'addresses, e.g. ["ana@shop.example"]')
    for position, value in enumerate(_entries(emails)):
        yield from _email(f"emails[{position}]", value)


def _per_user_data(body: Mapping[str, object]) -> Iterator[Fault]:
    people = body["per_user_data"]
    yield from _list_faults("per_user_data", people, 'people, e.g. [{"id":"u1","data":{"code":"A1"}}]')
    seen: dict[tuple[str, str], int] = {}
    for position, entry in enumerate(_entries(people)):
        field = f"per_user_data[{position}]"
        yield from _entry(field, entry)
        key = _person_key(entry)
        first = seen.setdefault(key, position) if key else position
        if first != position and body.get("email_add_duplicates") is not True:
            who = quoted(key[1]) if key else ""
            yield Fault(field, f"per_user_data[{first}] and [{position}] are the same person ({who}).")


def _data_file_url(body: Mapping[str, object]) -> Iterator[Fault]:
    """Its form only: who fetches it knows which hosts are allowed, and which of them without TLS."""
    field, url = "data_file_url", body["data_file_url"]
    if not isinstance(url, str):
        yield Fault(field, f"{field} must be text; got {kind(url)}.")
    elif not url.lower().startswith(("https://", "http://")):
        yield Fault(field, f"{field} must start with https://.")
    elif not _is_url(url):
        yield Fault(field, f"{field} is not a whole URL such as https://files.example/people.jsonl.")


_CHECKS = {
    "recipients": _recipients,
    "ids": _ids,
    "emails": _emails,
    "per_user_data": _per_user_data,
    "data_file_url": _data_file_url,
}


def _list_faults(field: str, value: object, of: str) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield Fault(field, f"{field} must be a list of {of}.")
    elif not value:
        yield Fault(field, f"{field} is empty: nobody would receive this. Leave it out or name people.")
    elif len(value) > AUDIENCE_ENTRIES:
        size = f"{field} has {len(value):,} entries; the limit is {AUDIENCE_ENTRIES:,}"
        yield Fault(field, f"{size}. Use data_file_url.")


def _entries(value: object) -> list[object]:
    """The entries worth looking at one by one."""
    return value if isinstance(value, list) and len(value) <= AUDIENCE_ENTRIES else []


def _identifier(field: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(field, f"{field} must be text; got {kind(value)}.")
    elif not value.strip():
        yield Fault(field, f"{field} is empty.")
    elif CONTROL.search(value):
        yield Fault(field, f"{field} has a control character or half of a surrogate pair.")
    elif len(value.encode()) > IDENTIFIER_BYTES:
        yield Fault(field, f"{field} is longer than {IDENTIFIER_BYTES} bytes.")


def _email(field: str, value: object) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(field, f"{field} must be text; got {kind(value)}.")
    elif not value.strip():
        yield Fault(field, f"{field} is empty.")
    elif not is_address(value.strip(" ")):
        yield Fault(field, f"{field} is not one plain address: {quoted(value)}.")


def _entry(field: str, entry: object) -> Iterator[Fault]:
    if not isinstance(entry, dict):
        yield Fault(field, f"{field} must be an object with id or email, and data; got {kind(entry)}.")
        return
    for key in [key for key in entry if key not in ("id", "email", "data")]:
        yield Fault(field, f"{field}.{key if _plain(key) else quoted(key)} is not known; use id or email, and data.")
    given = [key for key in ("id", "email") if entry.get(key) is not None]
    if len(given) != 1:
        got = "both" if given else "neither"
        yield Fault(field, f"{field} needs exactly one of id or email; got {got}.")
    for key in given:
        yield from (_identifier if key == "id" else _email)(f"{field}.{key}", entry[key])
    if entry.get("data") is not None:
        yield from _data(f"{field}.data", entry["data"], PERSON_DATA_BYTES)


def _person_key(entry: object) -> tuple[str, str] | None:
    if not isinstance(entry, dict):
        return None
    kinds = [key for key in ("id", "email") if isinstance(entry.get(key), str)]
    return (kinds[0], entry[kinds[0]].strip(" ").lower() if kinds[0] == "email" else entry["id"]) if kinds else None


def _data(field: str, value: object, limit: int) -> Iterator[Fault]:
    """`data` of the trigger or of one person: an object of at most `limit` bytes as JSON."""
    if not isinstance(value, dict):
        yield Fault(field, f'{field} must be an object, e.g. {{"headline":"…"}}.')
        return
    faults = list(islice(json_faults(field, value), FAULTS))
    yield from faults
    size = 0 if faults else len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    if size > limit == PERSON_DATA_BYTES:
        entry = field.removesuffix(".data")
        yield Fault(field, f"{entry} is {size / 2**20:.1f} MB; the limit is {limit // 2**20} MB per person.")
    elif size > limit:
        yield Fault(field, f"{field} is {size:,} bytes; the limit is {limit:,}.")


def json_faults(field: str, value: object) -> Iterator[Fault]:
    """What in `value` cannot be sent as JSON, each with its path: NaN, huge numbers, broken text, too deep a nest."""
    waiting = [(field, value, 1 + Fault(field, "").pointer.count("/"))]
    while waiting:
        path, item, depth = waiting.pop()
        if isinstance(item, dict | list):
            if depth > JSON_DEPTH:
                yield Fault(field, f"{field} is nested deeper than {JSON_DEPTH}.")
                return
            waiting.extend((name, inner, depth + 1) for name, inner in _inside(path, item))
            yield from _key_faults(path, item)
        else:
            yield from _scalar_faults(path, item)


def _inside(path: str, item: dict[object, object] | list[object]) -> Iterator[tuple[str, object]]:
    if isinstance(item, dict):
        return ((f"{path}.{key if _plain(key) else quoted(key)}", inner) for key, inner in item.items())
    return ((f"{path}[{position}]", inner) for position, inner in enumerate(item))


def _key_faults(path: str, item: dict[object, object] | list[object]) -> Iterator[Fault]:
    for key in item if isinstance(item, dict) else ():
        if not isinstance(key, str) or _BROKEN.search(key):
            yield Fault(path, f"{path} has a key that is not text JSON allows.")


def _scalar_faults(path: str, item: object) -> Iterator[Fault]:
    if isinstance(item, str):
        if _BROKEN.search(item):
            yield Fault(path, f"{path} is not text JSON allows: it has a NUL or half of a surrogate pair.")
    elif isinstance(item, float):
        if not math.isfinite(item):
            yield Fault(path, f"{path} is not a number JSON allows.")
    elif isinstance(item, int):
        if not -BIGGEST_INTEGER <= item <= BIGGEST_INTEGER:
            yield Fault(path, f"{path} is a whole number beyond 64 bits; write it as text.")
    elif item is not None:
        yield Fault(path, f"{path} is not a value JSON allows.")


def kind(value: object) -> str:
    """What `value` is, in JSON's words: `a number`."""
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return "null" if value is None else names.get(type(value), "something else")


def _plain(key: object) -> bool:
    return isinstance(key, str) and len(key) <= 40 and key.isidentifier()


def _is_url(url: str) -> bool:
    if re.search(r"[\x00-\x20\x7f\ud800-\udfff\\]", url):
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


_BROKEN = re.compile(r"[\x00\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ABROAD = r"[^\x00-\xa0\u2000-\u200b\u200e-\u200f\u2028-\u206f\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff0-\uffff]"
"""Beyond ASCII: everything but spaces, controls, and what cannot be seen."""
_ATOM = rf"(?:[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]|{_ABROAD})+"
_LABEL = rf"(?:[A-Za-z0-9]|{_ABROAD})(?:(?:[A-Za-z0-9-]|{_ABROAD}){{0,61}}(?:[A-Za-z0-9]|{_ABROAD}))?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
