"""Imports: files of people, events, objects or relationships, taken in beside the sending. Reference 10."""

from typing import Literal

from pydantic import Field

from handbill.contract.endpoint import Endpoint, Model

Type = Literal["people", "event", "object", "relationship"]
Process = Literal["all", "only_new", "only_existing"]
State = Literal[
    "preprocessing", "preprocessed", "validating", "validated", "importing", "imported", "failed", "canceled"
]


def _absent(value: object) -> bool:
    """Keys that say nothing are left out of an answer."""
    return value is None


class NewImport(Model):
    name: str
    data_file_url: str = Field(description="A CSV or JSON Lines file, plain or gzip.")
    type: Type
    identifier: Literal["id", "email"] | None = Field(None, description="What names people; not needed for objects.")
    object_type_id: int | str | None = Field(None, description="Of objects and relationships.")
    data_to_process: Process | None = None
    people_to_process: Process | None = Field(None, description="The older name of data_to_process.")
    description: str = ""


class CreateImport(Model):
    import_: NewImport = Field(alias="import")


class Import(Model):
    """One import; `rows_imported` grows while it goes on, `error` says why it failed."""

    id: int
    created_at: int
    updated_at: int
    name: str
    description: str
    rows_to_import: int
    rows_imported: int
    state: State
    type: Type
    identifier: str | None = Field(None, exclude_if=_absent)
    data_to_process: Process
    people_to_process: Process
    object_type_id: str | None = Field(None, exclude_if=_absent)
    error: str


class ImportWithReports(Import):
    """With the lines that were wrong, as an export to download."""

    error_export_id: int | None = Field(None, exclude_if=_absent)
    error_download_url: str | None = Field(None, exclude_if=_absent)
    warning_export_id: int | None = Field(None, exclude_if=_absent)
    warning_download_url: str | None = Field(None, exclude_if=_absent)


class OneNewImport(Model):
    import_: Import = Field(alias="import")


class OneImport(Model):
    import_: ImportWithReports = Field(alias="import")


CREATE = Endpoint(
    name="imports.create",
    method="POST",
    path="/v1/imports",
    does="Import a file",
    source="10",
    body=CreateImport,
    answer=OneNewImport,
)
GET = Endpoint(
    name="imports.get",
    method="GET",
    path="/v1/imports/{import_id}",
    does="How far an import is",
    source="10",
    answer=OneImport,
)
