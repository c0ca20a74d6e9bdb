"""The Track API from outside, beside the App API of the tests everywhere."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from handbill.workspace.workspace import Workspace


@pytest.fixture
async def track(workspace: Workspace, transport: httpx2.ASGITransport) -> AsyncIterator[httpx2.AsyncClient]:
    """The Track API as any HTTP client sees it, with the right credentials."""
    auth = httpx2.BasicAuth(workspace.keys.site_id, workspace.keys.track_key)
    async with httpx2.AsyncClient(transport=transport, base_url="http://workspace", auth=auth) as opened:
        yield opened
