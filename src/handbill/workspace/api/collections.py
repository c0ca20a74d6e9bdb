"""Collections: small tables that messages look things up in. Reference 10."""

from typing import Any

import msgspec
from starlette.responses import Response

from handbill.contract.app import collections as contract
from handbill.contract.endpoint import Nothing
from handbill.contract.limits import COLLECTION_NAME_CHARACTERS
from handbill.workspace.api import collection_files
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import collections
from handbill.workspace.store.database import Row


@serves(contract.LIST)
async def listed(call: Call) -> contract.Collections:
    rows = await call.workspace.database.read(collections.listed)
    return contract.Collections(collections=[_collection(row) for row in rows])


@serves(contract.CREATE)
async def create(call: Call) -> contract.OneCollection:
    name, stored = _name(call.body.name), await _stored(call)
    if not stored:
        raise BadRequest.of("data", "data, a list of objects, or url is required.")
    row = await call.workspace.database.write(collections.create, name, stored, call.workspace.clock.now())
    return contract.OneCollection(collection=_collection(row))


@serves(contract.GET)
async def get(call: Call) -> contract.OneCollection:
    row = await call.workspace.database.read(collections.get, call.number("collection_id"))
    return contract.OneCollection(collection=_collection(row))


@serves(contract.PUT)
async def put(call: Call) -> contract.OneCollection:
    name = None if call.body.name is None else _name(call.body.name)
    return await _update(call, name, await _stored(call))


@serves(contract.DELETE)
async def delete(call: Call) -> Nothing:
    await call.workspace.database.write(collections.delete, call.number("collection_id"))
    return Nothing()


@serves(contract.CONTENT)
async def content(call: Call) -> Response:
    data = await call.workspace.database.read(collections.content, call.number("collection_id"))
    return Response(data, media_type="application/json")


@serves(contract.PUT_CONTENT)
async def put_content(call: Call) -> contract.OneCollection:
    return await _update(call, None, collections.columns(call.body.root, "body"))


async def _update(call: Call, name: str | None, stored: dict[str, Any]) -> contract.OneCollection:
    number, now = call.number("collection_id"), call.workspace.clock.now()
    row = await call.workspace.database.write(collections.update, number, name, stored, now)
    return contract.OneCollection(collection=_collection(row))


def _name(given: str) -> str:
    name = given.strip()
    if not 0 < len(name) <= COLLECTION_NAME_CHARACTERS:
        raise BadRequest.of("name", f"name must have 1 to {COLLECTION_NAME_CHARACTERS} characters; got {len(name)}.")
    return name


async def _stored(call: Call) -> dict[str, Any]:
    """The rows that the body holds, or leads to, as they are stored; empty when it says nothing of them."""
    data, url = call.body.data, call.body.url
    if data is not None and url is not None:
        raise BadRequest.of("url", "url cannot be given together with data; use one of them.")
    if url is not None:
        return collections.columns(await collection_files.read(url, call.workspace.settings.private_hosts), "url")
    return {} if data is None else collections.columns(data, "data")


def _collection(row: Row) -> contract.Collection:
    return contract.Collection(
        id=row["id"],
        name=row["name"],
        bytes=row["bytes"],
        rows=row["rows"],
        schema_=msgspec.json.decode(row["schema"]),
        created_at=row["created"],
        updated_at=row["updated"],
    )
