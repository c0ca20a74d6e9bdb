"""One call of the contract: a checked path, a query, a body; the answer's model or an error."""

import json
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import getitem
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from handbill.client.transport import OutcomeUnknown, Transport
from handbill.contract import path_values
from handbill.contract.endpoint import Auth, Endpoint, Model
from handbill.errors import HandbillError, InvalidInput, NotFound, Unauthorized, quoted


class Caller:
    """Calls endpoints, each over the transport of what opens it. `live`: they are Customer.io's own."""

    def __init__(self, transports: Mapping[Auth, Transport], live: bool = False) -> None:
        self._transports = transports
        self.live = live

    async def __call__(
        self,
        endpoint: Endpoint,
        path: dict[str, Any] | None = None,
        query: Model | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer as `endpoint.answer`. Raises as `told` does."""
        return (await self.told(endpoint, path, query, body, headers))[0]

    async def told(
        self,
        endpoint: Endpoint,
        path: dict[str, Any] | None = None,
        query: Model | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """The answer as `endpoint.answer`, and its headers, whose names may be written in any case.

        Raises InvalidInput for a path value that cannot be one, Unauthorized when there is no key for this API, and
        NotFound when only a workspace of ours knows the endpoint.
        """
        if self.live and endpoint.source == "handbill":
            raise NotFound(f"Customer.io has nothing like {endpoint.name}; only an embedded workspace tells that.")
        url = endpoint.url(**{name: _checked(name, value) for name, value in (path or {}).items()})
        if (transport := self._transports.get(endpoint.auth)) is None:
            add = " A person can add it: `handbill connect`." if self.live else ""
            missing = f"{endpoint.name} needs a key of the {endpoint.auth} API, and there is none here."
            raise Unauthorized(missing + add)
        try:
            answer = await transport.send(endpoint, url, _parameters(query), body, headers)
        except NotFound as error:
            raise _nothing(path, error) if self.live and path else error from None
        try:
            return _read(endpoint, answer.content or b"{}"), answer.headers
        except ValidationError as error:
            raise _unpromised(endpoint, error) from None


def _read(endpoint: Endpoint, content: bytes) -> Any:
    """The answer's model. A null where a value must be counts as left out: Customer.io's lists have such."""
    try:
        return endpoint.answer.model_validate_json(content)
    except ValidationError as error:
        nulls = [fault for fault in error.errors() if fault["input"] is None and fault["loc"]]
        if not nulls:
            raise
        try:
            return endpoint.answer.model_validate(_without(json.loads(content), nulls))
        except (LookupError, TypeError, ValueError):
            raise error from None


def _without(data: Any, nulls: Iterable[Mapping[str, Any]]) -> Any:
    """`data` with empty lists and objects in the place of nulls that should be some, and nothing for other nulls."""
    for fault in nulls:
        *way, key = fault["loc"]
        inner = reduce(getitem, way, data)
        if fault["type"] in _EMPTY:
            inner[key] = _EMPTY[fault["type"]]
        else:
            del inner[key]
    return data


_EMPTY: Mapping[str, Any] = {"list_type": [], "dict_type": {}}


def _nothing(path: Mapping[str, Any], error: NotFound) -> NotFound:
    """Customer.io says no more than "not found": this says what was."""
    asked = " and ".join(f"{name} {quoted(value)}" for name, value in path.items())
    return NotFound(f"At Customer.io there is nothing with {asked} ({error}).")


def _unpromised(endpoint: Endpoint, error: ValidationError) -> HandbillError:
    """A good status with an answer that cannot be read: what was to be changed has probably been."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or "the body"
    said = f"The answer to {endpoint.name} is not what the API promises: {field}, {first['type']}."
    if not endpoint.changes:
        return HandbillError(said)
    return OutcomeUnknown(f"{said} It was probably carried out. Look before you repeat it.")


def _checked(name: str, value: Any) -> str:
    """`value` as one path segment, percent-encoded."""
    text = str(value)
    if wrong := path_values.wrong(name, text):
        raise InvalidInput.of(name, wrong)
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
