"""The connections of one process: each call works on the one that is current at that moment, here or by another."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import httpx2

from handbill.client import Client
from handbill.client.regions import hosts
from handbill.connections import Connection, keys
from handbill.connections.connecting import connect_live, gone, remove, wanted
from handbill.connections.keys import Keys, Place
from handbill.connections.saved import EMBEDDED, Book, Saved, chosen, load
from handbill.errors import HandbillError, InvalidInput, NotFound, Unauthorized
from handbill.tools import TOOLS
from handbill.tools.connections import ConnectionState, NotWorking

if TYPE_CHECKING:
    from handbill.console.connect_page import Connected
    from handbill.console.pages import Pages

LOOK = 0.25
"""Seconds between two looks while waiting for a person."""


class Connections:
    """Use as a context. `pages` are where a person gives keys; with a `transport` Customer.io is played."""

    def __init__(
        self,
        embedded: Connection,
        pages: "Pages | None" = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._embedded = embedded
        self._settings = embedded.workspace.settings
        self._pages = pages
        self._transport = transport
        self._opened: dict[tuple[str, int], Connection] = {}
        """By name and revision; one that was used before stays open for the calls that still use it."""
        self._opening = asyncio.Lock()
        self._asked: dict[str, tuple[str, Book]] = {}
        """The open page for each name, and what there was when it was opened."""

    async def __aenter__(self) -> "Connections":
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._opened.values():
            await connection.client.__aexit__(None, None, None)

    async def current(self) -> Connection:
        """The connection to work on now. One without keys can be had too: its calls raise Unauthorized."""
        return await self.named(chosen(self._settings)[0])

    async def named(self, name: str) -> Connection:
        """The connection of this name, in the same way; `''` too is the embedded workspace."""
        if name in ("", EMBEDDED):
            return self._embedded
        saved = self._saved(name, load(self._settings.home))
        async with self._opening:
            if opened := self._opened.get((name, saved.revision)):
                return replace(opened, saved=saved)
            found = await asyncio.to_thread(keys.find, self._settings.home, name, saved.place)
            if not found:
                return self._with(saved, Keys(), _Keyless(saved))
            opened = self._opened[name, saved.revision] = self._with(saved, found, self._transport)
            return opened

    def _with(self, saved: Saved, found: Keys, transport: httpx2.AsyncBaseTransport | None) -> Connection:
        client = Client.at(
            hosts(saved.region, self._settings.customerio_url),
            found.app,
            transport,
            site_id=found.site_id,
            track_key=found.track,
            pipelines_key=found.pipelines,
        )
        return Connection(client, self._embedded.workspace, saved)

    async def workspace(self) -> str:
        name, book = chosen(self._settings)
        return await self._embedded.name() if name == EMBEDDED else self._saved(name, book).title

    async def state(self) -> object:
        """Asked every second, so that no keyring is: some ask their owner each time."""
        try:
            name, book = chosen(self._settings)
        except HandbillError as error:
            return str(error)
        return name, book, await self._embedded.workspace.policy("" if name == EMBEDDED else name)

    def _saved(self, name: str, book: Book) -> Saved:
        """What is known of the connection; of one that is not there its name alone."""
        return book.connections.get(name) or Saved(name=name, region="us")

    async def listed(self) -> list[ConnectionState]:
        current, book = chosen(self._settings)
        embedded = ConnectionState(
            name=EMBEDDED, current=current == EMBEDDED, where="on this machine", works=[*TOOLS]
        )
        unknown = [] if current in (EMBEDDED, *book.connections) else [self._saved(current, book)]
        return [embedded, *(self._state(saved, current) for saved in (*book.connections.values(), *unknown))]

    def _state(self, saved: Saved, current: str) -> ConnectionState:
        ordered = sorted(saved.fails.items(), key=lambda item: item[1])
        return ConnectionState(
            name=saved.name,
            current=saved.name == current,
            where=f"Customer.io, {saved.region.upper()}" if saved.apis else "not connected",
            workspace=saved.workspace,
            keys=[*saved.apis],
            kept_in=self._kept_in(saved.place) if saved.apis else "",
            works=[name for name in TOOLS if name not in saved.fails] if saved.apis else [],
            fails=[
                NotWorking(why=why, tools=[name for name, _ in items])
                for why, items in groupby(ordered, key=lambda item: item[1])
            ],
        )

    def _kept_in(self, place: Place) -> str:
        return "the system's keyring" if place == "keyring" else f"{self._settings.home / keys.FILE}, mode 0600"

    async def start(self, name: str) -> str:
        if self._pages is None:
            raise InvalidInput.of(
                "action", "A page would end with this command. `handbill connect` asks in the terminal."
            )
        from handbill.console.connect_page import ConnectPage

        current, book = chosen(self._settings)
        name = name or ("" if current == EMBEDDED else current)
        if name:
            wanted({"name": name})
        address, _ = self._asked.get(name, ("", book))
        if not self._pages.is_open(address):
            address = await self._pages.open(ConnectPage(self._take, name))
            self._asked[name] = (address, book)
        return address

    async def _take(self, fields: Mapping[str, str]) -> "Connected":
        """What was sent from the page."""
        from handbill.console.connect_page import Connected

        database = self._embedded.workspace.database
        saved, found = await connect_live(self._settings, database, wanted(fields), "console", self._transport)
        return Connected(saved.title, self._kept_in(saved.place), found.works, found.fails, found.notes)

    async def remove(self, name: str) -> None:
        if name == EMBEDDED:
            raise InvalidInput.of("name", "The embedded workspace cannot be removed; it is this machine's own.")
        await remove(self._settings, self._embedded.workspace.database, name, "tool")

    async def wait(self, name: str, seconds: int) -> bool:
        """Any connection that was made since the page was opened counts: there, or in a terminal."""
        current, _ = chosen(self._settings)
        name = name or ("" if current == EMBEDDED else current)
        address, before = self._asked.get(name, ("", None))
        until = asyncio.get_running_loop().time() + seconds
        while not self._made(name, before):
            if before is None:
                raise NotFound("No page was opened. Call CUSTOMERIO_MANAGE_CONNECTIONS with action start first.")
            open_ = self._pages is not None and self._pages.is_open(address)
            if not open_ or asyncio.get_running_loop().time() >= until:
                return self._made(name, before)
            await asyncio.sleep(LOOK)
        return True

    def _made(self, name: str, before: Book | None) -> bool:
        """Whether `name`, or any if it has none, is there, and newer than `before`."""
        now = load(self._settings.home).connections
        known = before.connections if before else {}
        newer = {each for each, saved in now.items() if saved.revision != getattr(known.get(each), "revision", 0)}
        return name in newer if name else bool(newer)

    def refused(self, tool: str, error: HandbillError) -> HandbillError:
        name, book = chosen(self._settings)
        saved = book.connections.get(name)
        if not saved or type(error) is not Unauthorized:
            return error
        again = f"Connect it again with a key that may do this: `handbill connect {saved.name}`."
        return Unauthorized(saved.fails.get(tool) or f"{saved.title} does not let its key do this. {error} {again}")


class KeysGone(Unauthorized):
    """The keys of this connection are gone."""


class _Keyless(httpx2.AsyncBaseTransport):
    """In the place of a network for a connection whose keys are gone: nothing is sent without them."""

    def __init__(self, saved: Saved) -> None:
        self._saved = saved

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise KeysGone(str(gone(self._saved)))
