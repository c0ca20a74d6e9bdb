"""What holds for every endpoint: who may call, what may be sent, how often, and how errors look."""

import base64
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.routing import Route

from handbill.contract import apis
from handbill.contract.endpoint import Auth, Endpoint, ErrorShape
from handbill.contract.openapi import document
from handbill.workspace.api.route import SERVED, Call
from handbill.workspace.app import create_app
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

ENDPOINTS = list(apis.served())
PATH_VALUES = {"customer_id": "u1", "message_id": "x"}


def url(endpoint: Endpoint, number: str = "5") -> str:
    names = re.findall(r"{(\w+)}", endpoint.path)
    return endpoint.url(**{name: PATH_VALUES.get(name, number) for name in names})


def connect(workspace: Workspace, key: str | None = None, *, limits: bool = False) -> httpx2.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx2.ASGITransport(create_app(workspace, limits=limits))
    return httpx2.AsyncClient(transport=transport, base_url="http://workspace", headers=headers)


async def test_every_endpoint_of_the_contract_is_served(workspace: Workspace) -> None:
    create_app(workspace)
    assert {endpoint.name for endpoint in ENDPOINTS} <= set(SERVED)


async def test_what_is_not_served_says_why_and_has_no_route(workspace: Workspace) -> None:
    paths = {getattr(route, "path", "") for route in create_app(workspace).routes}
    unserved = [endpoint for endpoint in apis.every() if endpoint.unserved]
    assert unserved
    assert [endpoint.name for endpoint in unserved if endpoint.path in paths] == []


async def test_what_is_served_describes_itself_to_anybody(workspace: Workspace) -> None:
    async with connect(workspace) as http:
        assert (await http.get("/openapi.json")).json() == document()


# Who may call

UNAUTHORIZED_A = '{"errors":[{"detail":"unauthorized","status":"401"}]}'
UNAUTHORIZED_B = '{"meta":{"error":"Unauthorized request"}}'
REALM = 'Basic realm="Customer.io edge event collection"'


@pytest.mark.parametrize(
    "endpoint", [each for each in ENDPOINTS if each.auth is not Auth.NONE], ids=lambda endpoint: endpoint.name
)
async def test_without_a_key_every_endpoint_says_unauthorized_before_anything_is_read(
    workspace: Workspace, endpoint: Endpoint
) -> None:
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    async with connect(workspace) as http:
        answer = await http.request(endpoint.method, url(endpoint, "x"), params={"limit": "x"}, content=body())
    sends = endpoint.path.startswith("/v1/send/")
    text = UNAUTHORIZED_A if endpoint.auth is Auth.APP and not sends else UNAUTHORIZED_B
    assert (answer.status_code, answer.text) == (401, text)
    assert answer.headers.get("www-authenticate") == (REALM if endpoint.auth is Auth.TRACK else None)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer wrong",
        b"Basic KEY",
        b"KEY",
        b"Bearer KEYx",
        b"Bearer \xe9\xff",
        b"\xff KEY",
    ],
)
async def test_any_other_credentials_are_refused(workspace: Workspace, app_key: str, header: bytes) -> None:
    async with connect(workspace) as http:
        sent = header.replace(b"KEY", app_key.encode())
        answer = await http.get("/v1/segments", headers=[(b"Authorization", sent)])
    assert answer.status_code == 401


async def test_the_track_keys_do_not_open_the_app_api(workspace: Workspace) -> None:
    pair = f"{workspace.keys.site_id}:{workspace.keys.track_key}".encode()
    async with connect(workspace, base64.b64encode(pair).decode()) as http:
        assert (await http.get("/v1/segments")).status_code == 401


OPEN = {
    "/openapi.json": "tells what is served, and of nobody",
    "/api/v1/metrics": "the delivery's id, which nobody can guess, is in the body",
    "/api/v1/push/events": "likewise",
    "/push/events": "likewise",
    "/e/c/{delivery_id}/{number}": "the id is in the path",
    "/e/o/{delivery_id}": "likewise; the image itself is anybody's",
    "/deliveries/{delivery_id}": "likewise",
    "/unsubscribe/{delivery_id}": "likewise",
    "/twilio/{delivery_id}": "likewise, and Twilio signs its reports",
    "/subscriptions/{token}": "the token is a delivery's id, or a person's sealed in the same way",
    "/exports/{token}": "the token was made for one who has the key, and is soon over",
}
"""What opens without a key, and why it may."""


async def test_without_a_key_nothing_opens_but_what_has_a_reason(workspace: Workspace) -> None:
    app, opened = create_app(workspace, limits=False), set()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://workspace") as http:
        for route in app.routes:
            assert isinstance(route, Route)
            for method in route.methods or ():
                answer = await http.request(method, re.sub(r"{\w+}", "x", route.path), json={"delivery_id": "x"})
                if answer.status_code != 401:
                    opened.add(route.path)
                    assert answer.status_code in (400, 404) or route.path in ("/openapi.json", "/e/o/{delivery_id}")
    assert opened == set(OPEN)


# Where


async def test_the_old_path_with_api_answers_like_the_new_one(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/v1/api/segments")).json() == (await http.get("/v1/segments")).json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/nothing"),
        ("GET", "/v1/segments/"),
        ("GET", "/v1/segments/5/6"),
        ("PATCH", "/v1/segments"),
        ("HEAD", "/v1/segments"),
        ("OPTIONS", "/v1/segments"),
        ("GET", "/v1/segments%2F5"),
        ("GET", "/v1/api/api/segments"),
    ],
)
async def test_unknown_paths_and_wrong_methods_get_a_page(http: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert method == "HEAD" or "Page not found" in answer.text


# What may be sent

NUMBERS = [
    "0",
    "-1",
    "abc",
    "5.0",
    "+5",
    "%205",
    "05",
    "٣",
    "9" * 17,
    "9" * 5000,
    "5%2F6",
    "5%00",
    "%ff",
    "..",
    "1e3",
]


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_path_number_that_is_none_is_a_bad_request(http: httpx2.AsyncClient, number: str) -> None:
    answer = await http.get(f"/v1/segments/{number}/customer_count")
    assert answer.status_code in (400, 404)
    if answer.status_code == 400:
        [error] = answer.json()["errors"]
        assert error["detail"].startswith("bad request: segment_id must be")
        assert error["field"] == "segment_id"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=all", "limit"),
        ("limit=", "limit"),
        ("limit=5.5", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        (f"limit={2**63}", "limit"),
        ("type=sms", "type"),
        ("type=", "type"),
        ("metric=open", "metric"),
        ("drafts=perhaps", "drafts"),
        ("start_ts=2026-01-01", "start_ts"),
        (f"start_ts={2**64}", "start_ts"),
        ("end_ts=-1", "end_ts"),
        ("action_id=x", "action_id"),
        ("newsletter_id=%00", "newsletter_id"),
        ("start=1", "start"),
        ("start=%ED%A0%80", "start"),
    ],
)
async def test_a_wrong_query_value_is_named(http: httpx2.AsyncClient, query: str, field: str) -> None:
    answer = await http.get(f"/v1/messages?{query}")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["status"], error["field"]) == (400, "400", field)
    assert error["detail"].startswith(f"{field} must be")
    assert error["source"] == {"pointer": f"/{field}"}


@pytest.mark.parametrize("query", ["updated_since=5&limit=10000", "foo[bar]=%ff", "limit=50&limit=50", "&&=&"])
async def test_unknown_query_parameters_and_high_limits_are_let_be(http: httpx2.AsyncClient, query: str) -> None:
    assert (await http.get(f"/v1/messages?{query}")).status_code == 200


@pytest.mark.parametrize("name", ["\\\\u0000", "é", "\\ud83d\\ude00", "1234567890123456789012"])
async def test_text_that_only_looks_dangerous_is_taken(http: httpx2.AsyncClient, name: str) -> None:
    body = f'{{"segment": {{"name": "{name}", "unknown": {{"x": {2**63 - 1}}}}}}}'
    answer = await http.post("/v1/segments", content=body.encode(), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200


async def test_a_key_that_is_not_known_is_named_when_the_caller_asks_for_it(http: httpx2.AsyncClient) -> None:
    body = {"segment": {"name": "a", "colour": "red"}, "extra": 1}
    answer = await http.post("/v1/segments", json=body, headers={"X-Validate": "strict"})
    assert answer.status_code == 400
    assert [(error["field"], error["detail"]) for error in answer.json()["errors"]] == [
        ("segment.colour", "segment.colour is not known."),
        ("extra", "extra is not known."),
    ]
    assert (await http.post("/v1/segments", json=body)).status_code == 200


async def test_a_body_nobody_asked_for_is_ignored(http: httpx2.AsyncClient) -> None:
    answer = await http.request("GET", "/v1/segments", content=b"\xff")
    assert answer.status_code == 200


# How often


async def test_the_eleventh_call_in_a_second_must_wait_a_second(
    workspace: Workspace, app_key: str, clock: Any
) -> None:
    async with connect(workspace, app_key, limits=True) as http:
        assert {(await http.get("/v1/segments")).status_code for _ in range(5)} == {200}
        clock.advance(0.6)
        assert {(await http.get("/v1/newsletters")).status_code for _ in range(5)} == {200}
        refused = await http.get("/v1/broadcasts")
        clock.advance(0.4)
        assert {(await http.get("/v1/segments")).status_code for _ in range(5)} == {200}
        assert (await http.get("/v1/segments")).status_code == 429
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["errors"][0]["detail"].startswith("rate limited to 10 requests per 1s (reference 01")


async def test_wrong_keys_do_not_use_up_the_rate(workspace: Workspace, app_key: str) -> None:
    app = create_app(workspace)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://workspace") as http:
        for _ in range(20):
            await http.get("/v1/segments")
        answer = await http.get("/v1/segments", headers={"Authorization": f"Bearer {app_key}"})
    assert answer.status_code == 200


async def test_archived_messages_have_a_daily_quota_without_retry_after(
    workspace: Workspace, app_key: str, clock: Any
) -> None:
    async with connect(workspace, app_key, limits=True) as http:
        for _ in range(100):
            assert (await http.get("/v1/messages/x/archived_message")).status_code == 404
        refused = await http.get("/v1/messages/x/archived_message")
        clock.advance(86_400)
        assert (await http.get("/v1/messages/x/archived_message")).status_code == 404
    assert refused.status_code == 429
    assert "retry-after" not in refused.headers


# How errors look


async def test_an_unforeseen_fault_is_logged_and_answered_without_its_words(
    http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, workspace: Workspace
) -> None:
    async def broken(call: Call) -> None:
        raise RuntimeError("people's secrets")

    monkeypatch.setitem(SERVED, "segments.list", broken)
    async with connect(workspace, workspace.keys.app_key) as http:
        answer = await http.get("/v1/segments")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["status"], error["code"]) == (500, "500", "internal")
    mark = re.fullmatch(r"internal \(reference (01[0-9A-HJKMNP-TV-Z]{24})\)", error["detail"])
    assert mark
    assert mark[1] in caplog.text
    assert "secrets" not in answer.text


async def test_what_is_not_found_carries_a_reference(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/v1/segments/99")
    [error] = answer.json()["errors"]
    assert answer.status_code == 404
    assert re.fullmatch(r"There is no segment 99\. \(reference 01\w{24}\)", error["detail"])


SHAPES = [
    (r"/api/v1/merge_customers", ErrorShape.B),
    (r"/api/v1/|/push/events|/unsubscribe/", ErrorShape.C),
    (r"/api/v2/", ErrorShape.D),
    (r"/v1/send/|/v1/transactional/{}/(contents|content/|language/)", ErrorShape.B),
    (r"/v1/customers/{}/subscription_preferences", ErrorShape.C),
    (r"/v1/(identify|track|page|screen|group|alias|batch)$", ErrorShape.C),
]
"""Reference 2.1; everything else is A."""


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_an_endpoint_answers_errors_in_the_shape_the_reference_says(endpoint: Endpoint) -> None:
    path = re.sub(r"{\w+}", "{}", endpoint.path)
    assert endpoint.errors is next((shape for start, shape in SHAPES if re.match(start, path)), ErrorShape.A)
