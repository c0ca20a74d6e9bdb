from collections.abc import Callable
from typing import Literal

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.newsletters import NewslettersQuery
from handbill.errors import InvalidInput, NotFound

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
Put = Callable[..., int]


async def test_a_newsletter_has_the_fields_of_customer_io(http: httpx2.AsyncClient, put: Put) -> None:
    audience = {"and": [{"or": [{"segment": {"id": 7}}, {"segment": {"id": 3}}]}, {"not": {"segment": {"id": 7}}}]}
    put("newsletters", id=4, name="May", audience=audience, tags=["news"], sent_at=NOW + 5)
    put("contents", id=31, newsletter_id=4, name="B", fields={})
    put("contents", id=30, newsletter_id=4, name="A", fields={})
    assert (await http.get("/v1/newsletters/4")).json() == {
        "newsletter": {
            "id": 4,
            "deduplicate_id": f"4:{NOW}",
            "content_ids": [30, 31],
            "name": "May",
            "sent_at": NOW + 5,
            "created": NOW,
            "updated": NOW,
            "type": "email",
            "tags": ["news"],
            "recipient_segment_ids": [3, 7],
            "subscription_topic_id": None,
        }
    }


@pytest.mark.parametrize(("sort", "names"), [("asc", "b c a d"), ("desc", "d a c b")])
async def test_pages_follow_the_time_of_creation(
    client: Client, put: Put, sort: Literal["asc", "desc"], names: str
) -> None:
    for id_, name, created in ((1, "a", 30), (2, "b", 10), (3, "c", 30 - 10), (4, "d", 30)):
        put("newsletters", id=id_, name=name, created=created)
    seen, start = [], ""
    for _ in range(4):
        page = await client.newsletters.list(NewslettersQuery(sort=sort, limit=1, start=start))
        seen += [newsletter.name for newsletter in page.newsletters]
        start = page.next
    assert seen == names.split()
    assert start == ""


async def test_a_cursor_of_the_other_direction_is_refused(client: Client, put: Put) -> None:
    for _ in range(2):
        put("newsletters", name="x")
    cursor = (await client.newsletters.list(NewslettersQuery(limit=1))).next
    with pytest.raises(InvalidInput, match="start must be"):
        await client.newsletters.list(NewslettersQuery(sort="desc", start=cursor))


async def test_at_most_a_hundred_come_at_once(client: Client, put: Put) -> None:
    for _ in range(101):
        put("newsletters", name="x")
    assert len((await client.newsletters.list(NewslettersQuery(limit=5000))).newsletters) == 100


async def test_an_unknown_newsletter_is_named(client: Client) -> None:
    with pytest.raises(NotFound, match="There is no newsletter 4"):
        await client.newsletters.get(4)
