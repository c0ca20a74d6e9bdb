"""`handbill tools`: what a person sets there holds for commands from the next call on."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from handbill.cli import root
from handbill.connections.saved import Saved, change
from handbill.errors import InvalidInput, NotFound, ReadOnly

TRACK = ["call", "CUSTOMERIO_TRACK_EVENT", '{"user_id": "u1", "event": "purchase"}']


def run(home: Path, *arguments: str, **environ: str) -> Any:
    return CliRunner(env=environ).invoke(root, [*arguments, "--home", str(home)])


def test_read_only_closes_commands_and_a_variable_opens_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, *TRACK).exit_code == 0
    assert "read-only" in run(tmp_path, "tools", "--read-only").stdout
    assert isinstance(run(tmp_path, *TRACK).exception, ReadOnly)
    assert isinstance(run(tmp_path, *TRACK, HANDBILL_READONLY="0").exception, ReadOnly)
    assert run(tmp_path, "segments", "list").exit_code == 0
    run(tmp_path, "tools", "--no-read-only")
    assert run(tmp_path, *TRACK).exit_code == 0
    assert isinstance(run(tmp_path, *TRACK, HANDBILL_READONLY="1").exception, ReadOnly)


def test_toolsets_are_what_there_is_at_most(tmp_path: Path) -> None:
    shown = json.loads(run(tmp_path, "tools", "--toolsets", "default,people", "--json").stdout)
    assert shown["toolsets"] == "broadcasts,connections,messages,newsletters,segments,transactional,people"
    refused = run(tmp_path, *TRACK, HANDBILL_TOOLSETS="all").exception
    assert isinstance(refused, NotFound)
    assert "transactional,people,pipelines`. Nothing was done." in str(refused)
    assert isinstance(run(tmp_path, "event", "track", "purchase").exception, NotFound)
    run(tmp_path, "tools", "--toolsets", "all")
    assert run(tmp_path, *TRACK).exit_code == 0


def test_a_toolset_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    refused = run(tmp_path, "tools", "--toolsets", "peple", "--read-only").exception
    assert isinstance(refused, InvalidInput)
    assert "did you mean people?" in str(refused)
    assert json.loads(run(tmp_path, "tools", "--json").stdout) == {
        "connection": "embedded",
        "readonly": False,
        "toolsets": "all",
        "pii": "full",
    }


@pytest.mark.parametrize(("pii", "shown"), [("masked", "masked"), ("full", "as they are")])
def test_it_says_how_people_are_shown(tmp_path: Path, pii: str, shown: str) -> None:
    assert f"People are shown {shown}." in run(tmp_path, "tools", "--pii", pii).stdout


def test_each_connection_has_rules_of_its_own(tmp_path: Path) -> None:
    change(tmp_path, lambda book: replace(book, connections={"acme": Saved(name="acme", region="eu")}))
    assert run(tmp_path, "tools", "--read-only", "--connection", "acme").stdout.startswith("acme: ")
    assert json.loads(run(tmp_path, "tools", "--json", "--connection", "acme").stdout)["readonly"] is True
    assert json.loads(run(tmp_path, "tools", "--json").stdout)["readonly"] is False
    assert isinstance(run(tmp_path, "tools", "--connection", "acne").exception, NotFound)
