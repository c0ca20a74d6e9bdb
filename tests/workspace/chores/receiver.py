"""A receiver of webhooks on loopback that does as told: answers, answers late, drips, breaks off."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Receiver:
    """`told` are the events that came, `heads` their headers; `plan` says what comes next, 200 when it is empty."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    plan: deque[str | int] = field(default_factory=deque)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._take(reader)
                await self._answer(self.plan.popleft() if self.plan else 200, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        self.heads.append({name.lower(): value for name, value in fields.items()})
        self.bodies.append(await reader.readexactly(int(self.heads[-1]["content-length"])))
        self.told.append(json.loads(self.bodies[-1]))
        self.came.set()

    async def _answer(self, what: str | int, writer: asyncio.StreamWriter) -> None:
        match what:
            case "reset":
                raise ConnectionResetError
            case "silence":
                await asyncio.Event().wait()
            case "drip":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while True:
                    writer.write(b".")
                    await writer.drain()
                    await asyncio.sleep(0.01)
            case "endless":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    writer.write(b"." * 10_000)
                    await writer.drain()
            case _:
                writer.write(f"HTTP/1.1 {what} So\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()


@contextlib.asynccontextmanager
async def receiving(plan: Iterable[str | int] = ()) -> AsyncIterator[Receiver]:
    receiver = Receiver(plan=deque(plan))
    connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.ensure_future(receiver.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/told?key=1"
    try:
        yield receiver
    finally:
        server.close()
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()
