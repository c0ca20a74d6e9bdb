"""Objects: what people belong to, by type, with their attributes and the people related to them. Reference 9."""

from typing import Any, Literal

from handbill.contract import filters
from handbill.contract.app.customers import IdType
from handbill.contract.app.segments import Identifiers
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.filters import got, named, scalar, strangers
from handbill.contract.limits import OBJECTS_DEFAULT, RELATIONSHIPS_DEFAULT
from handbill.contract.relationships import type_number
from handbill.errors import Fault


class ObjectType(Model):
    id: str
    name: str
    singular_name: str
    slug: str
    singular_slug: str
    enabled: bool
    icon: str = ""


class Types(Model):
    types: list[ObjectType]


class ObjectIdentifiers(Model):
    object_id: str
    cio_object_id: str


class SearchQuery(Model):
    start: str = ""
    limit: int = OBJECTS_DEFAULT


class Search(Model):
    object_type_id: Any
    filter: Any


class Found(Model):
    identifiers: list[ObjectIdentifiers]
    ids: list[str]
    next: str = ""


class ObjectQuery(Model):
    id_type: Literal["object_id", "cio_object_id"] = "object_id"


class Object(Model):
    attributes: dict[str, Any]
    timestamps: dict[str, int]
    identifiers: ObjectIdentifiers
    object_type_id: str


class OneObject(Model):
    object: Object


class PeopleQuery(ObjectQuery):
    start: str = ""
    limit: int = RELATIONSHIPS_DEFAULT


class RelatedPerson(Model):
    identifiers: Identifiers
    object_type_id: str
    object_type_disabled: bool = False


class RelatedPeople(Model):
    cio_relationships: list[RelatedPerson]
    next: str = ""


class OfCustomerQuery(Model):
    id_type: IdType = "id"
    start: str = ""
    limit: int = RELATIONSHIPS_DEFAULT


class Relationship(Model):
    """`attributes` and `timestamps` are the relationship's own."""

    object_type_id: int
    identifiers: ObjectIdentifiers
    attributes: dict[str, Any]
    timestamps: dict[str, int]


class Relationships(Model):
    cio_relationships: list[Relationship]
    next: str = ""


def check(search: Search) -> list[Fault]:
    """Everything wrong with a search: its type, and its filter, whose parts name the same type."""
    wanted = type_number(search.object_type_id)
    if wanted is None:
        message = f'object_type_id must be the number of a type, such as "1"; got {got(search.object_type_id)}.'
        return [Fault("object_type_id", message)]
    return filters.tree(search.filter, "filter", {"object_attribute": lambda part, field: _part(part, field, wanted)})


def _part(value: object, field: str, wanted: int) -> list[Fault]:
    if not isinstance(value, dict):
        return [Fault(field, f"{field} must be an object with field, operator and type_id; got {got(value)}.")]
    faults = strangers(value, field, ("field", "operator", "value", "type_id")) + named(value, field)
    operator, type_id = value.get("operator"), value.get("type_id")
    if operator not in ("eq", "exists"):
        faults.append(Fault(f"{field}.operator", f"{field}.operator must be eq or exists; got {got(operator)}."))
    if type_number(type_id) != wanted:
        faults.append(Fault(f"{field}.type_id", f'{field}.type_id must be "{wanted}", too; got {got(type_id)}.'))
    return faults + (scalar(value, field) if operator == "eq" else [])


TYPES = Endpoint(
    name="objects.types",
    method="GET",
    path="/v1/object_types",
    does="The types of objects",
    source="9",
    answer=Types,
)
SEARCH = Endpoint(
    name="objects.search",
    method="POST",
    path="/v1/objects",
    does="Objects of a type that match a filter",
    source="9",
    harmless=True,
    query=SearchQuery,
    body=Search,
    answer=Found,
)
ATTRIBUTES = Endpoint(
    name="objects.attributes",
    method="GET",
    path="/v1/objects/{object_type_id}/{object_id}/attributes",
    does="One object with its attributes",
    source="9",
    query=ObjectQuery,
    answer=OneObject,
)
PEOPLE = Endpoint(
    name="objects.people",
    method="GET",
    path="/v1/objects/{object_type_id}/{object_id}/relationships",
    does="The people of an object",
    source="9",
    query=PeopleQuery,
    answer=RelatedPeople,
)
OF_CUSTOMER = Endpoint(
    name="objects.of_customer",
    method="GET",
    path="/v1/customers/{customer_id}/relationships",
    does="The objects of a person",
    source="9",
    query=OfCustomerQuery,
    answer=Relationships,
)
