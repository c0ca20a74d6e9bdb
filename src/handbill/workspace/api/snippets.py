"""Snippets: pieces of Liquid that messages share. Reference 10."""

from collections.abc import Callable, Iterator

from handbill.contract.app import snippets as contract
from handbill.contract.endpoint import Nothing
from handbill.contract.limits import SNIPPET_BYTES, SNIPPET_NAME_CHARACTERS
from handbill.errors import Fault, InvalidInput
from handbill.workspace.api.route import Call, serves
from handbill.workspace.liquid import Dialect, LiquidSyntaxFault
from handbill.workspace.store import snippets
from handbill.workspace.store.database import Transaction


@serves(contract.LIST)
async def listed(call: Call) -> contract.Snippets:
    rows = await call.workspace.database.read(snippets.listed)
    found = [contract.Snippet(name=row["name"], value=row["value"], updated_at=row["updated"]) for row in rows]
    return contract.Snippets(snippets=found)


@serves(contract.CREATE)
async def create(call: Call) -> contract.OneSnippet:
    return await _write(call, snippets.create)


@serves(contract.PUT)
async def put(call: Call) -> contract.OneSnippet:
    return await _write(call, snippets.put)


@serves(contract.DELETE)
async def delete(call: Call) -> Nothing:
    await call.workspace.database.write(snippets.delete, call.path["snippet_name"])
    return Nothing()


async def _write(call: Call, write: Callable[[Transaction, str, str, int], None]) -> contract.OneSnippet:
    name, value, now = call.body.name.strip(), call.body.value.strip(), call.workspace.clock.now()
    if faults := list(_faults(name, value)):
        raise InvalidInput(*faults)
    await call.workspace.database.write(write, name, value, now)
    return contract.OneSnippet(snippet=contract.Snippet(name=name, value=value, updated_at=now))


def _faults(name: str, value: str) -> Iterator[Fault]:
    """What Customer.io refuses about a snippet (its description of 2026)."""
    if not name:
        yield Fault("name", "name cannot be blank.")
    if len(name) > SNIPPET_NAME_CHARACTERS:
        yield Fault("name", f"name cannot exceed {SNIPPET_NAME_CHARACTERS} characters.")
    if not value:
        yield Fault("value", "value cannot be blank.")
    if len(value.encode()) > SNIPPET_BYTES:
        yield Fault("value", f"value cannot exceed {SNIPPET_BYTES:,} bytes.")
        return
    try:
        dialect = Dialect()
        dialect.compile(value, "value")
        if dialect.snippets_in(value):
            yield Fault("value", "value cannot hold Liquid that names other snippets.")
    except LiquidSyntaxFault as fault:
        yield Fault("value", str(fault))
