"""People as others read them: in Liquid, in answers, and by their identifiers."""

import json

import pytest

from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.identifiers import cio_id, kind, person_of
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio


async def test_liquid_sees_attributes_and_identifiers_and_no_identifier_that_is_missing(workspace: Workspace) -> None:
    def read(tx: Transaction) -> list[str]:
        people.identify(tx, "id", "u1", {"n": 1.5, "id": "u1", 'odd "name"': [True]}, 5)
        people.identify(tx, "email", "A@b.example", {"unsubscribed": True}, 5)
        return [people.customer_json(row) for number in (1, 2) if (row := people.get(tx, number))]

    first, second = await workspace.database.write(read)
    own = {"id": "u1", "cio_id": "a3000001", "unsubscribed": False}
    assert json.loads(first) == own | {"n": 1.5, 'odd "name"': [True]}
    assert json.loads(second) == {"email": "A@b.example", "cio_id": "a3000002", "unsubscribed": True}


async def test_answers_show_every_attribute_as_text(workspace: Workspace) -> None:
    def read(tx: Transaction) -> dict[str, str | None]:
        people.identify(tx, "id", "u1", {"n": 5, "f": 1.5, "ok": True, "in": {"a": ["é"]}, "t": "x"}, 5)
        row = people.get(tx, 1)
        assert row is not None
        return people.attributes(row)

    identifiers = {"id": "u1", "email": None, "cio_id": "a3000001"}
    told = {"n": "5", "f": "1.5", "ok": "true", "in": '{"a":["é"]}', "t": "x", "unsubscribed": "false"}
    assert await workspace.database.write(read) == told | identifiers


async def test_what_is_unsubscribed_is_noted_with_its_time(workspace: Workspace) -> None:
    def read(tx: Transaction) -> tuple[int, str]:
        people.identify(tx, "id", "u1", {}, 5)
        people.unsubscribe(tx, 1, True, 7)
        people.unsubscribe(tx, 1, True, 9)
        row = people.get(tx, 1)
        assert row is not None
        return row["unsubscribed"], row["timestamps"]

    assert await workspace.database.write(read) == (1, '{"id":5,"unsubscribed":7}')


@pytest.mark.parametrize("person", [1, 255, 0xFFFFFF, 0x1000000, 2**40])
def test_a_cio_id_leads_back_to_its_person(person: int) -> None:
    assert person_of(cio_id(person)) == person == person_of("cio_" + cio_id(person))


@pytest.mark.parametrize(
    "text", ["", "a3", "a300000", "a3000000", "A3000001", "a300000g", "a3" + "f" * 16, "b3000001"]
)
def test_what_is_no_cio_id_leads_to_nobody(text: str) -> None:
    assert person_of(text) is None


@pytest.mark.parametrize(
    ("identifier", "emails", "expected"),
    [
        ("u1", True, "id"),
        ("a@b.example", True, "email"),
        ("a@b.example", False, "id"),
        ("cio_a3000001", True, "cio_id"),
        ("cio_@", True, "cio_id"),
        ("+4712345678", True, "id"),
    ],
)
def test_the_shape_of_an_identifier_tells_its_kind(identifier: str, emails: bool, expected: str) -> None:
    assert kind(identifier, emails) == expected
