"""Bodies that cannot be taken: each API says clearly what is wrong with one, and stores nothing."""

import base64
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import httpx2
import pytest

from handbill.contract.limits import REQUEST_BYTES
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


class Call(NamedTuple):
    """A call that is right when `VALUE` in its body is."""

    method: str
    path: str
    body: bytes
    keys: str = ""


CALLS = {
    "app": Call("POST", "/v1/segments", b'{"segment": {"name": "a", "x": VALUE}}'),
    "track-v1": Call("PUT", "/api/v1/customers/u1", b'{"plan": VALUE}', "{site_id}:{track_key}"),
    "track-v1-event": Call(
        "POST", "/api/v1/customers/u1/events", b'{"name": "a", "data": {"x": VALUE}}', "{site_id}:{track_key}"
    ),
    "track-v2": Call(
        "POST",
        "/api/v2/entity",
        b'{"type": "person", "action": "identify", "identifiers": {"id": "u1"}, "attributes": {"x": VALUE}}',
        "{site_id}:{track_key}",
    ),
    "track-v2-batch": Call(
        "POST",
        "/api/v2/batch",
        b'{"batch": [{"type": "person", "action": "delete", "identifiers": {"id": "u0"}, "x": VALUE},'
        b' {"type": "person", "action": "identify", "identifiers": {"id": "u1"}}]}',
        "{site_id}:{track_key}",
    ),
    "pipelines": Call("POST", "/v1/identify", b'{"userId": "u1", "traits": {"x": VALUE}}', "{pipelines_key}:"),
    "pipelines-batch": Call(
        "POST",
        "/v1/batch",
        b'{"batch": [{"type": "identify", "userId": "u1", "traits": {"x": VALUE}}]}',
        "{pipelines_key}:",
    ),
}


def values() -> Iterator[tuple[str, bytes]]:
    yield "deep lists", b"[" * 100_000
    yield "deep and closed", b"[" * 100_000 + b"]" * 100_000
    yield "deep objects", b'{"a":' * 100_000
    yield "a little too deep", b"[" * 60 + b"]" * 60
    yield "NaN", b"NaN"
    yield "infinity", b"-Infinity"
    yield "1e400", b"1e400"
    yield "5,000 digits", b"9" * 5000
    yield "2^64", b"%d" % 2**64
    yield "negative 2^64", b"[-%d]" % 2**64
    yield "lone surrogate", b'"\\ud800"'
    yield "surrogates the wrong way round", b'"\\udc00\\ud800"'
    yield "NUL", b'"a\\u0000b"'
    yield "NUL in a key", b'{"\\u0000": 1}'
    yield "raw NUL", b'"a\0b"'
    yield "a key twice", b'{"a": 1, "b": ":", "a": 1}'
    yield "a key twice, once escaped", b'[{"\\u0061": 1, "a": "\\u003a"}]'
    yield "a key twice outside", b'1, "segment": 1, "plan": 1, "name": 1, "type": 1, "x": 1, "data": 1, "userId": 1'
    yield "latin-1", '"é"'.encode("latin-1")
    yield "UTF-16", '"é"'.encode("utf-16")
    yield "nothing", b""
    yield "two", b"1}{"
    yield "25 MB", b'"%s"' % (b"a" * REQUEST_BYTES)


def whole() -> Iterator[tuple[str, bytes]]:
    yield "nothing at all", b""
    yield "blank", b" \n"
    yield "cut off", b'{"segment": {"name": "a"'
    yield "two objects", b"{}{}"
    yield "truncated gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab"
    yield "a list", b"[]"
    yield "text", b'"segment"'
    yield "null", b"null"
    yield "true", b"true"


@pytest.fixture(params=list(CALLS.values()), ids=list(CALLS))
def call(request: pytest.FixtureRequest) -> Call:
    given: Call = request.param
    return given


async def test_a_value_that_cannot_be_kept_is_refused(
    http: httpx2.AsyncClient, workspace: Workspace, call: Call
) -> None:
    for name, value in values():
        await refused(http, workspace, call, name, call.body.replace(b"VALUE", value))


async def test_a_body_that_is_no_json_object_is_refused(
    http: httpx2.AsyncClient, workspace: Workspace, call: Call
) -> None:
    for name, body in whole():
        await refused(http, workspace, call, name, body)


async def test_the_calls_themselves_are_right(http: httpx2.AsyncClient, workspace: Workspace, call: Call) -> None:
    before = stored(workspace)
    answer = await http.request(
        call.method, call.path, content=call.body.replace(b"VALUE", b"1"), headers=as_caller(workspace, call)
    )
    assert answer.status_code == 200
    assert stored(workspace) != before


async def refused(http: httpx2.AsyncClient, workspace: Workspace, call: Call, name: str, body: bytes) -> None:
    before = stored(workspace)
    answer = await http.request(call.method, call.path, content=body, headers=as_caller(workspace, call))
    assert answer.status_code == 400, name
    assert sentences(answer.json()), name
    assert all("body" in text or "request" in text for text in sentences(answer.json())), name
    assert stored(workspace) == before, name


def as_caller(workspace: Workspace, call: Call) -> dict[str, str]:
    """The headers; Pipelines says what is wrong in strict mode only."""
    if not call.keys:
        return {}
    pair = call.keys.format(**{name: getattr(workspace.keys, name) for name in workspace.keys.__slots__})
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode(), "X-Strict-Mode": "1"}


def sentences(answer: dict[str, object]) -> list[str]:
    """What is wrong, in whichever envelope it came (reference 2.1)."""
    meta = answer.get("meta")
    errors = answer.get("errors") or (meta.get("errors") if isinstance(meta, dict) else None)
    assert isinstance(errors, list)
    return [each if isinstance(each, str) else each.get("detail") or each["message"] for each in errors]


def stored(workspace: Workspace) -> dict[str, int]:
    """How many rows each table holds."""
    connection = sqlite3.connect(workspace.database.path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    connection.close()
    return counts
