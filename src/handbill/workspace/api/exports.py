"""Exports over HTTP: asked for, looked after, downloaded. Reference 10."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from handbill.contract import filters
from handbill.contract.app import exports as contract
from handbill.errors import InvalidInput, NotFound
from handbill.workspace import cursors
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.page import page
from handbill.workspace.api.route import Call, serves
from handbill.workspace.chores.exports import path
from handbill.workspace.store import conditions, exports
from handbill.workspace.store.database import Row
from handbill.workspace.workspace import Workspace

LINK_SECONDS = 15 * 60
_SCOPE = b"export"


@serves(contract.LIST)
async def listed(call: Call) -> contract.Exports:
    return contract.Exports(exports=[_export(row) for row in await call.workspace.database.read(exports.listed)])


@serves(contract.GET)
async def get(call: Call) -> contract.OneExport:
    return contract.OneExport(export=_export(await _row(call)))


@serves(contract.DOWNLOAD)
async def download(call: Call) -> contract.Download:
    row = await _row(call)
    if row["status"] != "done":
        what = "failed: ask for it anew" if row["status"] == "failed" else "is not done yet: try again"
        raise NotFound(f"Export {row['id']} {what}.")
    return contract.Download(url=link(call, row["id"]))


@serves(contract.CUSTOMERS)
async def customers(call: Call) -> contract.OneExport:
    wanted: contract.CustomersExport = call.body
    if faults := filters.check(wanted.filters, "filters"):
        raise InvalidInput(*faults)
    await call.workspace.database.read(conditions.of_filter, wanted.filters, call.workspace.clock.now())
    return await _create(call, "customers", "People who match a filter")


@serves(contract.DELIVERIES)
async def deliveries(call: Call) -> contract.OneExport:
    given = [name for name in exports.PARENTS if getattr(call.body, name) is not None]
    if len(given) != 1:
        rule = f"exactly one of {', '.join(exports.PARENTS)} is needed; got {' and '.join(given) or 'none'}"
        raise BadRequest.of(given[1] if given else exports.PARENTS[0], f"bad request: {rule}.")
    parent = given[0].removesuffix("_id").replace("_", " ")
    return await _create(call, "deliveries", f"Deliveries of {parent} {getattr(call.body, given[0])}")


async def _create(call: Call, type_: str, description: str) -> contract.OneExport:
    now = call.workspace.clock.now()
    wanted = call.body.model_dump()
    row = await call.workspace.database.write(exports.create, type_, description, wanted, now)
    return contract.OneExport(export=_export(row))


async def _row(call: Call) -> Row:
    return await call.workspace.database.read(exports.get, call.number("export_id"))


def _export(row: Row) -> contract.Export:
    return contract.Export(
        id=row["id"],
        total=row["total"],
        deduplicate_id=f"{row['id']}:{row['updated']}",
        type=row["type"],
        failed=row["status"] == "failed",
        status=row["status"],
        description=row["description"],
        downloads=row["downloads"],
        created_at=row["created"],
        updated_at=row["updated"],
    )


def link(call: Call, export: int) -> str:
    """Where an export's file is for the next 15 minutes, on the host that was called."""
    until = call.workspace.clock.now() + LINK_SECONDS
    return f"{call.request.base_url}exports/{cursors.seal(call.workspace.secret, _SCOPE, [export, until])}"


def route(workspace: Workspace) -> Route:
    """`/exports/{token}`: an export's file. The token, which nobody can make, is the permission."""

    async def file(request: Request) -> Response:
        token = cursors.unseal(workspace.secret, _SCOPE, request.path_params["token"])
        export, until = token or (0, 0)
        if until <= workspace.clock.now() or not path(workspace, export).is_file():
            return page("No such file", "This link is over: ask for a new one.", status=404)
        await workspace.database.write(exports.downloaded, export)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return FileResponse(
            path(workspace, export), media_type="text/csv", filename=f"export-{export}.csv", headers=headers
        )

    return Route("/exports/{token}", file, methods=["GET"], name="export")
