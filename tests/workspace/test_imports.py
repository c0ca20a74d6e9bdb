"""Imports: what a file of people or events becomes, and what is said about a line that is wrong."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from handbill.errors import Unreadable
from handbill.workspace import imports
from handbill.workspace.import_files import Kind
from handbill.workspace.imports import Report
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio
SHARED = Path(__file__).parents[3] / "shared" / "data"


async def load(
    workspace: Workspace, folder: Path, kind: Kind, name: str, content: str | bytes, *, skip_bad: bool = False
) -> Report:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return await imports.run(workspace, kind, path, skip_bad=skip_bad)


async def everyone(workspace: Workspace) -> list[dict[str, Any]]:
    """Each person's attributes, with id and email."""

    def read(tx: Transaction) -> list[dict[str, Any]]:
        rows = [people.get(tx, person) for person in range(1, 2000)]
        return [json.loads(people.customer_json(row)) for row in rows if row is not None]

    shown = await workspace.database.read(read)
    return [{k: v for k, v in each.items() if k != "cio_id" and (k, v) != ("unsubscribed", False)} for each in shown]


async def happened(workspace: Workspace) -> list[tuple[Any, ...]]:
    def read(tx: Transaction) -> list[tuple[Any, ...]]:
        rows = tx._connection.execute(
            "SELECT p.id, p.email, e.id, name, timestamp, data FROM events e JOIN people p USING (person)"
            " ORDER BY event"
        )
        return [(row[0] or row[1], *row[2:5], json.loads(row[5])) for row in rows]

    return await workspace.database.read(read)


def reasons(report: Report) -> list[tuple[int, str]]:
    return [(error["line"], error["reason"]) for error in report.errors]


CSV = (
    'id,email,first_name,created_at,unsubscribed,note\nu1,a@b.example,Zoë,1700000000,true,"two\nlines, ""quoted"""\n'
)
FROM_CSV = [
    {
        "id": "u1",
        "email": "a@b.example",
        "first_name": "Zoë",
        "created_at": 1700000000,
        "unsubscribed": True,
        "note": 'two\nlines, "quoted"',
    }
]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.csv", CSV, FROM_CSV),
        ("p.csv", "\ufeff" + CSV, FROM_CSV),
        ("p.csv", CSV.replace("\n", "\r\n").replace("two\r\n", "two\n"), FROM_CSV),
        ("p.txt", CSV, FROM_CSV),
        ("p.csv.gz", gzip.compress(CSV.encode(), mtime=0), FROM_CSV),
        (
            "p.csv",
            "id,zip,score\n\nu1,01234,\n\nu2,,1e5",
            [{"id": "u1", "zip": "01234"}, {"id": "u2", "score": "1e5"}],
        ),
        ("p.csv", "id,created_at\nu1,2022-08-23\n", [{"id": "u1", "created_at": 1661212800}]),
        ("p.csv", "email,cio_id\na@b.example,a3000009\n", [{"email": "a@b.example"}]),
        (
            "p.jsonl",
            '{"id":"u1","n":1.5,"ok":true,"in":{"a":[1]}}',
            [{"id": "u1", "n": 1.5, "ok": True, "in": {"a": [1]}}],
        ),
        (
            "p.jsonl",
            b'\xef\xbb\xbf{"id":1}\r\n\r\n  \n{"email":"a@b.example"}\r\n',
            [{"id": "1"}, {"email": "a@b.example"}],
        ),
        ("p", '{"id":"u1"}\n', [{"id": "u1"}]),
        ("p.ndjson.gz", gzip.compress(b'{"id":"u1"}\n', mtime=0), [{"id": "u1"}]),
    ],
)
async def test_people_come_out_as_they_stand_in_the_file(
    workspace: Workspace, tmp_path: Path, name: str, content: str | bytes, expected: list[Any]
) -> None:
    report = await load(workspace, tmp_path, "people", name, content)
    assert report == Report(imported=len(expected))
    assert await everyone(workspace) == expected


BAD_PEOPLE = """{"id":"good"}
{"id":"x"
[1]
{"first_name":"Ann"}
{"id":"%s"}
{"id":"u6","unsubscribed":"maybe"}
{"id":"u7","created_at":"soon"}
{"id":"u8","note":"\\u0000"}
{"id":"u9","email":"GOOD@b.example"}
{"id":"last","email":"good@b.example"}
""" % ("x" * 151)
WRONG = [
    (2, "not JSON"),
    (3, "not a JSON object but a list"),
    (4, "neither id nor email"),
    (5, "id is longer than 150 bytes"),
    (6, 'unsubscribed must be true or false; got "maybe"'),
    (7, 'created_at must be Unix seconds, 0 to 4102444800; got "soon"'),
    (8, "line.note is not text JSON allows: it has a NUL"),
    (10, 'email "good@b.example" cannot become'),
]


async def test_every_bad_line_is_named_and_nothing_is_imported(workspace: Workspace, tmp_path: Path) -> None:
    report = await load(workspace, tmp_path, "people", "p.jsonl", BAD_PEOPLE.replace("last", "u10"))
    assert report.imported == 0
    assert await everyone(workspace) == []
    found = reasons(report)
    assert [line for line, _ in found] == [2, 3, 4, 5, 6, 7, 8, 10]
    for (_, reason), (_, expected) in zip(found[:-1], WRONG[:-1], strict=True):
        assert expected in reason


async def test_skipping_bad_lines_leaves_no_half_of_one(workspace: Workspace, tmp_path: Path) -> None:
    lines = '{"id":"u1","email":"a@b.example"}\n{"id":"u2","email":"A@b.example","plan":"pro"}\n{"id":"u3"}\n'
    report = await load(workspace, tmp_path, "people", "p.jsonl", lines, skip_bad=True)
    assert (report.imported, report.skipped) == (2, 1)
    assert await everyone(workspace) == [{"id": "u1", "email": "a@b.example"}, {"id": "u3"}]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (['{"id":"u1","email":"a@b.example"}', '{"id":"u2","email":"a@b.example"}'], "id cannot become"),
        (
            ['{"id":"u1"}', '{"email":"a@b.example"}', '{"id":"u1","email":"a@b.example"}'],
            "belongs to another person",
        ),
        (['{"id":"u1","email":"a@b.example"}', '{"id":"u1","email":"c@d.example"}'], "email cannot become"),
    ],
)
async def test_an_identifier_that_cannot_be_given_is_a_bad_line(
    workspace: Workspace, tmp_path: Path, lines: Sequence[str], reason: str
) -> None:
    [(line, told)] = reasons(await load(workspace, tmp_path, "people", "p.jsonl", "\n".join(lines)))
    assert line == len(lines)
    assert reason in told


async def test_an_email_without_an_id_may_be_given_one(workspace: Workspace, tmp_path: Path) -> None:
    lines = '{"email":"a@b.example"}\n{"id":"u1","email":"a@b.example"}'
    assert (await load(workspace, tmp_path, "people", "p.jsonl", lines)).errors == []
    assert await everyone(workspace) == [{"email": "a@b.example", "id": "u1"}]


async def test_a_suppressed_person_is_a_bad_line(workspace: Workspace, tmp_path: Path) -> None:
    await workspace.database.write(people.suppress, "id", "u1", 0)
    report = await load(workspace, tmp_path, "people", "p.csv", "id\nu1\n")
    assert "suppressed" in report.errors[0]["reason"]


async def test_a_hundred_bad_lines_are_shown_and_all_are_counted(workspace: Workspace, tmp_path: Path) -> None:
    report = await load(workspace, tmp_path, "people", "p.jsonl", "{}\n" * 2500)
    assert (report.skipped, len(report.errors), report.errors[-1]["line"]) == (2500, 100, 100)


@pytest.mark.parametrize(
    ("row", "line", "reason"),
    [
        (b"u1,x,y\n", 2, "3 cells, but the first line has 2"),
        (b"u1,\xff\n", 2, "not UTF-8"),
        (b"u1,a\0b\n", 2, "a NUL character"),
        (b'u1,"a\nb"\nu2\n', 4, "1 cells"),
        (b"u1," + b"x" * 1001, 2, "note is 1001 bytes; the limit is 1000"),
        (b"u1," + b"x" * 140_000 + b"\n", 2, "field larger than field limit"),
    ],
)
async def test_a_bad_row_of_csv_is_named(
    workspace: Workspace, tmp_path: Path, row: bytes, line: int, reason: str
) -> None:
    report = await load(workspace, tmp_path, "people", "p.csv", b"id,note\n" + row)
    [(number, told)] = reasons(report)
    assert number == line
    assert reason in told


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.csv", b"name,city\nAnn,Oslo\n", "needs a column id or email"),
        ("p.csv", b"id,city,city\nu1,a,b\n", "has the column city more than once"),
        ("p.csv", b"", "needs a column id or email"),
        ("p.json", b'[{"id":"u1"}]', "is one JSON array; it must be one JSON object per line"),
        ("p.csv", "id\nu1\n".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
        ("p.csv.gz", gzip.compress(b"id\nu1\n" * 99, mtime=0)[:-9], "is not a whole gzip file"),
    ],
)
async def test_a_file_that_cannot_hold_people_is_refused(
    workspace: Workspace, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(Unreadable, match=message):
        await load(workspace, tmp_path, "people", name, content)


async def test_events_find_their_people(workspace: Workspace, tmp_path: Path) -> None:
    await load(workspace, tmp_path, "people", "p.jsonl", '{"id":"u1"}\n{"id":7}\n{"email":"a@b.example"}')
    lines = """{"customer_id":"u1","name":" a ","timestamp":1,"data":{"x":[1.5,"é"]},"id":"e1"}
{"customer_id":7,"name":"b","timestamp":2}
{"email":"A@B.example","name":"c","timestamp":3,"type":"page","id":"e3"}
{"id":"u1","name":"d","timestamp":4}"""
    assert await load(workspace, tmp_path, "events", "e.jsonl", lines) == Report(imported=4)
    assert await happened(workspace) == [
        ("u1", "e1", "a", 1, {"x": [1.5, "é"]}),
        ("7", None, "b", 2, {}),
        ("a@b.example", "e3", "c", 3, {}),
        ("u1", None, "d", 4, {}),
    ]


async def test_events_of_a_csv_file_keep_the_other_columns_as_data(workspace: Workspace, tmp_path: Path) -> None:
    await load(workspace, tmp_path, "people", "p.csv", "id\nu1\n")
    rows = "customer_id,name,timestamp,price,note\nu1,bought,2022-02-14T15:16:03Z,9.50,\nu1,bought,1644851764,,x\n"
    assert (await load(workspace, tmp_path, "events", "e.csv", rows)).imported == 2
    assert await happened(workspace) == [
        ("u1", None, "bought", 1644851763, {"price": "9.50"}),
        ("u1", None, "bought", 1644851764, {"note": "x"}),
    ]


async def test_the_same_events_twice_are_added_once_when_they_carry_ids(workspace: Workspace, tmp_path: Path) -> None:
    await load(workspace, tmp_path, "people", "p.csv", "id\nu1\n")
    lines = "".join(
        json.dumps({"customer_id": "u1", "name": "a", "timestamp": i, "id": f"e{i}"}) + "\n" for i in range(9)
    )
    assert await load(workspace, tmp_path, "events", "e.jsonl", lines) == Report(imported=9)
    assert await load(workspace, tmp_path, "events", "e.jsonl", lines) == Report(repeated=9)
    assert len(await happened(workspace)) == 9


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"customer_id":"u17","name":"a","timestamp":1}', 'no person with id "u17"; import people first'),
        (
            '{"email":"x@b.example","name":"a","timestamp":1}',
            'no person with email "x@b.example"; import people first',
        ),
        ('{"name":"a","timestamp":1}', "nobody is named: customer_id or email is needed"),
        ('{"customer_id":"u1","timestamp":1}', "name is required"),
        ('{"customer_id":"u1","name":"a"}', "timestamp is required"),
        ('{"customer_id":"u1","name":"a","timestamp":1700000000000}', "in seconds it is 1700000000"),
        ('{"customer_id":"u1","name":"a","timestamp":1,"data":[]}', "data must be an object; got a list"),
        ('{"customer_id":"u1","name":"a","timestamp":1,"date":{}}', "date is not known; use customer_id, id, email"),
        ('{"customer_id":"u1","name":"a","timestamp":1,"type":"view"}', "type must be event, page or screen"),
        ('{"customer_id":"u1","name":"a","timestamp":1,"data":' + '{"a":' * 60 + "1" + "}" * 61, "nested deeper"),
    ],
)
async def test_a_bad_event_is_named(workspace: Workspace, tmp_path: Path, line: str, reason: str) -> None:
    await load(workspace, tmp_path, "people", "p.csv", "id\nu1\n")
    good = '{"customer_id":"u1","name":"a","timestamp":1}'
    [(number, told)] = reasons(await load(workspace, tmp_path, "events", "e.jsonl", f"{good}\n{line}\n{good}\n"))
    assert number == 2
    assert reason in told
    assert await happened(workspace) == []


async def test_odd_names_come_out_as_they_went_in(workspace: Workspace, tmp_path: Path) -> None:
    if not SHARED.exists():
        pytest.skip("shared/data is not beside the repository")
    given = SHARED / "weird-inputs" / "people-international.csv"
    assert await imports.run(workspace, "people", given) == Report(imported=780)
    header, *rows = [line.split(",") for line in given.read_text(encoding="utf-8").splitlines()]
    expected = [dict(zip(header, row, strict=True)) | {"created_at": int(row[-1])} for row in rows]
    assert await everyone(workspace) == [{k: v for k, v in each.items() if v} for each in expected]

    strings: list[str] = json.loads((SHARED / "weird-inputs" / "naughty-strings.json").read_text(encoding="utf-8"))
    lines = "".join(json.dumps({"id": f"s{i}", "text": text}) + "\n" for i, text in enumerate(strings))
    assert await load(workspace, tmp_path, "people", "s.jsonl", lines) == Report(imported=len(strings))
    found = {each["id"]: each.get("text", "") for each in await everyone(workspace)}
    assert [found[f"s{i}"].encode() for i in range(len(strings))] == [text.encode() for text in strings]
