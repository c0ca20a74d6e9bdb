"""Which calls a server of ours takes: those that name it, and come from no page of somebody else."""

from typing import Any

import httpx2
import pytest
from starlette.responses import PlainTextResponse
from tests.workspace.api.test_route import OPEN

from handbill.errors import InvalidInput
from handbill.hosts import OwnHosts, ThisMachine, local_hosts
from handbill.workspace.app import OPEN_PATHS

pytestmark = pytest.mark.anyio

BASE = "http://127.0.0.1:8622"
HOSTS = [*local_hosts(8622), "mail.film.example", "handbill:8622"]
IN_THE_PATH = [path for path in OPEN if "{" in path]
"""Routes without a key whose path holds what permits the call."""


async def status(path: str, *headers: tuple[str, Any]) -> int:
    app = OwnHosts(PlainTextResponse("done"), HOSTS, OPEN_PATHS)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE) as http:
        return (await http.post(path, headers=headers)).status_code


OTHERS = [
    "evil.test",
    "127.0.0.1:8622.evil.test",
    "127.0.0.1:9999",
    "127.0.0.1",
    "x@127.0.0.1:8622",
    "127.0.0.1:8622@evil.test",
    "127.0.0.1:08622x",
    "127.0.0.1:8622, evil.test",
    "mail.film.example.evil.test",
    "mail.film.example:1",
    "",
    b"\xff\xfe",
    b"127.0.0.1:8622\xa0",
]


@pytest.mark.parametrize("path", ["/mcp", "/v1/segments", "/openapi.json", *IN_THE_PATH])
@pytest.mark.parametrize("host", OTHERS)
async def test_a_call_that_names_another_host_is_refused_on_every_path(path: str, host: str | bytes) -> None:
    assert await status(path, ("Host", host)) == 421


async def test_a_call_that_names_two_hosts_or_none_is_refused() -> None:
    app = OwnHosts(PlainTextResponse("done"), HOSTS)
    for headers in ([], [(b"host", b"127.0.0.1:8622")] * 2):
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        scope = {"type": "http", "path": "/", "headers": headers}
        await app(scope, None, send)  # type: ignore[arg-type]
        assert sent[0]["status"] == 421


FOREIGN = [
    "http://evil.test",
    "http://localhost:8622@evil.test",
    "http://localhost:8622.evil.test",
    "http://localhost:1",
    "http://localhost",
    "ftp://localhost:8622",
    "localhost:8622",
    "null",
    "",
    b"http://localhost:8622\xff",
]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", ["/mcp", "/v1/segments", "/api/v1/metrics", "/api/v2/batch", "/openapi.json"])
async def test_a_page_of_another_origin_is_refused(path: str, origin: str | bytes) -> None:
    assert await status(path, ("Origin", origin)) == 403
    assert await status(path, ("Origin", BASE), ("Origin", origin)) == 403


@pytest.mark.parametrize("path", IN_THE_PATH)
async def test_what_a_link_in_a_mail_leads_to_may_be_asked_by_any_page(path: str) -> None:
    """A form on a page that sends no referrer says `Origin: null`; a mail program's one click may say anything."""
    assert await status(path, ("Origin", "null"), ("Host", "mail.film.example")) == 200


@pytest.mark.parametrize("host", [*HOSTS, "LOCALHOST:8622", " localhost:8622\t"])
async def test_every_name_of_the_server_is_let_in_from_its_own_pages_too(host: str) -> None:
    assert await status("/v1/segments", ("Host", host), ("Origin", f"http://{host.strip()}")) == 200
    assert await status("/mcp", ("Host", host)) == 200


@pytest.mark.parametrize("name", ["http://mail.film.example", "mail.film.example/", "bücher.example", "a b", ""])
def test_a_name_that_is_none_is_told_when_the_server_starts(name: str) -> None:
    with pytest.raises(InvalidInput, match="HANDBILL_HOSTS"):
        OwnHosts(PlainTextResponse("done"), [name])


CLIENTS = {
    "127.0.0.1": 200,
    "127.8.8.8": 200,
    "::1": 200,
    "::ffff:127.0.0.1": 200,
    "192.168.1.5": 403,
    "2001:db8::1": 403,
}


@pytest.mark.parametrize("client", CLIENTS)
async def test_pages_for_the_person_at_this_machine_are_for_nobody_else(client: str) -> None:
    transport = httpx2.ASGITransport(ThisMachine(PlainTextResponse("done"), 8622), client=(client, 1))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        assert (await http.get("/")).status_code == CLIENTS[client]
        for host in ("mail.film.example", "127.0.0.1:9999"):
            assert (await http.get("/", headers={"Host": host})).status_code in (403, 421)
