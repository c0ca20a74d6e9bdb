"""What the engine asks of the world: a ledger, a renderer, channels and a clock.

The engine imports nothing else of Handbill, so that it can be run on stand-ins: the same seed and the same clock
replay the same run.
"""

import enum
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec


class Outcome(enum.StrEnum):
    """What became of one attempt to hand over one message."""

    SENT = "sent"
    DEFERRED = "deferred"
    """The server said "later" (4xx)."""
    FAILED = "failed"
    """The server said no (5xx), or the message could not be made."""
    UNKNOWN = "unknown"
    """The last byte was written and no answer came: perhaps sent, perhaps not (RFC 1047)."""
    QUEUED = "queued"
    """Nothing was accepted; it can be tried again without risk of a second copy."""


@dataclass(frozen=True, slots=True)
class DeviceResult:
    """What became of a push on one device. `gone`: its token is dead, so that the device is to be forgotten."""

    device_id: str
    device_platform: str
    failure_message: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """A channel's answer for one message. `detail` is the server's own words, cleaned; of a message that was sent it
    says which part of it was not: an address or a device that was refused."""

    outcome: Outcome
    detail: str = ""
    code: int = 0
    slow_down: bool = False
    suppress: bool = False
    devices: Sequence[DeviceResult] = ()


class TransportDown(Exception):
    """The transport itself does not work: no recipient is to blame, the broadcast pauses."""

    def __init__(self, kind: Literal["refused", "timeout", "tls", "login", "banner"], reason: str) -> None:
        self.kind = kind
        self.reason = reason
        super().__init__(reason)


class Content(msgspec.Struct, frozen=True):
    """One message to render for many people: an action of a broadcast, a newsletter's variant, a template."""

    id: int
    type: str
    fields: Mapping[str, str]
    """Liquid by name: those of its type in `contract/fields.py`, and layout."""
    shared: Mapping[str, object]
    """Liquid roots that are the same for everybody: trigger, campaign, message, layout."""
    snippets: Mapping[str, str] = {}
    headers: tuple[tuple[str, str], ...] = ()
    base_url: str = ""
    """Where this workspace answers links (`http://127.0.0.1:8622`); empty means links are left empty."""
    draft: bool = False
    """True when deliveries are made but wait, as drafts, for a person to send them."""
    own_roots: bool = False
    """True when each Work brings Liquid roots of its own, which are overlaid on the shared ones."""
    objects: bool = False
    """True when it may ask for the objects that a person belongs to: then each Work brings them, as a root."""
    tracked: bool = False
    """True when links and the opening of a mail are to be followed, but for what the next two say."""
    link_tracking: bool = True
    open_tracking: bool = True
    retained: bool = True
    """False when nothing of what was sent is kept."""
    language: str = ""
    translation_of: int = 0
    """The content that this one says in another language; 0 when it is none."""
    test_group: int = 0
    """The A/B group that gets it; 0 when everybody does."""


class Work(msgspec.Struct, frozen=True):
    """One delivery to render. `customer` and `roots` are raw JSON objects, handed on undecoded."""

    delivery: int
    id: str
    customer: msgspec.Raw
    created: int
    roots: msgspec.Raw = msgspec.Raw(b"{}")
    """Liquid roots of this message alone, such as `{"trigger": {"code": "A1"}}`."""
    devices: msgspec.Raw = msgspec.Raw(b"[]")
    """Of a push: the person's devices, `{"token", "platform", "last_used", "attributes"}` each."""
    fields: msgspec.Raw = msgspec.Raw(b"{}")
    """What this message alone says by field, as text that is no Liquid; attachments are JSON, `{name: base64}`."""
    attempts: int = 0
    """How often it was tried before."""


class Rendered(msgspec.Struct, frozen=True):
    """A finished message. `payload` is what its channel takes: a mail's bytes, or a JSON object. `archive` is what is
    kept of it, compressed. `recipient` is shown; `recipients` are all addresses of a mail, with cc and bcc."""

    delivery: int
    sender: str
    recipient: str
    subject: str
    payload: bytes
    archive: bytes
    recipients: tuple[str, ...] = ()


class RenderFailure(msgspec.Struct, frozen=True):
    """Why one delivery could not be rendered: a sentence for the delivery's failure_message."""

    delivery: int
    reason: str


class Renderer(Protocol):
    """Turns work into messages, in child processes with a memory limit and a deadline."""

    async def paths(self, content: Content) -> frozenset[str]:
        """The variables its fields use, such as `customer.first_name`."""

    async def check(self, content: Content) -> Sequence[str]:
        """The template's faults (syntax), as sentences with line and column; empty when it compiles."""

    def render(
        self, content: Content, works: Sequence[Work], sample: bytes = b""
    ) -> AsyncIterator[Sequence[Rendered | RenderFailure]]:
        """Every work comes back once, in groups, in any order."""


class Channel(Protocol):
    """A way out. One call hands over one message and returns when its fate is known."""

    connections: int
    """How many messages may be on their way at once; 0 means the ledger's transaction is itself the delivery."""

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt: ...

    async def close(self) -> None: ...


class Clock(Protocol):
    """Unix seconds for records, monotonic seconds for waits."""

    def now(self) -> int: ...

    def time(self) -> float: ...

    def monotonic(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Job:
    """A trigger that was accepted and wants its audience written out; it is a broadcast's or a newsletter's."""

    trigger: int
    broadcast: int | None = None
    newsletter: int | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """An audience written down: internal numbers of people, or what is wrong with it, a sentence each."""

    people: Sequence[int]
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Claimed deliveries of one content, ready to render; those who must not get it are not among them."""

    trigger: int
    """0 for messages to one person."""
    transport: str
    content: Content
    works: Sequence[Work]
    dictionary: int = 0
    sample: bytes = field(default=b"", repr=False)
    """What archives of this batch are compressed against; `dictionary` is its number."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A message about to leave; `dictionary` is its batch's."""

    message: Rendered
    dictionary: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What is to be recorded of one delivery, at `at` (Unix seconds)."""

    delivery: int
    outcome: Outcome
    at: int
    detail: str = ""
    type: str = ""
    """The message's type; empty when it could not be rendered."""
    code: int = 0
    """The server's answer."""
    retry_at: int | None = None
    suppress: bool = False
    delivered: bool = False
    """The channel itself is the destination, so `sent` is `delivered`."""
    message: Rendered | None = field(default=None, repr=False)
    """What was sent, or refused; None when it could not be rendered."""
    dictionary: int = 0
    devices: Sequence[DeviceResult] = ()


class Ledger(Protocol):
    """The durable record of who gets what. Every method that changes something is one transaction."""

    async def join(self) -> int:
        """Become a worker; the answer is its number. Others see its death the moment its process ends."""

    async def leave(self, worker: int) -> None:
        """Give back what this worker claimed and did not begin, and stop being one."""

    async def recover(self, worker: int) -> int:
        """Take over what dead workers left; returns how many deliveries had an unknown outcome."""

    async def next_job(self, worker: int) -> Job | None:
        """Claim the oldest accepted trigger."""

    async def resolve(self, job: Job) -> Resolved: ...

    async def contents(self, job: Job) -> Sequence[Content]:
        """The messages of the broadcast that are switched on, as they are now."""

    async def sample(self, job: Job, content: Content, people: Sequence[int]) -> Sequence[Work]:
        """Work for `people` that is never sent: its delivery id is `unsent`."""

    async def write_out(self, job: Job, contents: Sequence[Content], people: Sequence[int]) -> None:
        """Add one row for each message and person, of the variant that is theirs (variants.py); a row that is there
        already stays as it is."""

    async def begin(self, job: Job, contents: Sequence[Content], samples: Mapping[int, bytes]) -> None:
        """The audience is complete: sending starts, or waits for a person. `samples` holds one archive for each
        content."""

    async def release(self) -> bool:
        """Let go what a person allowed meanwhile, and end what they did not; whether there was anything."""

    async def fail(self, job: Job, faults: Sequence[str]) -> None:
        """Nothing is sent; `faults` can be read at the trigger's errors."""

    async def claim(self, worker: int, limit: int) -> Sequence[Batch]:
        """Take up to `limit` due deliveries of one trigger; the next call serves the next trigger."""

    async def record(self, results: Sequence[Result], sending: Sequence[Departure] = ()) -> Collection[int]:
        """Write down what happened, settle triggers with nothing left to do, and, in the same transaction, mark
        `sending` as about to leave and keep what they are: their links may be followed before the server answers.

        The answer is the deliveries that must not leave, because they were stopped meanwhile.
        """

    async def pause(self, trigger: int, reason: str) -> None:
        """Write down why a trigger waits, for whoever looks at it. Empty when it goes on."""
