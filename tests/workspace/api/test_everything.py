"""Calls made up from our own description: no fault of ours, each answer as described, each refusal with its field."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from tests.conftest import NOW, FixedClock, insert

from handbill.contract import apis, openapi
from handbill.contract.endpoint import Auth, Endpoint
from handbill.settings import Settings
from handbill.workspace import archive, delivery_ids
from handbill.workspace.app import create_app
from handbill.workspace.workspace import Workspace

ENDPOINTS = [pytest.param(endpoint, id=endpoint.name) for endpoint in apis.served()]
CASES, FEW = 2000, 200

Send = Callable[[Endpoint, schemathesis.Case[Any]], httpx2.Response]


@asynccontextmanager
async def everything(home: Path) -> AsyncIterator[tuple[httpx2.AsyncClient, Workspace]]:
    """A workspace with one of each, and a client without keys."""
    async with Workspace.open(Settings.load({}, home), FixedClock()) as workspace:
        fill(workspace)
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with httpx2.AsyncClient(transport=transport, base_url="http://workspace") as http:
            yield http, workspace


def fill(workspace: Workspace) -> None:
    """What has a number is number 5."""
    who = {"id": "u1", "email": "ann@customer.example", "email_key": "ann@customer.example"}
    insert(workspace, "people", person=5, **who)
    insert(workspace, "segments", id=5, name="By hand")
    insert(workspace, "segment_people", segment=5, person=5)
    insert(workspace, "broadcasts", id=5, name="Restock")
    insert(workspace, "newsletters", id=5, name="May")
    insert(workspace, "transactional", id=5, name="Receipt")
    insert(workspace, "campaigns", id=5, name="Welcome", event_name="joined")
    insert(workspace, "contents", id=5, broadcast_id=5, name="Mail", fields={"subject": "Hi", "body": "Hi"})
    insert(workspace, "snippets", name="footer", value="Bye")
    insert(workspace, "topics", id=5, name="News")
    insert(workspace, "optouts", person=5, channel="sms", sender="+15550100", created=NOW)
    insert(workspace, "object_types", id=5, name="Companies", singular_name="Company")
    insert(workspace, "objects", object=5, type_id=5, object_id="5")
    insert(workspace, "relationships", object=5, person=5, created=NOW)
    insert(workspace, "collections", id=5, name="Films", data=[{"a": 1}], bytes=9, rows=1, schema=["a"])
    insert(workspace, "sender_identities", id=5, address="news@shop.example")
    insert(workspace, "reporting_webhooks", id=5, name="W", endpoint="http://127.0.0.1:9/", events=[], position=0)
    insert(workspace, "exports", id=5, type="customers", wanted={})
    wanted = {"data_file_url": "http://127.0.0.1:9/", "identifier": "id", "object_type_id": None}
    insert(workspace, "imports", id=5, name="I", type="people", wanted=wanted | {"data_to_process": "all"})
    insert(workspace, "activities", activity=5, type="event", person=5, timestamp=NOW)
    insert(
        workspace,
        "triggers",
        id=5,
        broadcast_id=5,
        audience={},
        transport="capture",
        state="finished",
        created_at=NOW,
    )
    kept = archive.compress({"subject": "Hi", "body": "Hi", "headers": {}})
    sent = {"recipient": "ann@customer.example", "subject": "Hi", "sent": NOW, "created": NOW, "state": "sent"}
    insert(workspace, "deliveries", delivery=5, broadcast_id=5, content_id=5, person=5, type="email", **sent)
    insert(workspace, "archives", delivery=5, message=kept)


@pytest.fixture(scope="module")
def send(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Send]:
    home = tmp_path_factory.mktemp("home")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(everything(home)) as (http, workspace):
        keys = workspace.keys
        pairs = {Auth.TRACK: (keys.site_id, keys.track_key), Auth.PIPELINES: (keys.pipelines_key, "")}

        async def through(request: Any) -> httpx2.Response:
            return await http.request(request.method, request.url, headers=request.headers, content=request.body)

        def call(endpoint: Endpoint, case: schemathesis.Case[Any]) -> httpx2.Response:
            case.headers["X-Strict-Mode"] = "1"
            delivery = delivery_ids.seal(workspace.secret, 5)
            case.path_parameters = {k: delivery if v == "DELIVERY" else v for k, v in case.path_parameters.items()}
            if endpoint.auth is Auth.APP:
                case.headers["Authorization"] = f"Bearer {keys.app_key}"
            made = requests.Request(**case.as_transport_kwargs("http://workspace"), auth=pairs.get(endpoint.auth))
            answer: httpx2.Response = portal.call(through, made.prepare())
            return answer

        yield call


SCHEMA = schemathesis.openapi.from_dict(openapi.document())
KNOWN = {
    "message_id": "DELIVERY",
    "delivery_id": "DELIVERY",
    "suppression_type": "bounces",
    "customer_id": "u1",
    "identifier": "u1",
    "name": "footer",
    "language": "fr",
    "email": "ann@customer.example",
}


def known(name: str) -> str:
    """The path parameter that leads to what is there."""
    return KNOWN.get(name, "5")


@st.composite
def calls(draw: st.DrawFn, endpoint: Endpoint) -> schemathesis.Case[Any]:
    """A call of the endpoint, right or wrong, of something that is there or not."""
    operation = SCHEMA[endpoint.path][endpoint.method]
    mode = draw(st.sampled_from(list(GenerationMode)))
    case = draw(operation.as_strategy(generation_mode=mode))
    if draw(st.booleans()):
        case.path_parameters |= {name: known(name) for name in case.path_parameters}
    return case


def explore(send: Send, endpoint: Endpoint, cases: int, **more: Any) -> None:
    checked = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        **more,
    )
    @given(calls(endpoint))
    def explored(case: schemathesis.Case[Any]) -> None:
        answer = send(endpoint, case)
        case.validate_response(answer, checks=checked)
        if answer.status_code in (400, 413, 422):
            assert names_a_field(answer.json(), endpoint), answer.text

    explored()


def names_a_field(answer: Any, endpoint: Endpoint) -> bool:
    """In an entry of its own where the envelope has one, else in the sentence (reference 2.1)."""
    meta = answer.get("meta", {})
    sentences = [meta["error"]] if "error" in meta else meta.get("errors", [])
    return all(error["field"] for error in answer.get("errors", [])) and all(
        re.match(r"(bad request: )?\S+ ", text) for text in sentences
    )


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_whatever_is_called_is_answered_as_described(send: Send, endpoint: Endpoint) -> None:
    explore(send, endpoint, FEW // len(ENDPOINTS) + 1, derandomize=True)


@pytest.mark.conformance
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_two_thousand_calls_are_answered_as_described(send: Send, endpoint: Endpoint) -> None:
    explore(send, endpoint, CASES // len(ENDPOINTS) + 1)
