"""The arrows of the design hold: who may import whom."""

import subprocess
import sysconfig
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
NEEDS = "handbill.workspace.engine.needs"

CLOSED = {
    "handbill.errors": (),
    "handbill.gate.policy": (),
    "handbill.contract": ("handbill.errors",),
    "handbill.workspace.engine": (),
    "handbill.workspace.liquid": (),
    "handbill.workspace.channels.mime": (),
    "handbill.workspace.channels": (NEEDS, "handbill.errors"),
    "handbill.workspace.rendering": (NEEDS, "handbill.workspace.liquid", "handbill.workspace.channels.mime"),
}
"""Rooms that know themselves and these others, and nothing else of ours."""


def test_the_rooms_see_only_what_is_below_them() -> None:
    linter = Path(sysconfig.get_path("scripts")) / "lint-imports"
    ended = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("room", CLOSED)
def test_a_closed_room_imports_nothing_but_itself_and_what_it_names(room: str) -> None:
    graph = grimp.build_graph("handbill", cache_dir=None)
    inside = {room} | graph.find_descendants(room)
    imported = {name for module in inside for name in graph.find_modules_directly_imported_by(module)}
    allowed = (room, *CLOSED[room])
    assert {name for name in imported if not any(f"{name}.".startswith(f"{one}.") for one in allowed)} == set()
