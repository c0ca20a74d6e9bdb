import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.workspace.test_fetch import answer, serving

from handbill.client import Client
from handbill.errors import InvalidInput, NotFound
from handbill.settings import Settings
from handbill.workspace.app import create_app
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
FILMS: list[dict[str, Any]] = [{"title": "Kes", "year": 1969}, {"title": "Stalker", "guide": {"name": "S"}}]
CSV = 'title,year\r\n"Kes, restored",1969\r\n\r\nStalker,\r\n'
ROWS = [{"title": "Kes, restored", "year": "1969"}, {"title": "Stalker", "year": ""}]


async def test_a_new_collection_is_measured_and_listed(http: httpx2.AsyncClient) -> None:
    told = await http.post("/v1/collections", json={"name": " films ", "data": FILMS})
    assert told.status_code == 200
    collection = told.json()["collection"]
    assert collection == {
        "id": 1,
        "name": "films",
        "bytes": len(json.dumps(FILMS, separators=(",", ":"))),
        "rows": 2,
        "schema": ["guide", "title", "year"],
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert (await http.get("/v1/collections")).json() == {"collections": [collection]}
    assert (await http.get("/v1/collections/1")).json() == {"collection": collection}
    assert (await http.get("/v1/collections/1/content")).json() == FILMS


async def test_put_changes_the_name_or_the_rows_and_leaves_the_rest(client: Client) -> None:
    await client.collections.create("films", FILMS)
    assert (await client.collections.put(1, name="cinema")).collection.rows == 2
    assert (await client.collections.put(1, data=[{"a": 1}])).collection.name == "cinema"
    assert await client.collections.content(1) == [{"a": 1}]


@pytest.mark.parametrize("content", [[], [{"a": [1, {"b": None}]}], {"eventName": "christmas", "presents": {"n": 2}}])
async def test_content_is_replaced_and_comes_back_as_it_was(client: Client, content: Any) -> None:
    await client.collections.create("films", FILMS)
    told = (await client.collections.put_content(1, content)).collection
    assert told.rows == (1 if isinstance(content, dict) else len(content))
    assert told.schema_ == sorted(content if isinstance(content, dict) else {key for row in content for key in row})
    assert await client.collections.content(1) == content


async def test_a_deleted_collection_is_gone(http: httpx2.AsyncClient, client: Client) -> None:
    await client.collections.create("films", FILMS)
    told = await http.delete("/v1/collections/1")
    assert (told.status_code, told.content) == (204, b"")
    for call in (
        client.collections.get,
        client.collections.content,
        client.collections.delete,
        client.collections.put,
    ):
        with pytest.raises(NotFound, match="There is no collection 1"):
            await call(1)
    with pytest.raises(NotFound):
        await client.collections.put_content(1, [])


async def test_a_name_belongs_to_one_collection(client: Client) -> None:
    await client.collections.create("films", FILMS)
    await client.collections.create("books", [])
    for call in (client.collections.create("films", []), client.collections.put(2, name="films")):
        with pytest.raises(InvalidInput, match='name "films" is collection 1\'s already'):
            await call
    await client.collections.put(1, name="films")


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"data": []}, "name", "is required"),
        ({"name": " ", "data": []}, "name", "1 to 190 characters"),
        ({"name": "a"}, "data", "data, a list of objects, or url is required"),
        ({"name": "a", "data": [], "url": "https://shop.example/a"}, "url", "together with data"),
        ({"name": "a", "data": {"a": 1}}, "data", "must be a list"),
        ({"name": "a", "data": [{}, 5]}, "data[1]", "must be an object"),
        ({"name": "a", "data": [{}, {"a": "x" * 10_240}]}, "data[1]", "a row may have at most 10,240 bytes"),
        ({"name": "a", "data": [{"a": "x" * 10_000}] * 1050}, "data", "a collection may have at most 10,485,760"),
        ({"name": "a", "url": "http://shop.example/a"}, "url", "must start with https://"),
        ({"name": "a", "url": "https://127.0.0.1/a"}, "url", "private or local address"),
    ],
    ids=range(10),
)
async def test_what_cannot_be_a_collection_is_refused(
    http: httpx2.AsyncClient, body: dict[str, Any], field: str, words: str
) -> None:
    told = await http.post("/v1/collections", json=body)
    error = told.json()["errors"][0]
    assert (told.status_code, error["field"]) == (400, field)
    assert words in error["detail"]
    assert (await http.get("/v1/collections")).json() == {"collections": []}


@pytest.mark.parametrize("content", ["text", 5, [5], [[]]])
async def test_content_that_is_no_rows_is_refused_in_one_sentence(http: httpx2.AsyncClient, content: Any) -> None:
    await http.post("/v1/collections", json={"name": "films", "data": FILMS})
    told = await http.put("/v1/collections/1/content", json=content)
    [error] = told.json()["errors"]
    assert told.status_code == 400
    assert error["detail"].startswith("body must be a list of objects, or one object; got ")


@pytest.fixture
async def near(tmp_path: Path) -> AsyncIterator[Client]:
    """The App API of a workspace that may fetch from this machine."""
    settings = replace(Settings.load({}, tmp_path / "home"), private_hosts=frozenset({"127.0.0.1"}))
    async with Workspace.open(settings) as workspace:
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with Client("http://workspace", workspace.keys.app_key, transport) as client:
            yield client


FILES = {
    "JSON by its type": ("/films.csv", answer(json.dumps(FILMS).encode(), Content_Type="application/json"), FILMS),
    "CSV by its type": ("/films", answer(CSV.encode(), Content_Type="text/csv; charset=utf-8"), ROWS),
    "CSV by its ending": ("/films.CSV?a=1", answer(CSV.encode()), ROWS),
    "CSV by its ending, as plain text": ("/films.csv", answer(CSV.encode(), Content_Type="text/plain"), ROWS),
    "JSON when nothing is said": ("/films", answer(b"\xef\xbb\xbf" + json.dumps(FILMS).encode()), FILMS),
    "gzip": ("/films.csv", answer(gzip.compress(CSV.encode(), mtime=0)), ROWS),
    "one object": ("/one.json", answer(b'{"a": 1}'), {"a": 1}),
}


@pytest.mark.parametrize(("path", "page", "rows"), FILES.values(), ids=FILES)
async def test_a_url_is_read_as_what_it_holds(near: Client, path: str, page: bytes, rows: Any) -> None:
    async with serving({path: page}) as server:
        await near.collections.create("films", url=server.url + path)
    assert await near.collections.content(1) == rows


BROKEN = {
    "not found": ("/a", answer(status="404 Not Found"), "the server answered 404"),
    "too large": ("/a", answer(b"[" + b" " * 10 * 1024**2 + b"]"), "larger than 10 MB"),
    "no JSON": ("/a", answer(b"<html>"), "is no list of objects"),
    "NaN": ("/a", answer(b'[{"a": NaN}]'), "is no list of objects"),
    "no objects": ("/a", answer(b"[1]"), "must be a list of objects, or one object"),
    "a long row": ("/a", answer(json.dumps([{"a": "x" * 10_240}]).encode()), "url[0] has"),
    "a short row": ("/a.csv", answer(b"a,b\n1\n"), "has 1 cells in line 2, but 2 names in the first"),
    "a name twice": ("/a.csv", answer(b"a,a\n1,2\n"), 'it is "a,a"'),
    "nothing": ("/a.csv", answer(b""), "needs a first line"),
    "UTF-16": ("/a.csv", answer("a,b\n1,2".encode("utf-16")), "is not UTF-8 text"),
    "an open quote": ("/a.csv", answer(b'a,b\n1,"2\n'), "is no CSV"),
    "NUL": ("/a.csv", answer(b"a,b\n1,\0\n"), "NUL"),
}


@pytest.mark.parametrize(("path", "page", "words"), BROKEN.values(), ids=BROKEN)
async def test_a_url_that_holds_something_else_changes_nothing(
    near: Client, path: str, page: bytes, words: str
) -> None:
    await near.collections.create("films", FILMS)
    async with serving({path: page}) as server:
        with pytest.raises(InvalidInput) as caught:
            await near.collections.put(1, url=server.url + path)
    assert words in str(caught.value)
    assert await near.collections.content(1) == FILMS
