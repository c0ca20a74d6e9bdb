"""`handbill doctor`: what it sees, what it advises, and that it changes nothing."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from tests.conftest import NOW
from tests.keyrings import Memory

from handbill.approval import Asked
from handbill.cli import doctor, root
from handbill.connections import keys
from handbill.connections.keys import Keys
from handbill.connections.probe import Found, probe
from handbill.connections.saved import Saved, change
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.store import approvals, sending
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE", "SMTP", "BASE_URL", "CONNECTION", "TOOLSETS", "READONLY", "CUSTOMERIO_URL"):
        monkeypatch.delenv(f"HANDBILL_{name}", raising=False)
    return tmp_path / "home"


async def made(home: Path, rules: Policy) -> None:
    async with Workspace.open(Settings.load({}, home)) as workspace:
        await workspace.database.write(sending.put, rules)


def checked(home: Path, *options: str) -> dict[str, Any]:
    words = ["doctor", "--json", "--home", str(home), *options]
    done = CliRunner().invoke(root, words, catch_exceptions=False)
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


INSERT = "INSERT INTO triggers (id, broadcast_id, audience, transport, state, created_at) VALUES "


def accepted(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(f"{INSERT} (7, 5, '{{}}', 'capture', 'accepted', 1)")


def stopped(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(f"{INSERT} (7, 5, '{{}}', 'live', 'stopped', 1)")


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
        (accepted, "worker", "handbill worker"),
        (stopped, "stopped", "handbill resume"),
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


KEY = "app-secret-1"
TRIED: list[httpx2.Request] = []


def account(request: httpx2.Request) -> httpx2.Response:
    """One account in the EU, whose App key may not read campaigns."""
    TRIED.append(request)
    if request.url.host != "api-eu.customer.io" or request.headers["authorization"] != f"Bearer {KEY}":
        return httpx2.Response(401)
    return httpx2.Response(403 if request.url.path == "/v1/campaigns" else 200, json={"workspaces": []})


@pytest.fixture
def acme(home: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a workspace with a connection that is current, and whose account is played."""

    async def played(given: Keys, region: Any, *_: Any) -> Found:
        return await probe(given, region, transport=httpx2.MockTransport(account))

    async def fill() -> None:
        async with Workspace.open(Settings.load({}, home)) as workspace:
            rules = Policy(mode="live", daily_max=500, only_domains=("shop.example",), quiet_hours="21:00-08:00")
            await workspace.database.write(sending.put, rules, "acme")

    monkeypatch.setattr(doctor, "probe", played)
    TRIED.clear()
    asyncio.run(fill())
    connected(home, Keys(KEY))
    return home


def connected(home: Path, given: Keys, **more: Any) -> None:
    place = keys.keep(home, "acme", given)
    fails = {"CUSTOMERIO_LIST_CAMPAIGNS": "The App API key had no scope for campaigns."}
    told = {"region": "eu", "workspace": "Acme Ltd.", "apis": given.apis, "place": place, "fails": fails}
    change(home, lambda book: book.with_(Saved(name="acme", **{**told, **more})))


def test_a_live_connection_is_tried_and_told_whole_and_nothing_is_changed(acme: Path) -> None:
    before = {path: path.read_bytes() for path in acme.rglob("*") if path.is_file()}
    checks = checked(acme)
    assert checks["connection"]["says"] == "acme (Customer.io, EU), workspace 'Acme Ltd.'; also there: embedded"
    assert checks["acme: keys"]["says"] == "app; kept in the system's keyring"
    assert "in region EU; " in checks["acme: scopes"]["says"]
    assert "LIST_CAMPAIGNS" in checks["acme: scopes"]["says"]
    assert "The App API key has no scope for campaigns. Make one that has it in" in checks["acme: scopes"]["then"]
    assert checks["acme: sending"]["says"].startswith("live")
    assert checks["acme: sending"]["says"].endswith("Only to shop.example. Not in 21:00-08:00.")
    assert checks["acme: limits"]["says"].endswith("0 of 500 people reached in 24 hours")
    assert checks["sending"]["says"].startswith("sandbox")
    assert {path: path.read_bytes() for path in acme.rglob("*") if path.is_file()} == before
    assert KEY not in str(checks)


def test_offline_nobody_is_called_and_the_last_try_is_told(acme: Path) -> None:
    checks = checked(acme, "--offline")
    assert "when it was last tried" in checks["acme: scopes"]["says"]
    assert checks["acme: scopes"]["then"] == "The App API key had no scope for campaigns."
    assert TRIED == []


def test_only_the_connection_that_is_used_here_is_tried(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBILL_CONNECTION", "embedded")
    checks = checked(acme)
    assert checks["connection"]["says"] == "embedded, on this machine; also there: acme"
    assert TRIED == []
    monkeypatch.setenv("HANDBILL_CONNECTION", "shop")
    assert "handbill connect shop" in checked(acme)["connection"]["then"]


def in_an_open_file(home: Path) -> None:
    (home / keys.FILE).write_text(json.dumps({"acme": {"app": KEY}}))
    (home / keys.FILE).chmod(0o644)
    change(home, lambda book: book.with_(Saved(name="acme", region="eu", apis=("app",), place="file")))


def damaged_keys(home: Path) -> None:
    in_an_open_file(home)
    (home / keys.FILE).write_text('{"acme": ')


def gone(home: Path) -> None:
    keys.forget(home, "acme")


def wrong(home: Path) -> None:
    connected(home, Keys("other"))


def elsewhere(home: Path) -> None:
    connected(home, Keys(KEY), region="us")


def damaged_book(home: Path) -> None:
    (home / "connections.json").write_text("{")


@pytest.mark.parametrize(
    ("change_it", "name", "says", "then"),
    [
        (in_an_open_file, "acme: keys", "Others on this machine can read", "chmod 600"),
        (damaged_keys, "acme: keys", "is damaged. Remove it", "`handbill connect acme`"),
        (gone, "acme: keys", "gone from the system's keyring", "`handbill connect acme`"),
        (
            wrong,
            "acme: scopes",
            "app_key is refused in the US region",
            "`handbill connect acme`",
        ),
        (elsewhere, "acme: scopes", "This App API key is of the EU region.", "`handbill connect acme`"),
        (damaged_book, "connection", "is damaged. Remove it", "No tool works before."),
    ],
)
def test_what_is_wrong_with_a_connection_is_told_with_what_to_do(
    acme: Path, change_it: Callable[[Path], None], name: str, says: str, then: str
) -> None:
    change_it(acme)
    check = checked(acme)[name]
    assert check["state"] == "attention"
    assert says in check["says"]
    assert then in check["then"]


def test_what_waits_for_a_yes_is_named_and_a_changed_audit_log_is_told(home: Path) -> None:
    def ask(tx: Transaction, now: int) -> None:
        approvals.ask(tx, Asked(endpoint="triggers.create", reason="big", people=12), "tool", now)

    async def fill() -> None:
        async with Workspace.open(Settings.load({}, home)) as workspace:
            await workspace.database.write(ask, workspace.clock.now())
            await workspace.database.write(ask, NOW)

    asyncio.run(fill())
    checks = checked(home)
    assert checks["approvals"]["says"] == "1 wait for a person's yes: 1"
    assert "handbill approve" in checks["approvals"]["then"]
    assert checks["audit log"] == {
        "state": "ok",
        "name": "audit log",
        "says": "2 entries, as they were written",
        "then": "",
    }
    with closing(sqlite3.connect(home / "workspace.db")) as file, file:
        file.executescript("DROP TRIGGER audit_stays_as_it_is; UPDATE audit SET via = 'cli' WHERE entry = 2")
    check = checked(home)["audit log"]
    assert "Entry 2 is not as it was written" in check["says"]
    assert check["state"] == "attention"


def test_the_tools_that_agents_see_are_counted_and_a_wrong_setting_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(made(home, Policy()))
    monkeypatch.setenv("HANDBILL_READONLY", "1")
    assert "read-only: nothing is changed or sent" in checked(home)["tools"]["says"]
    monkeypatch.setenv("HANDBILL_TOOLSETS", "peple")
    assert "did you mean people" in checked(home)["tools"]["says"]
