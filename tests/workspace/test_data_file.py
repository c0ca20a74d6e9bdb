import asyncio
import contextlib
import gzip
import json
import tracemalloc
from functools import partial, reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.contract.audience import json_faults
from handbill.contract.limits import PERSON_DATA_BYTES
from handbill.errors import InvalidInput
from handbill.workspace.data_file import Line, read_lines
from handbill.workspace.fetch import Limits

LOOPBACK = frozenset({"127.0.0.1"})

packed = partial(gzip.compress, mtime=0)
"""Without the time, so that the names of the cases stay the same."""


async def _serve(body: bytes, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], step: int) -> None:
    reader, writer = connection
    with contextlib.suppress(ConnectionError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), step):
            writer.write(body[start : start + step])
            await writer.drain()
    writer.close()


async def lines_of(body: bytes, *, step: int = 65536, **options: Any) -> list[Line]:
    """The lines of a file that a server on loopback sends in steps of `step` bytes."""
    served: list[asyncio.Task[None]] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(_serve(body, (reader, writer), step)))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/people.jsonl"
        try:
            return [line async for line in read_lines(url, allowed_hosts=LOOPBACK, **options)]
        finally:
            await asyncio.wait_for(asyncio.gather(*served), 5)


def lines(body: bytes, **options: Any) -> list[Line]:
    return asyncio.run(lines_of(body, **options))


def refusal(body: bytes, **options: Any) -> str:
    """What is said about the whole file: always one fault, of data_file_url."""
    with pytest.raises(InvalidInput) as caught:
        lines(body, **options)
    (fault,) = caught.value.faults
    assert fault.field == "data_file_url"
    return fault.message


ANA = b'{"id":"u1","data":{"code":"A1"}}'
BEN = b'{"email":"ben@shop.example","data":{"code": "B2"}}'
BOTH = [Line(1, id="u1", data=b'{"code":"A1"}'), Line(2, email="ben@shop.example", data=b'{"code": "B2"}')]


@pytest.mark.parametrize(
    "body",
    [
        ANA + b"\n" + BEN + b"\n",
        ANA + b"\n" + BEN,
        ANA + b"\r\n" + BEN + b"\r\n",
        b"\xef\xbb\xbf" + ANA + b"\n" + BEN,
        ANA + b"\n" + BEN + b"\n\n  \r\n\t\n",
        b"  " + ANA + b"  \n\t" + BEN + b" \r\n",
        packed(ANA + b"\n" + BEN),
        packed(ANA + b"\n") + packed(BEN),
    ],
)
def test_a_file_reads_the_same_however_it_was_saved(body: bytes) -> None:
    assert lines(body) == BOTH


def test_blank_lines_count_in_the_numbers() -> None:
    assert [line.number for line in lines(b"\n\r\n" + ANA + b"\n\n" + BEN)] == [3, 5]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"id":"u1"}', Line(1, id="u1")),
        ('{"id":"u1","data":null}', Line(1, id="u1")),
        ('{"id":"u1","email":null,"data":{}}', Line(1, id="u1")),
        ('{"data":{"a":{"b":[1,2]}},"id":"u1"}', Line(1, id="u1", data=b'{"a":{"b":[1,2]}}')),
        ('{"id":"Zoë \\u00eb"}', Line(1, id="Zoë ë")),
        ('{"id":"%s"}' % ("é" * 75), Line(1, id="é" * 75)),
    ],
)
def test_a_line_keeps_its_person_and_the_text_of_its_data(text: str, line: Line) -> None:
    (read,) = lines(text.encode())
    assert read == line


@pytest.mark.parametrize(
    "data",
    [
        '{"n":1e30,"__proto__":1,"a.b":"E+999","":0}',
        '{"digits":"' + "9" * 400 + '"}',
        '{"n":' + "9" * 18 + ".5}",
        '{"n":-9223372036854775807}',
        '{"text":"\\\\u0000"}',
        '{"nest":' + "[" * 48 + "]" * 48 + "}",
        '{"flat":[' + ",".join(["{}"] * 99) + "]}",
    ],
)
def test_data_that_only_look_suspicious_are_kept_as_they_are(data: str) -> None:
    assert lines(b'{"id":"u1","data":%s}' % data.encode()) == [Line(1, id="u1", data=data.encode())]


FAULTS = {
    '{"id":"u1",}': "not JSON (column 12)",
    '{"id" "u1"}': "not JSON (column 7)",
    '{"é" "u1"}': "not JSON (column 6)",
    "oops": "not JSON (column 1)",
    '{"id":"u1"': "not JSON (column 11)",
    '{"id":"u1"} {"id":"u2"}': "not JSON (column 13)",
    '{"id":"u\t1"}': "not JSON (column 9)",
    "{'id':'u1'}": "not JSON (column 2)",
    '["u1"]': "not an object with id or email, and data, but a list",
    '"u1"': "not an object with id or email, and data, but text",
    "12": "not an object with id or email, and data, but a number",
    "{}": "neither id nor email",
    '{"data":{"code":"A1"}}': "neither id nor email",
    '{"id":null}': "neither id nor email",
    '{"id":"u1","email":"ana@shop.example"}': "both id and email",
    '{"id":1}': "id must be text; got a number",
    '{"email":["ana@shop.example"]}': "email must be text; got a list",
    '{"id":""}': "id is empty",
    '{"id":"  "}': "id is empty",
    '{"id":"u\\n1"}': "id has a control character",
    '{"id":"' + "é" * 76 + '"}': "id is longer than 150 bytes",
    '{"email":"a@b.c, d@e.f"}': 'email is not one plain address: "a@b.c, d@e.f"',
    '{"email":"ana@shop.example\\r\\nBcc: x@y.example"}': (
        'email is not one plain address: "ana@shop.example\\u000d\\u000aBcc: x@y.example"'
    ),
    '{"id":"u1","data":[1]}': "data must be an object",
    '{"id":"u1","data":"code"}': "data must be an object",
    '{"id":"u1","data":7}': "data must be an object",
    '{"id":"u1","attributes":{}}': '"attributes" is not known; use id or email, and data',
    '{"id":"u1","Data":{}}': '"Data" is not known; use id or email, and data',
    '{"id":"u1","data":{"n":NaN}}': "data.n is not a number JSON allows",
    '{"id":"u1","data":{"n":-Infinity}}': "data.n is not a number JSON allows",
    '{"id":"u1","data":{"n":1e999}}': "data.n is not a number JSON allows",
    '{"id":"u1","data":{"n":9223372036854775808}}': "data.n is a whole number beyond 64 bits; write it as text",
    '{"id":"u1","data":{"n":' + "9" * 400 + "}}": "data.n is a whole number beyond 64 bits; write it as text",
    '{"id":"u1","data":{"n":' + "9" * 5000 + "}}": "a number or text that JSON does not allow",
    '{"id":"u1","data":{"t":"\\ud800"}}': "data.t is not text JSON allows: it has a NUL or half of a surrogate pair",
    '{"id":"u1","data":{"t":"\\u0000"}}': "data.t is not text JSON allows: it has a NUL or half of a surrogate pair",
    '{"id":"\\ud800"}': "a number or text that JSON does not allow",
    '{"id":"u1","data":' + '{"n":' * 60 + "1" + "}" * 60 + "}": "data is nested deeper than 50",
    '{"id":"u1","data":{"n":' + "[" * 9000 + "]" * 9000 + "}}": "nested deeper than 50",
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.items())
def test_a_bad_line_says_what_is_wrong_and_reading_goes_on(text: str, fault: str) -> None:
    assert lines(ANA + b"\n" + text.encode() + b"\n" + ANA) == [
        Line(1, id="u1", data=b'{"code":"A1"}'),
        Line(2, fault=fault),
        Line(3, id="u1", data=b'{"code":"A1"}'),
    ]


@pytest.mark.parametrize(
    "text", [b'{"id":"u\xff"}', b'{"id":"u", "data":{"\xff":1}}', b'{"id":"u","data":{"t":"\xed\xa0\x80"}}']
)
def test_a_line_that_is_not_utf8_is_a_bad_line(text: bytes) -> None:
    bad = next(position for position, byte in enumerate(text) if byte > 127)
    assert lines(ANA + b"\n" + text)[1] == Line(2, fault=f"not UTF-8 (column {bad + 1})")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"<!DOCTYPE html><html>\n<p>Please log in</p>", "an HTML page"),
        (b"\n\n  <html>", "an HTML page"),
        (b"[" + ANA + b",\n" + BEN + b"]", "one JSON array"),
        (b"\xef\xbb\xbf[]", "one JSON array"),
        (b"[" + ANA * 100_000 + b"]", "one JSON array"),
        (b"id,code\nu1,A1\n", "CSV"),
        (b'"id";"code"\r\n"u1";"A1"\r\n', "CSV"),
        (b"email\tcode\nben@shop.example\tB2", "CSV"),
        ((ANA + b"\n" + BEN).decode().encode("utf-16"), "UTF-16 text, not UTF-8"),
        ((ANA + b"\n" + BEN).decode().encode("utf-16-le"), "UTF-16 text, not UTF-8"),
        ((ANA + b"\n" + BEN).decode().encode("utf-16-be"), "UTF-16 text, not UTF-8"),
        (b'{\n  "id": "u1"\n}\n', "JSON spread over several lines"),
        (b"PK\x03\x04" + bytes(99), "a ZIP archive"),
        (packed(b"<html>"), "an HTML page"),
    ],
)
@pytest.mark.parametrize("step", [1, 65536])
def test_a_file_that_is_something_else_is_named(body: bytes, name: str, step: int) -> None:
    step = step if len(body) < 1000 else 65536
    assert refusal(body, step=step) == f"data_file_url is {name}; it must be one JSON object per line."


@pytest.mark.parametrize("body", [b"", b"\n", b"  \r\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", packed(b"")])
def test_an_empty_file_is_refused(body: bytes) -> None:
    assert refusal(body) == "data_file_url is empty; it must be one JSON object per line."


def test_a_line_of_2_mb_is_read_and_one_byte_more_is_refused() -> None:
    room = PERSON_DATA_BYTES - len('{"id":"u1","data":{"t":""}}')
    longest = b'{"id":"u1","data":{"t":"%s"}}' % (b"x" * room)
    assert lines(longest + b"\n" + longest)[1].id == "u1"
    sentence = "data_file_url has more than 2 MB in line 2, the limit per person."
    assert refusal(ANA + b"\n" + longest + b" ") == sentence
    assert refusal(ANA + b"\n" + b" " * len(longest) + b" ") == sentence


def test_a_line_that_does_not_end_is_refused_before_the_rest_is_read() -> None:
    bomb = packed(b'{"id":"' + b"x" * (64 * 2**20))
    tracemalloc.start()
    assert "more than 2 MB in line 1" in refusal(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * 2**20


def test_a_file_over_the_limit_is_refused_packed_or_not() -> None:
    body = (ANA + b"\n") * 40_000
    for file in (body, packed(body)):
        assert refusal(file, limits=Limits(size=2**20)) == "Could not fetch data_file_url: it is larger than 1 MB."


def test_memory_stays_small_however_long_the_file() -> None:
    file = packed((ANA + b"\n") * 100_000)

    async def main() -> tuple[int, int]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _serve(file, (reader, writer), 65536)

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            tracemalloc.start()
            count = 0
            async for line in read_lines(url, allowed_hosts=LOOPBACK):
                count += line.id == "u1"
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return count, peak

    count, peak = asyncio.run(main())
    assert count == 100_000
    assert peak < 8 * 2**20


def test_a_private_address_is_refused_like_everywhere() -> None:
    async def main() -> None:
        async for _ in read_lines("https://127.0.0.1/people.jsonl"):
            pass

    with pytest.raises(InvalidInput, match="data_file_url points to a private or local address"):
        asyncio.run(main())


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
PEOPLE = st.fixed_dictionaries(
    {"id": st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30)},
    optional={
        "data": st.dictionaries(
            TEXT, st.recursive(TEXT | st.integers(0, 2**63 - 1) | st.booleans(), st.lists), max_size=4
        )
    },
)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(PEOPLE, min_size=1, max_size=6),
    st.integers(1, 50),
    st.booleans(),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_what_was_written_is_read_back_wherever_the_network_cuts(
    people: list[dict[str, Any]], step: int, ascii_only: bool, newline: str
) -> None:
    body = newline.join(json.dumps(person, ensure_ascii=ascii_only) for person in people).encode()
    read = lines(body, step=step)
    assert [(line.id, json.loads(line.data)) for line in read] == [(p["id"], p.get("data", {})) for p in people]
    assert not [line.fault for line in read if line.fault]


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.integers(2**62, 2**65) | st.floats() | st.text(st.characters())
)
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
DEEP = st.builds(
    lambda inner, depth: reduce(lambda nest, _: [nest], range(depth), inner), SCALARS, st.integers(45, 52)
)


@settings(deadline=None)
@given(st.dictionaries(st.text(st.characters()), NESTED | DEEP, max_size=3))
def test_data_are_judged_as_in_the_call_itself(data: dict[str, object]) -> None:
    (line,) = lines(json.dumps({"id": "u1", "data": data}).encode())
    assert (line.fault is None) == (not list(json_faults("data", data)))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.binary(max_size=40).filter(lambda text: b"\n" not in text), max_size=5))
def test_any_bytes_after_a_good_line_are_lines_or_faults(garbage: list[bytes]) -> None:
    read = lines(b"\n".join([ANA, *garbage]))
    assert [line.number for line in read] == [1, *(n for n, text in enumerate(garbage, 2) if text.strip())]
    assert all((line.fault is None) != (line.id is None and line.email is None) for line in read)
