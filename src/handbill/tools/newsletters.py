"""Newsletters: messages sent once to many people."""

from typing import Annotated, Literal

from handbill.contract.app.newsletters import Newsletter, NewslettersQuery
from handbill.contract.limits import NEWSLETTERS_DEFAULT, NEWSLETTERS_MAX
from handbill.tools.answers import Answer, page
from handbill.tools.parameters import Cursor, Number, Sort
from handbill.tools.tool import Context, continuing, tool


class NewsletterList(Answer):
    newsletters: list[Newsletter]
    next: str = ""


@tool(effect="reads", toolset="newsletters", command="newsletters list")
async def list_newsletters(
    context: Context,
    limit: Annotated[int, Number(does="How many at most.", high=NEWSLETTERS_MAX)] = NEWSLETTERS_DEFAULT,
    sort: Annotated[Literal["asc", "desc"], Sort(does="asc: oldest first; desc: newest first.")] = "asc",
    start: Annotated[str, Cursor()] = "",
) -> NewsletterList:
    """List newsletters with when each was sent and to which segments. `next` goes on to the following page."""

    async def fetch(size: int) -> NewsletterList:
        query = NewslettersQuery(limit=size, sort=sort, start=start)
        found = await context.client.newsletters.list(query)
        return NewsletterList(newsletters=found.newsletters, next=found.next)

    with continuing():
        return await page(fetch, limit)
