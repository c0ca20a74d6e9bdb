"""Readers: some of those who got the letter open it, and some follow its link, as their mail programs would."""

import httpx2

from handbill.client import Client
from handbill.contract.app.messages import ParentMessagesQuery
from handbill.contract.limits import MESSAGES_MAX
from handbill.settings import Settings
from handbill.workspace.app import create_app
from handbill.workspace.workspace import Workspace

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
OPENING, FOLLOWING = 2, 5
"""Every second of them opens it, every fifth follows the link."""


async def read(settings: Settings, broadcast_id: int) -> None:
    """Let the people of the workspace read what this broadcast sent them."""
    async with Workspace.open(settings) as workspace:
        transport = httpx2.ASGITransport(create_app(workspace, limits=False))
        async with Client("http://demo", workspace.keys.app_key, transport) as client:
            query = ParentMessagesQuery(metric="sent", limit=MESSAGES_MAX)
            messages = (await client.broadcasts.messages(broadcast_id, query)).messages
        async with httpx2.AsyncClient(transport=transport, base_url="http://demo", headers=BROWSER) as browser:
            for message in messages[::OPENING]:
                await browser.get(f"/e/o/{message.id}")
            for message in messages[::FOLLOWING]:
                await browser.get(f"/e/c/{message.id}/0")
