"""`handbill doctor`: what works here, what does not, and what to do about it. It looks, and changes nothing."""

import asyncio
import dataclasses
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from handbill.cli import rules, tools
from handbill.connections import keys as kept
from handbill.connections.keys import Keys
from handbill.connections.probe import Found, probe
from handbill.connections.saved import EMBEDDED, Book, Saved, chosen
from handbill.contract.limits import APP, SEND, TRIGGER
from handbill.errors import HandbillError, InvalidInput
from handbill.policy import Policy
from handbill.settings import BASE_URL, Settings
from handbill.tools import toolsets
from handbill.workspace import ways
from handbill.workspace.ledger import workers_alive
from handbill.workspace.store.health import Health, Sending, look

SHOWN = 5
"""Approvals and triggers named by their number."""
SPARE = 1_000_000_000
"""Bytes that should be free where the workspace is."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line: `then` is what to do where attention is needed; without it all is well."""

    name: str
    says: str
    then: str = ""

    @property
    def state(self) -> str:
        return "attention" if self.then else "ok"


@click.command
@click.option("--offline", is_flag=True, help="Do not try the keys at Customer.io: tell what the last try found.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor(settings: Settings, offline: bool, as_json: bool) -> None:
    """Say what works here, what does not, and what to do about it; nothing is changed.

    The keys of the current connection are tried at Customer.io by reading.

    \b
    Examples:
      handbill doctor
      handbill doctor --offline
      handbill doctor --home ./shop --json
    """
    checks = [*_checks(settings, offline)]
    if as_json:
        lines = [{"state": check.state, **dataclasses.asdict(check)} for check in checks]
        click.echo(json.dumps({"ok": not any(check.then for check in checks), "checks": lines}, ensure_ascii=False))
        return
    width = max(len(check.name) for check in checks)
    for check in checks:
        state = click.style(f"{check.state:<9}", fg="yellow" if check.then else "green")
        click.echo(f"{state}  {check.name:<{width}}  {check.says}")
        if check.then:
            click.echo(f"{'':<{width + 13}}{check.then}")


def _checks(settings: Settings, offline: bool) -> Iterator[Check]:
    yield _home(settings)
    yield _disk(settings)
    current, book, damage = _book(settings)
    health = None
    try:
        path = settings.sqlite_path
        health = look(path, [*book.connections], int(time.time())) if path.exists() else None
        yield (
            _database(health, path.stat().st_size)
            if health
            else Check("database", f"{path} is not there yet: the first command that works on it makes it.")
        )
    except HandbillError as error:
        yield Check("database", str(error), "Put it right, or restore a copy; nothing can be sent before.")
    known = health.sending if health else {}
    if health and known:
        yield _audit(health)
        yield _approvals(health)
    if damage:
        yield Check("connection", damage, "No tool works before.")
    else:
        yield from _connections(settings, current, book, known, offline)
    if health and known:
        yield from _sending(settings, known[""], health)
    live = bool(known and known[""].rules.mode == "live")
    yield _providers(settings, live)
    yield _base_url(settings, live)


def _book(settings: Settings) -> tuple[str, Book, str]:
    """The current connection and all there are, or what is wrong with the file they are in."""
    try:
        return *chosen(settings), ""
    except HandbillError as error:
        return EMBEDDED, Book(), str(error)


def _home(settings: Settings) -> Check:
    if not settings.home.exists():
        return Check("home", f"{settings.home} is not there yet: the first command that works on it makes it.")
    for keys in (settings.home / "keys.json", settings.home / "approval-key.json"):
        if keys.exists() and keys.stat().st_mode & 0o077:
            return Check("home", f"Others on this machine can read {keys}.", f"chmod 600 {keys}")
    return Check("home", str(settings.home))


def _disk(settings: Settings) -> Check:
    folder = next(place for place in (settings.home, *settings.home.parents) if place.exists())
    free = shutil.disk_usage(folder).free
    says = f"{free / 1e9:,.1f} GB free"
    return Check("disk", says, "Free some: at least 1 GB." if free < SPARE else "")


def _database(health: Health, size: int) -> Check:
    says = f"version {health.version}, {size / 1e6:,.1f} MB, "
    if health.damage:
        return Check("database", f"{says}damaged: {health.damage}", "Stop what uses it, and restore a copy.")
    if health.version > health.newest:
        return Check("database", f"{says}newer than this Handbill knows", "Install the newer Handbill.")
    if health.version < health.newest:
        return Check("database", f"{says}sound; it is brought up to date when it is next used")
    return Check("database", f"{says}sound")


def _audit(health: Health) -> Check:
    if health.changed:
        then = "Somebody changed the file beside Handbill. Compare `handbill audit export` with what you kept of it."
        return Check("audit log", health.changed, then)
    return Check("audit log", f"{health.entries:,} entries, as they were written")


def _approvals(health: Health) -> Check:
    if not health.approvals:
        return Check("approvals", "nothing waits for a yes")
    then = "`handbill approve` shows them; each waits for a day."
    return Check("approvals", f"{len(health.approvals)} wait for a person's yes: {_named(health.approvals)}", then)


def _named(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:SHOWN])) + (", …" if len(numbers) > SHOWN else "")


def _connections(
    settings: Settings, current: str, book: Book, known: Mapping[str, Sending], offline: bool
) -> Iterator[Check]:
    others = [name for name in (EMBEDDED, *book.connections) if name != current]
    more = f"; also there: {', '.join(others)}" if others and book.connections else ""
    if current == EMBEDDED:
        yield Check("connection", f"embedded, on this machine{more}")
    elif current in book.connections:
        yield Check("connection", f"{_title(book.connections[current])}{more}")
    else:
        then = f"Connect it: `handbill connect {current}`; or set HANDBILL_CONNECTION to one that is there."
        yield Check("connection", f"{current}, which is not there{more}", then)
    yield from _tools(settings, known.get("" if current == EMBEDDED else current))
    for saved in book.connections.values():
        yield from _live(settings, saved, known.get(saved.name), offline or saved.name != current)


def _title(saved: Saved) -> str:
    return f"{saved.title}, workspace {saved.workspace!r}" if saved.workspace else saved.title


def _tools(settings: Settings, found: Sending | None) -> Iterator[Check]:
    """What may be used on the current connection, and what agents are shown of it."""
    try:
        shown = toolsets.shown(settings.toolsets)
    except InvalidInput as error:
        yield Check("tools", str(error), "Correct it where it is set; no server starts before.")
        return
    if found:
        policy = found.rules.tightened(readonly=settings.readonly)
        open_ = sum(not tool.refusal(policy) for tool in shown.values())
        yield Check("tools", f"{tools.sentence(policy)} Agents see {open_} of them.")


# Connections to Customer.io


def _live(settings: Settings, saved: Saved, found: Sending | None, offline: bool) -> Iterator[Check]:
    again = f"Connect it again: `handbill connect {saved.name}`."
    path = settings.home / kept.FILE
    place = "the system's keyring" if saved.place == "keyring" else f"{path}, mode 0600"
    there, damage = None, ""
    try:
        there = kept.find(settings.home, saved.name, saved.place)
    except HandbillError as error:
        damage = str(error)
    if there is None:
        yield Check(f"{saved.name}: keys", damage or f"gone from {place}", again)
    elif saved.place == "file" and path.stat().st_mode & 0o077:
        yield Check(f"{saved.name}: keys", f"Others on this machine can read {path}.", f"chmod 600 {path}")
    else:
        yield Check(f"{saved.name}: keys", f"{', '.join(there.apis)}; kept in {place}")
    if there:
        yield _works(settings, saved, there, offline)
    if found:
        yield from _limits(saved.name, found)


def _works(settings: Settings, saved: Saved, there: Keys, offline: bool) -> Check:
    name = f"{saved.name}: scopes"
    if offline:
        return _scopes(name, Found(saved.region, saved.workspace, saved.fails), " when it was last tried")
    try:
        found = asyncio.run(probe(there, saved.region, settings.customerio_url))
    except InvalidInput as error:
        return Check(name, str(error), f"Connect it again: `handbill connect {saved.name}`.")
    except HandbillError as error:
        return Check(name, f"not tried: {error}", "Try again; `handbill doctor --offline` does not call out.")
    if found.region != saved.region:
        return Check(name, " ".join(found.notes), f"Connect it again: `handbill connect {saved.name}`.")
    return _scopes(name, found, "")


def _scopes(name: str, found: Found, when: str) -> Check:
    says = f"{len(found.works)} tools work{when}, in region {found.region.upper()}"
    if not found.fails:
        return Check(name, says)
    failing = ", ".join(tool.removeprefix("CUSTOMERIO_") for tool in found.fails)
    return Check(name, f"{says}; {len(found.fails)} do not: {failing}", " ".join(dict.fromkeys(found.fails.values())))


def _limits(name: str, found: Sending) -> Iterator[Check]:
    off = found.rules.mode == "off"
    then = f"To send again: `handbill sending live --connection {name}`." if off else ""
    yield Check(f"{name}: sending", _rules(found.rules, name), then)
    calls = (
        f"{APP.calls} calls in {APP.seconds} s, each broadcast once in {TRIGGER.seconds} s, "
        f"{SEND.calls:,} messages in {SEND.seconds} s"
    )
    yield Check(f"{name}: limits", f"{calls}; {_day(found)}", _full(found))


def _rules(found: Policy, connection: str = "") -> str:
    """What may be sent without a person, in one line."""
    live = found.mode == "live"
    domains = f" Only to {', '.join(found.only_domains)}." if live and found.only_domains else ""
    quiet = f" Not in {found.quiet_hours}." if live and found.quiet_hours else ""
    return f"{rules.sentence(found, connection)}{domains}{quiet}"


def _day(found: Sending) -> str:
    return f"{found.reached:,} of {found.rules.daily_max:,} people reached in 24 hours"


def _full(found: Sending) -> str:
    """What to do when nobody more is reached today without a yes."""
    full = found.rules.mode == "live" and found.reached >= found.rules.daily_max
    return "All else waits for a person's yes: `handbill approve`." if full else ""


# The embedded workspace


def _sending(settings: Settings, found: Sending, health: Health) -> Iterator[Check]:
    off, live = found.rules.mode == "off", found.rules.mode == "live"
    yield Check("sending", _rules(found.rules), "To send again: `handbill sending sandbox`." if off else "")
    if live:
        yield Check("limits", _day(found), _full(found))
    alive = workers_alive(settings.sqlite_path)
    stuck = (health.waiting or health.triggers) and not alive and not off
    says = f"{alive} at work, {health.triggers:,} triggers and {health.waiting:,} messages wait for one"
    yield Check("worker", says, "Start one: `handbill serve` or `handbill worker`." if stuck else "")
    if health.stopped:
        yield Check("stopped", f"triggers: {_named(health.stopped)}", "`handbill resume` lets one go on.")
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(health.last_sent)) if health.last_sent else "none yet"
    yield Check("last send", when)


def _providers(settings: Settings, live: bool) -> Check:
    try:
        ways.check(settings)
    except HandbillError as error:
        return Check("providers", str(error), "Correct it where it is set; nothing starts before.")
    ready = [f"HANDBILL_{name.upper()}" for name in ways.READERS if getattr(settings, name)]
    if live and not ready:
        return Check("providers", "none in this shell, and the workspace is live", "Set HANDBILL_SMTP, or another.")
    return Check("providers", ", ".join(ready) or "none, and none needed: nothing leaves this machine")


def _base_url(settings: Settings, live: bool) -> Check:
    if live and settings.base_url == BASE_URL:
        says = f"{settings.base_url}, where only this machine reaches it: links are not tracked"
        return Check("base URL", says, "Set HANDBILL_BASE_URL to where people reach `handbill serve`.")
    return Check("base URL", settings.base_url)
