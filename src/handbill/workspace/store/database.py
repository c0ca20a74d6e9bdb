"""The database: whole units of work, each one function run in the database's own thread inside one transaction.

    people = await database.read(find_people, "a@b.example")
    await database.write(add_event, event)

A unit of work takes a `Transaction` first; it must not keep it. SQLite: writes take turns in one thread, reads have
another, so that neither waits for the other (WAL).
"""

import asyncio
import copy
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from handbill.errors import Unavailable
from handbill.workspace.store.queries import statement

P = ParamSpec("P")
T = TypeVar("T")
Row = sqlite3.Row
Values = Mapping[str, Any]

BUSY_SECONDS = 5.0


class Transaction:
    """What a unit of work may do. Queries go by name, values are bound, `parts` fill the marks of a query."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, query: str, values: Values | None = None, /, **parts: str) -> list[Row]:
        return self._connection.execute(statement(query, parts), values or {}).fetchall()

    def column(self, query: str, values: Values | None = None, /, **parts: str) -> Iterator[Any]:
        """The first column, row by row, for answers too long to hold twice."""
        for row in self._connection.execute(statement(query, parts), values or {}):
            yield row[0]

    def one(self, query: str, values: Values | None = None, /, **parts: str) -> Row | None:
        row: Row | None = self._connection.execute(statement(query, parts), values or {}).fetchone()
        return row

    def value(self, query: str, values: Values | None = None, /, **parts: str) -> Any:
        """The first column of the first row, or None."""
        row = self.one(query, values, **parts)
        return row[0] if row else None

    def run(self, query: str, values: Values | None = None, /, **parts: str) -> int:
        """How many rows changed."""
        return self._connection.execute(statement(query, parts), values or {}).rowcount

    def many(self, query: str, rows: Iterable[Values], /, **parts: str) -> int:
        """Run once for each of `rows`; how many rows changed in all."""
        return self._connection.executemany(statement(query, parts), rows).rowcount

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the work that is undone by itself when it raises."""
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO part")
            raise
        finally:
            self._connection.execute("RELEASE part")


@dataclass(slots=True)
class _Unit(Generic[T]):
    """A unit of work that waits for its turn, and then what came of it."""

    work: Callable[[Transaction], T]
    result: T = field(init=False)
    error: Exception | None = None
    given_up: bool = False
    """Nobody waits any more: what has not begun is left."""


class Database:
    """An open SQLite database. `open` migrates it; `close` ends its threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = ThreadPoolExecutor(1, "database-write")
        self._reader = ThreadPoolExecutor(1, "database-read")
        self._waiting: deque[_Unit[Any]] = deque()
        self._first: Callable[[Transaction], None] | None = None
        self._writing: sqlite3.Connection
        self._reading: sqlite3.Connection

    @classmethod
    async def open(cls, path: Path) -> "Database":
        """Open or create the file. Raises Unavailable when it cannot be used safely."""
        database = cls(path)
        loop = asyncio.get_running_loop()
        try:
            database._writing = await loop.run_in_executor(database._writer, _connect, path)
            await loop.run_in_executor(database._writer, _migrate, database._writing)
            database._reading = await loop.run_in_executor(database._reader, _connect, path)
        except sqlite3.DatabaseError as error:
            await database.close()
            raise Unavailable(f"The database {path} cannot be opened: {error}.") from error
        except BaseException:
            await database.close()
            raise
        return database

    async def read(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on one consistent view of the data."""
        unit = partial(_in_transaction, self._reading, "BEGIN", lambda tx: work(tx, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._reader, unit)

    async def write(self, work: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` and commit durably; any exception undoes all of it.

        Units that wait for their turn together share one commit, and with it one wait for the disk.
        """
        unit: _Unit[T] = _Unit(lambda tx: self._begun(tx, lambda: work(tx, *args, **kwargs)))
        self._waiting.append(unit)
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._write_waiting)
        except asyncio.CancelledError:
            unit.given_up = True
            raise
        if unit.error:
            raise unit.error
        return unit.result

    def beginning(self, first: Callable[[Transaction], None]) -> "Database":
        """The same open database, where each unit of writing begins with `first`."""
        other = copy.copy(self)
        other._first = first
        return other

    def _begun(self, tx: Transaction, work: Callable[[], T]) -> T:
        if self._first:
            self._first(tx)
        return work()

    def _write_waiting(self) -> None:
        """What waits, in its order; those who came later find nothing left to do."""
        units = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not units:
            return
        try:
            _in_transaction(self._writing, "BEGIN IMMEDIATE", lambda tx: _each(tx, units))
        except Exception as error:  # nothing of them was committed
            for unit in units:
                unit.error = error

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        for thread, name in ((self._reader, "_reading"), (self._writer, "_writing")):
            if hasattr(self, name):
                await loop.run_in_executor(thread, getattr(self, name).close)
            thread.shutdown(wait=True)


def _each(tx: Transaction, units: Iterable["_Unit[Any]"]) -> None:
    for unit in units:
        if unit.given_up:
            continue
        try:
            with tx.part():
                unit.result = unit.work(tx)
        except sqlite3.OperationalError:  # SQLite may have undone everything
            raise
        except Exception as error:
            unit.error = error


def _in_transaction(connection: sqlite3.Connection, begin: str, work: Callable[[Transaction], T]) -> T:
    try:
        connection.execute(begin)
        try:
            result = work(Transaction(connection))
            connection.execute("COMMIT")
            return result
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.OperationalError as error:
        raise _unavailable(error) from error


def _unavailable(error: sqlite3.OperationalError) -> Exception:
    """Full and busy disks are the operator's affair; any other fault is ours and stays as it is."""
    reasons = {
        sqlite3.SQLITE_FULL: "The disk or the database is full: nothing was written. Free some space.",
        sqlite3.SQLITE_BUSY: "The database is busy in another process. Try again.",
        sqlite3.SQLITE_IOERR: "The disk does not answer: nothing was written.",
        sqlite3.SQLITE_READONLY: "The database file is read-only: nothing was written.",
    }
    reason = reasons.get(error.sqlite_errorcode & 0xFF)
    return Unavailable(reason) if reason else error


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise Unavailable(f"{path} does not support write-ahead logging; use a folder on a local disk.")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _migrations() -> list[str]:
    folder = files("handbill.workspace.store").joinpath("migrations")
    return [file.read_text(encoding="utf-8") for file in sorted(folder.iterdir(), key=lambda file: file.name)]


def newest_version() -> int:
    """The version that an opened database is brought to."""
    return len(_migrations())


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version, all of it or nothing; several processes may start at once."""
    steps = _migrations()
    connection.execute("PRAGMA foreign_keys = OFF")  # a table made anew would take the rows that point to it along
    connection.execute("BEGIN IMMEDIATE")
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(steps):
            raise Unavailable(
                f"The database is of version {version}, newer than this Handbill knows. Install the newer one."
            )
        for step in steps[version:]:
            for text in _statements(step):
                connection.execute(text)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("PRAGMA foreign_keys = ON")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: `executescript` would end our transaction."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text
            text = ""
