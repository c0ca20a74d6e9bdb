"""What the README shows works as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from handbill.cli import COMMANDS
from handbill.contract import conditions, filters
from handbill.tools import TOOLS

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


def test_every_page_it_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
