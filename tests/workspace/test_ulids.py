"""ULIDs: in the order of time, then of number, and never the same twice."""

from hypothesis import given
from hypothesis import strategies as st

from handbill.workspace.ulids import ulid

moments = st.tuples(st.integers(0, 4_102_444_800), st.integers(1, 2**63 - 1))


@given(moments, moments)
def test_they_sort_as_their_times_and_numbers_do(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (ulid(*one) < ulid(*other)) == (one < other)
    assert len(ulid(*one)) == 26
