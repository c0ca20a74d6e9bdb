"""The page on Liquid says what is there."""

from pathlib import Path

from tests.workspace.liquid.page import TAGS, page
from tests.workspace.liquid.test_tags import NO_TAGS

from handbill.workspace.liquid import Dialect

PUBLISHED = Path(__file__).parents[3] / "docs/reference/liquid.md"


def test_the_published_page_is_up_to_date() -> None:
    assert PUBLISHED.read_text() == page(), "run make docs"


def test_it_names_every_tag_and_no_other() -> None:
    assert TAGS.keys() == (Dialect().environment.tags.keys() - NO_TAGS) | {"raw"}
