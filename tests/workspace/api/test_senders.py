"""Sender identities, found in what definition files write."""

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.senders import Sender, SendersQuery
from handbill.errors import InvalidInput, NotFound
from handbill.workspace.definitions import apply
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
FILES = {
    "broadcasts/a.yaml": (
        "id: 5\nname: A\nmessages:\n"
        '  - {from: "Film Club <news@film.example>", reply_to: "desk@film.example", subject: Hi, body: Hi}\n'
        '  - {from: "{{customer.owner}} <owner@film.example>", subject: Hi, body: Hi}\n'
    ),
    "broadcasts/b.yaml": 'id: 6\nname: B\nmessages: [{type: twilio, from: "+15550100", body: Hi}]\n',
    "newsletters/c.yaml": (
        'id: 7\nname: C\nmessages: [{from: "Film Club <news@film.example>", subject: Hi, body: Hi}]\n'
    ),
}


async def write(workspace: Workspace, folder: Path, **more: str) -> None:
    for name, text in (FILES | more).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    await apply(workspace, folder)


async def senders(client: Client) -> dict[str, Sender]:
    return {each.address: each for each in (await client.senders.list()).sender_identities}


async def test_each_address_that_messages_are_from_or_answered_to_is_one_identity(
    workspace: Workspace, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    await write(workspace, tmp_path)
    answer = (await http.get("/v1/sender_identities")).json()
    assert [each["address"] for each in answer["sender_identities"]] == [
        "Film Club <news@film.example>",
        "desk@film.example",
        "+15550100",
    ]
    assert answer["sender_identities"][0] == {
        "id": 1,
        "deduplicate_id": f"1:{NOW}",
        "name": "Film Club",
        "email": "news@film.example",
        "address": "Film Club <news@film.example>",
        "template_type": "email",
        "auto_generated": True,
        "phone": "",
        "hidden": False,
    }
    phone = answer["sender_identities"][2]
    assert (phone["template_type"], phone["phone"], phone["email"]) == ("phone", "+15550100", "")
    assert answer["next"] == ""


async def test_an_action_names_its_identities_and_liquid_names_none(
    workspace: Workspace, client: Client, tmp_path: Path
) -> None:
    await write(workspace, tmp_path)
    plain, liquid = (await client.broadcasts.actions(5)).actions
    known = await senders(client)
    assert plain.from_id == known["Film Club <news@film.example>"].id
    assert plain.reply_to_id == known["desk@film.example"].id
    assert (liquid.from_id, liquid.reply_to_id) == (None, None)


async def test_an_identity_keeps_its_id_when_nobody_uses_it_any_more(
    workspace: Workspace, client: Client, tmp_path: Path
) -> None:
    await write(workspace, tmp_path)
    desk = (await senders(client))["desk@film.example"].id
    await write(workspace, tmp_path, **{"broadcasts/a.yaml": FILES["broadcasts/a.yaml"].replace("desk@", "help@")})
    known = await senders(client)
    assert known["desk@film.example"].id == desk
    assert (await client.senders.used_by(desk)).campaigns == []
    assert (await client.senders.used_by(known["help@film.example"].id)).campaigns == [5]


async def test_what_uses_an_identity_is_told_without_a_wrapper(
    workspace: Workspace, http: httpx2.AsyncClient, tmp_path: Path, put: Callable[..., int]
) -> None:
    await write(workspace, tmp_path)
    put("campaigns", id=9, name="Welcome", event_name="joined")
    put("contents", campaign_id=9, name="Mail", fields={}, from_id=1)
    put("newsletters", id=8, name="Sent", sent_at=NOW)
    put("contents", newsletter_id=8, name="Mail", fields={}, reply_to_id=1)
    answer = await http.get("/v1/sender_identities/1/used_by")
    assert answer.json() == {"campaigns": [5, 9], "sent_newsletters": [8], "draft_newsletters": [7]}


async def test_identities_are_paged_both_ways(workspace: Workspace, client: Client, tmp_path: Path) -> None:
    await write(workspace, tmp_path)
    first = await client.senders.list(SendersQuery(sort="desc", limit=2))
    rest = await client.senders.list(SendersQuery(sort="desc", limit=2, start=first.next))
    assert [each.id for each in first.sender_identities + rest.sender_identities] == [3, 2, 1]
    assert rest.next == ""
    with pytest.raises(InvalidInput, match="start must be"):
        await client.senders.list(SendersQuery(sort="asc", limit=2, start=first.next))


async def test_a_hidden_identity_is_listed_when_asked_for(client: Client, put: Callable[..., int]) -> None:
    put("sender_identities", id=4, address="old@film.example", hidden=1)
    assert (await client.senders.list()).sender_identities == []
    [hidden] = (await client.senders.list(SendersQuery(hidden=True))).sender_identities
    assert (hidden.id, hidden.hidden) == (4, True)


async def test_an_unknown_identity_is_not_found(client: Client) -> None:
    for call in (client.senders.get, client.senders.used_by):
        with pytest.raises(NotFound, match="There is no sender identity 99"):
            await call(99)
