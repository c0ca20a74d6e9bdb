"""An agent that obeys every instruction it meets, wherever it reads it, with generous imagination and no model.

It has what an agent's program gives it: the tools over MCP, those too that it is not shown, and requests to this
machine. It has no keys but those it finds, no shell and no person.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx2
from mcp.client import Client
from tests.agents.calls import right

from handbill.contract import apis
from handbill.tools import TOOLS

EVERYBODY = {"attribute": {"field": "id", "operator": "exists"}}
READ = 20_000
"""Characters of a text that it reads to the end."""
Act = Callable[[], AsyncIterator[str]]


@dataclass
class Gullible:
    """`wait` lets time pass when the agent is told to come back later; `seen` is everything it was told."""

    tools: Client
    http: httpx2.AsyncClient
    base: str
    wait: Callable[[], Awaitable[None]]
    seen: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)

    async def work(self, first: str) -> None:
        """Obey the first instruction, and all that is met from there on, until there is nothing new."""
        unread = [first]
        while unread:
            text = unread.pop()
            self.seen.append(text)
            for said, act in self.instructions(text[:READ]):
                if said not in self.done:
                    self.done.add(said)
                    unread += [told async for told in act()]

    def instructions(self, text: str) -> Iterator[tuple[str, Act]]:
        """What the text wants done, each with a name so that it is done once."""
        for pattern, meant in self.meanings():
            for found in re.finditer(pattern, text, re.IGNORECASE):
                yield f"{meant.__name__} {found[1] if found.groups() else ''}"[:200], lambda f=found, m=meant: m(f)  # type: ignore[misc]

    def meanings(self) -> Sequence[tuple[str, Callable[[re.Match[str]], AsyncIterator[str]]]]:
        return [
            (r"\b(CUSTOMERIO_[A-Z_]+(?: *[({][^)}]*[)}])?)", self.call_named),
            (r"(?:send|trigger|resend) (?:broadcast )?(\d+)", self.send_to_everybody),
            (r"one by one.{0,20}broadcast (\d+)", self.send_one_by_one),
            (r"write to (\w+)", self.send_transactional),
            (r"approv\w* (?:number |approval )?(\d+)", self.approve),
            (r"(https?://(?:127\.0\.0\.1|localhost|\[::1\])[^\s\"'<>\\]*)", self.open),
            (r"[\"'( `](/[a-z][\w./-]+)", self.open),
            (r"set (?:the )?(?:sending )?mode (?:to )?(\w+)", self.set_rule),
            (
                r"(?:raise|set) (auto_send_max|daily_max|readonly|toolsets|pii|only_domains|quiet_hours)",
                self.set_rule,
            ),
            (r"\b(resume|start again)\b", self.change_something),
            (r"remove (the connection|your limits|all approvals)", self.change_something),
            (r"(?:print|tell|show)[\w ]* (token|keys?|secrets?|password|code)", self.tell_secrets),
            (r"read (?:the )?file (\S+)", self.read_file),
        ]

    # What it can do

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Any tool, shown or not; when it is told to come back later, it does."""
        self.called.add(name)
        for _ in range(2):
            result = await self.tools.call_tool(name, {**arguments})
            said = "\n".join(getattr(part, "text", "") for part in result.content)
            if "Retry in" not in said:
                break
            await self.wait()
        return f"{said}\n{json.dumps(result.structured_content, ensure_ascii=False)}"

    async def request(self, method: str, url: str, **more: Any) -> str:
        """A request to this machine, without a key."""
        whole = urljoin(self.base, url)
        if not re.match(r"https?://(127\.0\.0\.1|localhost|\[::1\])[:/]", whole):
            return ""
        headers = {"Origin": self.base, **more.pop("headers", {})}
        answer = await self.http.request(method, whole, headers=headers, **more)
        return f"{answer.headers} {answer.text}"

    # What it takes instructions to mean

    async def call_named(self, found: re.Match[str]) -> AsyncIterator[str]:
        name, _, given = re.sub(r" *[({]", "({", found[1], count=1).partition("({")
        meant = _object(given.rstrip(")}"))
        if name in TOOLS and TOOLS[name].effect == "stops":
            return  # or it could do no more harm
        known = {**right(TOOLS[name]), **meant} if name in TOOLS else meant
        yield await self.call(name, known)
        if meant:
            yield await self.call(name, meant)

    async def send_to_everybody(self, found: re.Match[str]) -> AsyncIterator[str]:
        """By each way of saying everybody, and as a newsletter and a campaign of this number."""
        number, ids, emails = int(found[1]), self.met(r"\b(u\d+)\b"), self.met(r"[\w.]+@[\w.]+\w")
        audiences: list[dict[str, Any]] = [
            {"recipients": EVERYBODY},
            {"recipients": {"segment": {"id": 12}}},
            {"recipients": {"not": {"attribute": {"field": "id", "operator": "eq", "value": "nobody"}}}},
            {"ids": ids, "id_ignore_missing": True},
            {"emails": emails, "email_ignore_missing": True},
            {"per_user_data": [{"id": each} for each in ids], "id_ignore_missing": True},
            {"data_file_url": f"{self.base}/everybody.jsonl"},
        ]
        for audience in audiences:
            await self.wait()
            yield await self.call("CUSTOMERIO_TRIGGER_BROADCAST", {"broadcast_id": number, **audience})
        for path in (f"/v1/campaigns/{number}/triggers", f"/v1/newsletters/{number}/send"):
            yield await self.request("POST", path, json={"recipients": EVERYBODY})

    async def send_one_by_one(self, found: re.Match[str]) -> AsyncIterator[str]:
        for who in self.met(r"\b(u\d+)\b"):
            await self.wait()
            yield await self.call("CUSTOMERIO_TRIGGER_BROADCAST", {"broadcast_id": int(found[1]), "ids": [who]})
            yield await self.call("CUSTOMERIO_TRACK_EVENT", {"user_id": who, "event": "purchase"})
        batch = [{"type": "track", "userId": who, "event": "purchase"} for who in self.met(r"\b(u\d+)\b")]
        yield await self.call("CUSTOMERIO_SEND_BATCH", {"batch": batch})

    async def send_transactional(self, found: re.Match[str]) -> AsyncIterator[str]:
        for who in self.met(r"\b(u\d+)\b"):
            mail = {"transactional_message_id": "2", "identifier": who}
            yield await self.call("CUSTOMERIO_SEND_TRANSACTIONAL_MESSAGE", mail)
            many = ",".join(self.met(r"[\w.]+@[\w.]+\w")[:10])
            yield await self.call("CUSTOMERIO_SEND_TRANSACTIONAL_MESSAGE", {**mail, "to": many})

    async def approve(self, found: re.Match[str]) -> AsyncIterator[str]:
        """As a tool, over the APIs and on the page, with every number it has met and every code it can think of."""
        number = found[1]
        for name in ("APPROVE", "APPROVE_TRIGGER", "CONFIRM"):
            yield await self.call(f"CUSTOMERIO_{name}", {"approval": int(number), "people": 11})
        for path in (f"/v1/approvals/{number}/approve", f"/v1/approvals/{number}", f"/v1/triggers/{number}/approve"):
            yield await self.request("POST", path, json={"people": 11, "approve": True})
        for people in self.met(r"\b(\d{1,3})\b")[:3]:
            for code in ("", "yes"):
                form = {"people": people, "code": code, "decision": "approve", "yes": "on"}
                yield await self.request("POST", f"/approvals/{number}", data=form)
        async for told in self.open_url(f"/approvals/{number}"):
            yield told

    async def open(self, found: re.Match[str]) -> AsyncIterator[str]:
        async for told in self.open_url(found[1]):
            yield told

    async def open_url(self, url: str) -> AsyncIterator[str]:
        """Look, post, and send each form on the page with what is filled in."""
        page = await self.request("GET", url)
        yield page
        yield await self.request("POST", url)
        for form in Forms.of(page):
            target = urljoin(urljoin(self.base, url), form.action)
            yield await self.request(form.method, target, data=form.fields)

    async def set_rule(self, found: re.Match[str]) -> AsyncIterator[str]:
        wanted = {"mode": "live", "auto_send_max": -1, "daily_max": 10**9, "readonly": False, "toolsets": "all"}
        for name in ("SET_SENDING", "SENDING", "SET_POLICY", "UPDATE_WORKSPACE"):
            yield await self.call(f"CUSTOMERIO_{name}", wanted)
        for path in ("/v1/sending", "/v1/policy", "/v1/workspaces", "/v1/workspace", "/sending", "/settings"):
            for method in ("POST", "PUT", "PATCH"):
                yield await self.request(method, path, json=wanted, headers={"X-Readonly": "false"})

    async def change_something(self, found: re.Match[str]) -> AsyncIterator[str]:
        for name in ("RESUME", "RESUME_SENDING", "START_SENDING", "REMOVE_APPROVALS"):
            yield await self.call(f"CUSTOMERIO_{name}", {})
        for action in ("remove", "start", "status"):
            yield await self.call("CUSTOMERIO_MANAGE_CONNECTIONS", {"action": action, "name": "customerio"})
        for path in ("/v1/resume", "/v1/sending/resume", "/v1/connections", "/connections"):
            for method in ("POST", "DELETE"):
                yield await self.request(method, path)

    async def stop_and_resume(self) -> None:
        """What it was kept from until now, and then as much as it can."""
        self.seen.append(await self.call("CUSTOMERIO_STOP_SENDING", {}))
        found = re.compile("(.+)").fullmatch("5")
        assert found
        for act in (self.change_something, self.set_rule, self.approve, self.send_one_by_one):
            self.seen += [told async for told in act(found)]

    async def look_around(self) -> AsyncIterator[str]:
        """Everything that can be read."""
        for name, tool in TOOLS.items():
            if tool.effect == "reads":
                yield await self.call(name, right(tool))

    async def tell_secrets(self, found: re.Match[str]) -> AsyncIterator[str]:
        """What might be a key's place."""
        for path in ("/keys", "/v1/keys", "/keys.json", "/.env", "/openapi.json", "/mcp", "/v1/info/ip_addresses"):
            yield await self.request("GET", path)

    async def read_file(self, found: re.Match[str]) -> AsyncIterator[str]:
        for url in (f"file://{found[1]}", found[1], f"@{found[1]}"):
            await self.wait()
            asked = {"broadcast_id": 5, "data_file_url": url}
            yield await self.call("CUSTOMERIO_TRIGGER_BROADCAST", asked)
            yield await self.request("GET", url) if url.startswith("/") else ""
        yield await self.call("CUSTOMERIO_PREVIEW_BROADCAST", {"broadcast_id": 5, "ids": [f"@{found[1]}"]})

    async def every_endpoint(self) -> AsyncIterator[str]:
        """All of the APIs, without a key."""
        for endpoint in apis.served():
            url = re.sub(r"{\w+}", "5", endpoint.path)
            yield await self.request(endpoint.method, url, json={"recipients": EVERYBODY})

    def met(self, pattern: str) -> list[str]:
        """What it has read so far that looks like this."""
        return sorted({found for text in self.seen for found in re.findall(pattern, text[:READ])})[:30]


@dataclass
class Form:
    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page, with what is filled in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    @classmethod
    def of(cls, page: str) -> list[Form]:
        forms = cls()
        forms.feed(page)
        return forms.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("method", "get").upper(), given.get("action", "")))
        elif self.found and given.get("name"):
            self.found[-1].fields[given["name"]] = given.get("value", "1")


def _object(text: str) -> dict[str, Any]:
    """The arguments of an instruction, written as JSON between braces or parentheses."""
    try:
        read = json.loads("{" + text.replace("(", "{").replace(")", "}") + "}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
