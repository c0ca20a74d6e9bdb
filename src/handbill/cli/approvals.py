"""`handbill approve` and `handbill decline`: a person's yes and no to what waits. No tool and no API gives them."""

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any

import click
import msgspec

from handbill.approval import Approval
from handbill.connections import reach
from handbill.connections.switching import Connections
from handbill.errors import EXIT_STATUS, InvalidInput, SendingRefused, without_logins
from handbill.gate.questions import Waiting
from handbill.opening import gate_of
from handbill.settings import Settings
from handbill.workspace.ledger import workers_alive
from handbill.workspace.running import running
from handbill.workspace.store import approvals, ledger, triggers
from handbill.workspace.workspace import Workspace

SETTLED = ("finished", "failed", "stopped")
POLL_SECONDS = 0.25
LATER = "It is sent by a running `handbill serve` or `handbill worker`, if there is one within 15 minutes."


@click.command
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option("--people", type=click.IntRange(min=0), help="Say yes without being asked: how many people it is for.")
@click.option("--no-wait", is_flag=True, help="Do not stay until it is sent.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def approve(settings: Settings, number: int | None, people: int | None, no_wait: bool, as_json: bool) -> None:
    """List what waits for a person; with NUMBER show it whole, and let it go.

    You type for how many people it is. A yes is for what is shown: when anything of it changes before it is sent,
    nothing is. It is good for 15 minutes.

    \b
    Examples:
      handbill approve
      handbill approve 38
      handbill approve 38 --people 12345 --no-wait
    """
    if number is None:
        _list(asyncio.run(_waiting(settings)), as_json)
        return
    approval = asyncio.run(_seen(settings, number, as_json))
    typed = _typed(approval) if people is None else people
    told = asyncio.run(_approve(settings, approval, typed, wait=not no_wait, as_json=as_json))
    _tell(told, as_json)
    if told.get("state") == "failed":
        raise click.exceptions.Exit(EXIT_STATUS["internal"])


@click.command
@click.argument("number", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def decline(settings: Settings, number: int, as_json: bool) -> None:
    """Say no to what waits: it is never sent.

    \b
    Example:
      handbill decline 38
    """
    _tell(_brief(asyncio.run(_decline(settings, number))), as_json)


async def _waiting(settings: Settings) -> list[Approval]:
    async with Workspace.open(settings) as workspace:
        return await workspace.database.read(approvals.waiting)


async def _seen(settings: Settings, number: int, as_json: bool) -> Approval:
    """What waits, shown whole. Raises NotFound, and Conflict when it waits no more."""
    async with Workspace.open(settings) as workspace:
        approval = await workspace.database.read(approvals.get, number)
        if not as_json:
            show(approval)
        approvals.check_open(approval, workspace.clock.now())
        return approval


async def _decline(settings: Settings, number: int) -> Approval:
    async with Workspace.open(settings) as workspace:
        return await workspace.database.write(approvals.decline, number, "cli", workspace.clock.now())


async def _approve(
    settings: Settings, approval: Approval, typed: int, *, wait: bool, as_json: bool
) -> Mapping[str, Any]:
    if approval.connection:
        return await _make(settings, approval, typed)
    async with Workspace.open(settings) as workspace:
        now = workspace.clock.now()
        policy = await workspace.policy(approval.connection)
        if "cli" not in policy.approve_via:
            raise SendingRefused(f"Here a yes is given by {' or '.join(policy.approve_via)} only (approve_via).")
        said = await workspace.database.write(approvals.approve, approval.id, typed, "cli", now)
        return await carry_out(workspace, said, as_json) if wait else {**_brief(said), "note": LATER}


async def _make(settings: Settings, approval: Approval, typed: int) -> Mapping[str, Any]:
    """The yes to a call to Customer.io makes it, here and now: there is no worker for it."""
    async with (
        Workspace.open(settings) as workspace,
        reach(workspace) as embedded,
        Connections(embedded) as connections,
    ):
        outcome = await gate_of(await connections.named(approval.connection)).approve(approval.id, typed, "cli")
        made = await workspace.database.read(approvals.get, approval.id)
    return {**_brief(made), "connection": approval.connection, **(outcome.answer or {})}


async def carry_out(workspace: Workspace, approval: Approval, as_json: bool) -> Mapping[str, Any]:
    """Stay until what was approved is sent, sending it here when no worker is alive; how it ended."""
    if approval.trigger_id is None:
        return {"approval": approval.id, "state": await _follow_message(workspace, approval.delivery or 0)}
    return {"approval": approval.id, **await follow(workspace, approval.trigger_id, as_json)}


async def _follow_message(workspace: Workspace, delivery: int) -> str:
    """The same for a message to one person: the state in which it stays."""
    async with running(workspace, engine=not workers_alive(workspace.database.path)):
        state = await workspace.database.read(ledger.state, delivery)
        while state in ("drafted", "queued", "sending"):
            await asyncio.sleep(POLL_SECONDS)
            state = await workspace.database.read(ledger.state, delivery)
    return state


async def follow(workspace: Workspace, trigger: int, as_json: bool) -> dict[str, Any]:
    """Stay until the trigger is settled or waits again, sending it here when no worker is alive; how it ended."""
    async with running(workspace, engine=not workers_alive(workspace.database.path)):
        with _bar() if not as_json and sys.stderr.isatty() else nullcontext() as report:
            progress = await workspace.database.read(triggers.followed, trigger)
            while progress.state not in SETTLED and progress.approval is None:
                await asyncio.sleep(POLL_SECONDS)
                progress = await workspace.database.read(triggers.followed, trigger)
                if report:
                    await report(progress)
    return {"trigger_id": trigger, **progress.model_dump(include={"state", "recipients", "counts", "note"})}


def _bar() -> Any:
    from handbill.cli.bar import progress_bar  # rich is a third of the start

    return progress_bar()


def _typed(approval: Approval) -> int:
    """What the person types. Raises InvalidInput when there is nobody to ask."""
    what = "number of people" if approval.people is not None else "broadcast's id"
    if not _asks():
        raise InvalidInput.of("people", f"people is required where nobody can be asked: --people with the {what}.")
    return int(click.prompt(f"Type the {what} to let it go", type=click.IntRange(min=0), err=True))


def _asks() -> bool:
    """Whether somebody is there who can be asked."""
    return sys.stdin.isatty()


# Showing


def _list(waiting: list[Approval], as_json: bool) -> None:
    if as_json:
        click.echo(without_logins(json.dumps({"approvals": [msgspec.to_builtins(each) for each in waiting]})))
        return
    from handbill.cli.tables import show as show_table

    rows = [_row(each) for each in waiting]
    show_table({"approvals": rows, "notes": ["`handbill approve NUMBER` shows one whole."] if rows else []})


def _row(approval: Approval) -> dict[str, Any]:
    about = {
        name: getattr(approval, name) for name in ("id", "people", "state", "reason", "created_at", "expires_at")
    }
    return {**about, "what": what(approval), "connection": approval.connection}


def what(approval: Approval) -> str:
    """Whose it is: `broadcast 5 "Restock"`."""
    waits = _waiting_of(approval)
    name = json.dumps(waits.name, ensure_ascii=False) if waits.name else ""
    return " ".join(str(part) for part in (waits.kind, waits.id, name) if part)


def _waiting_of(approval: Approval) -> Waiting:
    return Waiting.of(approval.id, approval.people, approval.facts)


def show(approval: Approval) -> None:
    """All that is known of it, nothing cut."""
    waits = _waiting_of(approval)
    lines = {
        "approval": f"{approval.id} ({approval.state})",
        "what": what(approval),
        "people": "nobody knows how many" if approval.people is None else f"{approval.people:,}",
        "audience": waits.audience,
        "data": without_logins(json.dumps(waits.data, ensure_ascii=False)) if waits.data else "",
        "left out": ", ".join(f"{count:,} {reason}" for reason, count in waits.left_out.items()),
        "transport": waits.transport,
        **{
            f"message {each.get('content') or number}": _message(each)
            for number, each in enumerate(waits.messages, 1)
        },
        "first": ", ".join(waits.first),
        "why": approval.reason,
        "connection": approval.connection,
        "asked": _time(approval.created_at),
        "expires": _time(approval.expires_at),
        "goes by itself": _time(approval.until) if approval.until else "",
    }
    for name, value in lines.items():
        if value:
            click.echo(f"{name:<16}{_visible(value)}")


def _message(message: Mapping[str, Any]) -> str:
    about = (f"{name}: {message[name]}" for name in ("from", "subject") if message.get(name))
    return "; ".join([str(message.get("channel", "")), *about])


def _visible(text: str) -> str:
    """On one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"


def _brief(approval: Approval) -> dict[str, Any]:
    return {"approval": approval.id, "state": approval.state, "people": approval.people}


def _tell(told: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told))
        return
    from handbill.cli.tables import show as show_table

    show_table({**told, "notes": []})
