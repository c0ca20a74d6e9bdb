import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.campaigns import ActionsQuery
from handbill.contract.app.contents import Edit, Translation
from handbill.contract.app.messages import MessagesQuery
from handbill.contract.app.metrics import MetricsQuery
from handbill.contract.app.newsletters import NewTestGroup
from handbill.errors import Conflict, InvalidInput, NotFound

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
Put = Callable[..., int]


@pytest.fixture(autouse=True)
def written(put: Put) -> None:
    """A broadcast, a campaign, a newsletter and a transactional message, each in two languages."""
    english = {"from": "Shop <shop@example.com>", "subject": "Hello", "body": "<p>Hello</p>"}
    french = {**english, "subject": "Salut", "body": "<p>Salut</p>"}
    for number, table, column in (
        (5, "broadcasts", "broadcast_id"),
        (6, "campaigns", "campaign_id"),
        (7, "newsletters", "newsletter_id"),
        (9, "transactional", "transactional_id"),
    ):
        put(table, id=number, name="Restock", **({"event_name": "x"} if table == "campaigns" else {}))
        put("contents", id=number * 10, **{column: number}, name="Mail", fields=english)
        put("contents", id=number * 10 + 1, **{column: number}, name="Mail", fields=french, language="fr",
            translation_of=number * 10)  # fmt: skip


# Reading


async def test_actions_are_the_messages_and_not_their_translations(client: Client) -> None:
    assert [action.id for action in (await client.broadcasts.actions(5)).actions] == [50]
    assert [action.id for action in (await client.campaigns.actions(6)).actions] == [60]
    assert [ref.id for ref in (await client.broadcasts.get(5)).broadcast.actions] == [50]
    assert [ref.id for ref in (await client.campaigns.get(6)).campaign.actions] == [60]


async def test_a_translation_of_an_action_is_shown_under_the_actions_number(client: Client) -> None:
    broadcasts = (await client.broadcasts.language(5, 50, "fr")).action
    campaigns = (await client.campaigns.language(6, 60, "fr")).action
    assert (broadcasts.id, broadcasts.language, broadcasts.subject) == (50, "fr", "Salut")
    assert (campaigns.id, campaigns.language, campaigns.subject) == (60, "fr", "Salut")


async def test_every_variant_of_a_newsletter_or_transactional_message_has_its_own_number(client: Client) -> None:
    assert [content.id for content in (await client.newsletters.contents(7)).contents] == [70, 71]
    assert [content.id for content in (await client.transactional.contents(9)).contents] == [90, 91]
    assert (await client.newsletters.language(7, "fr")).content.id == 71
    assert [content.id for content in (await client.transactional.language(9, "fr")).content] == [91]


async def test_campaigns_actions_come_ten_a_page(client: Client, put: Put) -> None:
    for number in range(100, 115):
        put("contents", id=number, campaign_id=6, name="More", fields={})
    first = await client.campaigns.actions(6)
    second = await client.campaigns.actions(6, ActionsQuery(start=first.next))
    assert [action.id for action in first.actions] == [60, *range(100, 109)]
    assert [action.id for action in second.actions] == [*range(109, 115)]
    assert second.next == ""


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/broadcasts/5/actions/51", 404),
        ("/v1/broadcasts/5/actions/60", 404),
        ("/v1/broadcasts/5/actions/50/language/de", 400),
        ("/v1/campaigns/6/actions/60/language/de", 400),
        ("/v1/newsletters/7/language/de", 400),
        ("/v1/newsletters/7/test_group/1/language/fr", 404),
        ("/v1/newsletters/7/contents/90", 404),
        ("/v1/transactional/9/language/de", 400),
        ("/v1/transactional/x/contents", 400),
    ],
)
async def test_what_is_not_there_is_404_and_an_unknown_language_400(
    http: httpx2.AsyncClient, path: str, status: int
) -> None:
    assert (await http.get(path)).status_code == status


async def test_transactional_contents_say_what_is_wrong_in_their_own_envelope(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/v1/transactional/9/language/de")
    assert answer.json() == {"meta": {"error": 'bad request: there is no translation into the language "de".'}}


# Changing

PUTS = {
    "/v1/broadcasts/5/actions/50": "action",
    "/v1/broadcasts/5/actions/50/language/fr": "action",
    "/v1/campaigns/6/actions/60": "action",
    "/v1/campaigns/6/actions/60/language/fr": "action",
    "/v1/newsletters/7/contents/70": "content",
    "/v1/newsletters/7/language/fr": "content",
    "/v1/transactional/9/content/90": "content",
    "/v1/transactional/9/language/fr": "content",
}


@pytest.mark.parametrize("path", PUTS)
async def test_a_put_changes_what_it_names_and_answers_all_of_it(http: httpx2.AsyncClient, path: str) -> None:
    change = {"body": "<p>{{customer.id}}</p>", "preheader_text": "New"}
    answer = (await http.put(path, json=change)).json()[PUTS[path]]
    [content] = answer if isinstance(answer, list) else [answer]
    assert (content["body"], content["preheader_text"]) == ("<p>{{customer.id}}</p>", "New")
    assert content["subject"] in ("Hello", "Salut")
    if "/content/" not in path:  # which has no GET
        assert (await http.get(path)).json()[PUTS[path]] == answer


async def test_a_change_of_a_translation_leaves_the_original(client: Client) -> None:
    await client.broadcasts.update_language(5, 50, "fr", Edit(subject="Bonjour"))
    assert (await client.broadcasts.language(5, 50, "fr")).action.subject == "Bonjour"
    assert (await client.broadcasts.action(5, 50)).action.subject == "Hello"


@pytest.mark.parametrize(
    "headers",
    [
        [{"name": "X-Shop", "value": "{{customer.id}}"}],
        {"X-Shop": "{{customer.id}}"},
        '[{"name": "X-Shop", "value": "{{customer.id}}"}]',
        '{"X-Shop": "{{customer.id}}"}',
    ],
)
async def test_headers_may_come_in_any_shape_and_go_out_as_text(http: httpx2.AsyncClient, headers: Any) -> None:
    action = (await http.put("/v1/broadcasts/5/actions/50", json={"headers": headers})).json()["action"]
    assert json.loads(action["headers"]) == [{"name": "X-Shop", "value": "{{customer.id}}"}]


async def test_null_empties_a_field_and_what_cannot_be_changed_is_ignored(http: httpx2.AsyncClient) -> None:
    change = {"subject": None, "name": "Other", "type": "push", "language": "de", "from": "x", "unheard": [1]}
    action = (await http.put("/v1/broadcasts/5/actions/50", json=change)).json()["action"]
    assert (action["subject"], action["name"], action["type"], action["language"]) == ("", "Mail", "email", "")
    assert action["from"] == "Shop <shop@example.com>"


async def test_a_sender_identity_becomes_the_address_a_content_is_from(client: Client, put: Put) -> None:
    sender = put("sender_identities", name="Film Club", address="news@film.example")
    action = (await client.broadcasts.update_action(5, 50, Edit(from_id=sender, reply_to_id=sender))).action
    assert (action.from_, action.from_id) == ("Film Club <news@film.example>", sender)
    assert (action.reply_to, action.reply_to_id) == ("Film Club <news@film.example>", sender)
    assert (await client.broadcasts.update_action(5, 50, Edit(reply_to_id=None))).action.reply_to == ""


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"body": "<p>\n  {% if %}"}, "body", "body line 2, column"),
        ({"subject": "{{ 'open }}"}, "subject", "subject line 1"),
        ({"headers": {"X-Shop": "{{ 'open }}"}}, "headers[0].value", "headers[0].value line 1"),
        ({"body": "x" * (256 * 1024 + 1)}, "body", "body line 1"),
        ({"body": 5}, "body", "must be text"),
        ({"headers": "{"}, "headers", "must be a list"),
        ({"headers": {"X-Shop": 5}}, "headers[0].value", "must be text"),
        ({"sending_state": "on"}, "sending_state", "automatic"),
        ({"from_id": 99}, "from_id", "no sender identity 99"),
    ],
)
async def test_a_fault_names_its_field_and_changes_nothing(
    http: httpx2.AsyncClient, client: Client, change: dict[str, Any], field: str, said: str
) -> None:
    before = await client.broadcasts.action(5, 50)
    answer = await http.put("/v1/broadcasts/5/actions/50", json={"preheader_text": "New", **change})
    [error] = answer.json()["errors"]
    assert answer.status_code == 400
    assert error["field"] == field
    assert said in error["detail"]
    assert await client.broadcasts.action(5, 50) == before


async def test_the_parent_that_was_changed_through_its_content_stays_where_it_was(client: Client) -> None:
    with pytest.raises(NotFound, match="Newsletter 7 has no content 90"):
        await client.newsletters.update_content(7, 90, Edit(subject="x"))


# Translations and test groups of newsletters


async def test_a_new_translation_begins_as_a_copy(client: Client) -> None:
    added = (await client.newsletters.add_language(7, Translation(language="pt-BR", subject="Oi"))).content
    assert (added.language, added.subject, added.body) == ("pt-BR", "Oi", "<p>Hello</p>")
    assert (await client.newsletters.language(7, "pt-BR")).content == added
    with pytest.raises(Conflict, match="already"):
        await client.newsletters.add_language(7, Translation(language="pt-BR"))


async def test_a_language_is_a_language(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/newsletters/7/language", json={"language": "no language"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "language"


async def test_a_deleted_translation_is_gone_and_the_original_stays(client: Client, put: Put) -> None:
    await client.newsletters.delete_language(7, "fr")
    assert [content.id for content in (await client.newsletters.contents(7)).contents] == [70]
    with pytest.raises(InvalidInput, match="no translation"):
        await client.newsletters.delete_language(7, "fr")


async def test_test_groups_are_copies_that_change_on_their_own(client: Client) -> None:
    groups = (await client.newsletters.add_test_group(7, NewTestGroup(label="Short"))).test_groups
    assert [(group.name, group.label, len(group.content_ids)) for group in groups] == [
        ("A", "test 1", 2),
        ("B", "Short", 2),
    ]
    first, second = groups
    await client.newsletters.update_group_language(7, second.id, "fr", Edit(subject="Coucou"))
    assert (await client.newsletters.group_language(7, second.id, "fr")).content.subject == "Coucou"
    assert (await client.newsletters.group_language(7, first.id, "fr")).content.subject == "Salut"
    await client.newsletters.add_group_language(7, second.id, Translation(language="de"))
    await client.newsletters.delete_group_language(7, second.id, "fr")
    of_second = (await client.newsletters.test_groups(7)).test_groups[1]
    languages = [(await client.newsletters.content(7, number)).content.language for number in of_second.content_ids]
    assert languages == ["", "de"]


async def test_a_deleted_newsletter_is_gone_and_its_deliveries_stay(client: Client, put: Put) -> None:
    put("deliveries", newsletter_id=7, content_id=70, person=1, type="email", state="sent", created=NOW)
    await client.newsletters.delete(7)
    with pytest.raises(NotFound):
        await client.newsletters.get(7)
    [message] = (await client.messages.list()).messages
    assert (message.newsletter_id, message.content_id) == (7, 70)


async def test_a_newsletter_on_its_way_cannot_be_deleted(client: Client, put: Put) -> None:
    put("triggers", newsletter_id=7, audience="{}", transport="capture", state="sending", created_at=NOW)
    with pytest.raises(Conflict, match="is being sent"):
        await client.newsletters.delete(7)


# Deliveries and counts of translations


async def test_what_a_translation_did_is_told_of_its_action(client: Client, put: Put) -> None:
    for content in (50, 51):
        put("deliveries", broadcast_id=5, content_id=content, person=1, type="email", state="sent", created=NOW)
        common = {"metric": "sent", "hour": NOW - NOW % 3600, "broadcast_id": 5, "type": "email", "count": 10}
        put("counters", content_id=content, **common)
    messages = (await client.messages.list(MessagesQuery(action_id=50))).messages
    assert [message.action_id for message in messages] == [50, 50]
    counted = await client.broadcasts.action_metrics(5, 50, MetricsQuery(period="hours"))
    assert counted.metric.series["sent"][-1] == 20


async def test_a_page_of_an_actions_deliveries_has_its_translations_in_order(client: Client, put: Put) -> None:
    for number in range(9):
        content = 50 + number % 2
        put("deliveries", broadcast_id=5, content_id=content, person=1, type="email", state="sent", created=NOW,
            subject=str(number))  # fmt: skip
    seen, start = [], ""
    while True:
        page = await client.messages.list(MessagesQuery(action_id=50, limit=2, start=start))
        seen += [message.subject for message in page.messages]
        if not (start := page.next):
            break
    assert seen == [str(number) for number in reversed(range(9))]
