"""What keys open: their region, and which tools will work with them, found out by harmless reads.

Three reasons are told apart. A wrong key is refused everywhere; a key of the other region is taken there; a key
without a scope is refused (401 or 403) by some reads while others answer. Sends cannot be tried without sending.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from handbill import __version__
from handbill.client.regions import Hosts, Region, hosts
from handbill.client.transport import basic, bearer
from handbill.connections.keys import Api, Keys
from handbill.contract.limits import APP
from handbill.errors import Fault, InvalidInput, RateLimited, Unavailable
from handbill.tools import TOOLS

READS: Mapping[str, str] = {
    "workspaces": "/v1/workspaces",
    "broadcasts": "/v1/broadcasts",
    "messages": "/v1/messages?limit=1",
    "newsletters": "/v1/newsletters?limit=1",
    "segments": "/v1/segments",
    "transactional": "/v1/transactional",
    "campaigns": "/v1/campaigns",
    "customers": "/v1/customers?email=nobody%40handbill.invalid",
    "activities": "/v1/activities?limit=1",
    "snippets": "/v1/snippets",
    "collections": "/v1/collections",
    "reporting_webhooks": "/v1/reporting_webhooks",
    "info": "/v1/info/ip_addresses",
}
"""A read of the App API that changes nothing, for each resource."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "ADD_PERSON_TO_GROUP": ("pipelines",),
    "CREATE_ALIAS": ("pipelines",),
    "CUSTOMER_IO_SUPPRESS_PERSON": ("track",),
    "EXPLAIN_DELIVERY": ("customers", "messages", "broadcasts", "newsletters", "segments", "activities"),
    "FIND_PEOPLE": ("customers",),
    "GET_BROADCAST_MESSAGES": ("broadcasts",),
    "GET_INTEGRATIONS": ("reporting_webhooks",),
    "GET_MESSAGES": ("messages",),
    "GET_METRICS_REPORT": ("broadcasts", "newsletters", "campaigns"),
    "GET_PERSON": ("customers", "segments", "activities"),
    "GET_SEGMENTS": ("segments",),
    "GET_SEGMENT_DETAILS": ("segments",),
    "GET_SEGMENT_MEMBERSHIP": ("segments",),
    "GET_TRIGGER": ("broadcasts",),
    "GET_TRIGGERS": ("broadcasts",),
    "GET_WEBHOOKS": ("reporting_webhooks",),
    "IDENTIFY_PERSON": ("pipelines",),
    "LIST_APPROVALS": (),
    "LIST_BROADCASTS": ("broadcasts",),
    "LIST_CAMPAIGNS": ("campaigns",),
    "LIST_COLLECTIONS": ("collections",),
    "LIST_IP_ADDRESSES": ("info",),
    "LIST_NEWSLETTERS": ("newsletters",),
    "LIST_SNIPPETS": ("snippets",),
    "LIST_TRANSACTIONAL_MESSAGES": ("transactional",),
    "PREVIEW_BROADCAST": ("broadcasts", "segments"),
    "REPORT_PUSH_EVENTS": (),
    "SEND_BATCH": ("pipelines",),
    "SEND_TRANSACTIONAL_MESSAGE": ("transactional",),
    "STOP_SENDING": (),
    "TRACK_EVENT": ("pipelines", "campaigns"),
    "TRACK_PAGE": ("pipelines",),
    "TRACK_SCREEN": ("pipelines",),
    "TRIGGER_BROADCAST": ("broadcasts",),
    "UNSUBSCRIBE_DELIVERY": (),
}
"""What each tool needs: reads of `READS`, or an API of its own. What names one delivery needs no key."""

WHERE: Mapping[Api, str] = {
    "app": "Customer.io, Settings, Account settings, API credentials, App API keys",
    "track": "Customer.io, Settings, Account settings, API credentials, Track API keys",
    "pipelines": "Customer.io, Data & Integrations, Integrations, your source, API key",
}
"""Where each key is made."""

TIMEOUT = httpx2.Timeout(30, connect=10)
BETWEEN = APP.seconds / (APP.calls - 1)
"""Seconds between requests, so that a second never has one too many."""
LONGEST_WAIT = 30
"""Seconds, when told to wait."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What the keys open. `fails` are the tools that will not work, each with a sentence that says why."""

    region: Region
    workspace: str = ""
    fails: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def works(self) -> list[str]:
        """The tools that will work."""
        return [name for name in TOOLS if name not in self.fails]


async def probe(
    keys: Keys,
    region: Region,
    instead: str = "",
    transport: httpx2.AsyncBaseTransport | None = None,
    tell: Told = lambda _: None,
) -> Found:
    """Try the keys, in `region` first. `tell` hears what is being tried; with a `transport` nothing is paced.

    Raises InvalidInput that names each key that is wrong, Unavailable when Customer.io does not answer.
    """
    if not keys.app:
        raise InvalidInput.of("app_key", f"app_key is needed. It is made in {WHERE['app']}.")
    async with _Asking(transport) as asking:
        found = await _app(asking, keys.app, region, instead, tell)
        other = [fault async for fault in _others(asking, keys, hosts(found.region, instead), tell)]
    if other:
        raise InvalidInput(*other)
    return Found(found.region, found.workspace, {**found.fails, **_without_keys(keys)}, found.notes)


async def _app(asking: "_Asking", key: str, region: Region, instead: str, tell: Told) -> Found:
    """In the region that takes the App key. Raises InvalidInput when neither does."""
    second: Region = "eu" if region == "us" else "us"
    for where in (region, second):
        tell(f"App API, {where.upper()} region")
        answers = await asking.reads(hosts(where, instead).app, bearer(key))
        if any(answer.status_code != 401 for answer in answers.values()):
            notes = () if where == region else (f"This App API key is of the {where.upper()} region.",)
            return Found(where, _workspace(answers["workspaces"]), _scopes(answers), notes)
        if instead:
            break
    raise InvalidInput.of(
        "app_key",
        "app_key is refused in the US region and in the EU region: it is mistyped, deleted, a key of the Track API, "
        f"or bound to other IP addresses. Compare it with {WHERE['app']}.",
    )


def _scopes(answers: "Mapping[str, httpx2.Response]") -> dict[str, str]:
    """The tools whose reads the key's scopes do not let it make."""
    refused = [read for read, answer in answers.items() if answer.status_code in (401, 403)]
    return {
        f"CUSTOMERIO_{tool}": f"The App API key has no scope for {' and '.join(missing)}. Make one that has it in "
        f"{WHERE['app']}, and connect again."
        for tool, needs in NEEDS.items()
        if (missing := [read for read in needs if read in refused])
    }


def _without_keys(keys: Keys) -> dict[str, str]:
    missing = {"track": "a site id and key of the Track API", "pipelines": "a key of the Pipelines API"}
    return {
        f"CUSTOMERIO_{tool}": f"This needs {missing[api]}, and the connection has none. It is made in {WHERE[api]}; "
        "then connect again."
        for tool, needs in NEEDS.items()
        for api in WHERE
        if api in needs and api not in keys.apis
    }


async def _others(asking: "_Asking", keys: Keys, at: Hosts, tell: Told) -> Any:
    """What is wrong with the keys of the other APIs, as they are tried."""
    if bool(keys.site_id) != bool(keys.track):
        yield Fault("track_key", "site_id and track_key go together: give both, or neither.")
    elif keys.track:
        tell("Track API")
        answer = await asking.ask("GET", f"{at.track}/api/v1/accounts/region", basic(keys.site_id, keys.track))
        if answer.status_code in (401, 403):
            yield Fault("track_key", f"site_id and track_key are refused. Compare them with {WHERE['track']}.")
    if keys.pipelines:
        tell("Pipelines API")
        # There is nothing to read there: a batch of nothing is taken or found faulty, and a wrong key is refused.
        strict = {"X-Strict-Mode": "1"}
        answer = await asking.ask("POST", f"{at.pipelines}/v1/batch", basic(keys.pipelines), {"batch": []}, strict)
        if answer.status_code in (401, 403):
            yield Fault("pipelines_key", f"pipelines_key is refused. Compare it with {WHERE['pipelines']}.")


def _workspace(answer: httpx2.Response) -> str:
    """Its name, when the key may read one, and one only."""
    try:
        names = [str(each["name"]) for each in answer.json()["workspaces"]] if answer.is_success else []
    except (ValueError, KeyError, TypeError):
        return ""
    return names[0][:100] if len(names) == 1 else ""


class _Asking:
    """Plain requests, paced: the probe wants to see each status itself."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None) -> None:
        headers = {"User-Agent": f"handbill/{__version__}"}
        self._http = httpx2.AsyncClient(headers=headers, timeout=TIMEOUT, transport=transport)
        self._between = 0.0 if transport else BETWEEN

    async def __aenter__(self) -> "_Asking":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def reads(self, url: str, authorization: str) -> dict[str, httpx2.Response]:
        return {name: await self.ask("GET", url + path, authorization) for name, path in READS.items()}

    async def ask(
        self, method: str, url: str, authorization: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The answer; a second try when told to wait. Raises RateLimited, Unavailable."""
        answer = await self._once(method, url, authorization, body, headers or {})
        if answer.status_code == 429:
            wait = answer.headers.get("retry-after", "")
            if not wait.isdecimal() or int(wait) > LONGEST_WAIT:
                raise RateLimited("Customer.io takes no more calls for now. Try again later.", None)
            await asyncio.sleep(int(wait))
            answer = await self._once(method, url, authorization, body, headers or {})
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Unavailable(f"{answer.request.url.host} answers {answer.status_code}. Try again in a minute.")
        return answer

    async def _once(
        self, method: str, url: str, authorization: str, body: Any, headers: Mapping[str, str]
    ) -> httpx2.Response:
        await asyncio.sleep(self._between)
        try:
            return await self._http.request(
                method, url, json=body, headers={**headers, "Authorization": authorization}
            )
        except (httpx2.TransportError, httpx2.InvalidURL, UnicodeEncodeError) as error:
            raise Unavailable(
                f"{httpx2.URL(url).host} does not answer ({type(error).__name__}). Is this machine online?"
            ) from None
