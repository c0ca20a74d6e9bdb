"""`Idempotency-Key`: a request that comes twice with the same key writes once, and is answered the same both times.

Whoever writes first takes the key, in the same transaction; so a call that was refused before it wrote keeps nothing,
and may be put right and repeated with its key. What was answered after that, errors too, is the answer for 24 hours.
"""

import contextlib
import dataclasses
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from handbill.contract.endpoint import Endpoint
from handbill.errors import Unavailable
from handbill.workspace.api import body
from handbill.workspace.api.failures import BadRequest
from handbill.workspace.store import idempotency as store
from handbill.workspace.store.idempotency import HEADER, Answer, Keyed
from handbill.workspace.workspace import Workspace

CHARACTERS = 255
REPLAYED = {"Idempotent-Replayed": "true"}
"""Says that this is the answer to an earlier call."""


async def once(
    workspace: Workspace, endpoint: Endpoint, request: Request, serve: Callable[[Workspace], Awaitable[Response]]
) -> Response:
    """What `serve` answers, or what it answered before to the same request. Without a key just that.

    Raises BadRequest for a key that cannot be one, and what `store.find` raises.
    """
    if HEADER not in request.headers:
        return await serve(workspace)
    keyed = await _keyed(workspace, endpoint, request)
    if known := await workspace.database.read(store.find, keyed):
        return Response(known.body, known.status, REPLAYED, known.media_type)
    database = workspace.database.beginning(partial(store.claim, keyed=keyed))
    response = await serve(dataclasses.replace(workspace, database=database))
    given = Answer(response.status_code, response.headers.get("content-type"), bytes(response.body))
    with contextlib.suppress(Unavailable):  # the call has worked all the same
        await workspace.database.write(store.answer, keyed, given)
    return response


async def _keyed(workspace: Workspace, endpoint: Endpoint, request: Request) -> Keyed:
    key = request.headers[HEADER]
    if not 1 <= len(key) <= CHARACTERS:
        raise BadRequest.of(HEADER, f"{HEADER} must have 1 to {CHARACTERS} characters; got {len(key)}.")
    asked = [endpoint.name, request.path_params, request.url.query, await body.read(request)]
    digest = hashlib.sha256(msgspec.json.encode(asked, order="sorted")).digest()
    return Keyed(key, digest, secrets.token_hex(8), workspace.clock.now())
