"""Imports from outside: a file is named, fetched and taken in; what was wrong with it can be downloaded."""

import asyncio
import csv
import errno
import io
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.conftest import FixedClock
from tests.workspace.test_fetch import answer, packed, serving

from handbill.client import Client
from handbill.contract.app.imports import NewImport
from handbill.errors import NotFound
from handbill.settings import Settings
from handbill.workspace.chores import exports, imports
from handbill.workspace.store import imports as store
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
Put = Callable[..., int]


@pytest.fixture
async def workspace(tmp_path: Path, clock: FixedClock) -> AsyncIterator[Workspace]:
    settings = Settings.load({"HANDBILL_PRIVATE_HOSTS": "127.0.0.1"}, tmp_path / "home")
    async with Workspace.open(settings, clock) as opened:
        yield opened


async def load(
    workspace: Workspace, http: httpx2.AsyncClient, type_: str, content: str | bytes, name: str = "f.csv", **more: Any
) -> dict[str, Any]:
    """The import of a file with this content, when it has come to its end."""
    body = content.encode() if isinstance(content, str) else content
    async with serving({f"/{name}": answer(body)}) as server:
        wanted = {"name": "Ours", "data_file_url": f"{server.url}/{name}", "type": type_, "identifier": "id", **more}
        asked = await http.post("/v1/imports", json={"import": wanted})
        assert asked.status_code == 200
        number = asked.json()["import"]["id"]
        await imports.take(workspace, number, asyncio.Event())
    return dict((await http.get(f"/v1/imports/{number}")).json()["import"])


def kept(workspace: Workspace) -> list[Path]:
    """The files that were fetched and not cleared away."""
    return list(Path(f"{workspace.database.path}.imports").iterdir())


async def people(workspace: Workspace) -> dict[str, Any]:
    """Attributes by id, else by email."""
    rows = await workspace.database.read(
        lambda tx: tx._connection.execute("SELECT id, email, attributes FROM people ORDER BY person").fetchall()
    )
    return {row["id"] or row["email"]: json.loads(row["attributes"]) for row in rows}


async def events(workspace: Workspace) -> list[tuple[Any, ...]]:
    rows = await workspace.database.read(
        lambda tx: tx._connection.execute(
            "SELECT p.id, p.email, e.id, name, timestamp, data FROM events e JOIN people p USING (person)"
            " ORDER BY event"
        ).fetchall()
    )
    return [(row[0] or row[1], *row[2:5], json.loads(row[5])) for row in rows]


async def test_an_import_is_shown_as_customer_io_shows_it(workspace: Workspace, http: httpx2.AsyncClient) -> None:
    wanted = {
        "name": "Ours",
        "data_file_url": "https://files.example/people.csv",
        "type": "people",
        "identifier": "email",
        "people_to_process": "only_new",
        "description": "All of them",
    }
    shown = {
        "id": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "name": "Ours",
        "description": "All of them",
        "rows_to_import": 0,
        "rows_imported": 0,
        "state": "preprocessing",
        "type": "people",
        "identifier": "email",
        "data_to_process": "only_new",
        "people_to_process": "only_new",
        "error": "",
    }
    assert (await http.post("/v1/imports", json={"import": wanted})).json() == {"import": shown}
    assert (await http.get("/v1/imports/1")).json() == {"import": shown}


async def test_people_are_made_and_changed_and_the_lines_that_were_wrong_can_be_downloaded(
    workspace: Workspace, http: httpx2.AsyncClient
) -> None:
    await load(workspace, http, "people", "id,plan\nu1,old\n")
    content = "id,email,plan\nu1,,pro\nu2,zoe@a.example,\n,x@a.example,\nu3,a,b,c\nu4,x,free\n"
    done = await load(workspace, http, "people", content)
    assert (done["state"], done["rows_to_import"], done["rows_imported"]) == ("imported", 5, 3)
    assert await people(workspace) == {"u1": {"plan": "pro"}, "u2": {}, "u4": {"plan": "free"}}
    assert (done["error_export_id"], "error_download_url" in done) == (1, False)
    await exports.make(workspace, 1, asyncio.Event())
    url = (await http.get("/v1/imports/2")).json()["import"]["error_download_url"]
    assert list(csv.reader(io.StringIO((await http.get(url)).text))) == [
        ["line", "error"],
        ["4", "identifiers.id must be text; got nothing"],
        ["5", "4 cells, but the first line has 3"],
    ]
    assert (await http.get("/v1/exports")).json() == {"exports": []}
    assert kept(workspace) == []


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        ("all", {"u1": {"plan": "new"}, "u2": {"plan": "b"}}),
        ("only_new", {"u1": {"plan": "old"}, "u2": {"plan": "a"}}),
        ("only_existing", {"u1": {"plan": "new"}}),
    ],
)
async def test_new_and_known_people_can_be_left_out(
    workspace: Workspace, http: httpx2.AsyncClient, process: str, expected: dict[str, Any]
) -> None:
    await load(workspace, http, "people", "id,plan\nu1,old\n")
    done = await load(workspace, http, "people", "id,plan\nu1,new\nu2,a\nu2,b\n", data_to_process=process)
    assert await people(workspace) == expected
    assert (done["state"], "error_export_id" in done) == ("imported", False)
    assert done["rows_imported"] == {"all": 3, "only_new": 1, "only_existing": 1}[process]


@pytest.mark.parametrize(
    ("content", "identifier", "expected"),
    [
        ("id,name,timestamp,n\nu1,came,5,1\nu9,came,6,\n", "id", [("u1", None, 5, {"n": "1"}), ("u9", None, 6, {})]),
        ("customer_id,id,name,timestamp\nu1,e1,came,5\nu1,e1,came,5\n", "id", [("u1", "e1", 5, {})]),
        ("email,id,name,timestamp\na@a.example,e1,came,5\n", "email", [("a@a.example", "e1", 5, {})]),
        ('{"id":"u1","name":"came","timestamp":5,"data":{"n":[1]}}\n', "id", [("u1", None, 5, {"n": [1]})]),
    ],
)
async def test_events_are_told_of_people_who_are_made_if_need_be(
    workspace: Workspace, http: httpx2.AsyncClient, content: str, identifier: str, expected: list[Any]
) -> None:
    await load(workspace, http, "people", "id\nu1\n")
    name = "f.jsonl" if content.startswith("{") else "f.csv"
    done = await load(workspace, http, "event", content, name, identifier=identifier)
    assert (done["state"], "error_export_id" in done) == ("imported", False)
    assert [(who, id_, at, data) for who, id_, _, at, data in await events(workspace)] == expected


async def test_events_can_be_kept_to_people_who_are_known(workspace: Workspace, http: httpx2.AsyncClient) -> None:
    await load(workspace, http, "people", "id\nu1\n")
    content = "id,name,timestamp\nu1,came,5\nu9,came,6\n"
    done = await load(workspace, http, "event", content, data_to_process="only_existing")
    assert [row[0] for row in await events(workspace)] == ["u1"]
    assert (done["rows_to_import"], done["rows_imported"]) == (2, 1)


async def related(workspace: Workspace) -> list[tuple[Any, ...]]:
    """Type, object_id and attributes of each object; then the person's id and the relationship's attributes."""
    query = """SELECT type_id, object_id, o.attributes, p.id, r.attributes FROM objects o
      LEFT JOIN relationships r USING (object) LEFT JOIN people p USING (person) ORDER BY object, person"""
    rows = await workspace.database.read(lambda tx: tx._connection.execute(query).fetchall())
    return [(row[0], row[1], json.loads(row[2]), row[3], json.loads(row[4] or "{}")) for row in rows]


async def test_objects_are_made_and_changed(workspace: Workspace, http: httpx2.AsyncClient) -> None:
    first: dict[str, Any] = {"object_type_id": "2", "identifier": None}
    await load(workspace, http, "object", "object_id,city\nacme,Lima\n", **first)
    content = "object_id,city,size\nacme,Rome,\ninitech,,5\n,Oslo,\n"
    done = await load(workspace, http, "object", content, **first)
    assert await related(workspace) == [
        (2, "acme", {"city": "Rome"}, None, {}),
        (2, "initech", {"size": "5"}, None, {}),
    ]
    assert (done["rows_to_import"], done["rows_imported"], done["object_type_id"]) == (3, 2, "2")


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        (
            "all",
            [
                (1, "acme", {}, "u1", {"role": "boss"}),
                (1, "acme", {}, "u2", {"role": "guest"}),
                (1, "new", {}, "u1", {"role": "guest"}),
            ],
        ),
        (
            "only_new",
            [
                (1, "acme", {}, "u1", {"role": "guest"}),
                (1, "acme", {}, "u2", {"role": "guest"}),
                (1, "new", {}, "u1", {"role": "guest"}),
            ],
        ),
        ("only_existing", [(1, "acme", {}, "u1", {"role": "boss"})]),
    ],
)
async def test_relationships_are_made_and_changed_with_both_their_ends(
    workspace: Workspace, http: httpx2.AsyncClient, process: str, expected: list[Any]
) -> None:
    first: dict[str, Any] = {"object_type_id": 1}
    await load(workspace, http, "relationship", "object_id,id,role\nacme,u1,guest\n", **first)
    content = "object_id,id,role\nacme,u1,boss\nacme,u2,guest\nnew,u1,guest\n"
    done = await load(workspace, http, "relationship", content, data_to_process=process, **first)
    assert await related(workspace) == expected
    assert (done["state"], "error_export_id" in done) == ("imported", False)


@pytest.mark.parametrize(("process", "cities"), [("only_new", ["Lima", "Oslo"]), ("only_existing", ["Rome"])])
async def test_new_and_known_objects_can_be_left_out(
    workspace: Workspace, http: httpx2.AsyncClient, process: str, cities: list[str]
) -> None:
    first: dict[str, Any] = {"object_type_id": 1, "identifier": None}
    await load(workspace, http, "object", "object_id,city\nacme,Lima\n", **first)
    content = "object_id,city\nacme,Rome\nnew,Oslo\n"
    await load(workspace, http, "object", content, data_to_process=process, **first)
    assert [row[2]["city"] for row in await related(workspace)] == cities


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("f.csv", "plan\npro\n", 'f.csv needs a column id or email; its first line is "plan".'),
        ("f.csv", "id,a,a\nu1,1,2\n", "f.csv has the column a more than once."),
        ("", "[1]", "data_file_url is one JSON array; it must be one JSON object per line."),
        (
            "people.json.gz",
            packed(b"{}" * 100)[:-9],
            "Could not fetch data_file_url: its gzip data are damaged.",
        ),
    ],
)
async def test_a_file_that_cannot_be_one_fails_the_import(
    workspace: Workspace, http: httpx2.AsyncClient, name: str, content: str | bytes, error: str
) -> None:
    done = await load(workspace, http, "people", content, name)
    assert (done["state"], done["error"], done["rows_imported"]) == ("failed", error, 0)
    assert kept(workspace) == []
    assert await workspace.database.read(store.due, NOW) == []


async def test_a_full_disk_fails_the_import_and_no_path_of_this_machine_is_told(
    workspace: Workspace, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/shop/workspace.db.imports/1.part")

    monkeypatch.setattr(Path, "replace", full)
    shown = await load(workspace, http, "people", "id\nu1\n")
    assert (shown["state"], shown["error"]) == ("failed", "The file could not be kept: No space left on device.")


@pytest.mark.parametrize("url", ["https://localhost/f.csv", "https://10.0.0.1/f.csv", "https://169.254.169.254/"])
async def test_a_private_address_is_not_fetched(workspace: Workspace, client: Client, url: str) -> None:
    wanted = NewImport(name="x", data_file_url=url, type="people", identifier="id")
    await client.imports.create(wanted)
    await imports.take(workspace, 1, asyncio.Event())
    done = (await client.imports.get(1)).import_
    assert (done.state, done.error) == (
        "failed",
        "data_file_url points to a private or local address; that is not allowed.",
    )


async def test_a_stopped_import_goes_on_behind_what_was_taken(
    workspace: Workspace, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 2)
    stopping, took = asyncio.Event(), store.took

    def stop(*given: Any) -> None:
        took(*given)
        stopping.set()

    content = "id,name,timestamp\n" + "".join(f"u{number},came,{number}\n" for number in range(7))
    async with serving({"/f.csv": answer(content.encode())}) as server:
        wanted = {"name": "x", "data_file_url": f"{server.url}/f.csv", "type": "event", "identifier": "id"}
        await http.post("/v1/imports", json={"import": wanted})
        monkeypatch.setattr(store, "took", stop)
        await imports.take(workspace, 1, stopping)
    halfway = (await http.get("/v1/imports/1")).json()["import"]
    assert (halfway["state"], halfway["rows_to_import"], halfway["rows_imported"]) == ("importing", 7, 2)
    assert await workspace.database.read(store.due, NOW) == [1]
    monkeypatch.setattr(store, "took", took)
    await imports.take(workspace, 1, asyncio.Event())
    assert [row[3] for row in await events(workspace)] == list(range(7))
    assert (await http.get("/v1/imports/1")).json()["import"]["rows_imported"] == 7


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "import.name"),
        ({"data_file_url": "people.csv"}, "import.data_file_url"),
        ({"data_file_url": "http://files.example/f.csv"}, "import.data_file_url"),
        ({"type": "persons"}, "import.type"),
        ({"identifier": None}, "import.identifier"),
        ({"identifier": "phone"}, "import.identifier"),
        ({"type": "relationship"}, "import.object_type_id"),
        ({"type": "object", "object_type_id": "companies"}, "import.object_type_id"),
        ({"type": "object", "object_type_id": 0}, "import.object_type_id"),
        ({"type": "event", "data_to_process": "only_new"}, "import.data_to_process"),
        ({"data_to_process": "some"}, "import.data_to_process"),
    ],
)
async def test_what_is_wrong_with_an_import_is_named(
    http: httpx2.AsyncClient, change: dict[str, Any], field: str
) -> None:
    wanted = {"name": "x", "data_file_url": "https://files.example/f.csv", "type": "people", "identifier": "id"}
    answer = await http.post("/v1/imports", json={"import": wanted | change})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert (await http.post("/v1/imports", json=wanted)).json()["errors"][0]["field"] == "import"


async def test_an_unknown_import_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound, match="There is no import 9"):
        await client.imports.get(9)
