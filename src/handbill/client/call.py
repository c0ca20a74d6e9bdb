"""One call of the contract: a checked path, a query, a body; the answer's model or an error."""

import re
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from handbill.client.transport import Transport
from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.fields import LANGUAGE
from handbill.contract.limits import BIGGEST_ID
from handbill.errors import HandbillError, InvalidInput, quoted

_NUMBER = re.compile(r"[1-9][0-9]{0,15}")
_TEXT = re.compile(r"(?!\.{1,2}$).{1,254}", re.DOTALL)
_GRAMMARS = {
    "trigger_id": (re.compile(r"([1-9][0-9]{0,15}-)?[1-9][0-9]{0,15}"), "must look like 456 or 5-37"),
    "message_id": (re.compile(r"[A-Za-z0-9_=-]{1,200}"), "must be the `id` of a message as a list gave it"),
    "customer_id": (_TEXT, "must be a person's id, email or cio_id"),
    "email_address": (_TEXT, "must be an email address"),
    "suppression_type": (re.compile("[a-z_]{1,40}"), "must be blocks, bounces, spam_reports or invalid_emails"),
    "domain_name": (_TEXT, "must be a domain name"),
    "snippet_name": (_TEXT, "must be a snippet's name"),
    "language": (re.compile(LANGUAGE), "must be a language such as fr or pt-BR"),
}
"""What each path parameter may look like; all others are whole numbers."""


class Caller:
    """Calls endpoints over one transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def __call__(
        self, endpoint: Endpoint, path: dict[str, Any] | None = None, query: Model | None = None, body: Any = None
    ) -> Any:
        """The answer as `endpoint.answer`. Raises InvalidInput for a path value that cannot be one."""
        url = endpoint.url(**{name: _checked(name, value) for name, value in (path or {}).items()})
        content = await self._transport.send(endpoint.method, url, _parameters(query), body)
        try:
            return endpoint.answer.model_validate_json(content or b"{}")
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the body"
            raise HandbillError(
                f"The answer to {endpoint.name} is not what the API promises: {field}, {first['type']}."
            ) from None


def _checked(name: str, value: Any) -> str:
    """`value` as one path segment, percent-encoded."""
    text = str(value)
    grammar, rule = _GRAMMARS.get(name, (_NUMBER, f"must be a whole number between 1 and {BIGGEST_ID}"))
    if not grammar.fullmatch(text) or (grammar is _NUMBER and int(text) > BIGGEST_ID):
        raise InvalidInput.of(name, f"{name} {rule}; got {quoted(text)}.")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidInput.of(name, f"{name} is not valid Unicode.") from None


def _parameters(query: Model | None) -> dict[str, Any]:
    values = query.model_dump(mode="json", by_alias=True) if query else {}
    return {name: value for name, value in values.items() if value not in (None, "")}


def written(body: Model) -> dict[str, Any]:
    """A body with what was set and nothing else: what is left out stays as it is."""
    return body.model_dump(mode="json", by_alias=True, exclude_unset=True)
