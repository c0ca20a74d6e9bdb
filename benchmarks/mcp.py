"""MCP against the SDK's own hello world: start to the first tools/list over stdio, and calls over HTTP.

.venv/bin/python -m benchmarks.mcp
"""

import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

ROUNDS = 5
CALLS = 300
HELLO = """
from mcp.server import MCPServer

server = MCPServer("hello")


@server.tool()
def hello() -> dict[str, str]:
    "Say hello."
    return {"hello": "world"}


if __name__ == "__main__":
    import sys

    server.run(sys.argv[1], **({"port": int(sys.argv[2])} if len(sys.argv) > 2 else {}))
"""


async def start(*arguments: str) -> float:
    """Seconds from the start of the process to its answer to tools/list."""
    began = time.perf_counter()
    async with Client(StdioServerParameters(command=sys.executable, args=list(arguments))) as client:
        await client.list_tools()
        return time.perf_counter() - began


async def calls(port: int, key: str, tool: str) -> float:
    """Milliseconds for one call, the median of many in a row."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        stream = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
        async with Client(stream) as client:
            times = []
            for _ in range(CALLS):
                began = time.perf_counter()
                result = await client.call_tool(tool, {})
                times.append((time.perf_counter() - began) * 1000)
                assert not result.is_error, result
            return statistics.median(times)


@contextlib.contextmanager
def server(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def when_open(port: int) -> None:
    """Until something listens there."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)


async def main(folder: Path) -> None:
    hello = folder / "hello.py"
    hello.write_text(HELLO)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(await start("-m", "handbill", "--home", str(folder / "home"), "mcp"))
        theirs.append(await start(str(hello), "stdio"))
    show("start to tools/list", ours, theirs, "s")
    os.environ["HANDBILL_APP_KEY"] = "benchmark"
    with server("-m", "handbill", "--home", str(folder / "home"), "serve", "--port", "18622") as process:
        assert process.stdout
        process.stdout.readline()
        own = [await calls(18622, "benchmark", "CUSTOMERIO_GET_SEGMENTS") for _ in range(3)]
    with server(str(hello), "streamable-http", "18623"):
        await when_open(18623)
        other = [await calls(18623, "none", "hello") for _ in range(3)]
    show("a call over HTTP", own, other, "ms")


def show(what: str, ours: list[float], theirs: list[float], unit: str) -> None:
    own, other = statistics.median(ours), statistics.median(theirs)
    print(f"{what:20} handbill {own:.2f} {unit}, hello world {other:.2f} {unit}: {own / other:.2f} x")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(main(Path(home)))
