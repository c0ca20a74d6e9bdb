"""`handbill bounces`: delivery-status mails and complaints, from a file, a mailbox or a mail server's pipe."""

import asyncio
import json
import mailbox
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import click

from handbill.settings import Settings
from handbill.workspace import bounces as reading
from handbill.workspace import delivery_ids
from handbill.workspace.store import reports
from handbill.workspace.store.database import Transaction
from handbill.workspace.workspace import Workspace

AT_ONCE = 500
"""Mails whose notices are written in one transaction."""


@click.command
@click.argument("source", type=click.Path(path_type=Path, exists=True, allow_dash=True), default="-")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def bounces(settings: Settings, source: Path, as_json: bool) -> None:
    """Read what mail servers write back: who bounced, who complained, what arrived late.

    SOURCE is one mail, an mbox file, a Maildir, or - for a mail on standard input, as a mail server's pipe gives it.
    The mailbox is left as it is; read again, nothing counts twice. Addresses that do not exist, and people who
    complain, get no more mail.

    \b
    Examples:
      handbill bounces ~/Maildir
      echo 'bounces: "|handbill --home /srv/shop bounces"' >> /etc/aliases
    """
    told = asyncio.run(_read(settings, source))
    click.echo(json.dumps(told) if as_json else ", ".join(f"{count:,} {what}" for what, count in told.items()) + ".")


async def _read(settings: Settings, source: Path) -> dict[str, int]:
    """How many mails there were, and what became of the deliveries they are about."""
    told = Counter(dict.fromkeys(("mails", "bounced", "deferred", "delivered", "spammed", "known before"), 0))
    async with Workspace.open(settings) as workspace:
        waiting: list[reading.Notice] = []
        for mail in _mails(source):
            told["mails"] += 1
            waiting += reading.read(mail)
            if len(waiting) >= AT_ONCE:
                told += await workspace.database.write(_report, workspace, waiting)
                waiting = []
        changes = await workspace.database.write(_report, workspace, waiting)
    return {what: told[what] + changes[what] for what in told}


def _mails(source: Path) -> Iterator[bytes]:
    if str(source) == "-":
        yield sys.stdin.buffer.read()
    elif source.is_dir():
        yield from _in_box(mailbox.Maildir(source, create=False))
    elif _begins(source, b"From "):
        yield from _in_box(mailbox.mbox(source, create=False))
    else:
        with source.open("rb") as file:
            yield file.read(reading.LARGEST)


def _in_box(box: mailbox.Maildir | mailbox.mbox) -> Iterator[bytes]:
    with closing(box):
        yield from (box.get_bytes(key) for key in box.iterkeys())


def _begins(source: Path, with_: bytes) -> bool:
    with source.open("rb") as file:
        return file.read(len(with_)) == with_


def _report(tx: Transaction, workspace: Workspace, notices: Sequence[reading.Notice]) -> Counter[str]:
    told: Counter[str] = Counter()
    for notice in notices:
        ids = [delivery_ids.unseal(workspace.secret, text) for text in notice.deliveries]
        ours = [delivery for delivery in ids if delivery is not None]
        if ours:
            new = reports.noticed(tx, ours[0], notice, workspace.clock.now())
            told[notice.metric if new else "known before"] += 1
    return told
