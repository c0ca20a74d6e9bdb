"""What the fixture `handbill` is (pytest_plugin.py): a running workspace for the tests of code that sends.

docs/guides/testing.md shows it. Every method may be called from synchronous and asynchronous tests alike: the
workspace runs in a thread and an event loop of its own.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from handbill.contract.apis import APIS
from handbill.contract.endpoint import Endpoint
from handbill.errors import InvalidInput, RateLimited
from handbill.settings import Settings
from handbill.workspace import archive, definitions, delivery_ids
from handbill.workspace.api import failures
from handbill.workspace.app import create_app
from handbill.workspace.chores.attending import attend
from handbill.workspace.engine.needs import Batch, Departure, Outcome, Result
from handbill.workspace.engine.worker import Worker
from handbill.workspace.keys import Keys
from handbill.workspace.ledger import WorkspaceLedger
from handbill.workspace.running import channel
from handbill.workspace.store import ledger as stored
from handbill.workspace.store import messages
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

T = TypeVar("T")
Api = Literal["app", "track", "pipelines"]

SECONDS = 20.0
"""How long is waited for what is under way before a test fails."""
MOST = 10_000
"""Messages that are looked at, the newest."""


class MovableClock:
    """Starts now and stands still until `Handbill.advance` moves it."""

    def __init__(self) -> None:
        self._start, self._seconds = int(time.time()), 0.0

    def now(self) -> int:
        return int(self.time())

    def time(self) -> float:
        return self._start + self._seconds

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += seconds


@dataclass(slots=True)
class ApiFault:
    """What calls of one API meet; `met` counts those that did."""

    api: Api
    status: int | None
    retry_after: int | None
    seconds: float
    times: int | None
    met: int = 0

    @property
    def on(self) -> bool:
        return self.times is None or self.met < self.times


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that left: `bounced` when its address refused it."""

    id: str
    type: str
    to: str
    subject: str
    body: str
    bounced: bool


class Handbill:
    """A running workspace: where it is, its keys, and what tests do with it."""

    url: str
    """Such as `http://127.0.0.1:40123`: App API and Pipelines under /v1, Track API under /api/v1 and /api/v2."""
    keys: Keys

    def __init__(self, url: str, workspace: Workspace, clock: MovableClock) -> None:
        self.url, self.keys, self.clock = url, workspace.keys, clock
        self.faults: list[ApiFault] = []
        self.bouncing: set[str] = set()
        self.changed = asyncio.Event()
        """Set whenever the engine has written something down."""
        self.stopping = asyncio.Event()
        self._workspace = workspace
        self._loop = asyncio.get_running_loop()

    def define(self, given: Path | str | Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, int | None]:
        """Make the workspace what a folder of definition files says, or lists of definitions by kind.

        Answers the ids by name. Raises handbill.errors.InvalidInput with everything that is wrong.
        """
        if isinstance(given, Path | str):
            return self._define(Path(given))
        with TemporaryDirectory() as folder:
            for kind, items in given.items():
                Path(folder, kind).mkdir()
                for number, item in enumerate(items):
                    Path(folder, kind, f"{number}.yaml").write_text(json.dumps(item), "utf-8")  # JSON is YAML
            return self._define(Path(folder))

    def _define(self, folder: Path) -> dict[str, int | None]:
        applied = self._run(definitions.apply(self._workspace, folder))
        return {each.name: each.id for each in applied}

    def advance(self, seconds: float) -> None:
        """Move the workspace's clock: scheduled messages, retries and limits see that time has passed."""
        self.clock.advance(seconds)
        self._loop.call_soon_threadsafe(self._workspace.bell.set)

    def fault(
        self,
        api: Api,
        status: int | None = None,
        *,
        retry_after: int | None = None,
        seconds: float = 0.0,
        times: int | None = None,
    ) -> ApiFault:
        """Answer calls of `api` with `status` (429 with `retry_after`, 400, 422, 5xx), or as ever but `seconds` late.

        `times` calls meet it; without it all do, until `clear_faults`.
        """
        self.faults.append(ApiFault(api, status, retry_after, seconds, times))
        return self.faults[-1]

    def clear_faults(self) -> None:
        """Calls are answered again, and nothing bounces."""
        self.faults.clear()
        self.bouncing.clear()

    def bounce(self, address: str) -> None:
        """From now on, what is sent to this address bounces, and the address is suppressed."""
        self.bouncing.add(address)

    def sent(self) -> list[Sent]:
        """Every message that left, the oldest first, once nothing is under way any more."""
        return self._run(self._sent())

    def assert_sent(self, *, to: str | None = None, subject: str | None = None, times: int = 1) -> list[Sent]:
        """The messages that were sent to this address with this subject; fails unless there are `times` of them."""
        __tracebackhide__ = True
        everything = self.sent()
        found = [each for each in everything if to in (None, each.to) and subject in (None, each.subject)]
        if len(found) != times:
            lines = "\n".join(f"  {each.type} to {each.to}: {each.subject!r}" for each in everything)
            wanted = f"to={to!r}, subject={subject!r}, times={times}"
            pytest.fail(f"assert_sent({wanted}) found {len(found)}. What was sent:\n{lines or '  nothing'}")
        return found

    async def _sent(self) -> list[Sent]:
        async with asyncio.timeout(SECONDS):
            self.changed.clear()
            while await self._workspace.database.read(stored.under_way, self.clock.now()):
                await self.changed.wait()
                self.changed.clear()
        return await self._workspace.database.read(_sent, self._workspace.secret, self.clock.now())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _sent(tx: Transaction, secret: bytes, now: int) -> list[Sent]:
    rows = [row for row in messages.page(tx, messages.Filters(), None, MOST, now) if row["sent"] or row["bounced"]]
    return [
        Sent(
            delivery_ids.seal(secret, row["delivery"]),
            row["type"],
            row["recipient"] or "",
            row["subject"] or "",
            _body(messages.archived(tx, row["delivery"])),
            row["bounced"] is not None,
        )
        for row in reversed(rows)
    ]


def _body(kept: tuple[bytes, bytes] | None) -> str:
    return str(archive.expand(*kept).get("body") or "") if kept else ""


# The workspace in its thread


@contextmanager
def served(home: Path) -> Iterator[Handbill]:
    """A running workspace in the folder `home`, until the block ends."""
    ready: Future[Handbill] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(home, ready)), name="handbill", daemon=True)
    thread.start()
    opened = ready.result()
    try:
        yield opened
    finally:
        opened._loop.call_soon_threadsafe(opened.stopping.set)
        thread.join()


async def _serve(home: Path, ready: "Future[Handbill]") -> None:
    try:
        with socket.create_server(("127.0.0.1", 0)) as sock:
            url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            hosts = frozenset(("127.0.0.1", "localhost"))
            settings = replace(Settings.load({}, home), base_url=url, private_hosts=hosts)
            clock = MovableClock()
            async with Workspace.open(settings, clock) as workspace, asyncio.TaskGroup() as tasks:
                opened = Handbill(url, workspace, clock)
                app = _with_faults(create_app(workspace, limits=False), opened)
                config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
                server = uvicorn.Server(config)
                tasks.create_task(server.serve([sock]))
                tasks.create_task(attend(workspace, opened.stopping))
                worker = _worker(workspace, opened)
                tasks.create_task(worker.run())
                ready.set_result(opened)
                await opened.stopping.wait()
                server.should_exit = True
                worker.stop()
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)


def _worker(workspace: Workspace, opened: Handbill) -> Worker:
    ledger = _Ledger(workspace, opened)
    return Worker(ledger, workspace.renderer, lambda *way: channel(workspace, *way), workspace.clock, workspace.bell)


class _Ledger(WorkspaceLedger):
    """Lets addresses bounce, and says when something was written down."""

    def __init__(self, workspace: Workspace, opened: Handbill) -> None:
        super().__init__(workspace)
        self._opened = opened

    async def claim(self, worker: int, limit: int) -> Sequence[Batch]:
        batches = await super().claim(worker, limit)  # comes after all that is prepared, and skips people
        self._opened.changed.set()
        return batches

    async def record(self, results: Sequence[Result], sending: Sequence[Departure] = ()) -> Collection[int]:
        back = await super().record([self._bounced(result) for result in results], sending)
        self._opened.changed.set()
        return back

    def _bounced(self, result: Result) -> Result:
        message = result.message
        if message is None or not self._opened.bouncing & {message.recipient, *message.recipients}:
            return result
        words = "550 5.1.1 No such mailbox"
        return replace(result, outcome=Outcome.FAILED, code=550, detail=words, delivered=False, suppress=True)


def _with_faults(app: Starlette, opened: Handbill) -> Starlette:
    known = {
        endpoint.name: (name.split()[0].lower(), endpoint) for name, listed in APIS.items() for endpoint in listed()
    }
    for route in app.router.routes:
        if isinstance(route, Route) and route.name in known:
            route.app = _Faulty(route.app, *known[route.name], opened)
    return app


class _Faulty:
    """A route that meets the faults of its API before it answers."""

    def __init__(self, app: ASGIApp, api: str, endpoint: Endpoint, opened: Handbill) -> None:
        self._app, self._api, self._endpoint, self._opened = app, api, endpoint, opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Callable[[Scope, Receive, Send], Awaitable[None]] = self._app
        if fault := next((each for each in self._opened.faults if each.api == self._api and each.on), None):
            fault.met += 1
            if fault.seconds:
                await asyncio.wait([asyncio.create_task(self._opened.stopping.wait())], timeout=fault.seconds)
            answer = _refusal(fault, self._endpoint) if fault.status else answer
        await answer(scope, receive, send)


def _refusal(fault: ApiFault, endpoint: Endpoint) -> Response:
    """As the API says it (reference 2.1); whatever is no fault of the call comes from a gateway, as text."""
    mark = failures.reference()
    if fault.status == 429:
        return failures.answer(RateLimited("rate limited, as the test asked", fault.retry_after), endpoint, mark)
    if fault.status in (400, 422):
        error = InvalidInput.of("request", "request is refused, as the test asked.")
        return failures.answer(error, replace(endpoint, unfit=fault.status), mark)
    return PlainTextResponse("refused, as the test asked", fault.status or 500)
