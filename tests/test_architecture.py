"""The house as it is drawn: its rooms, the arrows between them, and one name for one resource."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "handbill"

ROOMS = {
    "contract",
    "client",
    "connections",
    "console",
    "gate",
    "tools",
    "mcp",
    "cli",
    "demo",
    "workspace",
    "workspace/api",
    "workspace/engine",
    "workspace/liquid",
    "workspace/rendering",
    "workspace/channels",
    "workspace/chores",
    "workspace/store",
    "workspace/definitions",
}
RESOURCES = ["broadcasts", "messages", "newsletters", "segments", "transactional", "triggers"]


def test_the_rooms_import_only_along_the_arrows() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_room_is_there_and_says_what_it_is_for() -> None:
    for room in ROOMS:
        assert ast.get_docstring(ast.parse((SOURCE / room / "__init__.py").read_text())), room


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_resource_has_the_same_name_everywhere(resource: str) -> None:
    for room in ("contract/app", "client", "tools", "workspace/api"):
        assert (SOURCE / room / f"{resource}.py").is_file(), room


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in SOURCE.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [
        f"{path.name}:{node.lineno} {node.name}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines(node) > 40
    ]
    assert long == []


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its length, its docstring aside."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    assert node.end_lineno
    return node.end_lineno - first.lineno + 1
