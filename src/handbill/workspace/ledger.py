"""The engine's ledger on this workspace's database; a worker's life is a lock that the operating system keeps."""

import contextlib
import fcntl
import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from handbill.errors import InvalidInput
from handbill.settings import BASE_URL
from handbill.workspace import archive, audience, delivery_ids
from handbill.workspace.engine.needs import Batch, Content, Departure, Job, Resolved, Result, Work
from handbill.workspace.store import audience as audiences
from handbill.workspace.store import contents, drafts, holding, ledger, people, triggers
from handbill.workspace.store import objects as owned
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.workspace import Workspace

log = logging.getLogger(__name__)

SENT_ALIKE = ("transport", "content_id", "type", "content", "tracked", "retained", "send_to_unsubscribed")
"""What messages to one person each must have in common to be of one batch."""


def workers_alive(database: Path) -> int:
    """How many workers hold their lock. It is only tried as a reader, so that nobody is taken for dead or alive."""
    return sum(_held(lock) for lock in _locks(database).glob("*"))


def _locks(database: Path) -> Path:
    return Path(f"{database}.workers")


def _held(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:  # it said goodbye meanwhile
        return False
    return False


class WorkspaceLedger:
    """Implements `engine.needs.Ledger`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._database = workspace.database
        self._locks = _locks(workspace.database.path)
        self._own: dict[int, FileLock] = {}
        self._decoded: dict[int, dict[int, Content]] = {}
        self._samples: dict[tuple[int, int], tuple[int, bytes]] = {}

    def _now(self) -> int:
        return self._workspace.clock.now()

    # Workers

    async def join(self) -> int:
        self._locks.mkdir(exist_ok=True)
        token = secrets.token_hex(8)
        lock = FileLock(self._locks / token, thread_local=False)
        lock.acquire(timeout=0)
        worker = await self._database.write(ledger.join, token, self._now())
        self._own[worker] = lock
        return worker

    async def leave(self, worker: int) -> None:
        await self._database.write(ledger.take_over, worker, self._now())
        self._forget(self._own.pop(worker))

    async def recover(self, worker: int) -> int:
        found = 0
        for other, token in await self._database.read(ledger.others, worker):
            lock = FileLock(self._locks / token, thread_local=False)
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=0)
                found += await self._database.write(ledger.take_over, other, self._now())
                self._forget(lock)
        return found

    @staticmethod
    def _forget(lock: FileLock) -> None:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()

    # Preparing

    async def next_job(self, worker: int) -> Job | None:
        return await self._database.write(ledger.next_job, worker, self._now())

    async def resolve(self, job: Job) -> Resolved:
        row = await self._database.read(ledger.trigger, job.trigger)
        option = msgspec.json.decode(row["audience"], type=dict[str, Any])
        if url := option.get("data_file_url"):
            return await self._from_file(job, str(url), audiences.Flags.of(option))
        return Resolved(await self._database.read(_resolve, job, option, self._now()))

    async def _from_file(self, job: Job, url: str, flags: audiences.Flags) -> Resolved:
        """Stage the file's people; nothing is sent unless every line is right."""
        await self._database.write(_forget_named, job.trigger)
        found = audiences.Named()
        try:
            async for portion in audience.portions(self._workspace, url):
                await self._database.write(_stage, job.trigger, portion, flags, found)
        except InvalidInput as error:
            return Resolved([], [str(error)])
        faults = [fault.message for fault in found.faults("data_file_url", flags)]
        if found.errors or faults:
            return Resolved([], [*faults, *found.errors[: audience.NAMED_LINES]])
        return Resolved(sorted(found.people))

    async def contents(self, job: Job) -> Sequence[Content]:
        return await self._database.read(_contents, job, self._workspace.settings.base_url)

    async def sample(self, job: Job, content: Content, people: Sequence[int]) -> Sequence[Work]:
        return await self._database.read(sample, content, job.trigger, people, self._now())

    async def write_out(self, job: Job, contents: Sequence[Content], people: Sequence[int]) -> None:
        await self._database.write(ledger.write_out, job, contents, people, self._now())

    async def begin(self, job: Job, contents: Sequence[Content], samples: Mapping[int, bytes]) -> None:
        packed = {content: archive.pack(archive.expand(blob)) for content, blob in samples.items()}
        seen = await self._database.read(holding.look, job, self._now())
        await self._database.write(holding.begin, job, contents, packed, seen, self._now())

    async def release(self) -> bool:
        due = await self._database.read(holding.due, self._now())
        for trigger in due:
            await self._database.write(holding.follow_up, trigger, self._now())
        drafted = await self._database.read(drafts.due, self._now())
        for approval in drafted:
            await self._database.write(drafts.follow_up, approval, self._now())
        return bool(due or drafted)

    async def fail(self, job: Job, faults: Sequence[str]) -> None:
        await self._database.write(ledger.fail, job.trigger, faults, self._now())

    # Sending

    async def claim(self, worker: int, limit: int) -> Sequence[Batch]:
        if not await self._database.read(ledger.anything_due, self._now()):
            return []
        sends, trigger, rows = await self._database.write(self._claim, worker, limit)
        by_content: dict[int, list[Row]] = {}
        for row in rows:
            by_content.setdefault(row["content_id"], []).append(row)
        theirs = [await self._batch(trigger, *each) for each in by_content.items()] if trigger else []
        return [*sends, *theirs]

    def _claim(self, tx: Transaction, worker: int, limit: int) -> tuple[list[Batch], Row | None, list[Row]]:
        """Messages to one person overtake those of triggers, but never hold them up."""
        trigger, rows = ledger.claim(tx, worker, limit, self._now())
        return self._sends(tx, ledger.claim_sends(tx, worker, limit, self._now())), trigger, rows

    def _sends(self, tx: Transaction, rows: Sequence[Row]) -> list[Batch]:
        """A batch for each content among messages to one person."""
        alike: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            key = tuple(row[name] for name in SENT_ALIKE)
            alike.setdefault(key, []).append(row)
        return [self._send_batch(tx, same) for same in alike.values()]

    def _send_batch(self, tx: Transaction, rows: Sequence[Row]) -> Batch:
        content = contents.of_send(tx, dict(rows[0]), self._workspace.settings.base_url)
        objects = _objects(tx, content, rows)
        works = [
            self._work(row, _with_objects(row["roots"], objects.get(row["person"])), row["fields"]) for row in rows
        ]
        return Batch(0, rows[0]["transport"], self._as_sent(content, rows[0]["transport"]), works)

    def _work(self, row: Row, roots: msgspec.Raw, fields: str = "{}") -> Work:
        return _work(delivery_ids.seal(self._workspace.secret, row["delivery"]), row, roots, fields)

    async def _batch(self, trigger: Row, content: int, rows: Sequence[Row]) -> Batch:
        number = trigger["id"]
        if number not in self._decoded:
            kept = msgspec.json.decode(trigger["contents"], type=list[Content])
            self._decoded = {number: {content.id: content for content in kept}}
        if (number, content) not in self._samples:
            self._samples[number, content] = await self._database.read(ledger.dictionary, number, content)
        dictionary, packed = self._samples[number, content]
        written = self._as_sent(self._decoded[number][content], trigger["transport"])
        objects = await self._database.read(_objects, written, rows) if written.objects else {}
        works = [self._work(row, own_roots(row["data"], objects.get(row["person"]))) for row in rows]
        return Batch(number, trigger["transport"], written, works, dictionary, packed)

    def _as_sent(self, content: Content, transport: str) -> Content:
        """Real people's links stay as they are until somebody said where this workspace can be reached."""
        reachable = transport == "capture" or self._workspace.settings.base_url != BASE_URL
        return content if reachable else msgspec.structs.replace(content, tracked=False)

    async def record(self, results: Sequence[Result], sending: Sequence[Departure] = ()) -> Collection[int]:
        back = await self._database.write(ledger.record, results, sending, self._now())
        log.info("%d recorded, %d on their way", len(results), len(sending) - len(back))
        return back

    async def pause(self, trigger: int, reason: str) -> None:
        await self._database.write(ledger.pause, trigger, reason)


def own_roots(data: str | None, objects: str | None = None) -> msgspec.Raw:
    """What one person's own data and objects are to Liquid; both are JSON objects."""
    return _with_objects(f'{{"trigger":{data}}}' if data and data != "{}" else "{}", objects)


def _with_objects(roots: str, objects: str | None) -> msgspec.Raw:
    if objects is None:
        return msgspec.Raw(roots.encode())
    decoded = msgspec.json.decode(roots, type=dict[str, msgspec.Raw])
    return msgspec.Raw(msgspec.json.encode({**decoded, "objects": msgspec.Raw(objects.encode())}))


def _objects(tx: Transaction, content: Content, rows: Sequence[Row]) -> Mapping[int, str]:
    """What people belong to, where a content may ask for it."""
    return owned.for_liquid(tx, {row["person"] for row in rows}) if content.objects else {}


def sample(
    tx: Transaction, content: Content, trigger: int, numbers: Sequence[int], now: int, data: Mapping[int, str] = {}
) -> list[Work]:
    """Work for a look: it is never sent, so its delivery id is `unsent` (reference 16.3).

    `data` is people's own, as JSON, where it is not the trigger's.
    """
    values = {"trigger": trigger, "people": msgspec.json.encode(list(numbers)).decode()}
    rows = tx.all("ledger.sample", values)
    objects = _objects(tx, content, rows)
    return [
        Work(
            delivery=row["person"],
            id="unsent",
            customer=msgspec.Raw(people.customer_json(row).encode()),
            created=now,
            roots=own_roots(data.get(row["person"], row["data"]), objects.get(row["person"])),
            devices=msgspec.Raw((row["devices"] or "[]").encode()),
        )
        for row in rows
    ]


def draft(tx: Transaction, delivery: int, base_url: str) -> tuple[Content, Work] | None:
    """A message to one person that has not been sent, and what to render it with; None when it was."""
    row = next(iter(tx.all("sends.works", {"deliveries": msgspec.json.encode([delivery]).decode()})), None)
    if row is None:
        return None
    content = contents.of_send(tx, dict(row), base_url)
    roots = _with_objects(row["roots"], _objects(tx, content, [row]).get(row["person"]))
    return content, _work("unsent", row, roots, row["fields"])


def _work(id_: str, row: Row, roots: msgspec.Raw, fields: str = "{}") -> Work:
    return Work(
        delivery=row["delivery"],
        id=id_,
        customer=msgspec.Raw(people.customer_json(row).encode()),
        created=row["created"],
        roots=roots,
        devices=msgspec.Raw((row["devices"] or "[]").encode()),
        fields=msgspec.Raw(fields.encode()),
        attempts=row["attempts"],
    )


def _resolve(tx: Transaction, job: Job, option: Mapping[str, Any], now: int) -> Sequence[int]:
    if option.get("named"):
        return list(tx.column("ledger.named_people", {"trigger": job.trigger}))
    chosen = option.get("recipients") or audiences.saved(triggers.broadcast(tx, job.broadcast or 0))
    return audiences.matching(tx, dict(chosen or {}), now)


def _contents(tx: Transaction, job: Job, base_url: str) -> list[Content]:
    return contents.of_trigger(tx, ledger.trigger(tx, job.trigger), base_url)


def _forget_named(tx: Transaction, trigger: int) -> None:
    tx.run("ledger.forget_named_people", {"trigger": trigger})


def _stage(
    tx: Transaction,
    trigger: int,
    portion: Sequence[audiences.Entry],
    flags: audiences.Flags,
    found: audiences.Named,
) -> None:
    known = len(found.people)
    audiences.find(tx, portion, flags, found)
    added = list(islice(found.people.items(), known, None))
    tx.run("ledger.name_people", {"trigger": trigger, "people": msgspec.json.encode(added).decode()})
    if any(data != "{}" for _, data in added):
        tx.run("ledger.has_own_data", {"trigger": trigger})
    found.people.update(dict.fromkeys((person for person, _ in added), ""))
