from collections.abc import Callable

import httpx2
import pytest

from handbill.client import Client
from handbill.errors import NotFound

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000


async def test_a_transactional_message_has_the_fields_of_customer_io(
    http: httpx2.AsyncClient, put: Callable[..., int]
) -> None:
    put("transactional", id=9, name="Receipt", description="After buying", settings={"link_tracking": False})
    expected = {
        "id": 9,
        "name": "Receipt",
        "description": "After buying",
        "send_to_unsubscribed": True,
        "link_tracking": False,
        "open_tracking": True,
        "hide_message_body": False,
        "queue_drafts": False,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert (await http.get("/v1/transactional")).json() == {"messages": [expected]}
    assert (await http.get("/v1/transactional/9")).json() == {"message": expected}


async def test_an_unknown_one_is_named(client: Client) -> None:
    with pytest.raises(NotFound, match="There is no transactional message 9"):
        await client.transactional.get(9)
