"""What enters a path: checked by grammar before any call, percent-encoded on the wire."""

from typing import Any

import httpx2
import pytest

from handbill.client import Client
from handbill.errors import InvalidInput, NotFound

pytestmark = pytest.mark.anyio


def recording() -> tuple[httpx2.MockTransport, list[httpx2.Request]]:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(404, json={})

    return httpx2.MockTransport(answer), asked


@pytest.mark.parametrize(
    "value", [0, -1, 2**53, "", "5.0", " 5", "05", "٣", "²", "5-37", "../7", "5?x=1", "5#", "%2e", True]
)
async def test_a_number_that_is_none_never_leaves(value: Any) -> None:
    transport, asked = recording()
    async with Client("https://api.customer.io", "key", transport) as client:
        with pytest.raises(InvalidInput, match="broadcast_id must be a whole number between 1 and"):
            await client.broadcasts.get(value)
    assert asked == []


@pytest.mark.parametrize(
    "value",
    [
        "5-",
        "-37",
        "5-37-1",
        "5–37",
        " 456",
        "0456",
        "456.0",
        "²",
        "",
        "../7",
        "456?x=1",
        "%2e%2e",
        "4\n",
        "9" * 10_000,
    ],
)
async def test_a_trigger_id_that_is_none_never_leaves(value: str) -> None:
    transport, asked = recording()
    async with Client("https://api.customer.io", "key", transport) as client:
        with pytest.raises(InvalidInput, match="trigger_id must look like 456 or 5-37"):
            await client.triggers.get(5, value)
    assert asked == []


@pytest.mark.parametrize("value", ["", "a/b", "..", "a b", "é", "a" * 201, "a\n"])
async def test_a_message_id_that_is_none_never_leaves(value: str) -> None:
    transport, asked = recording()
    async with Client("https://api.customer.io", "key", transport) as client:
        with pytest.raises(InvalidInput, match="message_id must be"):
            await client.messages.get(value)
    assert asked == []


@pytest.mark.parametrize("value", ["", ".", "..", "\ud800", "a" * 255])
async def test_a_customer_id_that_is_none_never_leaves(value: str) -> None:
    transport, asked = recording()
    async with Client("https://api.customer.io", "key", transport) as client:
        with pytest.raises(InvalidInput, match="customer_id"):
            await client.customers.attributes(value)
    assert asked == []


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("u1", b"u1"),
        ("a/b", b"a%2Fb"),
        ("../x", b"..%2Fx"),
        ("ann+x@customer.example", b"ann%2Bx%40customer.example"),
        ("50%", b"50%25"),
        ("a%2Fb", b"a%252Fb"),
        ("ü?#\n", b"%C3%BC%3F%23%0A"),
    ],
)
async def test_a_customer_id_is_encoded_whole(value: str, sent: bytes) -> None:
    transport, asked = recording()
    async with Client("https://api.customer.io", "key", transport) as client:
        with pytest.raises(NotFound):
            await client.customers.attributes(value)
    assert asked[0].url.raw_path == b"/v1/customers/" + sent + b"/attributes?id_type=id"


async def test_query_values_are_encoded(client: Client) -> None:
    transport, asked = recording()
    async with Client("https://api.customer.io", "key", transport) as remote:
        with pytest.raises(NotFound):
            await remote.customers.find("ann+x&y@customer.example")
    assert asked[0].url.query == b"email=ann%2Bx%26y%40customer.example"
    assert (await client.customers.find("ann+x&y@customer.example")).results == []
