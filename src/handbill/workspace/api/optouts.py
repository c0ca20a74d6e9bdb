"""Opt-outs: who wants no SMS or WhatsApp from one of our numbers. Reference 9."""

from collections import defaultdict
from collections.abc import Iterable

from handbill.contract.app import optouts as contract
from handbill.contract.app.customers import IdType
from handbill.contract.app.optouts import Optout
from handbill.contract.limits import OPTOUTS_MAX
from handbill.workspace.api import customers
from handbill.workspace.api.route import Call, serves
from handbill.workspace.store import optouts
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.identifiers import cio_id


@serves(contract.LIST)
async def listed(call: Call) -> contract.EveryonesOptouts:
    limit, after = call.limit(OPTOUTS_MAX), call.position()
    found = await call.workspace.database.read(_page, call.query.from_, after[0] if after else 0, limit + 1)
    shown = [
        contract.PersonOptouts(cio_id=cio_id(row["person"]), customer_id=row["id"], optouts=_shown(own))
        for row, own in found[:limit]
    ]
    more = [found[limit - 1][0]["person"]] if len(found) > limit else None
    return contract.EveryonesOptouts(optouts=shown, next=call.cursor(more))


def _page(tx: Transaction, sender: str | None, after: int, limit: int) -> list[tuple[Row, list[Row]]]:
    """People with their opt-outs."""
    rows = optouts.page(tx, sender, after, limit)
    by_person: dict[int, list[Row]] = defaultdict(list)
    for own in optouts.of_people(tx, [row["person"] for row in rows], sender):
        by_person[own["person"]].append(own)
    return [(row, by_person[row["person"]]) for row in rows]


@serves(contract.GET)
async def get(call: Call) -> contract.Optouts:
    return await _all_of_person(call)


async def _all_of_person(call: Call) -> contract.Optouts:
    rows = await call.workspace.database.read(_of_person, call.query.id_type, call.path["customer_id"])
    return contract.Optouts(optouts=_shown(rows))


def _of_person(tx: Transaction, id_type: IdType, value: str) -> list[Row]:
    return optouts.of_people(tx, [customers.found(tx, id_type, value)])


@serves(contract.PUT)
async def put(call: Call) -> contract.Optouts:
    given = [(each.channel, each.from_) for each in call.body.optouts]
    now = call.workspace.clock.now()
    await call.workspace.database.write(_replace, call.query.id_type, call.path["customer_id"], given, now)
    return await _all_of_person(call)


def _replace(tx: Transaction, id_type: IdType, value: str, given: list[tuple[str, str]], now: int) -> None:
    optouts.replace(tx, customers.found(tx, id_type, value), given, now)


def _shown(rows: Iterable[Row]) -> list[Optout]:
    return [Optout(channel=row["channel"], from_=row["sender"]) for row in rows]
