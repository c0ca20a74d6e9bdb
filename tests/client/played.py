"""Customer.io, played by a workspace of ours: it knows no path of ours, and writes empty lists as null.

`Played.ours` collects the parameters that only a workspace of ours understands: Customer.io would pass over them in
silence, and answer something else than was asked.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx2
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.client.fault_server import NO_SUCH_PAGE

from handbill.client import Client, Hosts
from handbill.contract.apis import every
from handbill.workspace.app import create_app
from handbill.workspace.workspace import Workspace

OURS = [re.compile(re.sub(r"\{\w+\}", "[^/]+", each.path)) for each in every() if each.source == "handbill"]
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    r"/v1/segments/\d+/membership": ("sort",),
    r"/v1/(broadcasts|campaigns|newsletters|transactional)/\d+/messages": ("trigger_id",),
}
"""Of paths, what is no parameter of Customer.io's there."""


def played(workspace: Workspace) -> tuple[Client, "Played"]:
    """A live client, to which this workspace is Customer.io."""
    app = Played(create_app(workspace, limits=False))
    url, keys = "http://played", workspace.keys
    client = Client.at(
        Hosts(url, url, url),
        keys.app_key,
        httpx2.ASGITransport(app),
        site_id=keys.site_id,
        track_key=keys.track_key,
        pipelines_key=keys.pipelines_key,
    )
    return client, app


class Played:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.ours: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if any(path.fullmatch(scope["path"]) for path in OURS):
            self.ours.append(scope["path"])
            headers = [(name.lower().encode(), value.encode()) for name, value in NO_SUCH_PAGE.headers.items()]
            await send({"type": "http.response.start", "status": NO_SUCH_PAGE.status, "headers": headers})
            await send({"type": "http.response.body", "body": NO_SUCH_PAGE.body})
            return
        self.ours.extend(_unknown(scope["path"], scope["query_string"].decode()))
        await self._app(scope, receive, _without_empty_lists(send))


def _unknown(path: str, query: str) -> Iterator[str]:
    names = [name for name, value in parse_qsl(query) if (name, value) != ("sort", "asc")]
    for pattern, ours in PARAMETERS.items():
        if re.fullmatch(pattern, path):
            yield from (f"{path}: {name}" for name in names if name in ours)


def _without_empty_lists(send: Send) -> Send:
    start: list[Message] = []

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
            return
        body = message.get("body", b"")
        if body.startswith(b"{"):
            body = json.dumps(_nulls(json.loads(body))).encode()
        headers = [each for each in start[0]["headers"] if each[0] != b"content-length"]
        await send({**start[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({**message, "body": body})

    return told


def _nulls(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _nulls(value) for name, value in data.items()}
    return [_nulls(each) for each in data] or None if isinstance(data, list) else data
