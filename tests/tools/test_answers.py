"""What is shown of text that others wrote, and how much of it."""

import json
from typing import Any

import pytest

from handbill.tools.answers import BYTES, ITEMS, Answer, fitted, page
from handbill.untrusted import TEXT, clean

pytestmark = pytest.mark.anyio


ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


class Things(Answer):
    things: list[Any]
    next: str = ""
    created: int = 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ana", "Ana"),
        ("a\u202eb", "ab"),
        ("a\u200bb\u2060c\ufeff", "abc"),
        ("ig\U000e0069\U000e0067nore", "ignore"),
        ("a\x1b[31mred\0", "a[31mred"),
        ("a\u200db", "ab"),
        ("zero\ufe0fwidth", "zerowidth"),
        ("line\nbreak\tand tab", "line\nbreak\tand tab"),
        ("\ud800", ""),
        ("👨‍👩‍👧‍👦 ❤️ 1️⃣", "👨‍👩‍👧‍👦 ❤️ 1️⃣"),
        (f"{ENGLAND}!", f"{ENGLAND}!"),
        ("x" * TEXT, "x" * TEXT),
        ("x" * (TEXT + 1), "x" * (TEXT - 1) + "…"),
    ],
)  # fmt: skip
def test_invisible_characters_go_and_emoji_stay(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_cleaning_reaches_every_text_but_the_cursor() -> None:
    data = Things(things=["a\u202e"], next="c\u200b" * 600).data()
    assert data["things"] == ["a"]
    assert len(data["next"]) == 1200


def test_times_are_readable_beside_their_seconds() -> None:
    assert Things(things=[], created=1767225600).text_data()["created"] == "1767225600 (2026-01-01 00:00:00 UTC)"


async def test_a_page_has_at_most_100_items_and_goes_on_with_the_services_cursor() -> None:
    asked: list[int] = []
    answer = await page(_service(asked, "x"), 1000)
    assert asked == [ITEMS]
    assert answer.next == "after 100"
    assert answer.notes == ["100 at a time; pass `next` as `start` for more."]


async def test_a_page_that_is_too_large_is_asked_for_again_with_fewer_items() -> None:
    asked: list[int] = []
    answer = await page(_service(asked, ["x" * 3000] * 6), 100)
    assert asked == [100, 50]
    assert answer.next == "after 50"
    assert len(json.dumps(answer.data(), ensure_ascii=False)) <= BYTES


async def test_a_page_of_what_was_asked_for_has_no_note() -> None:
    assert (await page(_service([], "x"), 20)).notes == []


def test_a_list_without_a_cursor_says_how_much_of_it_is_shown() -> None:
    answer = fitted(Things(things=["x" * 1000] * 600))
    assert len(answer.things) == 300
    assert answer.notes == ["Only 300 of 600 things are shown: more would be too large an answer."]


def _service(asked: list[int], thing: object) -> Any:
    async def fetch(size: int) -> Things:
        asked.append(size)
        return Things(things=[thing] * size, next=f"after {size}")

    return fetch
