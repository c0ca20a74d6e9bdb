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


KEYS = st.text('ab:"\\\u00e9', min_size=1, max_size=3)
SMALL = st.recursive(
    st.none() | st.integers(-9, 9) | KEYS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=5
)


@given(st.dictionaries(KEYS, SMALL, min_size=1, max_size=5), st.data(), st.integers(0, 5), st.booleans())
def test_a_key_given_twice_is_refused_wherever_it_is(
    members: dict[str, object], data: st.DataObject, depth: int, ascii_only: bool
) -> None:
    pairs = [*members.items(), (data.draw(st.sampled_from(list(members))), data.draw(SMALL))]
    shuffled = data.draw(st.permutations(pairs))
    object_ = ", ".join(
        f"{json.dumps(k, ensure_ascii=ascii_only)} : {json.dumps(v, ensure_ascii=ascii_only)}" for k, v in shuffled
    )
    raw = '{"a": [' * depth + f"{{{object_}}}" + "]}" * depth
    with pytest.raises(Unreadable, match=r"twice in one object|nested too deep"):
        parse(raw.encode())


@pytest.mark.parametrize("raw", [r'{"a\u003ab": "\u003A"}', r'{"a:\u003a": [":", {"a:\u003a": 1}]}'])
def test_an_escaped_colon_is_no_second_key(raw: str) -> None:
    assert parse(raw.encode()) == json.loads(raw)


@pytest.mark.parametrize("hidden", ['":"', "9" * 5000, "[" * 60 + "]" * 60, r'"\u003a"', r'"\u0000"'])
def test_what_a_second_key_hides_does_not_get_by(hidden: str) -> None:
    for second in (b"1", rb'"\u003a"', rb'"\u003A:"'):
        with pytest.raises(Unreadable):
            parse(b'{"a": %s, "a": %s}' % (hidden.encode(), second))
