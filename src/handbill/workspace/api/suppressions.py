"""ESP suppressions: addresses that get no mail. Reference 10."""

from collections.abc import Sequence

from handbill.contract.app import suppressions as contract
from handbill.contract.audience import is_address
from handbill.contract.endpoint import Nothing
from handbill.contract.limits import SUPPRESSIONS_MAX
from handbill.errors import quoted
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import suppressions
from handbill.workspace.store.database import Row

BY_HAND = "Added through the App API"


@serves(contract.SEARCH)
async def search(call: Call) -> contract.Suppressions:
    found = await call.workspace.database.read(suppressions.search, call.path["email_address"])
    category = contract.CATEGORIES[found[0]["reason"]] if found else ""
    return contract.Suppressions(category=category, suppressions=_shown(found))


@serves(contract.LIST)
async def listed(call: Call) -> contract.Suppressions:
    reason, limit = _reason(call), call.limit(SUPPRESSIONS_MAX)
    found = await call.workspace.database.read(suppressions.page, reason, call.query.offset, limit)
    return contract.Suppressions(category=contract.CATEGORIES[reason], suppressions=_shown(found))


@serves(contract.OF_DOMAIN)
async def of_domain(call: Call) -> contract.DomainSuppressions:
    """What is suppressed here is suppressed for every sending domain, so whichever is asked for has all of it."""
    reason, limit = _reason(call), call.limit(SUPPRESSIONS_MAX)
    category, (offset,) = contract.CATEGORIES[reason], call.position() or [0]
    if call.query.email:
        found = await call.workspace.database.read(suppressions.search, call.query.email)
        only = [row for row in found if row["reason"] == reason]
        return contract.DomainSuppressions(category=category, suppressions=_shown(only))
    found = await call.workspace.database.read(suppressions.page, reason, offset, limit + 1)
    more = [offset + limit] if len(found) > limit else None
    return contract.DomainSuppressions(category=category, suppressions=_shown(found[:limit]), next=call.cursor(more))


@serves(contract.ADD)
async def add(call: Call) -> Nothing:
    reason, email = _reason(call), call.path["email_address"]
    if not is_address(email):
        raise BadRequest.of("email_address", f"email_address must be one plain address; got {quoted(email)}.")
    await call.workspace.database.write(suppressions.add, reason, email, call.workspace.clock.now(), BY_HAND)
    return Nothing()


@serves(contract.DELETE)
async def delete(call: Call) -> Nothing:
    await call.workspace.database.write(suppressions.delete, _reason(call), call.path["email_address"])
    return Nothing()


def _reason(call: Call) -> contract.Reason:
    given = call.path["suppression_type"]
    if given not in contract.REASONS:
        known = ", ".join(contract.REASONS)
        raise BadRequest.of("suppression_type", f"suppression_type must be one of {known}; got {quoted(given)}.")
    return contract.REASONS[given]


def _shown(rows: Sequence[Row]) -> list[contract.Suppression]:
    return [
        contract.Suppression(
            created=row["created"], email=row["identifier"], reason=row["detail"], status=row["status"]
        )
        for row in rows
    ]
