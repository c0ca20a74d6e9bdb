"""Metrics of broadcasts and their actions, version 1. Reference 8.3."""

from bisect import bisect_right
from collections.abc import Iterable

from handbill.contract.app import metrics as contract
from handbill.workspace.api.route import Call, serves
from handbill.workspace.periods import starts
from handbill.workspace.store import metrics
from handbill.workspace.store.database import Row

FEWEST_STEPS = 2
DEFAULT_MONTHS = 12


@serves(contract.BROADCAST)
async def of_broadcast(call: Call) -> contract.Metrics:
    begins = _begins(call)
    rows = await call.workspace.database.read(
        metrics.of_broadcast, call.number("broadcast_id"), begins[0], call.query.type
    )
    return _series(begins, rows)


@serves(contract.ACTION)
async def of_action(call: Call) -> contract.Metrics:
    begins = _begins(call)
    broadcast_id, action_id = call.number("broadcast_id"), call.number("action_id")
    rows = await call.workspace.database.read(metrics.of_action, broadcast_id, action_id, begins[0], call.query.type)
    return _series(begins, rows)


def _begins(call: Call) -> list[int]:
    """The periods asked for: no `steps` and 0 mean the most there are (12 for months without `steps`)."""
    period, steps = call.query.period, call.query.steps
    if steps is None and period == "months":
        steps = DEFAULT_MONTHS
    most = contract.STEPS[period]
    return starts(period, max(FEWEST_STEPS, min(steps or most, most)), call.workspace.clock.now())


def _series(begins: list[int], rows: Iterable[Row]) -> contract.Metrics:
    series = {name: [0] * len(begins) for name in contract.SERIES}
    for row in rows:
        if row["metric"] in series:
            series[row["metric"]][bisect_right(begins, row["hour"]) - 1] += row["count"]
    return contract.Metrics(metric=contract.Series(series=series))
