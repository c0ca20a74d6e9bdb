"""What holds for every page of the console, read from its routes: a new one is looked at here or fails."""

import ast
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from tests.console.test_approvals import ask, state_of
from tests.test_architecture import SOURCE

from handbill.console.approvals import Desk
from handbill.hosts import OwnHosts, local_hosts
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8622"


async def _unheard(_: object) -> None:
    raise AssertionError("something was decided")


def routes(workspace: Workspace) -> list[Route]:
    """Every route of the console."""
    return Desk(workspace, _unheard).routes()


ROUTED = {"approvals.py"}
"""The files that have routes, all of which are in `routes`."""


def test_no_file_of_the_console_has_routes_that_are_not_looked_at_here() -> None:
    files = {path.name for path in (SOURCE / "console").glob("*.py") for call in _calls(path.read_text()) if call}
    assert files == ROUTED


def _calls(source: str) -> list[str]:
    calls = (ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call for call in calls if re.fullmatch(r"(\w+\.)?(Route|WebSocketRoute|Mount|add_route)", call)]


@asynccontextmanager
async def visiting(workspace: Workspace) -> AsyncIterator[httpx2.AsyncClient]:
    app = OwnHosts(Starlette(routes=routes(workspace)), local_hosts(8622))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=URL) as http:
        yield http


async def test_no_page_changes_anything_without_its_own_form(workspace: Workspace) -> None:
    """CSRF: a right Origin and what the form holds are needed, both; a key of the APIs does not help (promise S9)."""
    number = await ask(workspace)
    form = {"people": "250", "decision": "approve", "code": workspace.keys.approval_key, "mark": "0" * 64}
    key = {"Authorization": f"Bearer {workspace.keys.app_key}"}
    changing = [
        (method, re.sub(r"{number:int}", str(number), re.sub(r"{(?!number)\w+(:int)?}", "0", route.path)))
        for route in routes(workspace)
        for method in (route.methods or set()) - {"GET", "HEAD"}
    ]
    assert changing
    async with visiting(workspace) as http:
        for method, path in changing:
            for headers in ({}, {"Origin": URL}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
                answer = await http.request(method, path, headers={**key, **headers}, data=form)
                assert answer.status_code == 403, (method, path, headers)
    assert await state_of(workspace, number) == "waiting"


async def test_every_page_has_a_policy_without_scripts_and_is_never_kept(workspace: Workspace) -> None:
    """Promise S8: pages have no script at all, so that nothing others wrote can be one."""
    number = await ask(workspace)
    async with visiting(workspace) as http:
        for route in routes(workspace):
            path = re.sub(r"{\w+(:int)?}", str(number), route.path)
            headers = (await http.get(path)).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors" in policy, path
            assert not re.search("script-src|connect-src|unsafe-eval|[*]", policy), path
            assert "style-src 'unsafe-inline'" not in policy or policy.startswith("sandbox"), path
            assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff"), path


async def test_cookies_are_for_this_server_and_no_script(workspace: Workspace) -> None:
    async with visiting(workspace) as http:
        for route in routes(workspace):
            cookie = (await http.get(re.sub(r"{\w+(:int)?}", "1", route.path))).headers.get("Set-Cookie", "")
            assert not cookie or {"httponly", "samesite=strict"} <= set(cookie.lower().replace(" ", "").split(";"))
