"""Every endpoint that Customer.io has is in the contract, served or not, and the page says what the contract says."""

import re
from pathlib import Path

from handbill.contract import apis, compatibility

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "compatibility.md"

APP = """
POST /campaigns/{}/triggers
GET /campaigns/{}/triggers/{} · /campaigns/{}/triggers/{}/errors
POST /send/email · /send/push · /send/sms · /send/whatsapp · /send/in_app · /send/inbox_message
GET /campaigns · /campaigns/{} · /campaigns/{}/metrics · /campaigns/{}/metrics/links · /campaigns/{}/journey_metrics
GET /campaigns/{}/messages · /campaigns/{}/actions
GET,PUT /campaigns/{}/actions/{} · /campaigns/{}/actions/{}/language/{}
GET /campaigns/{}/actions/{}/metrics · /campaigns/{}/actions/{}/metrics/links
GET /broadcasts · /broadcasts/{} · /broadcasts/{}/triggers · /broadcasts/{}/triggers/{} · /broadcasts/{}/metrics
GET /broadcasts/{}/metrics/links · /broadcasts/{}/messages · /broadcasts/{}/actions
GET,PUT /broadcasts/{}/actions/{} · /broadcasts/{}/actions/{}/language/{}
GET /broadcasts/{}/actions/{}/metrics · /broadcasts/{}/actions/{}/metrics/links
GET,POST /newsletters
GET,DELETE /newsletters/{}
POST /newsletters/{}/send · /newsletters/{}/schedule · /newsletters/{}/language
GET /newsletters/{}/metrics · /newsletters/{}/metrics/links · /newsletters/{}/messages · /newsletters/{}/contents
GET,PUT /newsletters/{}/contents/{}
GET /newsletters/{}/contents/{}/metrics · /newsletters/{}/contents/{}/metrics/links
GET,PUT,DELETE /newsletters/{}/language/{} · /newsletters/{}/test_group/{}/language/{}
GET,POST /newsletters/{}/test_groups
POST /newsletters/{}/test_group/{}/language
GET /transactional · /transactional/{} · /transactional/{}/contents · /transactional/{}/metrics
GET /transactional/{}/metrics/links · /transactional/{}/messages
PUT /transactional/{}/content/{}
GET,PUT /transactional/{}/language/{}
GET /messages · /messages/{} · /messages/{}/archived_message
GET,POST /segments
GET,DELETE /segments/{}
GET /segments/{}/used_by · /segments/{}/customer_count · /segments/{}/membership
GET,POST /customers
POST /customers/attributes
GET /customers/{}/attributes · /customers/{}/segments · /customers/{}/messages · /customers/{}/activities
GET /customers/{}/relationships · /customers/{}/subscription_preferences
GET,PUT /customers/{}/optouts
GET /optouts · /activities · /object_types
POST /objects
GET /objects/{}/{}/attributes · /objects/{}/{}/relationships
GET /exports · /exports/{} · /exports/{}/download
POST /exports/customers · /exports/deliveries · /imports
GET /imports/{}
GET,POST /collections
GET,PUT,DELETE /collections/{}
GET,PUT /collections/{}/content
GET,POST,PUT /snippets
DELETE /snippets/{}
GET /sender_identities · /sender_identities/{} · /sender_identities/{}/used_by
GET,POST /reporting_webhooks
GET,PUT,DELETE /reporting_webhooks/{}
GET /subscription_topics · /subscription_channels · /subscription_center/{}/token
GET /esp/search_suppression/{} · /esp/suppression/{} · /esp/domains/{}/suppression/{}
POST,DELETE /esp/suppression/{}/{}
GET /info/ip_addresses · /workspaces
POST /data_index/attributes · /data_index/events
POST /live_notifications/start · /live_notifications/update · /live_notifications/end
GET /assets
POST /assets/files
GET,PUT,DELETE /assets/files/{} · /assets/folders/{}
GET,POST /assets/folders · /design_studio/folders · /design_studio/components · /design_studio/emails
GET,PUT,DELETE /design_studio/folders/{} · /design_studio/components/{} · /design_studio/emails/{}
GET,POST /design_studio/emails/{}/languages
GET,PUT,DELETE /design_studio/emails/{}/languages/{}
POST /design_studio/emails/{}/publish
GET /design_studio/emails/{}/unpublished_changes
"""
"""Reference 11, 19."""
TRACK_1 = """
GET /accounts/region
PUT,DELETE /customers/{}
PUT /customers/{}/devices
DELETE /customers/{}/devices/{}
POST /customers/{}/suppress · /customers/{}/unsuppress · /customers/{}/events · /events · /merge_customers
POST /segments/{}/add_customers · /segments/{}/remove_customers · /metrics · /push/events · /forms/{}/submit
"""
"""Reference 12."""
TRACK_2 = "POST /entity · /batch"
ROOT = "POST /unsubscribe/{} · /push/events"
PIPELINES = "POST /identify · /track · /page · /screen · /group · /alias · /batch"


def rows(text: str, base: str) -> set[tuple[str, str]]:
    """`GET,PUT /a · /b` is four calls."""
    return {
        (method, base + path)
        for methods, paths in (line.split(maxsplit=1) for line in text.strip().splitlines())
        for method in methods.split(",")
        for path in paths.split(" · ")
    }


KNOWN = (
    rows(APP, "/v1") | rows(TRACK_1, "/api/v1") | rows(TRACK_2, "/api/v2") | rows(ROOT, "") | rows(PIPELINES, "/v1")
)


def test_every_endpoint_of_customer_io_is_in_the_contract() -> None:
    there = {(endpoint.method, re.sub(r"{\w+}", "{}", endpoint.path)) for endpoint in apis.every()}
    missing = {f"{method} {path}" for method, path in KNOWN - there}
    assert sorted(missing) == []


def test_what_customer_io_does_not_have_is_marked_as_ours() -> None:
    ours = [each for each in apis.every() if (each.method, re.sub(r"{\w+}", "{}", each.path)) not in KNOWN]
    assert {endpoint.name: endpoint.source for endpoint in ours if endpoint.source != "handbill"} == {}


def test_no_two_endpoints_are_the_same() -> None:
    named = [endpoint.name for endpoint in apis.every()]
    called = [(endpoint.method, endpoint.path) for endpoint in apis.every()]
    assert (len(set(named)), len(set(called))) == (len(named), len(called))


def test_the_page_is_what_the_contract_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == compatibility.page(), "run make docs"
