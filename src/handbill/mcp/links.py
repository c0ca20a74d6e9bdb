"""A page that the person behind a client is to open: their program shows it to them, or the model passes it on."""

from typing import Any

import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types.version import is_version_at_least
from pydantic import ValidationError

from handbill.mcp.asking import PATIENCE, InputRequired

KEY = "connect"
MESSAGE = "Handbill asks for keys of Customer.io on a page of this machine. No program and no model sees them."
WAIT = "Then call CUSTOMERIO_WAIT_FOR_CONNECTION."


async def show(
    request: ServerRequestContext[Any], params: types.CallToolRequestParams, link: str
) -> tuple[bool, str]:
    """Have the person see `link`: whether their program did it, and what the model is told about it.

    It may raise InputRequired, which whoever answers the call turns into its result.
    """
    capabilities = request.session.client_capabilities
    passed_on = (
        False,
        f"[Connect Customer.io]({link}): show this link to the person; it works for ten minutes. {WAIT}",
    )
    if not (capabilities and capabilities.elicitation and capabilities.elicitation.url is not None):
        return passed_on
    try:
        answer = await _answer(request, params, link)
    except (MCPError, ValidationError):
        return passed_on
    if isinstance(answer, types.ElicitResult) and answer.action == "accept":
        return True, f"The person was shown the page. {WAIT}"
    return True, "The person did not want to open the page. Nothing was connected."


async def _answer(request: ServerRequestContext[Any], params: types.CallToolRequestParams, link: str) -> Any:
    """What the client says of the link: during the call, or between two calls, as its revision has it."""
    if is_version_at_least(request.protocol_version, "2026-07-28"):
        if (answer := (params.input_responses or {}).get(KEY)) is None:
            asked = types.ElicitRequest(params=types.ElicitRequestURLParams(message=MESSAGE, url=link))
            raise InputRequired(types.InputRequiredResult(input_requests={KEY: asked}))
        return answer
    identified = types.ElicitRequestURLParams(message=MESSAGE, url=link, elicitation_id=link.rpartition("/")[2][:16])
    metadata = ServerMessageMetadata(related_request_id=request.request_id)
    asked = types.ElicitRequest(params=identified)
    return await request.session.send_request(asked, types.ElicitResult, PATIENCE, metadata)
