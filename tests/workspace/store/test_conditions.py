"""Conditions in SQL mean what they say: the same people as a plain reading of them in Python."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import anyio.from_thread
import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handbill.contract import conditions as contract
from handbill.contract import filters
from handbill.errors import NotFound
from handbill.workspace.store import events, people
from handbill.workspace.store.conditions import of_conditions, of_filter, of_segment
from handbill.workspace.store.database import Database, Transaction
from handbill.workspace.store.identifiers import cio_id

T = TypeVar("T")
NOW = 1_764_000_000
DAY = 86_400
ODD_NAMES = ["two words", 'a"b', "a\\b", "a.b", "a[0]", "$", "é", "😀", "it's", "line\nbreak", "x' OR 1=1 --"]

Try = Callable[[Callable[[Transaction], T]], T]


class Undone(Exception):
    pass


@pytest.fixture(scope="module")
def attempt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Try[Any]]:
    """Runs work on an empty database and takes back what it wrote."""
    path: Path = tmp_path_factory.mktemp("conditions") / "workspace.db"
    with anyio.from_thread.start_blocking_portal() as portal:
        database = portal.call(Database.open, path)

        def attempt(work: Callable[[Transaction], T]) -> T:
            answers: list[T] = []

            def undone(tx: Transaction) -> None:
                answers.append(work(tx))
                raise Undone

            with pytest.raises(Undone):
                portal.call(database.write, undone)
            return answers[0]

        yield attempt
        portal.call(database.close)


def add(tx: Transaction, name: str, attributes: dict[str, Any]) -> int:
    person = people.identify(tx, "id", name, attributes, NOW).person
    assert person is not None
    return person


def ids(tx: Transaction, conditions: dict[str, Any]) -> set[str]:
    where = of_conditions(tx, conditions, NOW)
    return {row["id"] for row in people.search(tx, where, 0, 1000)}


# A plain reading in Python.

MISSING = object()
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def text(value: Any) -> str:
    """As it is stored: 1e22 is not 1e+22."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def number(value: Any) -> float | None:
    """Booleans, lists and text that is no number are not numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return float(value) if NUMBER.fullmatch(str(value)) else None


def holds(value: Any, given: dict[str, Any]) -> bool:
    """Whether one attribute (or MISSING) passes one comparison."""
    operator, wanted = given["operator"], given.get("value")
    if operator == "ne":
        return not holds(value, {**given, "operator": "eq"})
    if value is MISSING:
        return False
    if operator == "exists":
        return value is not None
    if operator == "eq":
        return value is not None and not isinstance(value, list) and text(value) == text(wanted)
    if operator == "contains":
        return value is not None and text(wanted) in text(value)
    found, (low, high) = number(value), bounds(given)
    if found is None:
        return False
    return low < found if operator == "gt" else low <= found < high


def bounds(given: dict[str, Any]) -> tuple[float, float]:
    match given["operator"]:
        case "gt":
            return float(given["value"]), float("inf")
        case "lt":
            return float("-inf"), float(given["value"])
        case "before":
            return float("-inf"), contract.unix_seconds(given["value"]) or 0
        case "after":
            return contract.unix_seconds(given["value"]) or 0, float("inf")
        case "within" if "past_days" in given:
            return NOW - given["past_days"] * DAY, NOW + 1e-3
        case "within":
            return NOW, NOW + given["next_days"] * DAY + 1e-3
        case _:
            return 0, 4_102_444_800.001


def matches(person: dict[str, Any], node: dict[str, Any]) -> bool:
    [(key, inner)] = node.items()
    match key:
        case "and":
            return all(matches(person, each) for each in inner)
        case "or":
            return any(matches(person, each) for each in inner)
        case "not":
            return not matches(person, inner)
        case "event":
            times = sum(happened(event, inner) for event in person["events"])
            least = inner.get("at_least", 0 if "at_most" in inner else 1)
            return bool(least <= times <= inner.get("at_most", times))
        case _:
            name = inner["field"]
            if name == "email" and inner["operator"] in ("eq", "ne"):
                same = person["attributes"].get("email", "").lower() == text(inner["value"]).lower() != ""
                return same is (inner["operator"] == "eq")
            return holds(person["attributes"].get(name, MISSING), inner)


def happened(event: dict[str, Any], given: dict[str, Any]) -> bool:
    before = contract.unix_seconds(given.get("before"))
    since = contract.unix_seconds(given.get("after")) or 0
    if "within_days" in given:
        since = (NOW if before is None else before) - given["within_days"] * DAY
    until = NOW + 1 if before is None else before
    inside = event["name"] == given["name"] and since <= event["timestamp"] < until
    return inside and ("where" not in given or matches({"attributes": event["data"]}, given["where"]))


# Random people and conditions, from small pools, so that they meet.

names = st.sampled_from(["country", "created_at", 'a"b'])
words = st.sampled_from(
    ["Canada", "canada", "Can", "true", "1", "0", "1.5", "-3", "007", "null", '"', "é", "1e2", " "]
)
characters = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")
values = st.one_of(
    words,
    st.booleans(),
    st.sampled_from([0, 1, 5, 1.5, -3, 1e2, 1e22, NOW, NOW - 5 * DAY, NOW + 5 * DAY, str(NOW), 10**15]),
    st.text(characters, max_size=4),
)
days = st.integers(1, 12)
times = st.sampled_from(["2025-11-20", NOW - 5 * DAY, NOW, NOW + 1, "2025-11-30T12:00:00Z"])


def of(operator: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"field": names, "operator": st.just(operator), **parts})


comparisons = st.one_of(
    of("eq", value=values),
    of("ne", value=values),
    of("contains", value=values),
    of("exists"),
    of("is_timestamp"),
    of("gt", value=st.sampled_from([0, 1.5, "-3", 100, NOW])),
    of("lt", value=st.sampled_from([0, 1.5, "-3", 100, NOW])),
    of("before", value=times),
    of("after", value=times),
    of("within", past_days=days),
    of("within", next_days=days),
)
attributes = st.builds(lambda each: {"attribute": each}, comparisons)
on_email = st.builds(
    lambda operator, value: {"attribute": {"field": "email", "operator": operator, "value": value}},
    st.sampled_from(["eq", "ne", "contains", "exists"]),
    st.sampled_from(["a@b.example", "A@B.example", "ä@b.example", "b.ex"]),
)


def trees(leaves: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def join(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
        several = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            st.fixed_dictionaries({"and": several}),
            st.fixed_dictionaries({"or": several}),
            st.fixed_dictionaries({"not": inner}),
        )

    return st.recursive(leaves, join, max_leaves=5)


spans = st.one_of(
    st.fixed_dictionaries({}, optional={"before": times, "after": times}),
    st.fixed_dictionaries({"within_days": days}, optional={"before": times}),
)
counts = st.fixed_dictionaries({}, optional={"at_least": st.integers(1, 3), "at_most": st.integers(0, 3)})
did = st.builds(
    lambda span, count, where: {"event": {"name": "rental", **span, **count, **where}},
    spans,
    counts,
    st.one_of(st.just({}), st.fixed_dictionaries({"where": trees(attributes)})),
)
happenings = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["rental", "return"]),
        "timestamp": st.sampled_from([NOW - 20 * DAY, NOW - 5 * DAY, NOW - 1, NOW, NOW + 1]),
        "data": st.dictionaries(names, st.one_of(values, st.none()), max_size=3),
    }
)
persons = st.fixed_dictionaries(
    {
        "attributes": st.dictionaries(names, values, max_size=4),
        "email": st.sampled_from(["", "a@b.example", "Ä@B.example"]),
        "events": st.lists(happenings, max_size=4),
    }
)


@given(st.lists(persons, min_size=1, max_size=5), trees(st.one_of(attributes, on_email, did)))
@example(
    [{"attributes": {}, "email": "", "events": [{"name": "rental", "timestamp": NOW, "data": {"plan": None}}]}],
    {"event": {"name": "rental", "where": {"attribute": {"field": "plan", "operator": "contains", "value": "nu"}}}},
)
@example(
    [{"attributes": {}, "email": "", "events": [{"name": "rental", "timestamp": NOW, "data": {"plan": None}}]}],
    {"event": {"name": "rental", "where": {"attribute": {"field": "plan", "operator": "eq", "value": "null"}}}},
)
@example(
    [{"attributes": {"country": 1e22}, "email": "", "events": []}],
    {"attribute": {"field": "country", "operator": "contains", "value": "1e2"}},
)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sql_finds_the_people_a_plain_reading_finds(
    attempt: Try[set[str]], everyone: list[dict[str, Any]], conditions: dict[str, Any]
) -> None:
    assert contract.check(conditions) == []
    for number_, person in enumerate(everyone):
        kept = {name: value for name, value in person["attributes"].items() if value != ""}
        owned = person["email"] and person["email"] not in [other["email"] for other in everyone[:number_]]
        person["attributes"] = kept | ({"email": person["email"]} if owned else {})

    def found(tx: Transaction) -> set[str]:
        for i, person in enumerate(everyone):
            number_ = add(tx, f"u{i}", person["attributes"])
            events.add(tx, [stored(each, number_) for each in person["events"]], 1)
        return ids(tx, conditions)

    assert attempt(found) == {f"u{i}" for i, person in enumerate(everyone) if matches(person, conditions)}


def stored(event: dict[str, Any], person: int) -> dict[str, Any]:
    data = msgspec.json.encode(event["data"]).decode()
    return {**event, "id": None, "person": person, "type": "event", "data": data}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_odd_attribute_name_is_found_and_nothing_else(attempt: Try[set[str]], name: str) -> None:
    exists = {"attribute": {"field": name, "operator": "exists"}}

    def found(tx: Transaction) -> set[str]:
        add(tx, "has", {name: "v"})
        add(tx, "other", {"plain": "v"})
        return ids(tx, exists) & ids(tx, {"attribute": {"field": name, "operator": "eq", "value": "v"}})

    assert filters.check(exists) == []
    assert attempt(found) == {"has"}


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("id", "u1", {"u1"}),
        ("id", "U1", set()),
        ("email", "ONE@b.example", {"u1"}),
        ("cio_id", cio_id(1), {"u1"}),
        ("cio_id", "cio_" + cio_id(1), {"u1"}),
        ("cio_id", "a3", set()),
        ("unsubscribed", True, {"u2"}),
        ("unsubscribed", "false", {"u1"}),
        ("created_at", 1_700_000_000, {"u1"}),
        ("created_at", "1700000000", {"u1"}),
    ],
)
def test_a_persons_own_fields_can_be_filtered(
    attempt: Try[set[str]], field: str, value: object, expected: set[str]
) -> None:
    def found(tx: Transaction) -> set[str]:
        add(tx, "u1", {"email": "One@b.example", "created_at": 1_700_000_000})
        add(tx, "u2", {"unsubscribed": True})
        conditions = {"attribute": {"field": field, "operator": "eq", "value": value}}
        first = min(row["person"] for row in people.by_ids(tx, ["u1", "u2"]))
        assert first == 1
        return ids(tx, conditions)

    assert attempt(found) == expected


@pytest.mark.parametrize(("field", "expected"), [("id", {"u1"}), ("email", set()), ("cio_id", {"u1"})])
def test_the_identifiers_a_person_has_exist(attempt: Try[set[str]], field: str, expected: set[str]) -> None:
    def found(tx: Transaction) -> set[str]:
        add(tx, "u1", {})
        return ids(tx, {"attribute": {"field": field, "operator": "exists"}})

    assert attempt(found) == expected


def test_an_empty_filter_is_everyone(attempt: Try[int]) -> None:
    def found(tx: Transaction) -> int:
        add(tx, "u1", {})
        return people.count(tx, of_filter(tx, {}, NOW))

    assert attempt(found) == 1


def test_an_unknown_segment_is_named(attempt: Try[str]) -> None:
    def fail(tx: Transaction) -> str:
        with pytest.raises(NotFound) as caught:
            of_segment(tx, 99, NOW)
        return str(caught.value)

    assert attempt(fail) == "There is no segment 99."
