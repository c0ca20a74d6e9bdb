import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.errors import Unreadable
from handbill.workspace.api.body import parse

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner)
    ),
)


@given(VALUES)
def test_json_that_can_be_stored_comes_back_as_it_was(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary() | st.text('[]{}",:\\u0dc89eE+-.tfn ').map(str.encode))
def test_anything_else_is_unreadable_and_nothing_worse(raw: bytes) -> None:
    try:
        value = parse(raw)
    except Unreadable:
        return
    assert value == json.loads(raw)


@pytest.mark.parametrize("depth", [50, 51])
def test_fifty_levels_are_taken_and_no_more(depth: int) -> None:
    raw = b"[" * depth + b"1" + b"]" * depth
    if depth > 50:
        with pytest.raises(Unreadable, match="the limit is 50"):
            parse(raw)
    else:
        assert parse(raw)
