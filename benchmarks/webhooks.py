"""Reporting webhooks: events told a second to an endpoint on this machine, one after the other, signed and in order.

    .venv/bin/python -m benchmarks.webhooks [--events 2000]

The peer posts as many bodies of that size to the same endpoint with the same HTTP client and keeps no record.
"""

import argparse
import asyncio
import socket
import statistics
import tempfile
import time
from pathlib import Path

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.connections import Connection, connect
from handbill.contract.app.reporting_webhooks import NewWebhook
from handbill.settings import Settings
from handbill.workspace.store import activities
from handbill.workspace.store.database import Transaction

ROUNDS = 3


class Endpoint:
    """Takes what it is told; `all_told` is set after `count` calls."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.size = 0
        self.all_told = asyncio.Event()
        self.app = Starlette(routes=[Route("/", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        self.size = len(await request.body())
        self.left -= 1
        if not self.left:
            self.all_told.set()
        return Response()


def happen(tx: Transaction, count: int) -> None:
    """A person to whom `count` mails were sent."""
    run = tx._connection.execute
    run("INSERT INTO people (id, email, created) VALUES ('u1', 'u1@film.example', 1)")
    sent = {"type": "sent_email", "timestamp": 2, "person": 1}
    for number in range(1, count + 1):
        run("INSERT INTO deliveries (content_id, person, type, state, created) VALUES (1, 1, 'email', 'sent', 1)")
        activities.add(tx, [sent | {"delivery": number}])


async def ours(connection: Connection, url: str, endpoint: Endpoint, count: int) -> float:
    """Events a second from their being written down to the last one's answer."""
    wanted = NewWebhook(name="Told", endpoint=url, events=["email_sent"])
    await connection.client.reporting_webhooks.create(wanted)
    await connection.workspace.database.write(happen, count)
    began = time.perf_counter()
    await endpoint.all_told.wait()
    return count / (time.perf_counter() - began)


async def plain(url: str, size: int, count: int) -> float:
    async with httpx2.AsyncClient(trust_env=False) as client:
        began = time.perf_counter()
        for _ in range(count):
            await client.post(url, content=b"x" * size)
        return count / (time.perf_counter() - began)


async def measure(home: Path, count: int) -> tuple[float, float]:
    endpoint = Endpoint(count)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        server = uvicorn.Server(uvicorn.Config(endpoint.app, log_level="warning"))
        serving = asyncio.create_task(server.serve([sock]))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
        async with connect(Settings.load({"HANDBILL_PRIVATE_HOSTS": "127.0.0.1"}, home)) as connection:
            rates = await ours(connection, url, endpoint, count), await plain(url, endpoint.size, count)
        server.should_exit = True
        await serving
    return rates


def main(count: int) -> None:
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as home:
            rounds.append(asyncio.run(measure(Path(home), count)))
    told, posted = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(each[0] / each[1] for each in rounds)
    print(f"told {told:,.0f} events/s; posted by a plain loop {posted:,.0f}/s: {ratio:.2f} x")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=2000)
    main(parser.parse_args().events)
