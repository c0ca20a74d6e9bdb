"""The approval pages, over a socket as a browser comes: who may look, who may decide, and what is shown."""

import html
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tests.conftest import NOW, FixedClock
from tests.listening import listening
from tests.tools.film_club import fill
from tests.workspace.test_holding import live_workspace

from handbill.approval import Approval, Asked
from handbill.client import Client
from handbill.connections.register import WorkspaceRegister
from handbill.console.approvals import Decides, Desk
from handbill.console.door import TRIES
from handbill.policy import Policy
from handbill.workspace.app import create_app
from handbill.workspace.store import approvals, audit, sending
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

FACTS = {
    "broadcast_id": 5,
    "name": "Restock",
    "transport": "live",
    "audience": "people named one by one, id_ignore_missing",
    "data": {"headline": "Back in stock"},
    "left_out": {"unsubscribed": 3},
}
IDS = [f"u{number}" for number in range(250)]
CALL: dict[str, Any] = {
    "path": "/v1/campaigns/5/triggers",
    "body": {"ids": IDS, "data": {"headline": "Back in stock"}, "id_ignore_missing": True},
}


class Browser:
    """Keeps its cookie, and sends the forms it was shown from the page they are in."""

    def __init__(self, url: str, http: httpx2.AsyncClient, code: str, decided: list[str]) -> None:
        self.url, self.http, self.code, self.decided = url, http, code, decided
        self.seen = ""

    async def get(self, path: str = "/approvals") -> httpx2.Response:
        answer = await self.http.get(self.url + path)
        self.seen = answer.text
        return answer

    async def post(self, path: str, headers: dict[str, str] | None = None, /, **fields: str) -> httpx2.Response:
        mark = re.search(r'name="mark" value="(\w+)"', self.seen)
        form = {"mark": mark[1] if mark else "", "code": self.code, **fields}
        origin = {"Origin": self.url} if headers is None else headers
        return await self.http.post(self.url + path, data=form, headers=origin)

    async def enter(self) -> None:
        await self.get()
        assert (await self.post("/approvals")).status_code == 303


@dataclass(frozen=True, slots=True)
class Deciding(WorkspaceRegister):
    """Keeps what was decided."""

    decided: list[str] = field(default_factory=list)

    async def approve(self, number: int, people: int, via: str) -> Approval:
        approval = await WorkspaceRegister.approve(self, number, people, via)
        self.decided.append(approval.state)
        return approval

    async def decline(self, number: int, via: str) -> Approval:
        approval = await WorkspaceRegister.decline(self, number, via)
        self.decided.append(approval.state)
        return approval


@asynccontextmanager
async def browsing(workspace: Workspace, decides: Decides | None = None) -> AsyncIterator[Browser]:
    decided: list[str] = []

    async def gate(connection: str) -> Decides:
        return decides or Deciding(workspace, connection, decided)

    with socket.create_server(("127.0.0.1", 0)) as sock:
        app = Starlette(routes=Desk(workspace, gate).routes(sock.getsockname()[1]))
        async with listening(app, sock) as url, httpx2.AsyncClient() as http:
            yield Browser(url, http, workspace.keys.approval_key, decided)


@pytest.fixture
async def browser(workspace: Workspace) -> AsyncIterator[Browser]:
    async with browsing(workspace) as opened:
        await opened.enter()
        yield opened


async def ask(workspace: Workspace, **given: Any) -> int:
    asked: dict[str, Any] = {
        "endpoint": "triggers.create",
        "reason": "250 people; up to 0 go without approval",
        "people": 250,
    }
    asked |= {"facts": FACTS, "request": CALL, **given}
    return (await workspace.database.write(approvals.ask, Asked(**asked), "tool", NOW)).id


async def state_of(workspace: Workspace, number: int) -> str:
    return (await workspace.database.read(approvals.get, number)).state


async def test_nothing_is_shown_without_the_code(workspace: Workspace) -> None:
    number = await ask(workspace)
    async with browsing(workspace) as browser:
        for path in ("/approvals", f"/approvals/{number}"):
            assert "Restock" not in (await browser.get(path)).text
        assert (await browser.get(f"/approvals/{number}/messages/0")).status_code == 403
        await browser.get(f"/approvals/{number}")
        entered = await browser.post("/approvals", next=f"/approvals/{number}")
        assert (entered.status_code, entered.headers["location"]) == (303, f"/approvals/{number}")
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "Restock" in (await browser.get(f"/approvals/{number}")).text


async def test_what_waits_is_listed_and_shown_whole(workspace: Workspace, browser: Browser) -> None:
    number = await ask(workspace)
    listed = plain((await browser.get()).text)
    assert f'href="/approvals/{number}"' in listed
    assert 'Send broadcast 5 "Restock" to 250 people' in listed
    shown = plain((await browser.get(f"/approvals/{number}")).text)
    for said in (
        "250 people; up to 0 go without approval",
        "people named one by one, id_ignore_missing",
        "3 people: unsubscribed",
        '"headline": "Back in stock"',
    ):
        assert said in shown
    assert "tool, 24 November 2025, 16:00 UTC" in shown
    assert "25 November 2025, 16:00 UTC" in shown
    assert "this workspace" in shown
    assert '"id_ignore_missing": true' in shown


async def test_the_list_of_recipients_is_complete_page_by_page(workspace: Workspace, browser: Browser) -> None:
    number, seen, path = await ask(workspace), [], ""
    while page := await browser.get(path or f"/approvals/{number}"):
        seen += re.findall(r"<bdi>(u\d+)</bdi>", page.text)
        link = re.search(r'class="next" href="([^"#]+)', page.text)
        if not link:
            break
        path = html.unescape(link[1])
    assert seen == IDS


async def test_the_right_number_and_the_code_approve_once(workspace: Workspace, browser: Browser) -> None:
    number = await ask(workspace)
    path = f"/approvals/{number}"
    await browser.get(path)
    approved = await browser.post(path, people="250", decision="approve")
    assert (approved.status_code, approved.headers["location"]) == (303, path)
    assert await state_of(workspace, number) == "approved"
    assert browser.decided == ["approved"]
    again = await browser.post(path, people="250", decision="approve")
    assert again.status_code == 422
    assert "is approved already" in again.text
    assert len(browser.decided) == 1
    shown = (await browser.get(path)).text
    assert "Approved. It goes as soon as it can." in shown
    assert "<form" not in shown
    records = await workspace.database.read(audit.read)
    assert [(each.action, each.via) for each in records] == [("held", "tool"), ("approved", "console")]


async def test_a_number_is_typed_as_people_write_it(workspace: Workspace, browser: Browser) -> None:
    for typed in ("1,234,567", "1234567", " 1 234 567 "):
        number = await ask(workspace, people=1_234_567)
        await browser.get(f"/approvals/{number}")
        await browser.post(f"/approvals/{number}", people=typed, decision="approve")
        assert await state_of(workspace, number) == "approved", typed


async def test_a_no_needs_the_code_and_no_number(workspace: Workspace, browser: Browser) -> None:
    number = await ask(workspace)
    await browser.get(f"/approvals/{number}")
    await browser.post(f"/approvals/{number}", code="wrong", decision="decline")
    assert await state_of(workspace, number) == "waiting"
    await browser.post(f"/approvals/{number}", decision="decline")
    assert await state_of(workspace, number) == "declined"
    assert browser.decided == ["declined"]


NUMBERS = ["", "249", "-250", "0xfa", "two", "²50", "9" * 5000, "25000"]


async def test_any_other_number_or_word_decides_nothing(workspace: Workspace, browser: Browser) -> None:
    number = await ask(workspace)
    await browser.get(f"/approvals/{number}")
    for typed in NUMBERS:
        refused = await browser.post(f"/approvals/{number}", people=typed, decision="approve")
        assert refused.status_code == 422
        assert "people must be the number of people" in plain(refused.text)
    for fields in ({}, {"decision": "send"}):
        assert (await browser.post(f"/approvals/{number}", people="250", **fields)).status_code == 422
    assert await state_of(workspace, number) == "waiting"
    assert browser.decided == []


async def test_five_wrong_codes_close_approvals_by_page(workspace: Workspace, browser: Browser) -> None:
    number = await ask(workspace)
    path = f"/approvals/{number}"
    for wrong in ("", "x", "ü", workspace.keys.app_key, workspace.keys.approval_key[:-1])[:TRIES]:
        await browser.get(path)
        assert (await browser.post(path, code=wrong, people="250", decision="approve")).status_code == 403
    refused = await browser.post(path, people="250", decision="approve")
    assert refused.status_code == 403
    assert "handbill approve" in refused.text
    assert await state_of(workspace, number) == "waiting"
    records = await workspace.database.read(audit.read)
    tries = [each.facts for each in records if each.action == "wrong approval code"]
    assert tries == [{"tries_left": left} for left in (4, 3, 2, 1)] + [{"tries_left": 0, "closed": True}]
    async with browsing(workspace) as restarted:
        await restarted.enter()


ORIGINS = [None, "http://evil.test", "null", "", "http://127.0.0.1:1", "http://127.0.0.1"]


async def test_only_the_page_itself_sends_its_forms(workspace: Workspace, browser: Browser) -> None:
    number = await ask(workspace)
    await browser.get(f"/approvals/{number}")
    for origin in ORIGINS:
        headers = {} if origin is None else {"Origin": origin}
        for path in ("/approvals", f"/approvals/{number}"):
            assert (await browser.post(path, headers, people="250", decision="approve")).status_code == 403, origin
    assert await state_of(workspace, number) == "waiting"


async def test_a_form_this_browser_was_not_shown_decides_nothing(workspace: Workspace, browser: Browser) -> None:
    number = await ask(workspace)
    path, form = f"/approvals/{number}", {"people": "250", "decision": "approve"}
    await browser.get(path)
    for mark in ("", "0" * 64, "ü"):
        assert (await browser.post(path, mark=mark, **form)).status_code == 403
    browser.http.cookies.clear()
    assert (await browser.post(path, **form)).status_code == 403
    assert await state_of(workspace, number) == "waiting"


async def test_a_name_that_was_made_to_lead_here_is_not_answered(browser: Browser) -> None:
    for host in ("evil.test", "127.0.0.1", "127.0.0.1:1", "localhost.evil.test"):
        assert (await browser.http.get(f"{browser.url}/approvals", headers={"Host": host})).status_code == 421


async def test_a_key_of_the_apis_opens_nothing(workspace: Workspace) -> None:
    number, keys = await ask(workspace), workspace.keys
    async with browsing(workspace) as browser:
        key = {"Authorization": f"Bearer {keys.app_key}", "Origin": browser.url}
        shown = await browser.http.get(f"{browser.url}/approvals/{number}", headers=key)
        assert "Restock" not in shown.text
        form = {"people": "250", "decision": "approve", "code": keys.approval_key}
        assert (
            await browser.http.post(f"{browser.url}/approvals/{number}", data=form, headers=key)
        ).status_code == 403
    for path in (f"/approvals/{number}", f"/v1/approvals/{number}"):
        assert (await http_of(workspace, path)) == 404
    assert await state_of(workspace, number) == "waiting"


async def test_where_pages_do_not_approve_there_is_no_form_and_none_is_taken(
    workspace: Workspace, browser: Browser
) -> None:
    number = await ask(workspace)
    await browser.get(f"/approvals/{number}")
    await workspace.database.write(sending.put, Policy(approve_via=("cli",)))
    refused = await browser.post(f"/approvals/{number}", people="250", decision="approve")
    assert refused.status_code == 422
    assert "switched off" in refused.text
    assert 'name="people"' not in (await browser.get(f"/approvals/{number}")).text
    assert await state_of(workspace, number) == "waiting"


FORM = "application/x-www-form-urlencoded"


async def test_what_is_no_form_is_refused(browser: Browser) -> None:
    many = b"&".join(b"a=1" for _ in range(200))
    for body, kind in ((b"x" * 70_000, FORM), (b"\xff\xfe", FORM), (many, FORM), (b"{}", "application/json")):
        headers = {"Origin": browser.url, "Content-Type": kind}
        assert (await browser.http.post(f"{browser.url}/approvals", content=body, headers=headers)).status_code == 400


async def test_there_is_a_page_that_says_so_when_there_is_no_such_approval(browser: Browser) -> None:
    for number in ("0", "99", "9" * 30):
        assert (await browser.get(f"/approvals/{number}")).status_code == 404
        assert (await browser.get(f"/approvals/{number}/messages/0")).status_code == 404


async def test_a_question_nobody_answered_for_a_day_has_no_form(
    workspace: Workspace, browser: Browser, clock: FixedClock
) -> None:
    number = await ask(workspace)
    clock.advance(86_400)
    shown = (await browser.get(f"/approvals/{number}")).text
    assert "Nobody decided in time." in shown
    assert "<form" not in shown


async def test_no_page_is_kept_framed_or_scripted(workspace: Workspace, browser: Browser) -> None:
    await ask(workspace)
    for path in ("/approvals", "/approvals/1", "/approvals/1/messages/0", "/approvals/style.css"):
        headers = (await browser.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors" in policy
        assert "<script" not in browser.seen
        assert " style=" not in browser.seen


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</pre></dd></bdi><iframe src=javascript:alert(1)>",
    "{number} {0.__class__}",
    "\u202egnp.exe\u200b",
]


TAGS = """html head meta title link body main header a h1 h2 p ul li strong span small section dl dt dd bdi br table
thead tbody tr th td pre form input label button code div"""


async def test_what_others_wrote_is_text_wherever_it_is_shown(workspace: Workspace, browser: Browser) -> None:
    for text in HOSTILE:
        facts = dict.fromkeys(("name", "transport", "audience", "channel", "from", "subject", "broadcast_id"), text)
        body = {"ids": [text], "emails": [text], "per_user_data": [{"id": text}], "data": {text: text}, text: text}
        number = await ask(
            workspace,
            reason=text,
            facts={**facts, "data": {text: text}, "left_out": {text: 3}},
            request={"path": text, "body": body},
        )
        for path in ("/approvals", f"/approvals/{number}"):
            shown = (await browser.get(path)).text
            assert set(re.findall(r"<(\w+)", shown)) <= set(TAGS.split())
            assert not re.search(r"<[^>]* on\w+=", shown)
            assert "\u202e" not in shown
            assert "\u200b" not in shown
        assert text.strip("\u202e\u200b") in plain(shown)


HOSTILE_BODY = "<script>alert(1)</script><b>Hi {{customer.id}}</b><img src='https://evil.test/x.png'>"


async def test_a_held_trigger_is_shown_as_one_person_gets_it_and_sent_as_it_was_shown(
    tmp_path: Path, clock: FixedClock, empty_database: Path
) -> None:
    shutil.copy(empty_database, tmp_path / "workspace.db")
    async with live_workspace(tmp_path, clock) as live, browsing(live.workspace) as browser:
        await live.workspace.database.write(lambda tx: tx._connection.execute(*set_body(HOSTILE_BODY)))
        trigger = await live.trigger({"ids": ["u1", "u2", "u3"], "data": {"headline": "Back"}})
        number = (await live.after(trigger)).approval
        await browser.enter()
        shown = plain((await browser.get(f"/approvals/{number}")).text)
        for said in (
            'Send broadcast 5 "Restock" to 3 people?',
            "Film Club <news@film.example>",
            '"headline": "Back"',
        ):
            assert said in shown
        assert re.findall(r"u\d@film.example", shown) == ["u1@film.example", "u2@film.example", "u3@film.example"]
        await shown_in_a_frame(browser, f"/approvals/{number}/messages/0", "<b>Hi u1</b>")
        await browser.get(f"/approvals/{number}")
        await browser.post(f"/approvals/{number}", people="3", decision="approve")
        assert (await live.after(trigger)).state == "finished"
        assert len(live.post.mails) == 3
        assert "Approved and sent." in (await browser.get(f"/approvals/{number}")).text


async def test_a_message_to_one_person_is_shown_as_they_get_it(
    workspace: Workspace, client: Client, browser: Browser
) -> None:
    await workspace.database.write(fill)
    call = {"to": "x@film.example", "identifiers": {"id": "u1"}, "queue_draft": True}
    mail = {"from": "Film Club <news@film.example>", "subject": "Receipt", "body": "<b>Thanks {{customer.id}}</b>"}
    await client.sends.email({**call, **mail})
    delivery = await workspace.database.read(lambda tx: tx._connection.execute("SELECT 1 FROM deliveries").fetchone())
    number = await ask(workspace, people=1, delivery=delivery[0], request=None, facts={"kind": "message"})
    shown = plain((await browser.get(f"/approvals/{number}")).text)
    for said in ("Send message to 1 person?", "x@film.example", "<news@film.example>", "Receipt"):
        assert said in shown
    await shown_in_a_frame(browser, f"/approvals/{number}/messages/0", "<b>Thanks u1</b>")


async def shown_in_a_frame(browser: Browser, path: str, text: str) -> None:
    """The page holds a frame that may do nothing, and so says what is in it, whoever shows it."""
    (frame,) = re.findall(r"<iframe [^>]*>", browser.seen)
    assert 'sandbox=""' in frame
    assert f'src="{path}"' in frame
    message = await browser.get(path)
    assert text in message.text
    policy = message.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "img-src data:;" in policy
    assert "script-src" not in policy
    assert (await browser.get(path.replace("/messages/0", "/messages/1"))).text == "Nobody gets this one."


def set_body(body: str) -> tuple[str, list[str]]:
    return "UPDATE contents SET fields = json_set(fields, '$.body', ?)", [body]


def plain(page: str) -> str:
    """The text of a page."""
    return html.unescape(re.sub(r"</?(bdi|dt|dd|br)>", " ", page)).replace("  ", " ")


async def http_of(workspace: Workspace, path: str) -> int:
    transport = httpx2.ASGITransport(create_app(workspace, limits=False))
    headers = {"Authorization": f"Bearer {workspace.keys.app_key}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://workspace", headers=headers) as http:
        return (await http.post(path, json={"people": 250})).status_code
