"""What holds for every page of the console, read from its routes: a new one is looked at here or fails."""

import ast
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp
from tests.console.test_approvals import ask, state_of
from tests.test_architecture import SOURCE

from handbill.console.approvals import Desk
from handbill.console.pages import Pages, Shown
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8622"
ROUTED = {"approvals.py", "pages.py"}
"""The files of the console that have routes: `served` has the routes of all of them."""


class Asking:
    """A page whose form must never arrive."""

    title = "Keys"

    def form(self) -> str:
        return "<button>Go</button>"

    async def submit(self, fields: Mapping[str, str]) -> Shown:
        raise AssertionError("a form was taken")


@dataclass(frozen=True, slots=True)
class Served:
    """A server of the console's, its routes, and what stands for their parameters."""

    origin: str
    app: ASGIApp
    routes: list[Route]
    parameter: str

    def calls(self) -> Iterator[tuple[str, str]]:
        """Each method with each path."""
        for route in self.routes:
            for method in sorted(route.methods or ()):
                yield method, re.sub(r"{\w+(:int)?}", self.parameter, route.path)


@pytest.fixture
async def served(workspace: Workspace) -> AsyncIterator[list[Served]]:
    async def unheard(_: object) -> Any:
        raise AssertionError("something was decided")

    number, desk = await ask(workspace), Desk(workspace, unheard)
    approvals = Served(URL, Starlette(routes=desk.routes(8622)), desk._routes(), str(number))
    async with Pages() as pages:
        origin, _, token = (await pages.open(Asking())).rpartition("/")
        app = pages._app(int(origin.rpartition(":")[2]))
        yield [approvals, Served(origin, app, [route for route in app.routes if isinstance(route, Route)], token)]
    assert await state_of(workspace, number) == "waiting"


def visiting(server: Served) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(server.app), base_url=server.origin)


def test_no_file_of_the_console_has_routes_that_are_not_looked_at_here() -> None:
    files = {path.name for path in (SOURCE / "console").glob("*.py") if _routes_of(path.read_text())}
    assert files == ROUTED


def _routes_of(source: str) -> list[str]:
    calls = (ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call for call in calls if re.fullmatch(r"(\w+\.)?(Route|WebSocketRoute|Mount|add_route)", call)]


async def test_no_page_changes_anything_without_its_own_form(workspace: Workspace, served: list[Served]) -> None:
    """CSRF: a right Origin and what the form holds are needed, both; a key of the APIs does not help (promise S9)."""
    wrong = {"mark": "0" * 64, "csrf": "0" * 43}
    form = {"people": "250", "decision": "approve", "code": workspace.keys.approval_key, **wrong}
    key = {"Authorization": f"Bearer {workspace.keys.app_key}"}
    for server in served:
        changing = [(method, path) for method, path in server.calls() if method not in ("GET", "HEAD")]
        assert changing
        async with visiting(server) as http:
            for method, path in changing:
                for origin in (None, server.origin, "http://evil.example", "null", f"{server.origin}.evil.example"):
                    headers = {**key, "Origin": origin} if origin else key
                    answer = await http.request(method, path, headers=headers, data=form)
                    assert answer.status_code == 403, (method, path, origin)


async def test_a_name_that_was_made_to_lead_here_is_answered_by_no_page(served: list[Served]) -> None:
    for server in served:
        async with visiting(server) as http:
            for method, path in server.calls():
                answer = await http.request(method, path, headers={"Host": "evil.example"})
                assert answer.status_code == 421, (method, path)


async def test_every_page_has_a_policy_without_scripts_and_is_never_kept(served: list[Served]) -> None:
    """Promise S8: pages have no script at all, so that nothing others wrote can be one."""
    for server in served:
        async with visiting(server) as http:
            for path in (path for method, path in server.calls() if method == "GET"):
                headers = (await http.get(path)).headers
                policy = headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy, path
                assert "frame-ancestors" in policy, path
                assert not re.search("script-src|connect-src|unsafe-eval|[*]", policy), path
                assert "style-src 'unsafe-inline'" not in policy or policy.startswith("sandbox"), path
                assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff"), path


async def test_cookies_are_for_this_server_and_no_script(served: list[Served]) -> None:
    for server in served:
        async with visiting(server) as http:
            for path in (path for method, path in server.calls() if method == "GET"):
                cookie = (await http.get(path)).headers.get("Set-Cookie", "")
                assert not cookie or {"httponly", "samesite=strict"} <= set(
                    cookie.lower().replace(" ", "").split(";")
                )
