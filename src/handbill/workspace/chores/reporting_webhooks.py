"""Tells reporting webhooks what happened: signed, in order, again for seven days where it fails. Reference 15.

The log of activities is what is to be told; a webhook's position in it is committed after the endpoint's answer.
Whoever is killed in between tells the same event once more, with the same `event_id`.
"""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import msgspec

from handbill.workspace import archive
from handbill.workspace.channels import asking
from handbill.workspace.chores import payloads
from handbill.workspace.chores.payloads import Report
from handbill.workspace.fetch import Refused, SafeTransport
from handbill.workspace.store import messages
from handbill.workspace.store import reporting_webhooks as store
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.workspace import Workspace

log = logging.getLogger(__name__)

TIMEOUT = 4.0
HOUR, DAY = 3600, 86_400
GIVE_UP = 7 * DAY
"""Seconds from the first failure on, after which an event is left out and the next one follows."""
SOON = 10
"""The first wait after a failure that an hour is not prescribed for; each further one is twice as long."""
SLOW_CODES = frozenset((400, 401, 402, 403, 404, 405, 410, 429, 500, 502, 521))
PORTION = 200
"""Activities read at a time."""
COMMIT_SECONDS = 1.0
"""How long told events may stay uncommitted: an event is no commit, so that a busy log does not slow the sending."""
BODY_BYTES = 64 * 1024
"""Of an answer's body, read so that the connection can be used again; what is longer ends it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an endpoint was not told; `slow` when it is to be left alone for an hour."""

    note: str
    slow: bool


async def tell(workspace: Workspace, webhook: int, stopping: asyncio.Event) -> None:
    """Tell one endpoint all that happened since, one event after the other, until nothing is left or one fails."""
    async with SafeTransport(workspace.settings.private_hosts) as transport:
        while waiting := await workspace.database.read(_waiting, webhook):
            if not await _tell(workspace, transport, *waiting, stopping):
                return


def _waiting(tx: Transaction, webhook: int) -> tuple[Row, store.Portion] | None:
    row = store.open_(tx, webhook)
    found = row and store.portion(tx, row, payloads.kinds(_events(row)), PORTION)
    return (row, found) if row and found else None


def _events(row: Row) -> list[str]:
    return msgspec.json.decode(row["events"], type=list[str])


async def _tell(
    workspace: Workspace, transport: SafeTransport, webhook: Row, portion: store.Portion, stopping: asyncio.Event
) -> bool:
    """Tell a portion; whether to go on behind it, or behind the event that was given up."""
    committed = workspace.clock.monotonic()
    for report in _reports(workspace, webhook, portion):
        if stopping.is_set() or workspace.clock.monotonic() - committed > COMMIT_SECONDS:
            await workspace.database.write(store.told, webhook["id"], report.activity - 1)
            committed = workspace.clock.monotonic()
        if stopping.is_set():
            return False
        if failure := await _post(workspace, transport, webhook, report):
            return await _failed(workspace, webhook, report.activity, failure)
    await workspace.database.write(store.told, webhook["id"], portion.last)
    return True


def _reports(workspace: Workspace, webhook: Row, portion: store.Portion) -> Iterator[Report]:
    for row in portion.rows:
        if webhook["full_resolution"] or not row["again"]:
            yield from payloads.reports(workspace.secret, row, _events(webhook))


async def _post(workspace: Workspace, transport: SafeTransport, webhook: Row, report: Report) -> Failure | None:
    """Tell one event; what went wrong, or nothing."""
    event = report.event
    if webhook["with_content"] and report.content_of is not None:
        packed = await workspace.database.read(messages.archived, report.content_of)
        event = payloads.with_content(event, archive.expand(*packed) if packed else {})
    body, now = msgspec.json.encode(event), str(workspace.clock.now())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Handbill",
        "X-CIO-Timestamp": now,
        "X-CIO-Signature": signature(workspace.keys.signing_key, now, body),
    }
    try:
        async with asyncio.timeout(TIMEOUT):
            asked = asking.request("POST", webhook["endpoint"], TIMEOUT, headers=headers, content=body)
            status = await _status(transport, asked)
    except (TimeoutError, httpx2.TimeoutException):
        return Failure(f"no answer within {TIMEOUT:g} seconds", slow=False)
    except Refused as error:
        return Failure(f"the endpoint {error}", slow=True)
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        return Failure(f"no connection ({type(error).__name__})", slow=True)
    return None if 200 <= status < 300 else Failure(f"the endpoint answered {status}", status in SLOW_CODES)


async def _status(transport: SafeTransport, asked: httpx2.Request) -> int:
    """The status of the answer, whose body is read to its end so that the connection can be used again."""
    answer = await transport.handle_async_request(asked)
    async with contextlib.aclosing(answer), contextlib.aclosing(answer.aiter_raw()) as parts:
        size = 0
        async for part in parts:
            size += len(part)
            if size > BODY_BYTES:
                break
    return answer.status_code


def signature(key: str, timestamp: str, body: bytes) -> str:
    """What `X-CIO-Signature` is for a body (reference 15)."""
    return hmac.new(key.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


async def _failed(workspace: Workspace, webhook: Row, activity: int, failure: Failure) -> bool:
    """Note when to try again; or leave the event out when it has failed for long enough, and then True."""
    now = workspace.clock.now()
    again = webhook["position"] == activity - 1 and webhook["failing_since"] is not None
    if again and now - webhook["failing_since"] >= GIVE_UP:
        log.warning("Reporting webhook %d: an event is given up after seven days, %s.", webhook["id"], failure.note)
        await workspace.database.write(store.told, webhook["id"], activity)
        return True
    seconds = wait(webhook["tries"] if again else 0, failure.slow, random.random())  # noqa: S311 (no secret)
    log.warning("Reporting webhook %d: %s; next try in %d s.", webhook["id"], failure.note, seconds)
    await workspace.database.write(store.failed, webhook["id"], activity - 1, now + seconds, failure.note, now)
    return False


def wait(tries: int, slow: bool, jitter: float) -> int:
    """Seconds until the next try after `tries` earlier ones failed; `jitter`, 0 to 1, adds up to a quarter."""
    first = HOUR if slow else SOON
    return int(min(first << min(tries, 20), DAY) * (1 + jitter / 4))
