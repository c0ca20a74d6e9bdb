"""`handbill import`: what it prints, and with which status it ends."""

import json
from pathlib import Path

import pytest

from handbill.cli import main

Ended = tuple[int, str, str]
"""Exit status, standard output, standard error."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "good.csv").write_text("id,plan\nu1,pro\nu2,\n")
    (tmp_path / "bad.csv").write_text("id,plan\nu3,pro\n,x\n")
    (tmp_path / "events.jsonl").write_text('{"customer_id":"u1","name":"came","timestamp":5,"id":"e1"}\n')
    return tmp_path


def run(folder: Path, capsys: pytest.CaptureFixture[str], kind: str, file: str, *options: str) -> Ended:
    words = ["import", kind, str(folder / file), "--home", str(folder / "home"), *options]
    status = 0
    try:
        main(words)
    except SystemExit as ended:
        status = int(ended.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def test_a_good_file_is_imported(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, capsys, "people", "good.csv") == (0, "2 people imported.\n", "")
    assert run(files, capsys, "events", "events.jsonl") == (0, "1 events imported.\n", "")
    assert run(files, capsys, "events", "events.jsonl") == (0, "0 events imported, 1 were there already.\n", "")


def test_a_bad_line_refuses_the_file_by_its_number(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(files, capsys, "people", "bad.csv")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "line 3: neither id nor email",
        "Error: 1 line is wrong; nothing was imported. Mend the file, or use --skip-bad.",
    ]


def test_skip_bad_imports_the_rest(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(files, capsys, "people", "bad.csv", "--skip-bad")
    assert (status, out) == (0, "1 people imported, 1 lines left out.\n")
    assert err == "line 3: neither id nor email\n"


def test_json_is_for_programs(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    errors = [{"line": 3, "reason": "neither id nor email"}]
    status, out, err = run(files, capsys, "people", "bad.csv", "--json")
    assert (status, json.loads(out)) == (2, {"imported": 0, "skipped": 1, "repeated": 0, "errors": errors})
    assert json.loads(err)["error"]["code"] == "invalid"


def test_a_file_that_is_not_there_is_named(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(files, capsys, "people", "missing.csv")
    assert status == 2
    assert "missing.csv" in err
