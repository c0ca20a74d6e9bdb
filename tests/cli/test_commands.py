"""The commands for people and scripts: what goes where, and with which status they end."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from tests.tools.film_club import fill

from handbill.cli import COMMANDS, main, root
from handbill.cli.resources import EXAMPLES
from handbill.contract.openapi import document
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.tools import TOOLS
from handbill.workspace.workspace import Workspace


@dataclass
class Ended:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    home: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Ended:
        status: Any = 0
        try:
            main([*words, "--home", str(self.home)])
        except SystemExit as ended:
            status = ended.code
        out, err = self.capture.readouterr()
        assert "Traceback" not in err
        return Ended(status, out, err)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")

    async def make() -> None:
        async with Workspace.open(Settings.load({}, folder)) as workspace:
            await workspace.database.write(fill)

    asyncio.run(make())
    return folder


@pytest.fixture
def handbill(home: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(home, capsys)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("broadcast list", ["Restock", "Weekly"]),
        ("segments list", ["Regulars", "manual"]),
        ("segments show 3", ["Regulars", "people              2"]),
        ("segments show --segment 3", ["Regulars"]),
        ("newsletters list --sort desc", ["March"]),
        ("transactional list", ["Receipt"]),
        ("triggers list 7", ["No triggers."]),
        ("messages list --broadcast 7", ["No messages."]),
        ("broadcast preview 5 --id u1 --id u5 --data {\"headline\":\"[bold]Hi\"}", ["[bold]Hi", "unsubscribed"]),
        ("person show u1", ["u1@film.example", "Ann 1", "Regulars"]),
        ("person find --email shared@film.example", ["u3", "u4"]),
        ("segments people 3 --sort desc", ["u2", "u1@film.example"]),
        ("why u1 --broadcast 7", ["The broadcast was never triggered."]),
        ("metrics report --broadcast 5", ["Restock: 0 sent"]),
        ("campaigns list", ["No campaigns."]),
        ("workspace integrations", ["email", "channel", "HANDBILL_SMTP"]),
        ("workspace webhooks", ["No reporting_webhooks."]),
        ("sending", ["sandbox:"]),
        pytest.param("keys", ["app_key", "track_key"], marks=pytest.mark.shows_secrets),
    ],
)  # fmt: skip
def test_people_get_tables_on_standard_output_and_remarks_on_the_other(
    handbill: Shell, words: str, shown: list[str]
) -> None:
    ended = handbill(*words.split())
    assert ended.status == 0, ended.err
    for part in shown:
        assert part in ended.out
    assert "embedded" not in ended.out


KEYS = pytest.param("keys", marks=pytest.mark.shows_secrets)


@pytest.mark.parametrize("words", ["segments show 3", "messages list", KEYS, "sending", "broadcast list"])
def test_json_is_all_there_is_on_standard_output(handbill: Shell, words: str) -> None:
    ended = handbill(*words.split(), "--json")
    assert isinstance(ended.json, dict)
    assert ended.err == ""


def test_the_description_of_the_apis_is_printed_as_it_is_served(handbill: Shell) -> None:
    assert handbill("openapi").json == document()


def test_a_triggered_broadcast_is_waited_for(handbill: Shell) -> None:
    ended = handbill(
        "broadcast", "trigger", "5", "--id", "u1", "--id", "u2", "--data", '{"headline": "Sale"}', "--json"
    )
    assert (ended.status, ended.json["state"], ended.json["counts"]["sent"]) == (0, "finished", 2), ended.err
    shown = handbill("triggers", "show", "5", f"5-{ended.json['id']}")
    assert "2 sent" in shown.out
    listed = handbill("messages", "list", "--broadcast", "5", "--trigger", str(ended.json["id"]), "--json")
    assert {message["recipient"] for message in listed.json["messages"]} == {"u1@film.example", "u2@film.example"}
    again = handbill("broadcast", "trigger", "5", "--id", "u1", "--no-wait", "--json")
    assert again.status == 6
    assert json.loads(again.err)["error"]["retry_after"] > 0


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ("broadcast trigger 5", 2, "this call names nobody"),
        ("broadcast trigger", 2, "broadcast_id is required"),
        ("broadcast trigger 5 --id u77", 2, "1 of 1 ids are not in the workspace"),
        (
            "broadcast trigger 5 --ids @/nowhere.json",
            2,
            'ids: cannot read "/nowhere.json" (No such file or directory)',
        ),
        ("broadcast trigger 5 --data oops --id u1", 2, "data must be an object"),
        ("broadcast trigger 99 --id u1", 4, "There is no broadcast 99. Known: 5"),
        ("segments show VIP", 2, "segment_id must be a number"),
        ("segments show 99", 4, "There is no segment 99."),
        ("messages list --limit 0 --type sms", 2, "limit must be 1 to 1000"),
        ("messages list --broadcast 5 --type email", 2, "Unknown parameter `type`."),
        ("messages lst", 2, "No such command 'lst'."),
        ("nonsense", 2, "No such command 'nonsense'."),
        ("segments list --colour", 2, "No such option"),
        ("sending loud", 2, "'loud' is not one of"),
    ],
)
def test_errors_are_sentences_on_standard_error_with_a_status_for_each_kind(
    handbill: Shell, words: str, status: int, sentence: str
) -> None:
    ended = handbill(*words.split())
    assert (ended.status, ended.out) == (status, "")
    assert sentence in ended.err
    as_json = handbill(*words.split(), "--json")
    assert as_json.status == status
    assert sentence in json.loads(as_json.err)["error"]["message"]


def test_what_a_person_does_is_recorded_and_read(handbill: Shell) -> None:
    assert (
        handbill("person", "identify", "--user", "u99", "--traits", '{"plan": "pro"}', "--json").json["accepted"] == 1
    )
    assert (
        handbill(
            "event", "track", "purchase", "--user", "u99", "--properties", '{"total": 40, "item": "Tulips"}'
        ).status
        == 0
    )
    shown = handbill("person", "show", "u99")
    for part in ("pro", "purchase", "total: 40, item: Tulips"):
        assert part in shown.out
    assert handbill("person", "suppress", "u99").status == 0
    assert handbill("person", "show", "u99").status == 4


@pytest.mark.parametrize("words", ["mcp --toolsets peple", "serve --toolsets peple"])
def test_a_toolset_that_is_not_there_starts_nothing(handbill: Shell, words: str) -> None:
    ended = handbill(*words.split())
    assert ended.status == 2
    assert 'Got "peple"; did you mean people?' in ended.err


def test_every_fault_of_a_command_is_told_at_once(handbill: Shell) -> None:
    assert len(handbill("messages", "list", "--limit", "0", "--type", "sms").err.splitlines()) == 2


def test_call_takes_json_from_its_argument_a_file_and_standard_input(
    handbill: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = '{"segment_id": 3}'
    (tmp_path / "call.json").write_text(arguments)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(arguments.encode())))
    for given in (arguments, f"@{tmp_path / 'call.json'}", "-"):
        assert handbill("call", "CUSTOMERIO_GET_SEGMENT_DETAILS", given).json["people"] == 2
    assert handbill("call", "CUSTOMERIO_GET_SEGMENTS").json["total"] == 2


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["CUSTOMERIO_GET_SEGMENTS", "{"], 2, "The arguments are not JSON"),
        (["CUSTOMERIO_GET_SEGMENTS", "[]"], 2, "must be a JSON object"),
        (["CUSTOMERIO_GET_SEGMENT", "{}"], 4, "Did you mean CUSTOMERIO_GET_SEGMENTS?"),
        (["CUSTOMERIO_GET_SEGMENT_DETAILS", '{"segment_id": true}'], 2, "segment_id must be a number"),
    ],
)
def test_call_tells_errors_as_json(handbill: Shell, words: list[str], status: int, sentence: str) -> None:
    ended = handbill("call", *words)
    assert ended.status == status
    assert sentence in json.loads(ended.err)["error"]["message"]


def test_a_person_sets_what_may_be_sent_and_the_next_send_obeys(handbill: Shell) -> None:
    rules = handbill("sending", "off", "--auto-send-max", "1", "--json").json
    assert rules == {**msgspec.json.decode(msgspec.json.encode(Policy())), "mode": "off", "auto_send_max": 1}
    refused = handbill("broadcast", "trigger", "5", "--id", "u1", "--id", "u2")
    assert (refused.status, "Sending is off in this workspace." in refused.err) == (7, True)
    assert handbill("sending", "sandbox", "--json").json["mode"] == "sandbox"


def test_a_fault_of_ours_is_one_line(handbill: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handbill.cli.rules.get", lambda tx, connection: 1 / 0)
    ended = handbill("sending")
    assert ended.status == 1
    assert (
        ended.err
        == "Error: Something went wrong inside Handbill (ZeroDivisionError). HANDBILL_DEBUG=1 shows where.\n"
    )


def test_every_tool_has_a_command_with_examples() -> None:
    written = {"connect", "connections"}  # by hand, since a terminal asks for keys itself
    assert {tool.command for tool in TOOLS.values()} - written == EXAMPLES.keys()
    assert written <= COMMANDS.keys()


def test_every_command_has_help_with_an_example_and_takes_home() -> None:
    for name, command in _leaves(root, click.Context(root, info_name="handbill")):
        shown = command.get_help(click.Context(command, info_name=name))
        assert "Example" in shown, name
        assert "--home" in shown, name


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Other users of a machine see how commands were called."""
    for name, command in _leaves(root, click.Context(root, info_name="handbill")):
        taken = {word for parameter in command.params for word in re.findall("[a-z]+", str(parameter.name))}
        assert taken.isdisjoint({"key", "token", "secret", "password", "code"}), name


def test_help_names_every_command_and_imports_none() -> None:
    program = "import sys, handbill.cli\ntry: handbill.cli.main(['--help'])\nfinally: print(*sys.modules)"
    environment = {**os.environ, "HANDBILL_HOME": "/nowhere"}
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    *text, modules = shown.stdout.splitlines()
    assert all(any(line.split()[:1] == [name] for line in text) for name in COMMANDS)
    heavy = {"pydantic", "mcp", "rich", "handbill.tools", "handbill.workspace", "sqlite3", "asyncio"}
    assert heavy.isdisjoint(modules.split())


def _leaves(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield command.name or "", command
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner
        yield from _leaves(inner, context)


CHATTY = """
import logging
from handbill.cli import main, serving

async def work(settings):
    logging.getLogger("handbill.workspace.ledger").info("3 recorded")
    logging.getLogger("httpx2").info("POST https://hooks.slack.com/services/secret")

serving._work = work
main(["--home", "nowhere", "worker", "--verbose"])
"""


def test_a_worker_that_says_what_it_does_tells_no_address_of_a_provider(tmp_path: Path) -> None:
    said = subprocess.run([sys.executable, "-c", CHATTY], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.stderr == "3 recorded\n"
