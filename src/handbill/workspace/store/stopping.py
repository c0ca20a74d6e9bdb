"""Stopping: anybody may stop what is under way, in the middle too; only a person lets it go on."""

from collections.abc import Sequence

import msgspec

from handbill.errors import Conflict, NotFound, SendingRefused
from handbill.policy import Mode
from handbill.workspace.engine.needs import Departure, Result
from handbill.workspace.store import audit, sending
from handbill.workspace.store.database import Row, Transaction

NOTE = "It was stopped. A person can let it go on: `handbill resume`."


def stop(
    tx: Transaction,
    via: str,
    now: int,
    *,
    broadcast: int | None = None,
    newsletter: int | None = None,
    trigger: int | None = None,
) -> Sequence[Row]:
    """Stop this trigger, all triggers of this broadcast or newsletter, or everything; which ones were under way.

    What is on its way to a server by now still arrives: one message for each open connection.
    """
    chosen = {"broadcast": broadcast, "newsletter": newsletter, "trigger": trigger}
    stopped = tx.all("stopping.stop", {**chosen, "transport": None, "all": True, "note": NOTE})
    if stopped:
        told = {f"{name}_id": number for name, number in chosen.items() if number}
        audit.record(tx, audit.Entry("", "stopped", via, {**told, "triggers": [row["id"] for row in stopped]}), now)
    return stopped


def resume(tx: Transaction, trigger: int, via: str, now: int) -> None:
    """Let a trigger go on from where it was stopped. Raises NotFound, Conflict and SendingRefused."""
    row = tx.one("stopping.trigger", {"trigger": trigger})
    if row is None:
        raise NotFound(f"There is no trigger {trigger}.")
    if row["stopped_from"] is None:
        raise Conflict(f"Trigger {trigger} is {row['state']}, not stopped.")
    mode = sending.get(tx).mode
    if mode == "off" or (mode == "sandbox" and row["transport"] == "live"):
        raise SendingRefused(f"Trigger {trigger} cannot go on in mode {mode}. Change it first: `handbill sending`.")
    tx.run("stopping.resume", {"trigger": trigger})
    tx.run("ledger.settle", {"trigger": trigger, "now": now})
    audit.record(tx, audit.Entry("", "resumed", via, {"trigger_id": trigger}), now)


def of_newsletter(tx: Transaction, newsletter: int) -> int:
    """The trigger of a newsletter. Raises NotFound."""
    trigger: int | None = tx.value("stopping.of_newsletter", {"newsletter": newsletter})
    if trigger is None:
        raise NotFound(f"There is no newsletter {newsletter} that is being sent.")
    return trigger


def held_back(tx: Transaction, results: Sequence[Result], departing: Sequence[Departure], mode: Mode) -> set[int]:
    """Of what is about to leave, the deliveries that may not any more; they are queued again.

    Asked in the transaction that would mark them, so nothing leaves that was marked after a stop.
    """
    stopped = set(tx.column("stopping.stopped"))
    barred = mode != "live"  # whatever has a way out is live: the rest is kept, and departs nowhere
    if not stopped and not (barred and departing):
        return set()
    leaving = [departure.message.delivery for departure in departing]
    kept = [result.delivery for result in results if result.delivered]
    rows = tx.all("ledger.rows", {"deliveries": msgspec.json.encode([*leaving, *kept]).decode()})
    found = {row["delivery"] for row in rows if row["trigger_id"] in stopped} | set(leaving if barred else ())
    tx.many("stopping.give_back", [{"delivery": delivery} for delivery in found])
    return found
