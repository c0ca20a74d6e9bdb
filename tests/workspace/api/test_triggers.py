"""Triggers through the App API: the six audience forms, the flags, the limits, and what is read afterwards."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from tests.conftest import FixedClock
from tests.workspace.engine.standins import send_everything

from handbill.client import Client
from handbill.connections import Connection, reach
from handbill.errors import InvalidInput, NotFound, RateLimited
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.workspace.store import people, segments, sending
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

MAIL = {
    "from": "Film Club <news@film.example>",
    "subject": "{{trigger.headline}}, {{customer.first_name}}",
    "body": "{% for item in trigger.items %}<li>{{item}}</li>{% endfor %}",
}
DATA = {"headline": "Hello", "items": ["a", "b"]}


def fill(tx: Transaction) -> None:
    """Ana and Bo in Canada, Cy in Chile; Ana and Bo are in segment 1; broadcast 5 goes to Chile by itself."""
    for number, (name, country) in enumerate([("Ana", "Canada"), ("Bo", "Canada"), ("Cy", "Chile")], 1):
        given = {"email": f"{name.lower()}@film.example", "first_name": name, "country": country}
        people.identify(tx, "id", f"u{number}", given, 1)
    segments.create(tx, "VIP", "", 1)
    segments.add(tx, 1, "id", ["u1", "u2"])
    run = tx._connection.execute
    saved = {"attribute": {"field": "country", "operator": "eq", "value": "Chile"}}
    run(
        "INSERT INTO broadcasts (id, name, audience, created, updated) VALUES (5, 'Restock', ?, 1, 1)",
        [json.dumps(saved)],
    )
    run("INSERT INTO broadcasts (id, name, created, updated) VALUES (6, 'No audience', 1, 1)")
    run("INSERT INTO broadcasts (id, name, state, created, updated) VALUES (7, 'Draft', 'draft', 1, 1)")
    run("INSERT INTO broadcasts (id, name, created, updated) VALUES (8, 'Empty', 1, 1)")
    run("INSERT INTO newsletters (id, name, created, updated) VALUES (12, 'May', 1, 1)")
    for broadcast in (5, 6, 7):
        insert = "INSERT INTO contents (broadcast_id, name, fields, created, updated) VALUES (?, 'Mail', ?, 1, 1)"
        run(insert, [broadcast, json.dumps(MAIL)])


@pytest.fixture
async def filled(workspace: Workspace) -> Workspace:
    await workspace.database.write(fill)
    return workspace


async def got(client: Client) -> dict[str, str]:
    """Subject by recipient, of everything that was sent."""
    messages = (await client.messages.list()).messages
    return {message.recipient or "": message.subject or "" for message in messages if "sent" in message.metrics}


FORMS: list[tuple[dict[str, object], list[str]]] = [
    ({}, ["cy"]),
    ({"recipients": {}}, ["cy"]),
    ({"recipients": {"segment": {"id": 1}}}, ["ana", "bo"]),
    ({"recipients": {"not": {"segment": {"id": 1}}}}, ["cy"]),
    ({"ids": ["u1", "u3", "u1"]}, ["ana", "cy"]),
    ({"emails": ["BO@film.example"]}, ["bo"]),
    ({"emails": ["bo@film.example", "nobody@film.example"], "email_ignore_missing": True}, ["bo"]),
    ({"ids": ["u2", "u99"], "id_ignore_missing": True}, ["bo"]),
    ({"per_user_data": [{"id": "u1"}, {"email": "cy@film.example", "data": {}}]}, ["ana", "cy"]),
]


@pytest.mark.parametrize(("audience", "names"), FORMS)
async def test_every_form_of_audience_reaches_its_people(
    filled: Workspace, client: Client, audience: dict[str, object], names: list[str]
) -> None:
    number = (await client.triggers.create(5, {**audience, "data": DATA})).id
    await send_everything(filled)
    progress = await client.triggers.progress(5, number)
    assert (progress.state, progress.counts.sent) == ("finished", len(names))
    assert sorted(await got(client)) == [f"{name}@film.example" for name in names]


async def test_a_persons_own_data_wins_over_the_triggers(filled: Workspace, client: Client) -> None:
    people_data = [{"id": "u1", "data": {"headline": "Only you"}}, {"id": "u2"}]
    await client.triggers.create(5, {"per_user_data": people_data, "data": DATA})
    await send_everything(filled)
    assert await got(client) == {"ana@film.example": "Only you, Ana", "bo@film.example": "Hello, Bo"}


LINES = [
    b'{"id": "u1", "data": {"headline": "One"}}\n{"email": "cy@film.example", "data": {"headline": "Two"}}\n',
    b'\xef\xbb\xbf{"id": "u1", "data": {"headline": "One"}}\r\n\r\n{"id": "u3", "data": {"headline": "Two"}}',
]


@asynccontextmanager
async def file_server(content: bytes, status: str = "200 OK", headers: str = "") -> AsyncIterator[str]:
    """One file over HTTP on loopback."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n{headers}\r\n"
        writer.write(head.encode() + content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/people.jsonl"


@asynccontextmanager
async def open_to_loopback(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Connection]:
    """A workspace whose operator lets data files come from this machine."""
    settings = Settings.load({"HANDBILL_PRIVATE_HOSTS": "127.0.0.1"}, tmp_path / "open")
    async with Workspace.open(settings, clock) as workspace, reach(workspace) as connection:
        await workspace.database.write(fill)
        yield connection


@pytest.mark.parametrize("lines", [*LINES, "gzip"])
async def test_a_data_file_names_people_and_their_data(tmp_path: Path, clock: FixedClock, lines: bytes | str) -> None:
    content, headers = (
        (lines, "") if isinstance(lines, bytes) else (gzip.compress(LINES[0]), "Content-Encoding: gzip\r\n")
    )
    async with open_to_loopback(tmp_path, clock) as connection, file_server(content, headers=headers) as url:
        await connection.client.triggers.create(5, {"data_file_url": url})
        await send_everything(connection.workspace)
        assert await got(connection.client) == {"ana@film.example": "One, Ana", "cy@film.example": "Two, Cy"}


FILE_FAULTS = [
    (
        b'{"id": "u1"}\nnonsense\n{"data": {}}\n',
        "200 OK",
        ["2 of 3 lines are wrong", "line 2", "line 3: neither id nor email"],
    ),
    (b'{"id": "u1"}\n{"id": "u77"}\n', "200 OK", ['"u77"', "line 2: there is no person with the id"]),
    (b"", "403 Forbidden", ["Could not fetch data_file_url", "403"]),
    (b'[{"id": "u1"}]', "200 OK", ["data_file_url is one JSON array"]),
]


@pytest.mark.parametrize(("content", "status", "expected"), FILE_FAULTS)
async def test_a_faulty_data_file_fails_the_trigger_and_its_errors_say_where(
    tmp_path: Path, clock: FixedClock, content: bytes, status: str, expected: list[str]
) -> None:
    async with open_to_loopback(tmp_path, clock) as connection, file_server(content, status) as url:
        client = connection.client
        number = (await client.triggers.create(5, {"data_file_url": url})).id
        await send_everything(connection.workspace)
        progress = await client.triggers.progress(5, number)
        assert (progress.state, progress.recipients, await got(client)) == ("failed", 0, {})
        errors = " ".join((await client.triggers.errors(5, number)).errors)
    for text in expected:
        assert text in errors


async def test_a_data_file_from_this_machine_is_refused_unless_the_operator_says_otherwise(
    filled: Workspace, client: Client
) -> None:
    async with file_server(LINES[0]) as url:
        number = (await client.triggers.create(5, {"data_file_url": url.replace("http:", "https:")})).id
        await send_everything(filled)
    progress = await client.triggers.progress(5, number)
    assert progress.state == "failed"
    assert (await client.triggers.errors(5, number)).errors == [
        "data_file_url points to a private or local address; that is not allowed."
    ]


REFUSED: list[tuple[int, dict[str, object], str]] = [
    (5, {"ids": ["u1"], "emails": ["a@b.example"]}, "Give exactly one of"),
    (5, {"ids": "u1"}, "ids must be a list"),
    (5, {"recipients": {"segment": {"id": "VIP"}}}, "recipients.segment.id must be a segment number"),
    (5, {"data": []}, "data must be an object"),
    (5, {"data": {"x": "x" * 50_000}}, "the limit is 50,000"),
    (5, {"email_ignore_missing": "yes"}, "email_ignore_missing must be true or false"),
    (7, {"ids": ["u1"]}, "Broadcast 7 cannot be sent: it is a draft."),
    (8, {"ids": ["u1"]}, "Broadcast 8 cannot be sent: it has no active message."),
]


@pytest.mark.parametrize(("broadcast", "body", "said"), REFUSED)
async def test_a_wrong_request_is_refused_and_leaves_nothing(
    filled: Workspace, client: Client, broadcast: int, body: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        await client.triggers.create(broadcast, body)
    assert (await client.triggers.list(broadcast)).triggers == []
    assert (await client.triggers.create(5, {"ids": ["u1"]})).id == 1  # and did not count against the 10 s


MISSING: list[tuple[int, dict[str, object], str, str]] = [
    (5, {"ids": ["u1", "u9"]}, '1 of 2 ids are not in the workspace: "u9"', 'there is no person with the id "u9"'),
    (5, {"emails": ["x@y.example"]}, "1 of 1 emails are not", 'there is no person with the email "x@y.example"'),
    (5, {"ids": ["u9"], "id_ignore_missing": True}, "None of the 1 ids is in the workspace", "None of the 1 ids"),
    (6, {}, "Broadcast 6 has no audience of its own", "has no audience of its own"),
]


@pytest.mark.parametrize(("broadcast", "body", "said", "error"), MISSING)
async def test_people_who_do_not_exist_give_a_failed_trigger_with_its_errors(
    filled: Workspace,
    http: httpx2.AsyncClient,
    client: Client,
    broadcast: int,
    body: dict[str, object],
    said: str,
    error: str,
) -> None:
    answer = await http.post(f"/v1/campaigns/{broadcast}/triggers", json=body)
    assert answer.status_code == 422
    detail = answer.json()["errors"][0]["detail"]
    assert said in detail
    assert "trigger 1" in detail  # where clients look for the number (reference 3.3)
    assert error in (await client.triggers.errors(broadcast, 1)).errors[0]
    assert (await client.triggers.get(broadcast, 1)).processed_at


async def test_a_shared_address_is_refused_unless_duplicates_are_wanted(filled: Workspace, client: Client) -> None:
    def share(tx: Transaction) -> None:
        tx.run("workspace.put", {"key": "identifiers", "value": "id"})
        people.identify(tx, "id", "u4", {"email": "ana@film.example", "first_name": "Ann"}, 1)

    await filled.database.write(share)
    with pytest.raises(InvalidInput, match=r"emails\[0\] belongs to 2 people"):
        await client.triggers.create(5, {"emails": ["ana@film.example"]})
    both = {"emails": ["ana@film.example"], "email_add_duplicates": True, "data": DATA}
    number = (await client.triggers.create(5, both)).id
    await send_everything(filled)
    assert (await client.triggers.progress(5, number)).counts.sent == 2


UNKNOWN = [
    (99, r'There is no broadcast 99. Known: 5 "Restock", 6 "No audience"'),
    (12, "12 is a newsletter, not an API-triggered broadcast"),
]


@pytest.mark.parametrize(("broadcast", "said"), UNKNOWN)
async def test_an_unknown_broadcast_is_named_with_what_there_is(
    filled: Workspace, client: Client, broadcast: int, said: str
) -> None:
    with pytest.raises(NotFound, match=said):
        await client.triggers.create(broadcast, {"ids": ["u1"]})


async def test_no_trigger_is_accepted_while_sending_is_off(filled: Workspace, client: Client) -> None:
    await filled.database.write(sending.put, Policy(mode="off"))
    with pytest.raises(InvalidInput, match="Sending is off in this workspace"):
        await client.triggers.create(5, {"ids": ["u1"]})
    assert (await client.triggers.list(5)).triggers == []


async def test_a_broadcast_is_triggered_once_in_ten_seconds(
    filled: Workspace, client: Client, http: httpx2.AsyncClient, clock: FixedClock
) -> None:
    await client.triggers.create(5, {"ids": ["u1"]})
    clock.advance(3)
    other = {"ids": ["u2"]}
    with pytest.raises(RateLimited, match=r"triggered 3 s ago; at most once per 10 s\. Retry in 7 s\.") as refused:
        await client.triggers.create(5, other)
    assert refused.value.retry_after == 7
    answer = await http.post("/v1/campaigns/5/triggers", json=other)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    clock.advance(6.9)
    with pytest.raises(RateLimited):
        await client.triggers.create(5, other)
    clock.advance(0.2)
    await client.triggers.create(5, other)
    assert len((await client.triggers.list(5)).triggers) == 2


async def test_a_clock_that_is_set_back_holds_a_broadcast_no_longer_than_ten_seconds(
    filled: Workspace, client: Client, clock: FixedClock
) -> None:
    await client.triggers.create(5, {"ids": ["u1"]})
    clock.advance(-86_400)
    assert not (await client.triggers.create(5, {"ids": ["u1"]})).repeated
    with pytest.raises(RateLimited):
        await client.triggers.create(5, {"ids": ["u2"]})


async def test_five_triggers_of_a_broadcast_may_wait(filled: Workspace, client: Client, clock: FixedClock) -> None:
    for number in range(5):
        await client.triggers.create(5, {"ids": ["u1"], "data": {"number": number}})
        clock.advance(10)
    with pytest.raises(RateLimited, match="5 triggers of broadcast 5 are waiting"):
        await client.triggers.create(5, {"ids": ["u1"]})


async def test_fifty_calls_at_once_are_one_trigger_with_one_id(filled: Workspace, client: Client) -> None:
    answers = await asyncio.gather(*(client.triggers.create(5, {"ids": ["u1"]}) for _ in range(50)))
    assert {answer.id for answer in answers} == {1}
    assert sum(answer.repeated for answer in answers) == 49
    assert len((await client.triggers.list(5)).triggers) == 1


async def test_of_fifty_different_calls_at_once_one_is_accepted(filled: Workspace, client: Client) -> None:
    calls = [client.triggers.create(5, {"ids": ["u1"], "data": {"number": number}}) for number in range(50)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 49
    assert len((await client.triggers.list(5)).triggers) == 1


async def test_the_same_call_is_one_trigger_for_ten_minutes_and_then_another(
    filled: Workspace, http: httpx2.AsyncClient, clock: FixedClock
) -> None:
    async def create(written: str) -> tuple[dict[str, int], bool]:
        answer = await http.post("/v1/campaigns/5/triggers", content=written)
        return answer.json(), "Idempotent-Replayed" in answer.headers

    assert await create('{"ids": ["u1"], "data": {"a": 1, "b": 2}}') == ({"id": 1}, False)
    clock.advance(599)
    assert await create('{"data":{"b":2,"a":1},"ids":["u1"],"id_ignore_missing":false}') == ({"id": 1}, True)
    clock.advance(1)
    assert await create('{"ids": ["u1"], "data": {"a": 1, "b": 2}}') == ({"id": 2}, False)


async def test_the_window_for_the_same_call_can_be_closed(
    filled: Workspace, client: Client, clock: FixedClock
) -> None:
    await filled.database.write(sending.put, Policy(repeat_window=0))
    await client.triggers.create(5, {"ids": ["u1"]})
    with pytest.raises(RateLimited):
        await client.triggers.create(5, {"ids": ["u1"]})
    clock.advance(10)
    assert (await client.triggers.create(5, {"ids": ["u1"]})).id == 2


async def test_the_same_call_after_a_trigger_that_failed_is_a_new_one(filled: Workspace, client: Client) -> None:
    for _ in range(2):
        with pytest.raises(InvalidInput):
            await client.triggers.create(5, {"ids": ["u9"]})
    assert [trigger.id for trigger in (await client.triggers.list(5)).triggers] == [2, 1]


TRIGGER_IDS = [
    ("1", 200),
    ("5-1", 200),
    ("7-1", 400),
    ("5-", 400),
    ("01", 400),
    ("%31", 200),
    ("99", 404),
    ("²", 400),
]


@pytest.mark.parametrize("parent", ["campaigns", "broadcasts", "api/campaigns"])
@pytest.mark.parametrize(("trigger_id", "status"), TRIGGER_IDS)
async def test_a_trigger_is_read_by_either_form_of_its_id(
    filled: Workspace, http: httpx2.AsyncClient, client: Client, parent: str, trigger_id: str, status: int
) -> None:
    await client.triggers.create(5, {"ids": ["u1"]})
    answer = await http.get(f"/v1/{parent}/5/triggers/{trigger_id}")
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"id": 1, "broadcast_id": 5, "created_at": 1_764_000_000, "processed_at": None}


async def test_a_preview_tells_everything_and_records_nothing(filled: Workspace, client: Client) -> None:
    def change(tx: Transaction) -> None:
        people.unsubscribe(tx, 1, True, 1)
        people.identify(tx, "id", "u4", {"country": "Canada", "email": "di@film.example"}, 1)

    await filled.database.write(change)
    canada = {"recipients": {"attribute": {"field": "country", "operator": "eq", "value": "Canada"}}}
    preview = await client.triggers.preview(5, {**canada, "data": {"headline": "Hello"}})
    assert (preview.people, preview.people_in_workspace) == (2, 4)
    assert [(left.reason, left.count) for left in preview.left_out] == [("unsubscribed", 1)]
    assert [sample.subject for sample in preview.samples] == ["Hello, Ana", "Hello, Bo", ""]
    assert "Variable 'customer.first_name' is missing" in preview.samples[2].fault
    assert [fault for fault in preview.faults if "1 of 3 samples" in fault]
    assert {missing.path: missing.people for missing in preview.missing_attributes} == {
        "customer.first_name": 1,
        "trigger.items": 3,
    }
    assert (await client.triggers.list(5)).triggers == []
    assert (await client.messages.list()).messages == []


async def test_a_template_that_fails_for_all_is_refused_before_anything_is_sent(
    filled: Workspace, client: Client
) -> None:
    number = (await client.triggers.create(5, {"ids": ["u1", "u2"]})).id
    await send_everything(filled)
    progress = await client.triggers.progress(5, number)
    assert (progress.state, progress.recipients) == ("failed", 0)
    assert "Variable 'trigger.headline' is missing" in progress.note
