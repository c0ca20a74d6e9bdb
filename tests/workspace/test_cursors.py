import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.workspace import cursors

SECRET = b"s" * 32


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=3), st.binary(max_size=50))
def test_a_cursor_gives_back_its_position(position: list[int], scope: bytes) -> None:
    assert cursors.unseal(SECRET, scope, cursors.seal(SECRET, scope, position)) == position


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_cursor_of_another_scope_is_refused(one: bytes, other: bytes) -> None:
    sealed = cursors.seal(SECRET, one, [5])
    assert (cursors.unseal(SECRET, other, sealed) is None) == (one != other)


def test_a_cursor_with_any_bit_changed_is_refused() -> None:
    raw = base64.urlsafe_b64decode(cursors.seal(SECRET, b"messages.list", [12345]))
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        text = base64.urlsafe_b64encode(changed).decode()
        assert cursors.unseal(SECRET, b"messages.list", text) is None


def test_a_cursor_of_another_workspace_is_refused() -> None:
    assert cursors.unseal(b"o" * 32, b"", cursors.seal(SECRET, b"", [1])) is None


@pytest.mark.parametrize("text", ["1", "null", "é", "A", "AAAA", "====", "\ud800", "a" * 10_000, "MTox"])
def test_what_was_never_a_cursor_is_refused(text: str) -> None:
    assert cursors.unseal(SECRET, b"", text) is None
