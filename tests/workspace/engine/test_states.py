"""The table of a delivery's moves, and the page that shows it."""

import re
from pathlib import Path

import pytest

from handbill.workspace.engine.states import MOVES, OPEN

PAGE = Path(__file__).parents[3] / "docs" / "delivery-states.md"


def test_every_state_can_be_reached_from_the_first_but_drafts() -> None:
    reached, waiting = {"queued"}, ["queued"]
    while waiting:
        new = MOVES[waiting.pop()] - reached
        reached |= new
        waiting += new
    assert reached == MOVES.keys() - {"drafted"}


@pytest.mark.parametrize("state", sorted(MOVES))
def test_a_state_is_open_just_when_something_may_follow_it_by_itself(state: str) -> None:
    assert (state in OPEN) == bool(MOVES[state] and state != "drafted")


def test_the_page_explains_every_state_and_no_other() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(explained) == sorted(MOVES)
