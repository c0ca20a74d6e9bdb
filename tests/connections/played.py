"""The hosts of the Customer.io of tests/client/played.py: one region has the account; its key may lack scopes."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import httpx2
from tests.client.played import Played as Far

from handbill.connections.probe import READS
from handbill.workspace.app import create_app
from handbill.workspace.workspace import Workspace


@dataclass
class Played(httpx2.AsyncBaseTransport):
    """What Customer.io's hosts answer. `lacking` are the reads the App key has no scope for."""

    workspace: Workspace
    region: str = "us"
    lacking: Collection[str] = ()
    refusal: int = 403
    before: Callable[[httpx2.Request], httpx2.Response | None] = lambda _: None
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._app = httpx2.ASGITransport(Far(create_app(self.workspace, limits=False)))

    @property
    def keys(self) -> dict[str, str]:
        """The right ones, as a form has them."""
        keys = self.workspace.keys
        return {
            "app_key": keys.app_key,
            "site_id": keys.site_id,
            "track_key": keys.track_key,
            "pipelines_key": keys.pipelines_key,
        }

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(f"{request.method} {request.url.host}{request.url.path}")
        if answer := self.before(request):
            return answer
        if ("-eu." in request.url.host) != (self.region == "eu"):
            return httpx2.Response(401, json={"errors": [{"detail": "unauthorized", "status": "401"}]})
        if request.url.path in [READS[read].partition("?")[0] for read in self.lacking]:
            return httpx2.Response(self.refusal, json={"errors": [{"detail": "no", "status": str(self.refusal)}]})
        return await self._app.handle_async_request(request)
