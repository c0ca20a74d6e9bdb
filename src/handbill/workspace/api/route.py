"""From the contract to routes: each request is authenticated, paced, read, handled and answered, in this order."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.contract import path_values
from handbill.contract.endpoint import Endpoint, Free, Model
from handbill.contract.limits import Rate
from handbill.errors import HandbillError, quoted
from handbill.workspace import cursors
from handbill.workspace.api import auth, body, failures, idempotency, values
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.pace import Window
from handbill.workspace.workspace import Workspace

log = logging.getLogger(__name__)


WITHIN = "within"
"""The client's address of calls without a socket; no socket has it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read: `query` and `body` are instances of the endpoint's models."""

    workspace: Workspace
    path: dict[str, str]
    query: Any
    body: Any
    request: Request
    endpoint: Endpoint

    @property
    def via(self) -> str:
        """What the audit log says asked: `tool`, for the tools of this process and its commands, or `api`."""
        client = self.request.client
        return "tool" if client and client.host == WITHIN else "api"

    def number(self, name: str) -> int:
        """The path parameter `name` as a positive whole number. Raises BadRequest."""
        text = self.path[name]
        if not path_values.number(text):
            raise BadRequest.of(name, f"bad request: {name} must be a whole number such as 5; got {quoted(text)}.")
        return int(text)

    def limit(self, most: int) -> int:
        """The query's `limit`, at most `most` (a larger one is lowered, reference 2.3). Raises BadRequest below 1."""
        if self.query.limit < 1:
            raise BadRequest.of("limit", f"limit must be 1 to {most}; got {self.query.limit}.")
        limit: int = self.query.limit
        return min(limit, most)

    def position(self) -> list[int] | None:
        """Where the list goes on after the query's `start`; None at the beginning. Raises BadRequest."""
        if not self.query.start:
            return None
        position = cursors.unseal(self.workspace.secret, self._scope(), self.query.start)
        if position is None:
            raise BadRequest.of(
                "start", "start must be the `next` value of the previous answer with the same filters."
            )
        return position

    def cursor(self, position: Sequence[int] | None) -> str:
        """The `next` of an answer whose last entry is at `position`; empty when there is no more."""
        return cursors.seal(self.workspace.secret, self._scope(), position) if position else ""

    def page(self, rows: Sequence[Any], limit: int, *key: str) -> tuple[Sequence[Any], str]:
        """Of `limit` + 1 rows or fewer, what is shown, and the `next` that goes on behind them, by columns `key`."""
        shown = rows[:limit]
        more = [shown[-1][column] for column in key] if len(rows) > limit else None
        return shown, self.cursor(more)

    def _scope(self) -> bytes:
        """The list and its filters: a cursor made for one is refused for another."""
        filters = self.query.model_dump(exclude={"start", "limit"})
        wanted = self.body.model_dump() if self.body else None
        return msgspec.json.encode([self.endpoint.name, self.path, filters, wanted], order="sorted")


Handler = Callable[[Call], Awaitable[Model | Response]]

SERVED: dict[str, Handler] = {}
"""Who answers which endpoint, by the endpoint's name."""


def serves(*endpoints: Endpoint) -> Callable[[Handler], Handler]:
    """Make the function below the handler of these endpoints."""

    def register(handler: Handler) -> Handler:
        SERVED.update({endpoint.name: handler for endpoint in endpoints})
        return handler

    return register


def routes(workspace: Workspace, endpoints: Iterator[Endpoint], windows: Mapping[Rate, Window]) -> Iterator[Route]:
    """A route for each endpoint."""
    for endpoint in endpoints:
        route = Route(endpoint.path, _serve(workspace, endpoint, windows), name=endpoint.name)
        route.methods = {endpoint.method}
        yield route


def _serve(
    workspace: Workspace, endpoint: Endpoint, windows: Mapping[Rate, Window]
) -> Callable[[Request], Awaitable[Response]]:
    handler = SERVED[endpoint.name]
    window = windows.get(endpoint.rate)

    async def serve(request: Request) -> Response:
        if not auth.allowed(endpoint.auth, request.headers.get("authorization", ""), workspace.keys):
            return auth.refusal(endpoint)
        try:
            if endpoint.changes:
                await workspace.check_writable()
            if window:
                window.enter()
            return await idempotency.once(
                workspace, endpoint, request, lambda workspace: _told(handler, workspace, endpoint, request)
            )
        except HandbillError as error:
            return failures.answer(error, endpoint, failures.reference())

    return serve


async def _told(handler: Handler, workspace: Workspace, endpoint: Endpoint, request: Request) -> Response:
    """The handler's answer; its errors are answers, too."""
    try:
        return _answer(endpoint, await handler(await _read(workspace, endpoint, request)))
    except HandbillError as error:
        return failures.answer(error, endpoint, failures.reference())
    except Exception:
        mark = failures.reference()
        log.exception("%s failed (reference %s)", endpoint.name, mark)
        return failures.answer(HandbillError("internal"), endpoint, mark)


async def _read(workspace: Workspace, endpoint: Endpoint, request: Request) -> Call:
    path = {name: values.unquoted(name, value) for name, value in request.path_params.items()}
    query = values.query(endpoint.query, request.query_params)
    given = await _body(endpoint.body, request) if endpoint.body else None
    return Call(workspace, path, query, given, request, endpoint)


async def _body(kind: type[BaseModel], request: Request) -> BaseModel | None:
    """The body as a model; None when it is free-form, which the handler reads for itself."""
    if issubclass(kind, Free):
        return None
    strict = request.headers.get("x-validate") == "strict"
    return values.model(kind, body.parse(await body.read(request)), strict=strict)


def _answer(endpoint: Endpoint, result: Model | Response) -> Response:
    if isinstance(result, Response):
        return result
    if endpoint.status == 204:
        return Response(status_code=204)
    return Response(result.model_dump_json(by_alias=True), endpoint.status, media_type="application/json")
