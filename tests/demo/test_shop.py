"""The demo's people and orders are those of an ordinary shop, and harm nobody."""

import re
from collections import Counter
from datetime import UTC, datetime

from handbill.demo.shop import DAY, TWO_YEARS, people

NOW = 1_764_000_000
TOWN = people(NOW)
EVENTS = [event for person in TOWN for event in person.events]
ORDERS = [event for event in EVENTS if event.name == "order_placed"]


def test_the_same_moment_gives_the_same_thousand_people() -> None:
    assert len(TOWN) == 1000
    assert people(NOW) == TOWN


def test_another_moment_moves_everything_by_the_difference() -> None:
    later = people(NOW + DAY)
    assert later[0].attributes["created_at"] == TOWN[0].attributes["created_at"] + DAY


def test_no_address_can_receive_mail_and_nobody_shares_one() -> None:
    addresses = [person.attributes["email"] for person in TOWN]
    assert all(re.fullmatch(r"[a-z0-9.]+@[a-z]+\.example", address) for address in addresses)
    assert len(set(addresses)) == len(TOWN)


def test_people_live_in_many_countries_and_have_names_beyond_ascii() -> None:
    names = [person.attributes.get("first_name", "") for person in TOWN]
    assert len({person.attributes["country"] for person in TOWN}) >= 10
    assert sum(not name.isascii() for name in names) > 200


def test_some_never_said_their_name_and_some_want_no_mail() -> None:
    assert 20 <= sum("first_name" not in person.attributes for person in TOWN) <= 80
    assert 30 <= sum("unsubscribed" in person.attributes for person in TOWN) <= 100


def test_everything_happened_in_the_last_two_years_after_its_person_came() -> None:
    assert all(NOW - TWO_YEARS <= event.timestamp <= NOW for event in EVENTS)
    assert all(event.timestamp >= person.attributes["created_at"] for person in TOWN for event in person.events)


def test_a_few_buy_much_and_many_buy_little() -> None:
    spent = sorted((person.attributes["total_spent"] for person in TOWN), reverse=True)
    assert 0.25 < sum(spent[:50]) / sum(spent) < 0.6
    assert spent[500] < 60


def test_bulbs_sell_in_autumn() -> None:
    months = Counter(
        datetime.fromtimestamp(order.timestamp, UTC).month
        for order in ORDERS
        if order.data["items"][0]["category"] == "bulbs"
    )
    assert sum(months[month] for month in (8, 9, 10, 11)) > 0.6 * months.total()


def test_totals_are_the_sums_of_the_orders() -> None:
    assert len({order.data["order_id"] for order in ORDERS}) == len(ORDERS)
    for person in TOWN:
        totals = [event.data["total"] for event in person.events if event.name == "order_placed"]
        assert person.attributes["orders"] == len(totals)
        assert person.attributes["total_spent"] == round(sum(totals), 2)
