"""Who gets which variant of a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.workspace.engine.needs import Content
from handbill.workspace.engine.variants import shares


def content(number: int, language: str = "", of: int = 0, group: int = 0) -> Content:
    own = {"language": language, "translation_of": of, "test_group": group}
    return Content(id=number, type="email", fields={}, shared={}, **own)  # type: ignore[arg-type]


ENGLISH, PORTUGUESE, BRAZILIAN = content(1), content(2, "pt", 1), content(3, "pt-BR", 1)


@pytest.mark.parametrize(
    ("language", "number"),
    [("", 1), ("en", 1), ("pt", 2), ("PT", 2), ("pt-PT", 2), ("pt-BR", 3), ("pt_br", 3), ("ptx", 1)],
)
def test_a_person_gets_the_nearest_language(language: str, number: int) -> None:
    [(given_to, people)] = shares([ENGLISH, PORTUGUESE, BRAZILIAN], [7], {7: language})
    assert (given_to.id, people) == (number, [7])


@given(st.lists(st.integers(1, 10**6), unique=True, min_size=1), st.integers(1, 4))
def test_everybody_gets_exactly_one_group(people: list[int], count: int) -> None:
    groups = [content(number, group=number) for number in range(1, count + 1)]
    got = [person for _, theirs in shares(groups, people, {}) for person in theirs]
    assert sorted(got) == sorted(people)


def test_groups_are_about_equally_large() -> None:
    sizes = [len(people) for _, people in shares([content(1, group=1), content(2, group=2)], range(1, 10_001), {})]
    assert all(4_500 < size < 5_500 for size in sizes)


def test_each_message_of_a_broadcast_goes_to_everybody() -> None:
    assert [(each.id, list(people)) for each, people in shares([content(1), content(5)], [7, 8], {})] == [
        (1, [7, 8]),
        (5, [7, 8]),
    ]
