"""Workers killed with SIGKILL while a broadcast is on its way: nobody is lost, and what may be doubled is flagged."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from benchmarks.sink import Sink
from tests.crash import checker
from tests.workspace.engine.standins import EVERYBODY, add_broadcast, go_live

from handbill.connections import Connection, connect
from handbill.policy import Mode
from handbill.settings import Settings
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction

pytestmark = pytest.mark.anyio

CONNECTIONS = 10
SIZES = [
    pytest.param(300, 3, id="300 people, 3 kills"),
    pytest.param(5000, 10, id="5,000 people, 10 kills", marks=pytest.mark.crash),
]


@pytest.mark.parametrize(("size", "kills"), SIZES)
async def test_capture_keeps_every_message_exactly_once(tmp_path: Path, size: int, kills: int) -> None:
    settings = Settings.load({}, tmp_path)
    async with connect(settings, engine=False) as connection:
        number = await begin(connection, size, "sandbox")
        await kill_workers(settings, kills, size, seed=size)
        await finish(settings, connection, number)
    verdict = checker.of_capture(settings.sqlite_path, addresses(size))
    print(f"capture, {size} people, {kills} kills: {verdict}")
    assert (verdict.lost, verdict.copies, verdict.flagged, verdict.strangers) == (set(), 0, set(), set())


@pytest.mark.parametrize(("size", "kills"), SIZES)
async def test_mail_reaches_everybody_and_doubles_only_those_flagged(tmp_path: Path, size: int, kills: int) -> None:
    log = tmp_path / "accepted.txt"
    async with mail_server(log) as port:
        smtp = f"smtp://127.0.0.1:{port}?tls=none&connections={CONNECTIONS}"
        settings = Settings.load({"HANDBILL_SMTP": smtp}, tmp_path)
        async with connect(settings, engine=False) as connection:
            number = await begin(connection, size, "live")
            await kill_workers(settings, kills, size, seed=size)
            await finish(settings, connection, number)
    verdict = checker.of_mail(log, settings.sqlite_path, addresses(size))
    print(f"mail, {size} people, {kills} kills, {CONNECTIONS} connections: {verdict}")
    assert (verdict.lost, verdict.strangers) == (set(), set())
    assert verdict.doubled <= verdict.flagged
    assert len(verdict.flagged) <= kills * CONNECTIONS


def addresses(size: int) -> set[str]:
    return {f"u{number}@film.example" for number in range(size)}


async def begin(connection: Connection, size: int, mode: Mode) -> int:
    """People, a broadcast, and a trigger that no worker has seen yet."""

    def fill(tx: Transaction) -> None:
        for number in range(size):
            people.identify(tx, "id", f"u{number}", {"email": f"u{number}@film.example"}, 1)
        add_broadcast(tx, 5)
        if mode == "live":
            go_live(tx, size + 1)

    await connection.workspace.database.write(fill)
    return (await connection.client.triggers.create(5, EVERYBODY)).id


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own, which says what it records."""
    environment = os.environ | ({"HANDBILL_SMTP": settings.smtp} if settings.smtp else {})
    command = [sys.executable, "-m", "handbill", "--home", str(settings.home), "worker", "--verbose"]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def kill_workers(settings: Settings, kills: int, size: int, seed: int) -> None:
    """Start a worker and kill it in the middle, `kills` times, each time after a random share of the work."""
    chance = random.Random(seed)
    for _ in range(kills):
        until = chance.randrange(1, max(2, size // (kills + 2)))
        async with worker(settings) as process:
            async with asyncio.timeout(60):
                await recorded(process, until)
            process.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL


async def recorded(process: asyncio.subprocess.Process, count: int) -> None:
    """Until the worker says that it has recorded so many."""
    assert process.stderr
    seen = 0
    async for line in process.stderr:
        words = line.split()
        seen += int(words[0]) if words[1:2] == [b"recorded,"] else 0
        if seen >= count:
            return
    raise AssertionError("the worker ended before it was killed")


async def finish(settings: Settings, connection: Connection, number: int) -> None:
    """Let a last worker end what is left, if anything is, and stop it as an operator would."""

    async def finished() -> bool:
        return (await connection.client.triggers.progress(5, number)).state == "finished"

    if await finished():
        return
    async with worker(settings) as process, asyncio.timeout(120):
        assert process.stderr
        async for _ in process.stderr:
            if await finished():
                break
        process.terminate()
        await asyncio.gather(process.stderr.read(), process.wait())
    assert process.returncode == 0
    assert await finished()


@asynccontextmanager
async def mail_server(log: Path) -> AsyncIterator[int]:
    """A mail server on loopback that notes each recipient before it answers."""
    file = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    server = await asyncio.get_running_loop().create_server(lambda: Sink(file), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    os.close(file)


async def test_workers_side_by_side_and_stopped_in_the_middle_send_everything_once(tmp_path: Path) -> None:
    size, log = 4000, tmp_path / "accepted.txt"
    async with mail_server(log) as port:
        settings = Settings.load({"HANDBILL_SMTP": f"smtp://127.0.0.1:{port}?tls=none"}, tmp_path)
        async with connect(settings, engine=False) as connection:
            number = await begin(connection, size, "live")
            async with worker(settings) as one, worker(settings) as two, asyncio.timeout(60):
                await asyncio.gather(recorded(one, 20), recorded(two, 20))
                for process in (one, two):
                    process.terminate()
                    assert process.stderr
                    await asyncio.gather(process.stderr.read(), process.wait())
            await finish(settings, connection, number)
    verdict = checker.of_mail(log, settings.sqlite_path, addresses(size))
    assert (verdict.lost, verdict.copies, verdict.flagged) == (set(), 0, set())
