"""Imports over HTTP: asked for, and looked after. Reference 10."""

from collections.abc import Iterator
from typing import Any

import msgspec

from handbill.contract.app import imports as contract
from handbill.contract.relationships import type_number
from handbill.errors import Fault
from handbill.workspace.api import exports
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.route import Call, serves
from handbill.workspace.fetch import check_url
from handbill.workspace.store import exports as stored_exports
from handbill.workspace.store import imports
from handbill.workspace.store.database import Row, Transaction


@serves(contract.CREATE)
async def create(call: Call) -> contract.OneNewImport:
    wanted: contract.NewImport = call.body.import_
    if faults := list(_faults(wanted, call.workspace.settings.private_hosts)):
        raise BadRequest(*faults)
    kept = {
        "data_file_url": wanted.data_file_url,
        "identifier": wanted.identifier if wanted.type != "object" else None,
        "object_type_id": None if wanted.object_type_id is None else str(wanted.object_type_id),
        "data_to_process": _process(wanted),
    }
    now = call.workspace.clock.now()
    row = await call.workspace.database.write(imports.create, wanted.name, wanted.description, wanted.type, kept, now)
    return contract.OneNewImport(import_=contract.Import.model_validate(_import(row)))


@serves(contract.GET)
async def get(call: Call) -> contract.OneImport:
    row, done = await call.workspace.database.read(_with_report, call.number("import_id"))
    export = row["error_export_id"]
    url = exports.link(call, export) if done else None
    reports = {"error_export_id": export, "error_download_url": url}
    return contract.OneImport(import_=contract.ImportWithReports.model_validate(_import(row) | reports))


def _with_report(tx: Transaction, number: int) -> tuple[Row, bool]:
    """The import, and whether its report can be downloaded."""
    row = imports.get(tx, number)
    export = row["error_export_id"]
    return row, export is not None and stored_exports.get(tx, export)["status"] == "done"


def _faults(wanted: contract.NewImport, private_hosts: frozenset[str]) -> Iterator[Fault]:
    if not wanted.name.strip():
        yield Fault("import.name", "import.name must not be empty.")
    yield from check_url(wanted.data_file_url, "import.data_file_url", private_hosts)
    if wanted.type != "object" and wanted.identifier is None:
        yield Fault("import.identifier", f"import.identifier, id or email, is required for type {wanted.type}.")
    if wanted.type in ("object", "relationship") and type_number(wanted.object_type_id) is None:
        rule = f'the number of a type of objects, such as "1", is required for type {wanted.type}'
        yield Fault("import.object_type_id", f"import.object_type_id, {rule}.")
    if wanted.type == "event" and _process(wanted) == "only_new":
        yield Fault("import.data_to_process", "import.data_to_process must be all or only_existing for type event.")


def _process(wanted: contract.NewImport) -> contract.Process:
    return wanted.data_to_process or wanted.people_to_process or "all"


def _import(row: Row) -> dict[str, Any]:
    wanted = msgspec.json.decode(row["wanted"], type=dict[str, Any])
    return {
        **{name: row[name] for name in ("id", "name", "description", "rows_to_import", "rows_imported")},
        **{name: row[name] for name in ("state", "type", "error")},
        **{name: wanted[name] for name in ("identifier", "object_type_id", "data_to_process")},
        "people_to_process": wanted["data_to_process"],
        "created_at": row["created"],
        "updated_at": row["updated"],
    }
