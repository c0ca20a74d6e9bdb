"""A read-only workspace: what looks works, what changes or sends is refused, over each of its APIs."""

import dataclasses
import re
import sqlite3
from base64 import b64encode
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from handbill.cli import root
from handbill.contract import apis
from handbill.contract.endpoint import Auth, Endpoint
from handbill.errors import ReadOnly
from handbill.settings import Settings
from handbill.workspace.app import create_app
from handbill.workspace.keys import Keys
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

LOOKING = {"customers.search", "customers.attributes_of", "objects.search", "triggers.preview"}
"""Endpoints that are called by POST, and only look."""
STOPPING = {"triggers.stop", "triggers.stop_broadcast", "triggers.stop_everything"}
"""What is always allowed."""


def test_what_is_no_get_changes_but_for_a_few_that_only_look_or_stop() -> None:
    looking = {endpoint.name for endpoint in apis.every() if endpoint.method != "GET" and not endpoint.changes}
    assert looking == LOOKING | STOPPING
    assert not [endpoint.name for endpoint in apis.every() if endpoint.method == "GET" and endpoint.changes]


async def test_every_endpoint_that_changes_is_refused_and_every_other_answers(workspace: Workspace) -> None:
    readonly = dataclasses.replace(workspace, settings=workspace.settings.tightened(True))
    before = content(workspace)
    transport = httpx2.ASGITransport(create_app(readonly, limits=False))
    async with httpx2.AsyncClient(transport=transport, base_url="http://workspace") as http:
        for endpoint in apis.served():
            answer = await http.request(
                endpoint.method, url(endpoint), json={}, headers=key(endpoint, workspace.keys)
            )
            assert (answer.status_code == 403) is endpoint.changes, endpoint.name
            assert ("read-only" in answer.text) is endpoint.changes, endpoint.name
    assert content(workspace) == before


@pytest.mark.parametrize("claim", ["X-Readonly", "X-Read-Only", "X-MCP-Readonly", "HANDBILL_READONLY"])
async def test_no_header_makes_it_writable(workspace: Workspace, claim: str) -> None:
    readonly = dataclasses.replace(workspace, settings=workspace.settings.tightened(True))
    transport = httpx2.ASGITransport(create_app(readonly))
    headers = {"Authorization": f"Bearer {workspace.keys.app_key}", claim: "false"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://workspace", headers=headers) as http:
        assert (await http.post("/v1/segments", json={"segment": {"name": "x"}})).status_code == 403


@pytest.mark.parametrize(
    ("variable", "flag", "readonly"),
    [("1", False, True), ("yes", False, True), ("", True, True), ("0", True, True), ("1", True, True)]
    + [(no, False, False) for no in ("", "0", "false", "No", "off")],
)
def test_a_variable_and_a_flag_make_it_read_only_and_neither_undoes_the_other(
    variable: str, flag: bool, readonly: bool
) -> None:
    assert Settings.load({"HANDBILL_READONLY": variable}).tightened(flag).readonly is readonly


@pytest.mark.parametrize("command", [["apply"], ["import", "people"], ["import", "events"]])
def test_commands_that_fill_a_workspace_are_refused(
    tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDBILL_READONLY", "1")
    file = tmp_path if command == ["apply"] else tmp_path / "file.csv"
    file.touch()
    result = CliRunner().invoke(root, [*command, "--home", str(tmp_path / "home"), str(file)])
    assert isinstance(result.exception, ReadOnly)


def url(endpoint: Endpoint) -> str:
    """Somewhere of the right form, where mostly nothing is."""
    return re.sub(r"{(\w+)}", lambda found: "5" if found[1].endswith("id") else "x", endpoint.path)


def key(endpoint: Endpoint, keys: Keys) -> dict[str, str]:
    pairs = {Auth.TRACK: f"{keys.site_id}:{keys.track_key}", Auth.PIPELINES: f"{keys.pipelines_key}:"}
    pair = pairs.get(endpoint.auth)
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}" if pair else f"Bearer {keys.app_key}"}


def content(workspace: Workspace) -> list[str]:
    with sqlite3.connect(workspace.database.path) as connection:
        rows = [*connection.iterdump()]
    connection.close()
    return rows
