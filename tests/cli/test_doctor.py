"""`handbill doctor`: what it sees, what it advises, and that it changes nothing."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from handbill.cli import root
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.store.sending import put
from handbill.workspace.workspace import Workspace


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HANDBILL_DATABASE", "HANDBILL_SMTP", "HANDBILL_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


async def made(home: Path, rules: Policy) -> None:
    async with Workspace.open(Settings.load({}, home)) as workspace:
        await workspace.database.write(put, rules)


def checked(home: Path) -> dict[str, Any]:
    done = CliRunner().invoke(root, ["doctor", "--json", "--home", str(home)], catch_exceptions=False)
    answer = json.loads(done.output)
    assert answer["ok"] is all(check["state"] == "ok" for check in answer["checks"])
    return {check["name"]: check for check in answer["checks"]}


def test_where_nothing_is_yet_all_is_well_and_nothing_is_made(home: Path) -> None:
    checks = checked(home)
    assert {check["state"] for name, check in checks.items() if name != "disk"} == {"ok"}
    assert not home.exists()


def test_a_workspace_is_described_and_left_to_the_byte(home: Path) -> None:
    asyncio.run(made(home, Policy()))
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    checks = checked(home)
    assert "sound" in checks["database"]["says"]
    assert checks["sending"]["says"].startswith("sandbox")
    assert checks["last send"]["says"] == "none yet"
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_a_live_workspace_needs_a_provider_and_an_address_that_people_reach(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(made(home, Policy(mode="live", auto_send_max=1200)))
    checks = checked(home)
    assert "1,200 people" in checks["sending"]["says"]
    assert "HANDBILL_SMTP" in checks["providers"]["then"]
    assert "HANDBILL_BASE_URL" in checks["base URL"]["then"]
    monkeypatch.setenv("HANDBILL_SMTP", "smtp://user:hush@mail.example:587")
    monkeypatch.setenv("HANDBILL_BASE_URL", "https://mail.film.example")
    checks = checked(home)
    assert {checks[name]["state"] for name in ("providers", "base URL")} == {"ok"}
    assert "hush" not in str(checks)


def test_a_worker_is_alive_as_long_as_it_holds_its_lock(home: Path) -> None:
    async def work() -> tuple[dict[str, Any], dict[str, Any]]:
        async with Workspace.open(Settings.load({}, home)) as workspace:
            ledger = WorkspaceLedger(workspace)
            worker = await ledger.join()
            during = await asyncio.to_thread(checked, home)
            await ledger.leave(worker)
            return during, await asyncio.to_thread(checked, home)

    during, after = asyncio.run(work())
    assert during["worker"]["says"].startswith("1 at work")
    assert after["worker"]["says"].startswith("0 at work")


def waiting(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "INSERT INTO deliveries (content_id, person, type, state, created) VALUES (1, 1, 'email', 'queued', 1)"
        )


def damaged(path: Path) -> None:
    path.write_bytes(b"no database at all, and yet long enough to be taken for one" * 20)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 999")


def open_keys(path: Path) -> None:
    path.with_name("keys.json").chmod(0o644)


@pytest.mark.parametrize(
    ("change", "name", "then"),
    [
        (waiting, "worker", "handbill worker"),
        (damaged, "database", "restore a copy"),
        (newer, "database", "Install the newer"),
        (open_keys, "home", "chmod 600"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(
    home: Path, change: Callable[[Path], None], name: str, then: str
) -> None:
    asyncio.run(made(home, Policy()))
    change(home / "workspace.db")
    check = checked(home)[name]
    assert check["state"] == "attention"
    assert then in check["then"]
