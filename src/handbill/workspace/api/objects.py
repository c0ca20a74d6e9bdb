"""Objects: their types, their attributes, and who belongs to them. Reference 9."""

import re

import msgspec

from handbill.contract.app import objects as contract
from handbill.contract.app.segments import Identifiers
from handbill.contract.limits import OBJECTS_MAX, RELATIONSHIPS_MAX
from handbill.contract.relationships import type_number
from handbill.errors import InvalidInput, NotFound
from handbill.workspace.api import customers
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import conditions, objects, people
from handbill.workspace.store.database import Row, Transaction


@serves(contract.TYPES)
async def types(call: Call) -> contract.Types:
    return contract.Types(types=[_type(row) for row in await call.workspace.database.read(objects.types)])


def _type(row: Row) -> contract.ObjectType:
    name, singular = row["name"], row["singular_name"]
    slugs = {"slug": _slug(name), "singular_slug": _slug(singular)}
    return contract.ObjectType(
        id=str(row["id"]), name=name, singular_name=singular, enabled=bool(row["enabled"]), **slugs
    )


def _slug(name: str) -> str:
    return "-".join(re.findall(r"\w+", name.lower()))


@serves(contract.SEARCH)
async def search(call: Call) -> contract.Found:
    limit, after = call.limit(OBJECTS_MAX), call.position()
    if faults := contract.check(call.body):
        raise InvalidInput(*faults)
    rows = await call.workspace.database.read(_matching, call, after[0] if after else 0, limit + 1)
    shown, following = call.page(rows, limit, "object")
    return contract.Found(
        identifiers=[_identifiers(row) for row in shown],
        ids=[row["object_id"] for row in shown],
        next=following,
    )


def _matching(tx: Transaction, call: Call, after: int, limit: int) -> list[Row]:
    type_id = type_number(call.body.object_type_id)
    assert type_id
    where = conditions.of_conditions(tx, call.body.filter, call.workspace.clock.now())
    return objects.search(tx, type_id, where, after, limit)


@serves(contract.ATTRIBUTES)
async def attributes(call: Call) -> contract.OneObject:
    row = await call.workspace.database.read(_found, call)
    shown = contract.Object(
        attributes=msgspec.json.decode(row["attributes"]),
        timestamps=msgspec.json.decode(row["timestamps"]),
        identifiers=_identifiers(row),
        object_type_id=str(row["type_id"]),
    )
    return contract.OneObject(object=shown)


@serves(contract.PEOPLE)
async def people_of(call: Call) -> contract.RelatedPeople:
    limit, after = call.limit(RELATIONSHIPS_MAX), call.position()
    rows = await call.workspace.database.read(_people, call, after[0] if after else 0, limit + 1)
    shown, following = call.page(rows, limit, "person")
    told = [
        contract.RelatedPerson(
            identifiers=Identifiers(**people.identifiers(row)),
            object_type_id=str(row["type_id"]),
            object_type_disabled=not row["enabled"],
        )
        for row in shown
    ]
    return contract.RelatedPeople(cio_relationships=told, next=following)


def _people(tx: Transaction, call: Call, after: int, limit: int) -> list[Row]:
    return objects.people_of(tx, _found(tx, call)["object"], after, limit)


@serves(contract.OF_CUSTOMER)
async def of_customer(call: Call) -> contract.Relationships:
    limit, after = call.limit(RELATIONSHIPS_MAX), call.position()
    person = await call.workspace.database.read(customers.found, call.query.id_type, call.path["customer_id"])
    rows = await call.workspace.database.read(objects.of_person, person, after[0] if after else 0, limit + 1)
    shown, following = call.page(rows, limit, "object")
    told = [
        contract.Relationship(
            object_type_id=row["type_id"],
            identifiers=_identifiers(row),
            attributes=msgspec.json.decode(row["attributes"]),
            timestamps=msgspec.json.decode(row["timestamps"]),
        )
        for row in shown
    ]
    return contract.Relationships(cio_relationships=told, next=following)


def _found(tx: Transaction, call: Call) -> Row:
    """The object of the path. Raises NotFound, also for one of another type."""
    type_id, name = call.number("object_type_id"), call.path["object_id"]
    named = {"cio_object_id": name} if call.query.id_type == "cio_object_id" else {"object_id": name}
    row = objects.get(tx, {"object_type_id": type_id, **named})
    if row["type_id"] != type_id:
        raise NotFound("There is no such object.")
    return row


def _identifiers(row: Row) -> contract.ObjectIdentifiers:
    return contract.ObjectIdentifiers(**objects.identifiers(row))
