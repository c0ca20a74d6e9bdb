"""Connecting a workspace at Customer.io: its keys read, tried, kept; the same for the terminal and the page."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import httpx2
from msgspec import structs

from handbill.client.regions import Region
from handbill.connections import keys as kept
from handbill.connections.keys import Keys
from handbill.connections.probe import Found, Told, probe
from handbill.connections.saved import Book, Saved, change, checked_name, load, name_for
from handbill.errors import Fault, InvalidInput, Unauthorized, quoted
from handbill.settings import Settings
from handbill.workspace.store import audit, sending
from handbill.workspace.store.database import Database, Transaction

Via = Literal["cli", "console", "tool"]

FIELDS = ("app_key", "site_id", "track_key", "pipelines_key", "region", "name")
KEY_FIELDS = ("app_key", "site_id", "track_key", "pipelines_key")
_KEY = re.compile(r"[\x21-\x7e]{1,500}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person gave. Without a name the connection is named after its workspace."""

    keys: Keys
    region: Region = "us"
    name: str = ""


def wanted(fields: Mapping[str, object]) -> Wanted:
    """The fields of a form, of JSON or of the environment. Raises InvalidInput with everything that cannot be."""
    faults = [Fault(name, f"{name} is not known; {', '.join(FIELDS)} are.") for name in fields if name not in FIELDS]
    given = {name: value.strip() for name, value in fields.items() if isinstance(value, str) and value.strip()}
    faults += [Fault(name, f"{name} must be text.") for name, value in fields.items() if not isinstance(value, str)]
    faults += [
        Fault(name, f"{name} has characters that no key has. Copy it again, all of it.")
        for name in KEY_FIELDS
        if name in given and not _KEY.fullmatch(given[name])
    ]
    region, name = given.get("region", "us").lower(), given.get("name", "")
    if region not in ("us", "eu"):
        faults.append(Fault("region", "region must be us or eu."))
    try:
        name = checked_name(name) if name else ""
    except InvalidInput as error:
        faults += error.faults
    if faults:
        raise InvalidInput(*faults)
    keys = Keys(*(given.get(field, "") for field in KEY_FIELDS))
    return Wanted(keys, cast("Region", region), name)


async def connect_live(
    settings: Settings,
    database: Database,
    want: Wanted,
    via: Via,
    transport: httpx2.AsyncBaseTransport | None = None,
    tell: Told = lambda _: None,
) -> tuple[Saved, Found]:
    """Try the keys; keep them, and make the connection the current one. Raises as `probe` does.

    A new one, and one that leads to another workspace than before, begins with nobody reached without a person's
    yes; what else its name was limited to stays.
    """
    found = await probe(want.keys, want.region, settings.customerio_url, transport, tell)
    name = want.name or name_for(found.workspace, found.region)
    before = load(settings.home).connections.get(name)
    new = before is None or (before.workspace, before.region) != (found.workspace, found.region)
    await database.write(_connected, name, found.region, want.keys, via, new)
    place = await asyncio.to_thread(kept.keep, settings.home, name, want.keys)
    saved = Saved(
        name=name,
        region=found.region,
        workspace=found.workspace,
        apis=want.keys.apis,
        place=place,
        fails=dict(found.fails),
        revision=time.time_ns(),
    )
    change(settings.home, lambda book: book.with_(saved))
    return saved, found


async def try_again(
    settings: Settings, name: str, transport: httpx2.AsyncBaseTransport | None = None, tell: Told = lambda _: None
) -> tuple[Saved, Found]:
    """Try the kept keys of `name` again, and note what works now. Raises Unauthorized when they are gone."""
    saved = load(settings.home).named(name)
    keys = await asyncio.to_thread(kept.find, settings.home, name, saved.place)
    if not keys:
        raise gone(saved)
    found = await probe(keys, saved.region, settings.customerio_url, transport, tell)

    def noted(book: Book) -> Book:
        now = {"region": found.region, "workspace": found.workspace, "fails": dict(found.fails)}
        return Book(book.current, {**book.connections, name: structs.replace(book.named(name), **now)})

    return change(settings.home, noted).named(name), found


async def remove(settings: Settings, database: Database, name: str, via: Via) -> Book:
    """Forget a connection and its keys; the embedded workspace is current if it was. Raises NotFound."""
    book = change(settings.home, lambda book: book.without(name))
    await asyncio.to_thread(kept.forget, settings.home, name)
    await database.write(audit.record, audit.Entry(name, "removed", via), int(time.time()))
    return book


def _connected(tx: Transaction, name: str, region: Region, keys: Keys, via: Via, new: bool) -> None:
    now = int(time.time())
    if new:
        sending.change(tx, structs.replace(sending.get(tx, name), mode="live", auto_send_max=0), via, now, name)
    audit.record(tx, audit.Entry(name, "connected", via, {"region": region, "keys": [*keys.apis]}), now)


def gone(saved: Saved) -> Unauthorized:
    """What to say when there are no keys where they were kept, or never were."""
    if not saved.apis:
        return Unauthorized(f"There is no connection {quoted(saved.name)}. `handbill connect {saved.name}` makes it.")
    return Unauthorized(
        f"The keys of {saved.title} are gone from the {saved.place} they were kept in. Connect it again: "
        f"`handbill connect {saved.name}`."
    )
