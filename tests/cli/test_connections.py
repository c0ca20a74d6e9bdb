"""`handbill connect` and `handbill connections`: what is asked, kept, shown; and that no key is ever shown."""

import asyncio
import json
import stat
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import click
import httpx2
import keyring
import pytest
from keyring.backends.fail import Keyring as Fail
from keyring.backends.null import Keyring as Null
from tests.cli.test_commands import Shell
from tests.console.test_connect_page import sent
from tests.keyrings import Memory

from handbill.cli import connections
from handbill.connections import connecting
from handbill.connections.probe import Found, probe
from handbill.settings import Settings

pytestmark = pytest.mark.usefixtures("memory")
KEY, TRACK, PIPELINES = "app-secret-1", "track-secret-2", "pipelines-secret-3"


def account(request: httpx2.Request) -> httpx2.Response:
    """One account in the EU, whose App key may not read campaigns."""
    if request.url.host == "api-eu.customer.io":
        if request.headers["authorization"] != f"Bearer {KEY}":
            return httpx2.Response(401)
        if request.url.path == "/v1/campaigns":
            return httpx2.Response(403)
        return httpx2.Response(200, json={"workspaces": [{"name": "Acme Ltd."}]})
    return httpx2.Response(200 if request.url.host in ("track-eu.customer.io", "cdp-eu.customer.io") else 401)


@pytest.fixture
def handbill(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    async def played(keys: Any, region: Any, *_: Any, **__: Any) -> Found:
        return await probe(keys, region, transport=httpx2.MockTransport(account))

    monkeypatch.setattr(connecting, "probe", played)
    return Shell(tmp_path, capsys)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDBILL_CUSTOMERIO_APP_KEY", KEY)


def on_stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text.encode())))


def test_keys_from_standard_input_are_tried_kept_and_shown_to_work(
    handbill: Shell, monkeypatch: pytest.MonkeyPatch, memory: Memory
) -> None:
    keys = {"app_key": KEY, "site_id": "s", "track_key": TRACK, "pipelines_key": PIPELINES}
    on_stdin(monkeypatch, json.dumps(keys))
    ended = handbill("connect", "--stdin")
    assert ended.status == 0, ended.err
    for part in ("acme-ltd (Customer.io, EU)", "key is of the EU region", "no scope for campaigns", "person's yes"):
        assert part in ended.out
    assert "the system's keyring" in ended.out
    assert KEY in "".join(memory.kept.values())
    listed = handbill("connections", "--json").json
    assert listed["current"] == "acme-ltd"
    assert listed["connections"][0]["keys"] == ["app", "track", "pipelines"]
    everywhere = "".join(path.read_text() for path in handbill.home.rglob("*.json"))
    for secret in (KEY, TRACK, PIPELINES):
        assert secret not in everywhere + ended.out + ended.err


@pytest.mark.parametrize("backend", [Fail, Null])
@pytest.mark.usefixtures("typed")
def test_without_a_keyring_keys_go_to_a_file_of_the_owners_and_that_is_said(
    handbill: Shell, backend: type[keyring.backend.KeyringBackend]
) -> None:
    keyring.set_keyring(backend())
    ended = handbill("connect", "acme")
    assert "connection-keys.json, which only you can read: this system has no keyring" in ended.out
    assert "no keyring" in handbill("connections").out
    file = handbill.home / "connection-keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert KEY in file.read_text()
    assert handbill("connections", "test").status == 0
    assert handbill("connections", "remove", "acme").status == 0
    assert not file.exists()


@pytest.mark.usefixtures("typed")
def test_connections_are_listed_chosen_and_removed_and_embedded_is_there_at_the_end(
    handbill: Shell, monkeypatch: pytest.MonkeyPatch, memory: Memory
) -> None:
    for name in ("acme", "shop"):
        assert handbill("connect", name, "--region", "eu", "--json").json["name"] == name
    assert "* shop" in handbill("connections").out
    assert "* acme" in handbill("connections", "use", "acme").out
    monkeypatch.setenv("HANDBILL_CONNECTION", "embedded")
    assert "* embedded" in handbill("connections").out
    monkeypatch.delenv("HANDBILL_CONNECTION")
    assert "* embedded" in handbill("connections", "remove", "acme").out
    assert handbill("connections", "use", "acme").status == 4
    assert [user.split()[0] for _, user in memory.kept] == ["shop"]


@pytest.mark.parametrize(
    ("given", "words", "status", "sentence"),
    [
        ('{"app_key": "wrong"}', "connect --stdin", 2, "app_key is refused in the US region and in the EU region"),
        ('{"app": "x"}', "connect --stdin", 2, "app is not known; app_key, site_id"),
        ("[]", "connect --stdin", 2, "must hold a JSON object"),
        ("", "connect", 2, "Standard input is no terminal"),
        ("", "connections use acme", 4, "There is no connection"),
        ("", "connections test", 2, "needs no test"),
        ("", "connections remove acme", 4, "`handbill connect` makes one"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_kept(
    handbill: Shell, monkeypatch: pytest.MonkeyPatch, given: str, words: str, status: int, sentence: str
) -> None:
    on_stdin(monkeypatch, given)
    ended = handbill(*words.split())
    assert (ended.status, ended.out) == (status, "")
    assert sentence in ended.err
    assert not (handbill.home / "connections.json").exists()


@pytest.mark.usefixtures("typed")
def test_keys_that_are_gone_are_said_to_be(handbill: Shell, memory: Memory) -> None:
    handbill("connect", "acme")
    memory.kept.clear()
    ended = handbill("connections", "test")
    assert ended.status == 3
    assert "The keys of acme (Customer.io, EU) are gone from the keyring" in ended.err


@pytest.mark.anyio
async def test_a_page_asks_where_a_terminal_is_not_wanted(
    handbill: Shell, monkeypatch: pytest.MonkeyPatch, memory: Memory
) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(click, "echo", lambda text, **_: said.put_nowait(text))
    asking = asyncio.create_task(connections._by_page(Settings.load({}, handbill.home), "acme"))
    address = (await said.get()).rpartition(" ")[2]
    assert (await sent(address, app_key=KEY, name="acme")).status_code == 200
    saved, _ = await asking
    assert saved.title == "acme (Customer.io, EU)"
    assert KEY in "".join(memory.kept.values())
