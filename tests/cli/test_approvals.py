"""A mail to 12,345 people from a live workspace waits for a person in a terminal, and goes as it was approved."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from tests.cli.test_commands import Shell
from tests.test_life_of_a_mail import Post
from tests.workspace.engine.standins import send_everything

from handbill.connections import connect
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.testing import served
from handbill.workspace.store import people, sending
from handbill.workspace.store.database import Transaction

PEOPLE = 12_345
EVERYBODY = '{"attribute": {"field": "id", "operator": "exists"}}'
ADDRESS = "'u' || i || '@film.example'"
MAIL = {"from": "Film Club <news@film.example>", "subject": "Hello", "body": "New films"}


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A mail server in a thread, which the workspace sends to."""
    kept, loop = Post(), asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(kept, loop=loop), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    monkeypatch.setenv("HANDBILL_SMTP", f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none")
    yield kept
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.close()


def fill(tx: Transaction) -> None:
    run = tx._connection.execute
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    insert = "INSERT INTO people (id, email, email_key, created)"
    run(f"{numbers} {insert} SELECT 'u' || i, {ADDRESS}, {ADDRESS}, 1 FROM n", [PEOPLE])
    run(f"{numbers} INSERT INTO people (email, created) SELECT i || '@crowd.example', 1 FROM n", [PEOPLE + 1])
    run("INSERT INTO broadcasts (id, name, created, updated) VALUES (5, 'Restock', 1, 1)")
    insert = "INSERT INTO contents (id, broadcast_id, name, fields, created, updated) VALUES (12, 5, 'Mail', ?, 1, 1)"
    run(insert, [json.dumps(MAIL)])
    sending.put(tx, Policy(mode="live"))


@pytest.fixture
def handbill(tmp_path: Path, capsys: pytest.CaptureFixture[str], post: Post) -> Shell:
    async def make() -> None:
        async with connect(Settings.load(home=tmp_path), engine=False) as connection:
            await connection.workspace.database.write(fill)

    asyncio.run(make())
    return Shell(tmp_path, capsys)


async def worked(home: Path, number: int) -> dict[str, Any]:
    """A worker starts, and does all that there is to do; how far the trigger is then."""
    async with connect(Settings.load(home=home), engine=False) as connection:
        await send_everything(connection.workspace)
        return (await connection.client.triggers.progress(5, number)).model_dump()


def test_what_changed_after_the_yes_in_the_terminal_is_not_sent_to_12345_people(handbill: Shell, post: Post) -> None:
    made = handbill("broadcast", "trigger", "5", "--recipients", EVERYBODY, "--json").json
    assert (made["state"], made["reason"]) == ("held", "12,345 people; up to 0 go without approval")
    [waiting] = handbill("approve", "--json").json["approvals"]
    assert (waiting["id"], waiting["people"], waiting["facts"]["name"]) == (made["approval"], PEOPLE, "Restock")
    refused = handbill("approve", "1", "--people", "12344", "--no-wait")
    assert (refused.status, "people must be the number of people" in refused.err) == (2, True)
    said = handbill("approve", "1", "--people", "12345", "--no-wait").out
    assert f"audience        {EVERYBODY}" in said
    assert "sent by a running `handbill serve` or `handbill worker`" in said
    again = handbill("approve", "1")
    assert (again.status, "Approval 1 is approved already" in again.err) == (5, True)
    with closing(sqlite3.connect(handbill.home / "workspace.db")) as other, other:
        other.execute("UPDATE contents SET fields = json_set(fields, '$.subject', 'Bye', '$.body', 'Bye')")
    progress = asyncio.run(worked(handbill.home, made["id"]))
    assert (progress["state"], progress["counts"]["skipped"]) == ("failed", PEOPLE)
    assert progress["note"].startswith(
        "Content 12: body and subject changed after it was approved; nothing was sent."
    )
    shown = handbill("triggers", "show", "5", str(made["id"]))
    assert (shown.out + shown.err).count("body and subject changed") == 1
    assert post.mails == []


def test_a_person_sees_everything_types_the_number_and_it_is_sent_here(
    handbill: Shell, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"headline": f"Back {'again ' * 100}"}
    made = handbill("broadcast", "trigger", "5", "--id", "u1", "--id", "u2", "--data", json.dumps(data), "--no-wait")
    assert "repeated" not in made.out
    assert handbill("approve").out == "No approvals.\n"
    assert asyncio.run(worked(handbill.home, 1))["state"] == "held"
    assert 'broadcast 5 "Restock"' in handbill("approve").out
    assert handbill("approve", "1").status == 2  # nobody can be asked
    monkeypatch.setattr("handbill.cli.approvals._asks", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda text: "2")
    told = handbill("approve", "1")
    for shown in ("people          2", "from: Film Club <news@film.example>; subject: Hello", "u1@film.example, u2"):
        assert shown in told.out
    assert f"audience        people named one by one\ndata            {json.dumps(data)}\n" in told.out
    assert "finished" in told.out
    assert sorted(str(mail["To"]) for mail in post.mails) == ["u1@film.example", "u2@film.example"]


def test_a_no_is_said_in_the_terminal_too(handbill: Shell, post: Post) -> None:
    made = handbill("broadcast", "trigger", "5", "--id", "u1", "--json").json
    assert handbill("decline", str(made["approval"]), "--json").json["state"] == "declined"
    assert asyncio.run(worked(handbill.home, made["id"]))["note"] == "A person declined it; nothing was sent."
    assert handbill("approve", "1", "--people", "1").status == 5
    assert post.mails == []


@pytest.mark.usefixtures("memory")
def test_a_yes_to_a_call_at_customerio_makes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(tmp_path / "here", capsys)
    with served(tmp_path / "far") as far:
        far.define({"broadcasts": [{"id": 5, "name": "Restock", "messages": [{"type": "email", **MAIL}]}]})
        far._run(far._workspace.database.write(people.identify, "id", "u1", {"email": "u1@film.example"}, 1))
        monkeypatch.setenv("HANDBILL_CUSTOMERIO_URL", far.url)
        monkeypatch.setenv("HANDBILL_CUSTOMERIO_APP_KEY", far.keys.app_key)
        assert shell("connect", "acme").status == 0
        held = shell("broadcast", "trigger", "5", "--id", "u1", "--json").json
        assert (held["state"], held["approve"]) == ("held", "`handbill approve 1` in a terminal")
        assert shell("approve", "1", "--people", "2").status == 2
        made = shell("approve", "1", "--people", "1", "--json").json
        assert (made["state"], made["connection"], made["id"]) == ("used", "acme", 1)
        far.assert_sent(to="u1@film.example", subject="Hello")
        assert shell("approve", "1", "--people", "1").status == 5


def test_a_person_sets_all_the_rules_and_wrong_ones_are_named(handbill: Shell) -> None:
    words = [
        "--auto-send-max",
        "-1",
        "--daily-max",
        "5",
        "--only-domains",
        "a.example, b.example",
        "--approve-via",
        "cli",
    ]
    rules = handbill("sending", "live", *words, "--quiet-hours", "21:00-08:00 Europe/Berlin", "--json").json
    assert (rules["auto_send_max"], rules["only_domains"]) == (-1, ["a.example", "b.example"])
    shown = handbill("sending").out
    for line in (
        "live: sends to all people but half",
        "only_domains  a.example, b.example",
        "quiet_hours   21:00-08:00",
    ):
        assert line in shown
    assert handbill("sending", "--only-domains", "", "--json").json["only_domains"] == []
    for option, value, named in (
        ("--only-domains", "@x", "only_domains are names such as shop.example"),
        ("--quiet-hours", "9-5", "quiet_hours must look like 21:00-08:00 Europe/Berlin"),
        ("--approve-via", "sms", "approve_via is one or more of elicitation, "),
        ("--connection", "acme", "There is no connection"),
    ):
        ended = handbill("sending", option, value)
        assert (ended.status in (2, 4), named in ended.err) == (True, True)


def test_a_yes_in_a_terminal_may_be_closed(handbill: Shell) -> None:
    handbill("broadcast", "trigger", "5", "--id", "u1")
    handbill("sending", "--approve-via", "console")
    refused = handbill("approve", "1", "--people", "1")
    assert (refused.status, "by console only" in refused.err) == (7, True)


def test_the_log_is_verified_and_printed_and_a_change_is_noticed(handbill: Shell) -> None:
    handbill("broadcast", "trigger", "5", "--id", "u1")
    handbill("approve", "1", "--people", "1", "--no-wait")
    told = handbill("audit", "verify", "--json").json
    lines = [json.loads(line) for line in handbill("audit", "export").out.splitlines()]
    assert [line["action"] for line in lines] == ["held", "approved"]
    assert told == {"entries": 2, "last": lines[-1]["hash"], "fault": ""}
    with closing(sqlite3.connect(handbill.home / "workspace.db")) as other, other:
        other.execute("DROP TRIGGER audit_stays_as_it_is")
        other.execute("UPDATE audit SET facts = '{}' WHERE entry = 1")
    ended = handbill("audit", "verify")
    assert (ended.status, ended.out) == (1, "Entry 1 is not as it was written, or one before it was changed.\n")


def test_a_yes_to_a_message_to_one_person_sends_it_here(handbill: Shell, post: Post) -> None:
    with closing(sqlite3.connect(handbill.home / "workspace.db")) as other, other:
        other.execute("INSERT INTO transactional (id, name, created, updated) VALUES (1, 'Receipt', 1, 1)")
        insert = "INSERT INTO contents (transactional_id, name, fields, created, updated) VALUES (1, 'M', ?, 1, 1)"
        other.execute(insert, [json.dumps(MAIL)])
    handbill("transactional", "send", "Receipt", "u1", "--no-wait")
    assert 'transactional message 1 "Receipt"' in handbill("approve").out
    assert handbill("approve", "1", "--people", "1", "--json").json == {"approval": 1, "state": "sent"}
    assert [str(mail["To"]) for mail in post.mails] == ["u1@film.example"]
