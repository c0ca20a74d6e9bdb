"""The pages of this machine over a real socket: whom they answer, how long, and what they never show."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import httpx2
import pytest
from tests.conftest import FixedClock

from handbill.console.pages import HEADERS, Pages, Shown

pytestmark = pytest.mark.anyio


@dataclass
class Ask:
    """Done when the answer is 42."""

    title: str = "A <question>"
    told: list[Mapping[str, str]] = field(default_factory=list)

    def form(self) -> str:
        return '<input name="answer"><button>Send</button>'

    async def submit(self, fields: Mapping[str, str]) -> Shown:
        self.told.append(fields)
        return Shown("Thank you", done=True) if fields.get("answer") == "42" else Shown("Try again")


@pytest.fixture
async def pages(clock: FixedClock) -> AsyncIterator[Pages]:
    async with Pages(clock.monotonic) as pages:
        yield pages


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient() as http:
        yield http


def csrf(page: httpx2.Response) -> str:
    found = re.search(r'name="csrf" value="([\w-]+)"', page.text)
    assert found
    return found[1]


def origin(address: str) -> dict[str, str]:
    return {"Origin": address.rpartition("/")[0]}


async def test_a_page_is_there_until_it_is_done_and_no_longer(pages: Pages, http: httpx2.AsyncClient) -> None:
    ask = Ask()
    address = await pages.open(ask)
    shown = await http.get(address)
    assert shown.status_code == 200
    assert "<h1>A &lt;question&gt;</h1>" in shown.text
    fields = {"csrf": csrf(shown), "answer": "41"}
    again = await http.post(address, data=fields, headers=origin(address))
    assert (again.status_code, "Try again" in again.text, csrf(again)) == (422, True, fields["csrf"])
    done = await http.post(address, data={**fields, "answer": "42"}, headers=origin(address))
    assert (done.status_code, "Thank you" in done.text, "<form" in done.text) == (200, True, False)
    assert [told["answer"] for told in ask.told] == ["41", "42"]
    assert "csrf" not in ask.told[0]
    assert (await http.get(address)).status_code == 404
    assert (await http.post(address, data=fields, headers=origin(address))).status_code == 404


async def test_a_page_ends_after_ten_minutes(pages: Pages, http: httpx2.AsyncClient, clock: FixedClock) -> None:
    ask = Ask()
    address = await pages.open(ask)
    fields = {"csrf": csrf(await http.get(address)), "answer": "42"}
    clock.advance(599)
    assert pages.is_open(address)
    clock.advance(1)
    assert not pages.is_open(address)
    over = await http.post(address, data=fields, headers=origin(address))
    assert (over.status_code, "older than ten minutes" in over.text, ask.told) == (404, True, [])


async def test_pages_end_with_what_serves_them(http: httpx2.AsyncClient) -> None:
    async with Pages() as pages:
        address = await pages.open(Ask())
        assert (await http.get(address)).status_code == 200
    with pytest.raises(httpx2.ConnectError):
        await http.get(address)


async def test_addresses_cannot_be_guessed(pages: Pages, http: httpx2.AsyncClient) -> None:
    one, two = await pages.open(Ask()), await pages.open(Ask())
    assert one != two
    assert len(one.rpartition("/")[2]) >= 43
    assert (await http.get(one[:-1])).status_code == 404
    assert (await http.get(one.rpartition("/")[0] + "/")).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:{port}", "127.0.0.1:{port}.evil.example"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_another_name_of_this_server_is_refused(
    pages: Pages, http: httpx2.AsyncClient, host: str, method: str
) -> None:
    address = await pages.open(Ask())
    port = str(httpx2.URL(address).port)
    headers = {**origin(address), "Host": host.replace("{port}", port)}
    assert (await http.request(method, address, headers=headers)).status_code == 421


@pytest.mark.parametrize(
    "said", [None, "null", "https://evil.example", "{own}.evil.example", "{own}/", "http://localhost"]
)
async def test_a_form_of_another_page_is_refused(pages: Pages, http: httpx2.AsyncClient, said: str | None) -> None:
    ask = Ask()
    address = await pages.open(ask)
    fields = {"csrf": csrf(await http.get(address)), "answer": "42"}
    headers = {"Origin": said.replace("{own}", origin(address)["Origin"])} if said else {}
    assert (await http.post(address, data=fields, headers=headers)).status_code == 403
    assert ask.told == []


@pytest.mark.parametrize("token", [{}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": "é"}])
async def test_a_form_without_the_pages_own_token_is_refused(
    pages: Pages, http: httpx2.AsyncClient, token: dict[str, str]
) -> None:
    ask = Ask()
    address = await pages.open(ask)
    answer = await http.post(address, data={**token, "answer": "42"}, headers=origin(address))
    assert (answer.status_code, ask.told) == (403, [])


async def test_what_is_no_form_is_refused(pages: Pages, http: httpx2.AsyncClient) -> None:
    address = await pages.open(Ask())
    for content, kind in (
        (b"{}", "application/json"),
        (b"\xff=1", "application/x-www-form-urlencoded"),
        (b"a=" + b"1" * 70_000, "application/x-www-form-urlencoded"),
    ):
        headers = {**origin(address), "Content-Type": kind}
        assert (await http.post(address, content=content, headers=headers)).status_code == 400


async def test_every_answer_is_kept_nowhere_framed_nowhere_and_runs_nothing(
    pages: Pages, http: httpx2.AsyncClient
) -> None:
    address = await pages.open(Ask())
    base = address.rpartition("/")[0]
    answers = [
        await http.get(address),
        await http.get(f"{base}/style.css"),
        await http.get(f"{base}/nothing"),
        await http.post(address),
        await http.get(address, headers={"Host": "evil.example"}),
    ]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    assert "script" not in answers[0].text
    assert "url(" not in answers[1].text
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
