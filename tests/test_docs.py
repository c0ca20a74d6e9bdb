"""What the README and the guides show works as it stands there, and what they name is there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from handbill.cli import COMMANDS
from handbill.contract import conditions, filters
from handbill.tools import TOOLS
from handbill.workspace.chores.reporting_webhooks import signature

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_example_runs(tmp_path: Path) -> None:
    code = blocks("python")[0]  # the one with an SDK runs in tests/sdks, where a workspace is served
    environment = {"HANDBILL_HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_every_command_it_names_is_there() -> None:
    named = set(re.findall(r"handbill ([a-z]+) ?", " ".join(blocks("console"))))
    assert named - {"cd"} <= COMMANDS.keys()
    assert {"import", "apply", "broadcast", "messages"} <= named


def test_every_tool_is_in_its_table_and_no_other() -> None:
    assert set(re.findall(r"`(CUSTOMERIO_\w+)`", README)) == TOOLS.keys()


def test_the_definitions_it_shows_are_right() -> None:
    segment, broadcast = (yaml.safe_load(text) for text in blocks("yaml"))
    assert conditions.check(segment["conditions"]) == []
    assert filters.check(broadcast["audience"]) == []


PROMISES = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_promise_has_its_place() -> None:
    heads = " ".join(re.findall(r"^### (.*)\.", PROMISES, re.MULTILINE))
    named = re.findall(r"\b[SI]\d+\b", heads)
    assert named == [*(f"S{number}" for number in range(1, 16)), *(f"I{number}" for number in range(1, 8))]


def test_every_test_that_shows_a_promise_is_there() -> None:
    lines = re.findall(r"^- `(tests/\S+)`:((?:\s+`test_\w+`,?)+)", PROMISES, re.MULTILINE)
    named = [(file, test) for file, tests in lines for test in re.findall(r"`(test_\w+)`", tests)]
    assert len(named) == PROMISES.count("`test_")
    missing = [f"{file}: {test}" for file, test in named if f"def {test}(" not in (ROOT / file).read_text("utf-8")]
    assert missing == []


def test_the_receiver_of_webhooks_takes_what_is_genuine_and_new(monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (ROOT / "docs" / "guides" / "webhooks.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    shown: dict[str, Any] = {}
    exec(code, shown)
    monkeypatch.setattr("time.time", lambda: 1_764_000_000.0)

    def genuine(at: int | str, sent: bytes = b"{}", came: bytes = b"{}") -> bool:
        return bool(shown["is_genuine"]("key", str(at), signature("key", str(at), sent), came))

    assert genuine(1_764_000_000)
    assert genuine(1_764_000_000 - 300)
    assert not genuine(1_764_000_000 - 301)
    assert not genuine(1_764_000_000, came=b"[]")
    assert not genuine("now")
    assert not shown["is_genuine"]("key", "1764000000", "é", b"{}")


def test_every_page_it_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
