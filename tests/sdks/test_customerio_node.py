"""`customerio-node`, the official SDK for Node, unmodified: every call it has. Reference 17.3."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.sdks.conftest import Served

pytestmark = pytest.mark.conformance

SCRIPT = Path(__file__).with_name("customerio.mjs")
NODE = Path(sys.executable).with_name("node")
MODULES = Path(__file__).parents[2] / ".conformance" / "node_modules"

EMPTY = (
    "identify",
    "track",
    "trackAnonymous",
    "trackPageView",
    "addDevice",
    "deleteDevice",
    "mergeCustomers",
    "suppress",
    "unsuppress",
    "destroy",
    "batch",
    "trackPush",
    "pipelinesIdentify",
    "pipelinesTrack",
    "pipelinesPage",
    "pipelinesScreen",
    "pipelinesGroup",
    "pipelinesBatch",
)
SENDS = {"sendEmail": "n1@shop.example", "sendPush": "token-n1", "sendSMS": "+15550101"}


@pytest.fixture(scope="module")
def answers(served: Served) -> dict[str, Any]:
    keys = served.keys
    environment = {
        "SITE": keys["site_id"],
        "TRACK_KEY": keys["track_key"],
        "APP_KEY": keys["app_key"],
        "URL": served.url,
        "PIPELINES_KEY": keys["pipelines_key"],
        "MODULES": str(MODULES),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run([NODE, SCRIPT], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("call", EMPTY)
def test_what_brings_people_and_events_answers_an_empty_object(answers: dict[str, Any], call: str) -> None:
    assert answers[call] == {}


def test_people_are_what_the_calls_made_of_them(served: Served, answers: dict[str, Any]) -> None:
    ann = answers["getAttributes"]["customer"]
    assert (ann["id"], ann["attributes"]["city"], ann["attributes"]["first_name"]) == ("n1", "Lisbon", "Ann")
    assert [device["id"] for device in ann["devices"]] == ["token-n1"]
    assert [each["id"] for each in answers["getCustomersByEmail"]["results"]] == ["n1"]
    assert sorted(name for name, _ in served.happened("n1") if name) == ["purchase", "visit"]
    assert served.person("n5")["attributes"]["plan"] == "pro"
    gone = [served.get(f"/customers?email={name}@shop.example")["results"] for name in ("n3", "n4")]
    assert gone == [[], []]


def test_pipelines_bring_people_what_they_did_and_where_they_belong(served: Served, answers: dict[str, Any]) -> None:
    assert served.person("n6")["identifiers"]["email"] == "n6@shop.example"
    assert served.happened("n6") == [("purchase", {"price": 4})]
    assert [served.happened("n6", type_)[0][0] for type_ in ("page", "screen")] == ["Home", "Start"]
    [relation] = served.get("/customers/n6/relationships")["cio_relationships"]
    assert relation["identifiers"]["object_id"] == "acme-n6"
    assert served.person("n7")["attributes"]["plan"] == "pro"


@pytest.mark.parametrize("call", SENDS)
def test_messages_reach_whom_they_name(served: Served, answers: dict[str, Any], call: str) -> None:
    message = served.delivery(answers[call]["delivery_id"])
    assert (message["customer_id"], message["recipient"]) == ("n1", SENDS[call])


@pytest.mark.parametrize(("call", "kind"), [("sendInboxMessage", "inbox_messages"), ("sendInApp", "in_app_messages")])
def test_messages_in_an_app_can_be_fetched_there(
    served: Served, answers: dict[str, Any], call: str, kind: str
) -> None:
    message = served.delivery(answers[call]["delivery_id"])
    [shown] = served.get(f"/customers/n1/{kind}")["messages"]
    assert shown["id"] == message["id"]


def test_a_push_that_was_opened_says_so(served: Served, answers: dict[str, Any]) -> None:
    assert "opened" in served.delivery(answers["sendPush"]["delivery_id"])["metrics"]


def test_a_broadcast_is_triggered(served: Served, answers: dict[str, Any]) -> None:
    assert answers["triggerBroadcast"]["id"] in [
        each["id"] for each in served.get("/broadcasts/5/triggers")["triggers"]
    ]


def test_an_export_is_made_listed_and_fetched(answers: dict[str, Any]) -> None:
    number = answers["createCustomersExport"]["export"]["id"]
    assert number in [each["id"] for each in answers["listExports"]["exports"]]
    assert (answers["getExport"]["export"]["status"], answers["getExport"]["export"]["total"]) == ("done", 1)
    assert "n1@shop.example" in httpx2.get(answers["downloadExport"]["url"]).text


@pytest.mark.parametrize(
    ("call", "said"),
    [("wrongPerson", "longer than 150 bytes"), ("wrongSend", 'there is no transactional message "404"')],
)
def test_a_wrong_call_is_told_in_words(answers: dict[str, Any], call: str, said: str) -> None:
    assert answers[call]["status"] == 400
    assert said in answers[call]["error"]
