"""What a store must do, whichever database is under it: this suite is the definition. Add a database to STORES.

The ledger is driven at random, step by step, with crashes and late answers; an account kept beside it in plain Python
says what must be true after every step.
"""

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.workspace.engine.standins import EVERYBODY, add_broadcast

from handbill.errors import Conflict, Unavailable
from handbill.policy import Policy
from handbill.workspace.engine.needs import Departure, Job, Outcome, Rendered, Result
from handbill.workspace.engine.states import MOVES
from handbill.workspace.store import contents, ledger, people, sending, triggers
from handbill.workspace.store.database import Database, Transaction

T = TypeVar("T")
NOW = 1_764_000_000
PEOPLE = 8


async def sqlite(folder: Path) -> Database:
    return await Database.open(folder / "workspace.db")


STORES: dict[str, Callable[[Path], Coroutine[Any, Any, Database]]] = {"sqlite": sqlite}
every_store = pytest.mark.parametrize("store", STORES)


@pytest.fixture
async def database(store: str, tmp_path: Path) -> Any:
    opened = await STORES[store](tmp_path)
    yield opened
    await opened.close()


@every_store
@pytest.mark.anyio
async def test_a_unit_of_work_that_fails_leaves_nothing_behind(database: Database) -> None:
    def half(tx: Transaction) -> None:
        tx.run("workspace.put", {"key": "a", "value": "1"})
        raise Conflict

    with pytest.raises(Conflict):
        await database.write(half)
    assert await database.read(lambda tx: tx.value("workspace.get", {"key": "a"})) is None


@every_store
@pytest.mark.anyio
async def test_a_read_sees_one_moment_while_others_write(database: Database) -> None:
    def put(tx: Transaction, value: str) -> None:
        tx.run("workspace.put", {"key": "a", "value": value})

    loop = asyncio.get_running_loop()

    def twice(tx: Transaction) -> tuple[str, str]:
        first = tx.value("workspace.get", {"key": "a"})
        asyncio.run_coroutine_threadsafe(database.write(put, "2"), loop).result(10)
        return first, tx.value("workspace.get", {"key": "a"})

    await database.write(put, "1")
    assert await database.read(twice) == ("1", "1")


@every_store
@pytest.mark.anyio
async def test_two_who_open_it_at_once_find_one_workspace(store: str, tmp_path: Path) -> None:
    both = await asyncio.gather(*(STORES[store](tmp_path) for _ in range(4)))
    await both[0].write(lambda tx: tx.run("workspace.put", {"key": "a", "value": "1"}))
    assert await both[3].read(lambda tx: tx.value("workspace.get", {"key": "a"})) == "1"
    for database in both:
        await database.close()


@pytest.mark.anyio
async def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "workspace.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(Unavailable, match="newer than this Handbill"):
        await sqlite(tmp_path)


def message(delivery: int) -> Rendered:
    return Rendered(delivery, "a@b.example", "u@film.example", "Hi", b"", b"kept")


class LedgerMachine(RuleBasedStateMachine):
    """Workers claim, send, learn what became of it and die; nobody may be lost, nor sent to twice unnoticed."""

    store = "sqlite"

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
        self.loop = asyncio.new_event_loop()
        self.database = self.loop.run_until_complete(STORES[self.store](Path(self.folder.name)))
        self.now = NOW
        self.delivered: Counter[int] = Counter()
        """How often the server took each delivery: the truth that the ledger cannot see."""
        self.perhaps: set[int] = set()
        """Deliveries whose answer was lost."""
        self.workers: dict[int, dict[int, str]] = {}
        self.trigger = self.write(self.start)

    def write(self, work: Callable[..., T], *args: Any) -> T:
        return self.loop.run_until_complete(self.database.write(work, *args))

    def start(self, tx: Transaction) -> int:
        for number in range(PEOPLE):
            people.identify(tx, "id", f"u{number}", {"email": f"u{number}@film.example"}, 1)
        add_broadcast(tx, 5)
        sending.put(tx, Policy(mode="live"))
        accepted = triggers.accept(tx, 5, EVERYBODY, lacking={}, time=NOW)
        job = Job(accepted.id, 5)
        parent = dict(triggers.broadcast(tx, 5))
        written = contents.of_parent(tx, "broadcast_id", parent, {}, own_roots=False, base_url="")
        ledger.next_job(tx, 0, NOW)
        ledger.write_out(tx, job, written, list(range(1, PEOPLE + 1)), NOW)
        ledger.begin(tx, job, written, {})
        ledger.start(tx, job, NOW)
        return accepted.id

    @rule()
    def join(self) -> None:
        if len(self.workers) < 3:
            self.workers[self.write(ledger.join, secrets.token_hex(8), self.now)] = {}

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 2), limit=st.integers(1, 4))
    def claim(self, choice: int, limit: int) -> None:
        worker = self.pick(choice)
        _, works = self.write(ledger.claim, worker, limit, self.now)
        for work in works:
            assert all(work["delivery"] not in held for held in self.workers.values())
            self.workers[worker][work["delivery"]] = "claimed"

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 2))
    def send(self, choice: int) -> None:
        held = self.workers[self.pick(choice)]
        starting = [delivery for delivery, state in held.items() if state == "claimed"]
        departures = [Departure(message(delivery)) for delivery in starting]
        self.write(ledger.record, [], departures, self.now)
        held.update(dict.fromkeys(starting, "sending"))

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 2), outcome=st.sampled_from(list(Outcome)), arrived=st.booleans())
    def answer(self, choice: int, outcome: Outcome, arrived: bool) -> None:
        """The server took the message, or not; the worker learns it, or that nothing can be known."""
        held = self.workers[self.pick(choice)]
        sending = [delivery for delivery, state in held.items() if state == "sending"]
        for delivery in sending[:2]:
            took = outcome is Outcome.SENT or (outcome is Outcome.UNKNOWN and arrived)
            self.delivered[delivery] += took
            self.perhaps |= {delivery} if outcome is Outcome.UNKNOWN else set()
            self.write(ledger.record, [self.result(delivery, outcome)], [], self.now)
            del held[delivery]

    @precondition(lambda self: self.workers)
    @rule(choice=st.integers(0, 2), arrived=st.booleans())
    def die(self, choice: int, arrived: bool) -> None:
        """A worker is killed; what it was sending arrived, or not; another takes over."""
        worker = self.pick(choice)
        sending = {delivery for delivery, state in self.workers.pop(worker).items() if state == "sending"}
        self.delivered.update(sending if arrived else ())
        self.perhaps |= sending
        assert self.write(ledger.take_over, worker, self.now) == len(sending)

    @rule()
    def time_passes(self) -> None:
        self.now += 3600

    def pick(self, choice: int) -> int:
        return sorted(self.workers)[choice % len(self.workers)]

    def result(self, delivery: int, outcome: Outcome) -> Result:
        due = self.now + 60 if outcome is Outcome.DEFERRED else None
        return Result(delivery, outcome, self.now, "said", retry_at=due, message=message(delivery))

    @invariant()
    def everybody_is_in_the_ledger_once_and_counted(self) -> None:
        rows = self.write(_rows)
        counts = self.write(_counts, self.trigger)
        assert sorted(row["person"] for row in rows) == list(range(1, PEOPLE + 1))
        assert counts == Counter(row["state"] for row in rows)
        assert {row["state"] for row in rows} <= MOVES.keys()

    @invariant()
    def nobody_gets_it_twice_unless_flagged(self) -> None:
        flagged = {row["delivery"] for row in self.write(_rows) if row["resent"]}
        doubled = {delivery for delivery, times in self.delivered.items() if times > 1}
        assert doubled <= flagged <= self.perhaps

    @invariant()
    def what_is_recorded_as_sent_was_taken(self) -> None:
        sent = {row["delivery"] for row in self.write(_rows) if row["state"] == "sent"}
        assert all(self.delivered[delivery] for delivery in sent)

    @invariant()
    def the_trigger_is_finished_just_when_nothing_is_left(self) -> None:
        left = {"queued", "sending", "deferred", "unknown"} & {row["state"] for row in self.write(_rows)}
        assert (self.write(_state, self.trigger) == "finished") == (not left)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.loop.run_until_complete(self.database.close())
            self.loop.close()
            self.folder.cleanup()


def _rows(tx: Transaction) -> list[Any]:
    return list(tx._connection.execute("SELECT delivery, person, state, resent FROM deliveries"))


def _counts(tx: Transaction, trigger: int) -> Counter[str]:
    rows = tx.all("triggers.counts", {"trigger": trigger})
    return Counter({row["state"]: row["count"] for row in rows if row["count"]})


def _state(tx: Transaction, trigger: int) -> str:
    return str(ledger.trigger(tx, trigger)["state"])


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
