from collections.abc import Callable

import httpx2
import pytest

from handbill.client import Client
from handbill.errors import InvalidInput, NotFound, TooLarge
from handbill.workspace.store import definitions
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
FOOT = {"name": "foot", "value": "Film Club, {{customer.city}}"}
Put = Callable[..., int]


async def test_a_new_snippet_is_answered_and_listed(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/snippets", json={"name": " foot ", "value": f"\n{FOOT['value']} "})
    assert answer.status_code == 200
    assert answer.json() == {"snippet": {**FOOT, "updated_at": NOW}}
    assert (await http.get("/v1/snippets")).json() == {"snippets": [answer.json()["snippet"]]}


async def test_put_makes_a_snippet_or_changes_it(client: Client) -> None:
    for value in ("one", "two"):
        assert (await client.snippets.put("foot", value)).snippet.value == value
    assert [each.value for each in (await client.snippets.list()).snippets] == ["two"]


async def test_a_name_that_exists_is_not_made_anew(http: httpx2.AsyncClient) -> None:
    await http.post("/v1/snippets", json=FOOT)
    answer = await http.post("/v1/snippets", json={**FOOT, "value": "other"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["source"] == {"pointer": "/name"}
    assert error["detail"].startswith("A snippet with that name already exists")
    assert (await http.get("/v1/snippets")).json()["snippets"][0]["value"] == FOOT["value"]


WRONG = [
    ({"name": " ", "value": "x"}, "/name", "name cannot be blank."),
    ({"name": "n" * 151, "value": "x"}, "/name", "name cannot exceed 150 characters."),
    ({"name": "n", "value": "\n"}, "/value", "value cannot be blank."),
    ({"name": "n", "value": "ä" * 8001}, "/value", "value cannot exceed 16,000 bytes."),
    ({"name": "n", "value": "{{snippets.foot}}"}, "/value", "value cannot hold Liquid that names other snippets."),
    ({"name": "n", "value": "{% if x %}"}, "/value", "value"),
    ({"name": "n", "value": "ok\n{{ x | nosuch }}"}, "/value", "line 2"),
]


@pytest.mark.parametrize(("method", "status"), [("POST", 422), ("PUT", 400)])
@pytest.mark.parametrize(("body", "pointer", "words"), WRONG, ids=range(len(WRONG)))
async def test_what_cannot_be_a_snippet_is_refused_and_nothing_is_stored(
    http: httpx2.AsyncClient, method: str, status: int, body: dict[str, str], pointer: str, words: str
) -> None:
    answer = await http.request(method, "/v1/snippets", json=body)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["status"], error["source"]) == (status, str(status), {"pointer": pointer})
    assert words in error["detail"]
    assert (await http.get("/v1/snippets")).json() == {"snippets": []}


async def test_all_snippets_together_stay_within_five_megabytes(client: Client, put: Put) -> None:
    for number in range(312):
        put("snippets", name=f"s{number}", value="x" * 16_000, updated=NOW)
    await client.snippets.put("last", "x" * 8_000)
    with pytest.raises(TooLarge, match="5,000,000 bytes"):
        await client.snippets.put("more", "x")
    await client.snippets.put("last", "x" * 7_999)


async def test_a_snippet_that_nothing_uses_is_deleted_with_204(http: httpx2.AsyncClient) -> None:
    name = '100% "ä" / odd'
    await http.put("/v1/snippets", json={"name": name, "value": "x"})
    path = "/v1/snippets/100%25%20%22%C3%A4%22%20%2F%20odd"
    answer = await http.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await http.delete(path)).status_code == 404


USES = {
    "a message": {"fields": {"body": "{{ snippets.foot }}"}},
    "a subject, in quotes": {"fields": {"subject": "{{ snippets['foot'] }}"}},
    "a name known only to the person": {"fields": {"body": "{{ snippets[customer.language] }}"}},
    "a header": {"fields": {}, "headers": [{"name": "X", "value": "{{ snippets.foot }}"}]},
    "a loop": {"fields": {"body": "{% for x in y %}{% if snippets.foot %}!{% endif %}{% endfor %}"}},
}


@pytest.mark.parametrize("content", USES.values(), ids=USES.keys())
async def test_a_snippet_in_use_is_kept(http: httpx2.AsyncClient, put: Put, content: dict[str, object]) -> None:
    await http.put("/v1/snippets", json=FOOT)
    put("broadcasts", id=5, name="Restock")
    put("contents", broadcast_id=5, name="Mail", **content)
    answer = await http.delete("/v1/snippets/foot")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["detail"], error["status"]) == ("unable to delete snippet in use", "400")
    assert len((await http.get("/v1/snippets")).json()["snippets"]) == 1


async def test_layouts_and_other_snippets_use_a_snippet_too(client: Client, put: Put) -> None:
    await client.snippets.put("foot", "x")
    await client.snippets.put("unused", "{{ customer.snippets.foot }} and {% raw %}{{ snippets.unused }}{% endraw %}")
    put("snippets", name="outer", value="{{ snippets.foot }}", updated=NOW)
    with pytest.raises(InvalidInput, match="in use"):
        await client.snippets.delete("foot")
    await client.snippets.delete("outer")
    put("layouts", name="plain", body="{{content}}{{ snippets.foot }}", updated=NOW)
    with pytest.raises(InvalidInput, match="in use"):
        await client.snippets.delete("foot")
    await client.snippets.delete("unused")


async def test_a_message_that_names_the_snippet_only_in_its_words_does_not_use_it(client: Client, put: Put) -> None:
    await client.snippets.put("foot", "x")
    put("broadcasts", id=5, name="Restock")
    put("contents", broadcast_id=5, name="Mail", fields={"body": "snippets.foot {{ snippets.footer }}"})
    await client.snippets.delete("foot")


async def test_an_unknown_snippet_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound, match='There is no snippet "foot"'):
        await client.snippets.delete("foot")


async def test_a_snippet_made_here_is_a_definition_like_any_other(workspace: Workspace, client: Client) -> None:
    await client.snippets.create(**FOOT)
    [snippet] = (await workspace.database.read(definitions.read))["snippets"]
    assert snippet.model_dump() == {"id": None, **FOOT}
