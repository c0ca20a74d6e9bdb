"""`handbill demo` makes the whole round, says so, and leaves everything else alone."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from handbill.cli import demo as command
from handbill.cli import main
from handbill.workspace.workspace import Workspace


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "handbill", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the user's own workspace."""
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory, own: Path) -> list[dict[str, Any]]:
    """What the demo tells a program."""
    named = {"HANDBILL_HOME": str(own), "HANDBILL_DATABASE": f"sqlite:///{own}/own.db"}
    finished = run("--json", TMPDIR=str(tmp_path_factory.mktemp("demo")), **named)
    assert finished.returncode == 0, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_every_tool_is_called_over_mcp_and_answers(lines: list[dict[str, Any]]) -> None:
    [tools] = [line["tools"] for line in lines if "tools" in line]
    assert {line["tool"] for line in lines if "answer" in line} == set(tools)


def test_what_the_preview_promised_is_what_was_sent(lines: list[dict[str, Any]]) -> None:
    answers = {line["tool"]: line["answer"] for line in lines if "answer" in line}
    promised = answers["CUSTOMERIO_PREVIEW_BROADCAST"]["people"]
    assert promised > 100
    assert answers["CUSTOMERIO_GET_TRIGGER"]["counts"]["sent"] == promised


def test_the_wrong_call_is_refused(lines: list[dict[str, Any]]) -> None:
    [refused] = [line["refused"] for line in lines if "refused" in line]
    assert "Did you mean `recipients`?" in refused


def test_the_mail_is_there_to_be_opened_and_the_workspace_is_gone(lines: list[dict[str, Any]]) -> None:
    [mail] = [line["mail"] for line in lines if "mail" in line]
    letter = Path(mail["html"])
    assert "The climbing beans are back" in letter.read_text("utf-8")
    assert [path.name for path in letter.parent.iterdir()] == ["letter.html"]


def test_a_person_is_shown_text_without_escapes_and_the_workspace_is_kept(tmp_path: Path) -> None:
    home = tmp_path / "fennel row"
    finished = run("--keep", "--home", str(home))
    assert finished.returncode == 0, finished.stderr
    assert "\x1b" not in finished.stdout
    assert "CUSTOMERIO_TRIGGER_BROADCAST" in finished.stdout
    assert f"handbill serve --home '{home}'" in finished.stdout
    assert (home / "workspace.db").exists()
    assert (home / "letter.html").exists()


def test_a_folder_that_is_not_empty_is_refused_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--keep", "--home", str(tmp_path)])
    assert stopped.value.code == 5
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.usefixtures("lines")
def test_the_users_own_workspace_is_not_touched(own: Path) -> None:
    assert not any(own.iterdir())


def test_a_round_that_does_not_come_out_right_ends_with_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fill_nothing(_: Workspace) -> tuple[int, int]:
        return 0, 0

    monkeypatch.setattr(command, "fill", fill_nothing)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as stopped:
        main(["demo"])
    assert stopped.value.code == 1
    assert "There is no VIP" in capsys.readouterr().err
