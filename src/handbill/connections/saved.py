"""Which live connections there are, and which is current: `connections.json` in the home, without any key."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock

from handbill.client.regions import Region
from handbill.connections.keys import Api, Place, write_private
from handbill.errors import HandbillError, InvalidInput, NotFound, quoted
from handbill.settings import Settings

T = TypeVar("T")

EMBEDDED = "embedded"
FILE = "connections.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace at Customer.io, as the last probe found it."""

    name: str
    region: Region
    workspace: str = ""
    """Its name at Customer.io, when the key may read it."""
    apis: tuple[Api, ...] = ()
    """The APIs there are keys for."""
    place: Place = "file"
    fails: dict[str, str] = {}
    """The tools that do not work, each with the reason."""
    revision: int = 0
    """Another number each time its keys change, so that a running server sees it."""

    @property
    def title(self) -> str:
        """How answers name it: `acme (Customer.io, EU)`."""
        return f"{self.name} ({f'Customer.io, {self.region.upper()}' if self.apis else 'not connected'})"


class Book(msgspec.Struct, frozen=True):
    """All of them by name. `current` is the name of one, or `embedded`."""

    current: str = EMBEDDED
    connections: dict[str, Saved] = {}

    def named(self, name: str) -> Saved:
        """The connection `name`. Raises NotFound that says which there are."""
        if name in self.connections:
            return self.connections[name]
        there = ", ".join([EMBEDDED, *self.connections])
        raise NotFound(f"There is no connection {quoted(name)}; there are {there}. `handbill connect` makes one.")

    def using(self, name: str) -> "Book":
        """The same with `name` as the current one. Raises NotFound."""
        if name != EMBEDDED:
            self.named(name)
        return Book(name, self.connections)

    def with_(self, saved: Saved) -> "Book":
        """The same with this one, which is current from now on."""
        return Book(saved.name, {**self.connections, saved.name: saved})

    def without(self, name: str) -> "Book":
        """The same without `name`; the embedded workspace is current if it was. Raises NotFound."""
        self.named(name)
        rest = {other: saved for other, saved in self.connections.items() if other != name}
        return Book(EMBEDDED if self.current == name else self.current, rest)


def load(home: Path) -> Book:
    """What there is. Raises HandbillError when the file is damaged."""
    path = home / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Book)
    except FileNotFoundError:
        return Book()
    except msgspec.MsgspecError:
        raise HandbillError(f"{path} is damaged. Remove it and connect again: `handbill connect`.") from None


def chosen(settings: Settings) -> tuple[str, Book]:
    """The name of the connection to work on now, and what there is: the setting wins over what is current."""
    book = load(settings.home)
    return settings.connection or book.current, book


def fails(settings: Settings) -> dict[str, str]:
    """The tools that do not work on the connection to work on now, each with the reason."""
    name, book = chosen(settings)
    return book.connections[name].fails if name in book.connections else {}


def change(home: Path, how: Callable[[Book], Book]) -> Book:
    """Put `how(book)` in the place of the book, with no other process between; nothing changes when `how` raises."""
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / f"{FILE}.lock"):
        book = how(load(home))
        write_private(home / FILE, msgspec.json.encode(book))
    return book


def checked_name(text: str) -> str:
    """`text` as a connection's name. Raises InvalidInput."""
    if _NAME.fullmatch(text) and text != EMBEDDED:
        return text
    raise InvalidInput.of(
        "name",
        f"name must be a short word of small letters, digits, - and _, and not `embedded`; got {quoted(text)}.",
    )


def name_for(workspace: str, region: Region) -> str:
    """A name for a connection to the workspace that Customer.io calls `workspace`."""
    word = re.sub(r"[^a-z0-9]+", "-", workspace.lower()).strip("-")[:40].strip("-")
    return word if word and word != EMBEDDED else f"customerio-{region}"
