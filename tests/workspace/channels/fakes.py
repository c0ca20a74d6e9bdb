"""Providers of our own on loopback: each keeps what it was asked, and answers what a test tells it to, in order."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

RESET, SILENCE = "reset", "silence"
"""What a provider may do in place of an answer."""

Play = str | tuple[int, Any]
"""One of those, or a status and a body: an object as JSON, or text."""


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode(), strict_parsing=True).items()}


@dataclass
class Fake:
    """`plays` are used up one by one; `usual` is for when there are none left."""

    usual: Play = (200, {})
    plays: list[Play] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def play(self, asked: Asked) -> Play:
        self.asked.append(asked)
        return self.plays.pop(0) if self.plays else self.usual


def _encoded(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@contextlib.asynccontextmanager
async def provider(*plays: Play, usual: Play = (200, {})) -> AsyncIterator[Fake]:
    """A provider that speaks HTTP/1.1."""
    fake = Fake(usual, list(plays))
    over = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                play = fake.play(await _read(reader))
                if play == SILENCE:
                    await over.wait()
                if isinstance(play, str):
                    writer.transport.abort()
                    return
                status, body = play[0], _encoded(play[1])
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        over.set()
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, path, _ = head[0].split(" ")
    pairs = (line.partition(": ") for line in head[1:] if line)
    headers = {name.lower(): value for name, _, value in pairs}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


class _Http2(asyncio.Protocol):
    """One connection of a provider that speaks HTTP/2 without TLS."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._streams: dict[int, tuple[dict[str, str], bytes]] = {}

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._h2.initiate_connection()
        transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if isinstance(event, RequestReceived):
                self._streams[event.stream_id] = (dict(event.headers), b"")  # type: ignore[arg-type]
            elif isinstance(event, DataReceived):
                headers, body = self._streams[event.stream_id]
                self._streams[event.stream_id] = (headers, body + event.data)
            elif isinstance(event, StreamEnded):
                self._answer(event.stream_id)
        self._transport.write(self._h2.data_to_send())

    def _answer(self, stream: int) -> None:
        headers, body = self._streams[stream]
        play = self._fake.play(Asked(headers[":method"], headers[":path"], headers, body))
        if play == RESET:
            self._transport.abort()
        if isinstance(play, str):
            return
        self._h2.send_headers(stream, [(":status", str(play[0]))])
        self._h2.send_data(stream, _encoded(play[1]), end_stream=True)


@contextlib.asynccontextmanager
async def http2_provider(*plays: Play, usual: Play = (200, {})) -> AsyncIterator[Fake]:
    fake = Fake(usual, list(plays))
    connections: list[_Http2] = []

    def connected() -> _Http2:
        connections.append(_Http2(fake))
        return connections[-1]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for connection in connections:
            connection._transport.abort()
