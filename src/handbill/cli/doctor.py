"""`handbill doctor`: what works here, what does not, and what to do about it. It looks, and changes nothing."""

import dataclasses
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass

import click

from handbill.cli.rules import sentence
from handbill.errors import HandbillError
from handbill.settings import BASE_URL, Settings
from handbill.workspace import ways
from handbill.workspace.ledger import workers_alive
from handbill.workspace.store.health import Health, look

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
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor(settings: Settings, as_json: bool) -> None:
    """Say what works here, what does not, and what to do about it; nothing is changed.

    \b
    Examples:
      handbill doctor
      handbill doctor --home ./shop --json
    """
    checks = [*_checks(settings)]
    if as_json:
        lines = [{"state": check.state, **dataclasses.asdict(check)} for check in checks]
        click.echo(json.dumps({"ok": not any(check.then for check in checks), "checks": lines}, ensure_ascii=False))
        return
    for check in checks:
        state = click.style(f"{check.state:<9}", fg="yellow" if check.then else "green")
        click.echo(f"{state}  {check.name:<9}  {check.says}" + (f"\n{'':<22}{check.then}" if check.then else ""))


def _checks(settings: Settings) -> Iterator[Check]:
    yield _home(settings)
    yield _disk(settings)
    health = None
    try:
        path = settings.sqlite_path
        health = look(path) if path.exists() else None
        yield (
            _database(health, path.stat().st_size)
            if health
            else Check("database", f"{path} is not there yet: the first command that works on it makes it.")
        )
    except HandbillError as error:
        yield Check("database", str(error), "Put it right, or restore a copy; nothing can be sent before.")
    live = bool(health and health.rules and health.rules.mode == "live")
    if health and health.rules:
        yield from _sending(settings, health)
    yield _providers(settings, live)
    yield _base_url(settings, live)


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


def _sending(settings: Settings, health: Health) -> Iterator[Check]:
    assert health.rules
    off = health.rules.mode == "off"
    yield Check("sending", sentence(health.rules), "To send again: `handbill sending sandbox`." if off else "")
    alive = workers_alive(settings.sqlite_path)
    stuck = health.waiting and not alive and not off
    says = f"{alive} at work, {health.waiting:,} messages wait"
    yield Check("worker", says, "Start one: `handbill serve` or `handbill worker`." if stuck else "")
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
