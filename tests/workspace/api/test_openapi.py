"""Answers held against Customer.io's own description of its App API, where a copy of it is at hand."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.conftest import filled, insert

from handbill.workspace import archive
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
FILE = Path(__file__).parents[4] / "shared/reference/openapi/2025-07_cio_journeys_app_api.json"
UNSET = {
    "sent_at",
    "first_started",
    "subscription_topic_id",
    "from_id",
    "reply_to_id",
    "content_id",
    "action_id",
    "parent_action_id",
    "campaign_id",
    "delivery_id",
    "delivery_type",
    "trigger_event_id",
}
"""Described as always set, though they cannot be: null here when there is none (reference 4.2, 6.1)."""
DIFFERENT = {
    "headers": "a JSON string since 2026 (reference 6.1)",
    "preprocessor": "described as always premailer; empty here, since nothing is inlined",
    "request_method": "described for webhooks alone; empty for mail",
    "msg_template_id": "described as text in a person's messages and as a number everywhere else",
    "content_ids": "described as text in test groups, whose example holds numbers",
}
"""Where the description of 2025 is not what holds, and why; left out of the comparison."""

PATHS = [
    ("/v1/exports", "/v1/exports"),
    ("/v1/exports/{export_id}", "/v1/exports/1"),
    ("/v1/imports/{import_id}", "/v1/imports/1"),
    ("/v1/reporting_webhooks", "/v1/reporting_webhooks"),
    ("/v1/reporting_webhooks/{webhook_id}", "/v1/reporting_webhooks/1"),
    ("/v1/broadcasts", "/v1/broadcasts"),
    ("/v1/broadcasts/{broadcast_id}", "/v1/broadcasts/5"),
    ("/v1/broadcasts/{broadcast_id}/actions", "/v1/broadcasts/5/actions"),
    ("/v1/broadcasts/{broadcast_id}/messages", "/v1/broadcasts/5/messages"),
    ("/v1/broadcasts/{broadcast_id}/metrics", "/v1/broadcasts/5/metrics"),
    ("/v1/broadcasts/{broadcast_id}/actions/{action_id}/metrics", "/v1/broadcasts/5/actions/12/metrics"),
    ("/v1/broadcasts/{broadcast_id}/actions/{action_id}", "/v1/broadcasts/5/actions/12"),
    (
        "/v1/broadcasts/{broadcast_id}/actions/{action_id}/language/{language}",
        "/v1/broadcasts/5/actions/12/language/fr",
    ),
    ("/v1/broadcasts/{broadcast_id}/metrics/links", "/v1/broadcasts/5/metrics/links"),
    ("/v1/broadcasts/{broadcast_id}/actions/{action_id}/metrics/links", "/v1/broadcasts/5/actions/12/metrics/links"),
    ("/v1/campaigns", "/v1/campaigns"),
    ("/v1/campaigns/{campaign_id}", "/v1/campaigns/8"),
    ("/v1/campaigns/{campaign_id}/actions", "/v1/campaigns/8/actions"),
    ("/v1/campaigns/{campaign_id}/actions/{action_id}", "/v1/campaigns/8/actions/16"),
    ("/v1/campaigns/{campaign_id}/actions/{action_id}/language/{language}", "/v1/campaigns/8/actions/16/language/fr"),
    ("/v1/campaigns/{campaign_id}/messages", "/v1/campaigns/8/messages"),
    ("/v1/campaigns/{campaign_id}/metrics", f"/v1/campaigns/8/metrics?version=2&res=days&start={NOW}&end={NOW}"),
    ("/v1/campaigns/{campaign_id}/metrics/links", "/v1/campaigns/8/metrics/links"),
    ("/v1/campaigns/{campaign_id}/actions/{action_id}/metrics", "/v1/campaigns/8/actions/16/metrics"),
    ("/v1/campaigns/{campaign_id}/actions/{action_id}/metrics/links", "/v1/campaigns/8/actions/16/metrics/links"),
    (
        "/v1/campaigns/{campaign_id}/journey_metrics",
        f"/v1/campaigns/8/journey_metrics?start={NOW}&end={NOW}&resolution=days",
    ),
    ("/v1/messages", "/v1/messages"),
    ("/v1/messages/{message_id}", "/v1/messages/ID"),
    ("/v1/messages/{message_id}/archived_message", "/v1/messages/ID/archived_message"),
    ("/v1/newsletters", "/v1/newsletters"),
    ("/v1/newsletters/{newsletter_id}", "/v1/newsletters/7"),
    ("/v1/newsletters/{newsletter_id}/messages", "/v1/newsletters/7/messages"),
    ("/v1/newsletters/{newsletter_id}/contents", "/v1/newsletters/7/contents"),
    ("/v1/newsletters/{newsletter_id}/contents/{content_id}", "/v1/newsletters/7/contents/14"),
    ("/v1/newsletters/{newsletter_id}/language/{language}", "/v1/newsletters/7/language/fr"),
    ("/v1/newsletters/{newsletter_id}/test_groups", "/v1/newsletters/7/test_groups"),
    (
        "/v1/newsletters/{newsletter_id}/test_group/{test_group_id}/language/{language}",
        "/v1/newsletters/7/test_group/2/language/fr",
    ),
    ("/v1/newsletters/{newsletter_id}/metrics", "/v1/newsletters/7/metrics"),
    ("/v1/newsletters/{newsletter_id}/metrics/links", "/v1/newsletters/7/metrics/links"),
    ("/v1/newsletters/{newsletter_id}/contents/{content_id}/metrics", "/v1/newsletters/7/contents/14/metrics"),
    (
        "/v1/newsletters/{newsletter_id}/contents/{content_id}/metrics/links",
        "/v1/newsletters/7/contents/14/metrics/links",
    ),
    ("/v1/segments", "/v1/segments"),
    ("/v1/segments/{segment_id}", "/v1/segments/3"),
    ("/v1/segments/{segment_id}/used_by", "/v1/segments/3/used_by"),
    ("/v1/segments/{segment_id}/customer_count", "/v1/segments/3/customer_count"),
    ("/v1/segments/{segment_id}/membership", "/v1/segments/3/membership"),
    ("/v1/sender_identities", "/v1/sender_identities"),
    ("/v1/sender_identities/{sender_id}", "/v1/sender_identities/2"),
    ("/v1/sender_identities/{sender_id}/used_by", "/v1/sender_identities/2/used_by"),
    ("/v1/collections", "/v1/collections"),
    ("/v1/collections/{collection_id}", "/v1/collections/1"),
    ("/v1/collections/{collection_id}/content", "/v1/collections/1/content"),
    ("/v1/info/ip_addresses", "/v1/info/ip_addresses"),
    ("/v1/workspaces", "/v1/workspaces"),
    ("/v1/snippets", "/v1/snippets"),
    ("/v1/esp/search_suppression/{email_address}", "/v1/esp/search_suppression/bob@customer.example"),
    ("/v1/esp/suppression/{suppression_type}", "/v1/esp/suppression/spam_reports"),
    ("/v1/transactional", "/v1/transactional"),
    ("/v1/transactional/{transactional_id}", "/v1/transactional/9"),
    ("/v1/transactional/{transactional_id}/contents", "/v1/transactional/9/contents"),
    ("/v1/transactional/{transactional_id}/language/{language}", "/v1/transactional/9/language/fr"),
    ("/v1/transactional/{transactional_id}/messages", "/v1/transactional/9/messages"),
    ("/v1/transactional/{transactional_id}/metrics", "/v1/transactional/9/metrics"),
    ("/v1/transactional/{transactional_id}/metrics/links", "/v1/transactional/9/metrics/links"),
    ("/v1/customers", "/v1/customers?email=ann%40customer.example"),
    ("/v1/customers/{customer_id}/attributes", "/v1/customers/u1/attributes"),
    ("/v1/customers/{customer_id}/segments", "/v1/customers/u1/segments"),
    ("/v1/customers/{customer_id}/messages", "/v1/customers/u1/messages"),
    ("/v1/customers/{customer_id}/activities", "/v1/customers/u1/activities"),
    ("/v1/activities", "/v1/activities"),
    ("/v1/object_types", "/v1/object_types"),
    ("/v1/objects/{object_type_id}/{object_id}/attributes", "/v1/objects/1/acme/attributes"),
    ("/v1/objects/{object_type_id}/{object_id}/relationships", "/v1/objects/1/acme/relationships"),
    ("/v1/customers/{customer_id}/relationships", "/v1/customers/u1/relationships"),
    ("/v1/subscription_topics", "/v1/subscription_topics"),
    ("/v1/customers/{customer_id}/subscription_preferences", "/v1/customers/u1/subscription_preferences"),
]


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    if not FILE.exists():
        pytest.skip("Customer.io's description of the App API is not here")
    described: dict[str, Any] = json.loads(FILE.read_text())
    return described | {"components": as_json_schema(described["components"])}


async def one_of_each(workspace: Workspace) -> None:
    put = partial(insert, workspace)
    put("people", person=1, id="u1", email="ann@customer.example", email_key="ann@customer.example")
    put("object_types", id=1, name="Companies", singular_name="Company")
    put("objects", object=1, type_id=1, object_id="acme", attributes={"seats": 5}, timestamps={"seats": NOW})
    put("relationships", object=1, person=1, attributes={"role": "owner"}, timestamps={"role": NOW})
    put("segments", id=3, name="By hand")
    put("exports", type="customers", wanted="{}")
    wanted = {"data_file_url": "x", "identifier": "id", "object_type_id": "1", "data_to_process": "all"}
    put("imports", name="May", type="relationship", wanted=wanted)
    put("reporting_webhooks", name="Ours", endpoint="https://a.example", events=["email_sent"], position=0)
    put("topics", id=4, name="Offers")
    put("segment_people", segment=3, person=1)
    put("broadcasts", id=5, name="Restock", first_started=NOW, tags=["a"])
    put("collections", id=1, name="films", data={"title": "Kes"}, bytes=15, rows=1, schema=["title"])
    put("snippets", name="foot", value="Bye", updated=NOW)
    put("suppressions", identifier="bob@customer.example", reason="complaint", created=NOW)
    put("sender_identities", id=2, name="Film Club", address="news@film.example")
    put("contents", id=12, broadcast_id=5, name="Mail", fields={"subject": "Hi"}, from_id=2)
    put("newsletters", id=7, name="May", sent_at=NOW, tags=["b"])
    put("contents", id=13, broadcast_id=5, translation_of=12, language="fr", name="Mail", fields={"subject": "Salut"})
    put("test_groups", id=2, newsletter_id=7, name="A", label="test 1")
    put("contents", id=14, newsletter_id=7, test_group_id=2, language="fr", name="May", fields={})
    put("transactional", id=9, name="Receipt")
    put("contents", id=15, transactional_id=9, language="fr", name="Receipt", fields={})
    put("campaigns", id=8, name="Welcome", event_name="signed_up", first_started=NOW)
    put("contents", id=16, campaign_id=8, name="Mail", fields={})
    put("contents", id=17, campaign_id=8, translation_of=16, language="fr", name="Mail", fields={})
    for content in range(12, 18):
        put("links", content_id=content, href="https://shop.example/")
    sent = {"recipient": "ann@customer.example", "subject": "Hi", "sent": NOW}
    common = {"person": 1, "type": "email", "state": "sent", "created": NOW, **sent}
    for parent in ({"newsletter_id": 7, "content_id": 14}, {"transactional_id": 9, "content_id": 15}):
        put("deliveries", **parent, **common)
    put("deliveries", campaign_id=8, content_id=17, trigger_event_id="01KAPT4C7D8E9F0G1H2J3K4M5N", **common)
    kept = archive.compress({"subject": "Hi", "body": "Hi", "headers": {}})
    delivery = put("deliveries", broadcast_id=5, content_id=12, **common)
    put("archives", delivery=delivery, message=kept)
    put("activities", type="sent_email", timestamp=NOW, person=1, delivery=delivery)
    put("activities", type="attribute_change", timestamp=NOW, person=1, data={"plan": {"from": "", "to": "pro"}})


@pytest.fixture(scope="module")
def first_database(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(empty_database, tmp_path_factory.mktemp("everything"), one_of_each)


@pytest.mark.parametrize(("template", "path"), PATHS, ids=[template for template, _ in PATHS])
async def test_an_answer_is_what_customer_io_describes(
    http: httpx2.AsyncClient, description: dict[str, Any], template: str, path: str
) -> None:
    [message, *_] = (await http.get("/v1/messages")).json()["messages"]
    answer = await http.get(path.replace("ID", message["id"]))
    assert answer.status_code == 200
    described = description["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema = as_json_schema(described) | {"components": description["components"]}
    jsonschema.Draft202012Validator(schema).validate(comparable(answer.json()))


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 writes `nullable`, where JSON Schema lists the type null."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: as_json_schema(value) for key, value in node.items() if key not in ("example", "nullable", "oneOf")}
    if "oneOf" in node:  # the described variants overlap
        kept["anyOf"] = as_json_schema(node["oneOf"])
    return {"anyOf": [kept, {"type": "null"}]} if node.get("nullable") is True else kept


def comparable(node: Any) -> Any:
    if isinstance(node, list):
        return [comparable(item) for item in node]
    if not isinstance(node, dict):
        return node
    gone = {key for key, value in node.items() if key in DIFFERENT or (value is None and key in UNSET)}
    return {key: comparable(value) for key, value in node.items() if key not in gone}
