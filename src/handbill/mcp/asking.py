"""Asking the person behind an MCP client to type a number.

Until 2025-11-25 a server asks during a call. Since 2026-07-28 the question is the call's result, and the client makes
the call again with the answer. What waits is in the database meanwhile, so nothing travels with the question.
"""

import hashlib
import hmac
import re
import secrets
from typing import Any

import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types.version import is_version_at_least
from pydantic import ValidationError

from handbill.tools import Ask, Question, Unanswered

PATIENCE = 300
"""Seconds a call waits for a person, where it has to wait at all."""

_SECRET = secrets.token_bytes(32)


class InputRequired(Exception):
    """The call ends here, and is made again with an answer."""

    def __init__(self, result: types.InputRequiredResult) -> None:
        super().__init__()
        self.result = result


def asker(request: ServerRequestContext[Any], params: types.CallToolRequestParams) -> Ask | None:
    """The way to ask the client's user; None for a client that shows no forms.

    It may raise InputRequired, which whoever answers the call turns into its result.
    """
    if not _shows_forms(request.session.client_capabilities):
        return None

    async def ask_during_the_call(question: Question) -> int | None:
        metadata = ServerMessageMetadata(related_request_id=request.request_id)
        try:
            result = await request.session.send_request(_form(question), types.ElicitResult, PATIENCE, metadata)
        except (MCPError, ValidationError) as error:
            raise Unanswered from error
        return _typed(result)

    async def ask_between_calls(question: Question) -> int | None:
        key = _key(question)
        answer = (params.input_responses or {}).get(key)
        if answer is None:
            raise InputRequired(types.InputRequiredResult(input_requests={key: _form(question)}))
        if not isinstance(answer, types.ElicitResult):
            raise Unanswered
        return _typed(answer)

    return ask_between_calls if is_version_at_least(request.protocol_version, "2026-07-28") else ask_during_the_call


def _shows_forms(capabilities: types.ClientCapabilities | None) -> bool:
    """Whether the client can; a bare `elicitation: {}` is how it was said before there were links."""
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _form(question: Question) -> types.ElicitRequest:
    people = {"type": "integer", "title": question.wanted, "minimum": 0}
    schema = {"type": "object", "properties": {"people": people}, "required": ["people"]}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=question.text, requested_schema=schema))


def _key(question: Question) -> str:
    """The name an answer comes back under: only this process, having asked this very question, can have told it."""
    mark = hmac.digest(_SECRET, question.text.encode(), hashlib.sha256).hex()[:32]
    return f"approval-{question.approval}-{mark}"


def _typed(result: types.ElicitResult) -> int | None:
    """The number in the form, None for a no. Raises Unanswered when the form was put away, or holds no number."""
    if result.action == "decline":
        return None
    people = (result.content or {}).get("people") if result.action == "accept" else None
    if isinstance(people, str) and re.fullmatch(r"[0-9]{1,15}", people):
        return int(people)
    if isinstance(people, int) and not isinstance(people, bool):
        return people
    raise Unanswered
