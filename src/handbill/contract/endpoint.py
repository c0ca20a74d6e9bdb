"""What one endpoint is, and the base of every model that travels through one."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from handbill.contract.limits import APP, Rate


class Model(BaseModel):
    """A JSON object of the API. Unknown keys are kept out of the way: readers ignore them (reference 2.3).

    Built when it is first used: a command needs few of them, and all would be much of its start.
    """

    model_config = ConfigDict(extra="ignore", populate_by_name=True, defer_build=True)


class Nothing(Model):
    """No parameters, or an empty object."""


class Free(Model):
    """A JSON object whose form nobody fixed: what is known of it is told here, its handler checks it."""

    model_config = ConfigDict(extra="allow")


class Raw(Model):
    """No object of the API: an empty body, or a file as it is. The handler answers it by itself."""


class ErrorShape(enum.StrEnum):
    """Which of the four error envelopes an endpoint answers with (reference 2.1)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Auth(enum.StrEnum):
    APP = "app"
    """`Authorization: Bearer <App API key>`."""
    TRACK = "track"
    """HTTP Basic, `site_id:api_key`."""
    PIPELINES = "pipelines"
    """HTTP Basic, `api_key:` with an empty password."""
    NONE = "none"
    """Open: what the body names is itself unguessable (reference 12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method and path. `query` and `body` say what is read, `answer` what comes back with `status`."""

    name: str
    """`<resource>.<verb>`, such as `segments.list`."""
    method: str
    path: str
    does: str
    source: str
    """The section of the reference that says so; `handbill` for our own additions."""
    query: type[Model] = Nothing
    body: type[BaseModel] | None = None
    answer: type[BaseModel] = Nothing
    status: int = 200
    also: Mapping[int, type[Model]] = field(default_factory=dict)
    """Other good answers, by their status."""
    unfit: int = 400
    """The status when the request can be read, but what it says is not right: 400 or 422 (reference 2.1)."""
    errors: ErrorShape = ErrorShape.A
    auth: Auth = Auth.APP
    rate: Rate = APP
    harmless: bool = False
    """It is no GET and yet only looks, as searches do, or only stops what is under way."""
    unserved: str = ""
    """Why this workspace does not serve it; empty when it does. What is not served answers 404 (reference 2.1)."""

    @property
    def changes(self) -> bool:
        """May a call change something, or send? Then it is refused where the workspace is read-only."""
        return self.method != "GET" and not self.harmless

    def url(self, **path: Any) -> str:
        """The path with its `{names}` filled in. Values are checked by the caller before they get here."""
        return self.path.format(**path)
