"""Names of connections, and the book of them."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.connections.saved import EMBEDDED, FILE, Book, Saved, change, checked_name, load, name_for
from handbill.errors import HandbillError, InvalidInput


@given(st.text())
def test_every_workspace_gives_its_connection_a_name_that_can_be_one(workspace: str) -> None:
    assert checked_name(name_for(workspace, "eu"))


@given(st.text(st.characters(exclude_characters="abcdefghijklmnopqrstuvwxyz0123456789_-"), min_size=1))
def test_a_name_never_leads_out_of_where_it_is_kept(text: str) -> None:
    with pytest.raises(InvalidInput):
        checked_name(f"a{text}")


def test_processes_that_connect_at_once_lose_none(tmp_path: Path) -> None:
    def connect(name: str) -> None:
        change(tmp_path, lambda book: book.with_(Saved(name=name, region="us")))

    names = {f"c{number}" for number in range(8)}
    threads = [threading.Thread(target=connect, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert load(tmp_path).connections.keys() == names


def test_a_damaged_book_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(HandbillError, match="is damaged"):
        load(tmp_path)


def test_without_the_current_one_this_machine_is_current() -> None:
    book = Book().with_(Saved(name="acme", region="us")).with_(Saved(name="shop", region="eu"))
    assert book.without("acme").current == "shop"
    assert book.without("shop").current == EMBEDDED
