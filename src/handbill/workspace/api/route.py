"""From the contract to routes: each request is authenticated, paced, read, handled and answered, in this order."""

import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import BIGGEST_ID, Rate
from handbill.errors import Fault, HandbillError, quoted
from handbill.workspace import cursors
from handbill.workspace.api import auth, body, failures
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.api.pace import Window
from handbill.workspace.workspace import Workspace

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read: `query` and `body` are instances of the endpoint's models, `size` the body's bytes."""

    workspace: Workspace
    path: dict[str, str]
    query: Any
    body: Any
    request: Request
    endpoint: Endpoint
    size: int = 0

    def number(self, name: str) -> int:
        """The path parameter `name` as a positive whole number. Raises BadRequest."""
        text = self.path[name]
        if not _NUMBER.fullmatch(text) or int(text) > BIGGEST_ID:
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
    """A route for each endpoint, and for its old path `/v1/api/…` (reference 1)."""
    for endpoint in endpoints:
        paths = [endpoint.path]
        if endpoint.path.startswith("/v1/"):
            paths.append(endpoint.path.replace("/v1/", "/v1/api/", 1))
        for path in paths:
            route = Route(path, _serve(workspace, endpoint, windows), name=endpoint.name)
            route.methods = {endpoint.method}
            yield route


def _serve(
    workspace: Workspace, endpoint: Endpoint, windows: Mapping[Rate, Window]
) -> Callable[[Request], Awaitable[Response]]:
    handler = SERVED[endpoint.name]
    window = windows.get(endpoint.rate)

    async def serve(request: Request) -> Response:
        if not auth.allowed(endpoint.auth, request.headers.get("authorization", ""), workspace.keys):
            return auth.refusal(endpoint.auth, endpoint.errors)
        try:
            if window:
                window.enter()
            return _answer(endpoint, await handler(await _read(workspace, endpoint, request)))
        except HandbillError as error:
            return failures.answer(error, endpoint, failures.reference())
        except Exception:
            mark = failures.reference()
            log.exception("%s failed (reference %s)", endpoint.name, mark)
            return failures.answer(HandbillError("internal"), endpoint, mark)

    return serve


async def _read(workspace: Workspace, endpoint: Endpoint, request: Request) -> Call:
    path = {name: _unquoted(name, value) for name, value in request.path_params.items()}
    query = _model(endpoint.query, dict(request.query_params))
    if faults := [_too_big(name, value) for name, value in query if type(value) is int and not _fits(value)]:
        raise BadRequest(*faults)
    if endpoint.body is None:
        return Call(workspace, path, query, None, request, endpoint)
    raw = await body.read(request)
    return Call(workspace, path, query, _model(endpoint.body, body.parse(raw)), request, endpoint, len(raw))


def _answer(endpoint: Endpoint, result: Model | Response) -> Response:
    if isinstance(result, Response):
        return result
    if endpoint.status == 204:
        return Response(status_code=204)
    return Response(result.model_dump_json(by_alias=True), endpoint.status, media_type="application/json")


def _unquoted(name: str, value: str) -> str:
    """A path parameter without its percent-encoding; the router leaves it in, so that `%2F` stays inside."""
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise BadRequest.of(name, f"bad request: {name} must be percent-encoded UTF-8.") from None


def _model(model: type[Model], value: Any) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise BadRequest(*(_fault(fault) for fault in error.errors(include_url=False))) from None


def _fault(error: Mapping[str, Any]) -> Fault:
    """What pydantic found, as a sentence that names the field."""
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    field = field or "body"
    expected = error.get("ctx", {}).get("expected")
    said = f"must be {expected}" if expected else _WORDS.get(error["type"], error["msg"].lower())
    got = "" if error["type"] == "missing" else f"; got {quoted(error['input'])}"
    return Fault(field, f"{field} {said}{got}.")


_WORDS = {
    "missing": "is required",
    "string_type": "must be text",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of at most 16 digits",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
}


def _fits(value: int) -> bool:
    return 0 <= value <= BIGGEST_ID


def _too_big(name: str, value: int) -> Fault:
    return Fault(name, f"{name} must be 0 to {BIGGEST_ID}; got {quoted(str(value))}.")
