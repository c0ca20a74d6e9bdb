"""Topics: who is subscribed to what, where people choose, and that a message follows it. Reference 9, 10, 16."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.workspace.engine.standins import EVERYBODY, send_everything

from handbill.client import Client
from handbill.contract.app.activities import ActivitiesQuery
from handbill.contract.app.messages import Message
from handbill.errors import InvalidInput, NotFound
from handbill.workspace.definitions import apply, export
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

Put = Callable[..., int]
BODY = """{% subscription_topic_name %} {{message.subscription_topic.name}}
{{campaign.subscription_topic_ids | first}} {{message.subscription_topic_ids | size}}
{% manage_subscription_preferences_url %}"""


@pytest.fixture
def topics(put: Put) -> None:
    """Offers come unless refused, Surveys only when wanted. Ana said nothing, Bo left Offers, Cy wants Surveys."""
    put("topics", id=1, name="Offers", description="Now & then")
    put("topics", id=2, name="Surveys", subscribed_by_default=0)
    for person, said in {"ana": {}, "bo": {"topic_1": False}, "cy": {"topic_2": True}}.items():
        attributes = {"cio_subscription_preferences": {"topics": said}} if said else {}
        email = f"{person}@film.example"
        put("people", id=person, email=email, email_key=email, attributes=attributes)


async def send(
    workspace: Workspace, put: Put, client: Client, topic: int | None, type_: str = "email"
) -> list[Message]:
    """Every message of a broadcast with this topic to everybody, in the order of people."""
    put("broadcasts", id=5, name="Restock", topic_id=topic)
    recipient = "{{customer.email}}" if type_ == "email" else "+15550111"
    fields = {"from": "a@film.example", "subject": "Hello", "body": BODY, "recipient": recipient}
    put("contents", id=12, broadcast_id=5, name="M", type=type_, fields=fields)
    await client.triggers.create(5, EVERYBODY)
    await send_everything(workspace)
    return (await client.messages.list()).messages[::-1]


async def preferences(client: Client, person: str) -> tuple[list[str], bool]:
    """The names of the topics a person is subscribed to, and whether they left altogether."""
    customer = (await client.subscriptions.preferences(person)).customer
    return [topic.name for topic in customer.topics if topic.subscribed], customer.unsubscribed


@pytest.mark.usefixtures("topics")
async def test_topics_are_listed_with_the_key_they_have_in_preferences(client: Client) -> None:
    first, second = (await client.subscriptions.topics()).topics
    assert (first.identifier, first.name, first.subscribed_by_default) == ("topic_1", "Offers", True)
    assert (second.identifier, second.description, second.subscribed_by_default) == ("topic_2", "", False)
    assert "email" in {channel.identifier for channel in (await client.subscriptions.channels()).channels}


@pytest.mark.usefixtures("topics")
@pytest.mark.parametrize(("person", "names"), [("ana", ["Offers"]), ("bo", []), ("cy", ["Offers", "Surveys"])])
async def test_what_a_person_said_counts_and_else_the_default(client: Client, person: str, names: list[str]) -> None:
    assert await preferences(client, person) == (names, False)
    shown = (await client.customers.attributes(person)).customer.attributes
    computed = json.loads(shown["_cio_subscription_preferences_computed"] or "")
    assert computed == {"topics": {"topic_1": "Offers" in names, "topic_2": "Surveys" in names}}


async def test_an_unknown_person_has_no_preferences_and_no_link(http: httpx2.AsyncClient, client: Client) -> None:
    answer = await http.get("/v1/customers/nobody/subscription_preferences?language=pt")
    assert (answer.status_code, list(answer.json()["meta"])) == (404, ["errors"])
    with pytest.raises(NotFound):
        await client.subscriptions.token("nobody")


@pytest.mark.usefixtures("topics")
@pytest.mark.parametrize(
    ("topic", "reached"), [(None, ["ana", "bo", "cy"]), (1, ["ana", "cy"]), (2, ["cy"])], ids=["none", "in", "out"]
)
async def test_a_message_with_a_topic_reaches_its_subscribers(
    workspace: Workspace, put: Put, client: Client, topic: int | None, reached: list[str]
) -> None:
    messages = await send(workspace, put, client, topic)
    assert [message.customer_id for message in messages if "sent" in message.metrics] == reached
    for message in messages:
        if message.customer_id not in reached:
            assert list(message.metrics) == ["undeliverable"]
            assert "is not subscribed to the topic" in (message.failure_message or "")
    preview = await client.triggers.preview(5, EVERYBODY)
    assert preview.people == len(reached)
    assert sum(left.count for left in preview.left_out) == 3 - len(reached)


@pytest.mark.usefixtures("topics")
async def test_a_channel_that_was_turned_off_gets_nothing(workspace: Workspace, put: Put, client: Client) -> None:
    off = {"cio_subscription_preferences": {"channels": {"sms": False}}}
    put("people", id="dee", email="dee@film.example", email_key="dee@film.example", attributes=off)
    messages = await send(workspace, put, client, None, "twilio")
    assert [each.failure_message for each in messages if each.failure_message] == [
        "The person turned this channel off."
    ]


@pytest.mark.usefixtures("topics")
async def test_a_message_knows_its_topic_in_liquid(workspace: Workspace, put: Put, client: Client) -> None:
    message = (await send(workspace, put, client, 1))[0]
    body = (await client.messages.archived(message.id)).archived_message.body
    assert body == f"Offers Offers\n1 1\nhttp://127.0.0.1:8622/subscriptions/{message.id}"


@pytest.mark.usefixtures("topics")
async def test_looking_at_the_centre_changes_nothing_and_shows_what_is_so(
    http: httpx2.AsyncClient, client: Client
) -> None:
    url = (await client.subscriptions.token("cy")).url
    page = await http.get(url.removeprefix("http://127.0.0.1:8622"), headers={"Authorization": ""})
    assert page.status_code == 200
    assert page.text.count(" checked") == 2
    assert "Now &amp; then" in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<script" not in page.text
    assert await preferences(client, "cy") == (["Offers", "Surveys"], False)


@pytest.mark.usefixtures("topics")
@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"topic": ["2"]}, (["Surveys"], False)),
        ({"topic": ["1", "2", "9", "9" * 5000, "x"]}, (["Offers", "Surveys"], False)),
        ({}, ([], False)),
        ({"topic": ["1"], "everything": "1"}, (["Offers"], True)),
    ],
)
async def test_what_is_saved_in_the_centre_is_what_holds(
    http: httpx2.AsyncClient, client: Client, form: dict[str, Any], expected: tuple[list[str], bool]
) -> None:
    token = (await client.subscriptions.token("ana")).token
    assert (await http.post(f"/subscriptions/{token}", data=form)).status_code == 200
    assert await preferences(client, "ana") == expected
    assert (await http.post(f"/subscriptions/{token}", data={"topic": ["1"]})).status_code == 200
    assert await preferences(client, "ana") == (["Offers"], False)


@pytest.mark.usefixtures("topics")
async def test_leaving_a_topic_counts_for_the_message_that_led_there(
    workspace: Workspace, put: Put, http: httpx2.AsyncClient, client: Client
) -> None:
    message = (await send(workspace, put, client, 1))[0]
    for _ in range(2):
        await http.post(f"/subscriptions/{message.id}", data={"topic": ["2"]})
    assert await preferences(client, "ana") == (["Surveys"], False)
    [activity] = (await client.activities.list(ActivitiesQuery(type="topic_unsubscribed_email"))).activities
    assert (activity.delivery_id, activity.data["topics"]) == (message.id, ["Offers"])
    await http.post(f"/subscriptions/{message.id}", data={"everything": "1"})
    assert "unsubscribed" in (await client.messages.get(message.id)).message.metrics


@pytest.mark.usefixtures("topics")
async def test_a_token_with_one_letter_changed_is_nobodys(http: httpx2.AsyncClient, client: Client) -> None:
    token = (await client.subscriptions.token("ana")).token
    for position in range(len(token)):
        letter = "A" if token[position] != "A" else "B"
        changed = token[:position] + letter + token[position + 1 :]
        assert (await http.post(f"/subscriptions/{changed}", data={"everything": "1"})).status_code == 404
    assert await preferences(client, "ana") == (["Offers"], False)


TOPIC_FILES = {
    "topics/surveys.yaml": "id: 1\nname: Surveys\ndescription: Twice a year\nsubscribed_by_default: false\n",
    "broadcasts/b.yaml": "name: B\ntopic: Surveys\n",
    "newsletters/n.yaml": "name: N\ntopic: 1\n",
}


async def test_topics_are_defined_in_files_and_named_by_messages(
    workspace: Workspace, client: Client, tmp_path: Path
) -> None:
    for name, text in TOPIC_FILES.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    await apply(workspace, tmp_path / "in")
    [topic] = (await client.subscriptions.topics()).topics
    assert (topic.name, topic.subscribed_by_default) == ("Surveys", False)
    assert (await client.newsletters.get(1)).newsletter.subscription_topic_id == topic.id
    await export(workspace, tmp_path / "out")
    assert "topic: Surveys" in (tmp_path / "out/newsletters/n.yaml").read_text()
    for folder in ("in", "out"):
        assert {each.outcome for each in await apply(workspace, tmp_path / folder)} == {"unchanged"}


async def test_a_topic_that_nobody_has_is_named(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "broadcasts").mkdir()
    for topic in ("Nope", 7):
        (tmp_path / "broadcasts/b.yaml").write_text(f"name: B\ntopic: {topic}\n")
        with pytest.raises(InvalidInput, match=rf'names the topic "?{topic}"?, which neither'):
            await apply(workspace, tmp_path)
