"""ESP suppression over the App API, and what sending makes of it."""

from collections.abc import Callable

import httpx2
import pytest

from handbill.client import Client
from handbill.contract.app.suppressions import CATEGORIES, REASONS, DomainQuery, SuppressionsQuery
from handbill.errors import InvalidInput

pytestmark = pytest.mark.anyio

NOW = 1_764_000_000
Put = Callable[..., int]


@pytest.mark.parametrize("kind", REASONS)
async def test_an_address_is_suppressed_found_listed_and_allowed_again(http: httpx2.AsyncClient, kind: str) -> None:
    answer = await http.post(f"/v1/esp/suppression/{kind}/Bob%40customer.example")
    assert (answer.status_code, answer.json()) == (200, {})
    shown = {
        "category": CATEGORIES[REASONS[kind]],
        "suppressions": [
            {"created": NOW, "email": "bob@customer.example", "reason": "Added through the App API", "status": ""}
        ],
    }
    assert (await http.get("/v1/esp/search_suppression/BOB@customer.example")).json() == shown
    assert (await http.get(f"/v1/esp/suppression/{kind}")).json() == shown
    answer = await http.delete(f"/v1/esp/suppression/{kind}/bob@customer.example")
    assert (answer.status_code, answer.content) == (204, b"")
    nothing = {"category": "", "suppressions": []}
    assert (await http.get("/v1/esp/search_suppression/bob@customer.example")).json() == nothing


async def test_the_categories_are_customer_ios() -> None:
    assert CATEGORIES == {"block": "blocks", "bounce": "bounces", "complaint": "spam", "invalid": "invalid_emails"}


async def test_an_address_suppressed_twice_keeps_its_first_time(client: Client, put: Put) -> None:
    put(
        "suppressions",
        identifier="bob@customer.example",
        reason="bounce",
        created=5,
        detail="no such user",
        status="550",
    )
    await client.suppressions.add("bounces", "bob@customer.example")
    [found] = (await client.suppressions.search("bob@customer.example")).suppressions
    assert (found.created, found.reason, found.status) == (5, "no such user", "550")


async def test_each_reason_is_taken_back_by_itself(client: Client) -> None:
    for kind in ("bounces", "spam_reports"):
        await client.suppressions.add(kind, "bob@customer.example")
    await client.suppressions.delete("bounces", "bob@customer.example")
    assert (await client.suppressions.search("bob@customer.example")).category == "spam"
    await client.suppressions.delete("bounces", "bob@customer.example")


async def test_a_person_suppressed_as_a_whole_is_no_affair_of_mail_servers(client: Client, put: Put) -> None:
    put("suppressions", identifier="bob@customer.example", reason="profile", created=5)
    assert (await client.suppressions.search("bob@customer.example")).suppressions == []


async def test_the_list_is_paged_by_offset_oldest_first(client: Client, put: Put) -> None:
    for number in range(5):
        put("suppressions", identifier=f"u{number}@customer.example", reason="bounce", created=100 - number)
    query = SuppressionsQuery(limit=2, offset=3)
    page = (await client.suppressions.list("bounces", query)).suppressions
    assert [each.email for each in page] == ["u1@customer.example", "u0@customer.example"]
    assert (await client.suppressions.list("blocks")).suppressions == []


async def test_a_sending_domains_list_is_paged_by_cursor(client: Client, put: Put) -> None:
    for number in range(3):
        put("suppressions", identifier=f"u{number}@customer.example", reason="bounce", created=number)
    first = await client.suppressions.of_domain("mail.film.example", "bounces", DomainQuery(limit=2))
    assert [each.created for each in first.suppressions] == [0, 1]
    query = DomainQuery(limit=2, start=first.next)
    rest = await client.suppressions.of_domain("mail.film.example", "bounces", query)
    assert ([each.created for each in rest.suppressions], rest.next) == ([2], "")
    one = DomainQuery(email="u1@customer.example")
    [found] = (await client.suppressions.of_domain("mail.film.example", "bounces", one)).suppressions
    assert found.created == 1
    assert (await client.suppressions.of_domain("mail.film.example", "blocks", one)).suppressions == []


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/v1/esp/suppression/spam", "suppression_type"),
        ("POST", "/v1/esp/suppression/Bounces/bob@customer.example", "suppression_type"),
        ("POST", "/v1/esp/suppression/bounces/bob", "email_address"),
        ("POST", "/v1/esp/suppression/bounces/Bob%20%3Cbob@customer.example%3E", "email_address"),
        ("GET", "/v1/esp/suppression/bounces?limit=0", "limit"),
        ("GET", "/v1/esp/suppression/bounces?offset=-1", "offset"),
    ],
)
async def test_a_wrong_value_is_400_and_named(http: httpx2.AsyncClient, method: str, path: str, field: str) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


async def test_a_preview_counts_suppressed_addresses_of_every_kind(client: Client, put: Put) -> None:
    put("broadcasts", id=5, name="Restock", audience={"attribute": {"field": "plan", "operator": "exists"}})
    put("contents", broadcast_id=5, name="Mail", fields={"from": "a@film.example", "subject": "Hi", "body": "Hi"})
    for number, kind in enumerate([*REASONS, ""]):
        email = f"u{number}@customer.example"
        put("people", id=f"u{number}", email=email, email_key=email, attributes={"plan": "x"})
        if kind:
            await client.suppressions.add(kind, email)
    shown = await client.triggers.preview(5, {})
    assert (shown.people, [(each.reason, each.count) for each in shown.left_out]) == (1, [("suppressed address", 4)])


async def test_an_unknown_type_is_refused_before_the_call(client: Client) -> None:
    with pytest.raises(InvalidInput, match="must be blocks, bounces, spam_reports or invalid_emails"):
        await client.suppressions.list("Bounces!")
