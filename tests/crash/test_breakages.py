"""The sending path is broken on purpose, one way at a time, in a copy: the tests that watch it turn red."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash import witness
from tests.crash.breakages import BREAKAGES, Breakage

ROOT = Path(__file__).parents[2]
SECONDS = 180


@pytest.mark.parametrize("breakage", BREAKAGES, ids=str)
def test_a_breakage_is_of_the_code_as_it_is(breakage: Breakage) -> None:
    text = broken(breakage)
    if breakage.file.endswith(".py"):
        ast.parse(text)
    for test in breakage.caught_by:
        path, name = test.split("::")
        assert f"def {name}(" in (ROOT / path).read_text(), f"{test} is gone; which test notices it now?"


@pytest.mark.crash
def test_without_a_breakage_they_all_pass(tmp_path: Path) -> None:
    tests = sorted({test for breakage in BREAKAGES for test in breakage.caught_by})
    results = run(copied(tmp_path), tests)
    assert {test: reason for test, reason in results.items() if reason != "passed"} == {}
    assert all(of(results, test) for test in tests)


@pytest.mark.crash
@pytest.mark.parametrize("breakage", BREAKAGES, ids=str)
def test_a_breakage_turns_its_tests_red(breakage: Breakage, tmp_path: Path) -> None:
    tree = copied(tmp_path)
    (tree / "src/handbill" / breakage.file).write_text(broken(breakage))
    results = run(tree, breakage.caught_by)
    assert set(results.values()) <= {"passed", "failed"}, "broken in another way than meant"
    assert [test for test in breakage.caught_by if "failed" not in of(results, test)] == [], "nobody noticed"


def broken(breakage: Breakage) -> str:
    """The file with the breakage in it."""
    text = (ROOT / "src/handbill" / breakage.file).read_text()
    found = text.count(breakage.code)
    assert found == 1, (
        f"{breakage.file} has the code of this breakage {found} times, not once. The code has moved: put what stands "
        f"there now into tests/crash/breakages.py.\n{breakage.code}"
    )
    return text.replace(breakage.code, breakage.broken)


def copied(folder: Path) -> Path:
    """The source tree, to break; what was compiled comes along, so that only what is broken is compiled anew."""
    for name in ("src", "tests", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run(tree: Path, tests: list[str] | tuple[str, ...]) -> dict[str, str]:
    """Why each case of the tests failed, or that it passed, when they run on this tree and no other."""
    options = ["-n", "0", "--tb=no", "-p", "no:schemathesis", "-p", "tests.crash.witness"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = os.environ | {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}"}
    ended = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), ended.stdout + ended.stderr
    seen = json.loads((tree / witness.FILE).read_text())
    assert Path(seen["handbill"]).is_relative_to(tree), "another handbill ran than the broken one"
    return dict(seen["tests"])


def of(results: dict[str, str], test: str) -> set[str]:
    """How the cases of one test ended."""
    return {reason for case, reason in results.items() if case == test or case.startswith(f"{test}[")}
