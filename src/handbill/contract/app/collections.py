"""Collections: small tables that messages look things up in. Reference 10."""

from typing import Any, Self

from pydantic import Field, ModelWrapValidatorHandler, RootModel, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from handbill.contract.endpoint import Endpoint, Model


class Collection(Model):
    id: int
    name: str
    bytes: int
    rows: int
    schema_: list[str] = Field(alias="schema", description="The keys of its rows.")
    created_at: int
    updated_at: int


class Collections(Model):
    collections: list[Collection]


class OneCollection(Model):
    collection: Collection


class PutCollection(Model):
    name: str | None = None
    data: list[dict[str, Any]] | None = None
    url: str | None = Field(None, description="Where the data is, as CSV or JSON; instead of `data`.")


class NewCollection(PutCollection):
    name: str


class Content(RootModel[list[dict[str, Any]] | dict[str, Any]]):
    """The rows, or one object in their place."""

    @model_validator(mode="wrap")
    @classmethod
    def _told_once(cls, value: Any, check: ModelWrapValidatorHandler[Self]) -> Self:
        """One fault in words, where there would be one for each thing it might have been."""
        try:
            return check(value)
        except ValidationError:
            raise PydanticCustomError("rows", "must be a list of objects, or one object") from None


_ONE = "/v1/collections/{collection_id}"

LIST = Endpoint(
    name="collections.list",
    method="GET",
    path="/v1/collections",
    does="List collections",
    source="10",
    answer=Collections,
)
CREATE = Endpoint(
    name="collections.create",
    method="POST",
    path="/v1/collections",
    does="Make a collection of rows, or of what a URL holds",
    source="10",
    body=NewCollection,
    answer=OneCollection,
)
GET = Endpoint(
    name="collections.get", method="GET", path=_ONE, does="One collection", source="10", answer=OneCollection
)
PUT = Endpoint(
    name="collections.put",
    method="PUT",
    path=_ONE,
    does="Rename a collection, or replace its rows",
    source="10",
    body=PutCollection,
    answer=OneCollection,
)
DELETE = Endpoint(
    name="collections.delete", method="DELETE", path=_ONE, does="Delete a collection", source="10", status=204
)
CONTENT = Endpoint(
    name="collections.content",
    method="GET",
    path=f"{_ONE}/content",
    does="A collection's rows",
    source="10",
    answer=Content,
)
PUT_CONTENT = Endpoint(
    name="collections.put_content",
    method="PUT",
    path=f"{_ONE}/content",
    does="Replace a collection's rows",
    source="10",
    body=Content,
    answer=OneCollection,
)
