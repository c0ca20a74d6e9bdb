"""Mail out over SMTP (RFC 5321): a pool of pipelining connections, one message at a time on each.

What is said to the server is written as conversations, generators that know no network: they yield what to write and
how long to wait, and are sent each answer. `_Wire` runs them on a connection.
"""

import asyncio
import base64
import contextlib
import dataclasses
import functools
import math
import re
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeVar, cast, get_args
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from handbill.errors import quoted
from handbill.workspace.channels.mime import HeaderFault, address
from handbill.workspace.engine.needs import Outcome, Receipt, TransportDown

Tls = Literal["none", "starttls", "tls"]

LONGEST_LINE: Final = 2000
"""Bytes of one line of an answer; RFC 5321 4.5.3.1.5 asks for 512."""
MOST_LINES: Final = 100
"""Lines of one answer."""
IDLE: Final = 60.0
"""Seconds after which an unused connection is opened anew: a firewall may have forgotten it without a word."""
GOODBYE: Final = 5.0
"""Seconds to wait for the answer to QUIT."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for the server (RFC 5321 4.5.3.2)."""

    connect: float = 30
    command: float = 300
    final: float = 600
    """After the final dot."""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where the mail goes out."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = "starttls"
    connections: int = 10
    ca_file: str | None = None
    """A PEM file of the authorities to trust; None means the system's."""

    @classmethod
    def from_url(cls, url: str) -> "SmtpSettings":
        """Read `smtp://user:password@host:port?tls=starttls&connections=20&ca_file=/path`, or `smtps://`.

        Without `tls`, STARTTLS is required, but port 465 speaks TLS from the start and this machine speaks plainly.
        Raises ValueError, which never quotes the address: it may hold the password.
        """
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port
        except ValueError:
            scheme, host, port = "", None, None
        if scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/") or parts.fragment:
            raise ValueError(
                "The SMTP address must look like smtp://user:password@host:587; "
                "write special characters in the password as %-codes (/ as %2F, @ as %40, # as %23)."
            )
        return cls._from_parts(parts, host, port or (465 if scheme == "smtps" else 587))

    @classmethod
    def _from_parts(cls, parts: SplitResult, host: str, port: int) -> "SmtpSettings":
        options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if unknown := options.keys() - {"tls", "connections", "ca_file"}:
            raise ValueError(f"The SMTP address knows tls, connections and ca_file, not {min(unknown)[:60]!r}.")
        tls = options.get("tls", "tls" if parts.scheme == "smtps" else _usual_tls(host, port))
        if tls not in get_args(Tls) or (parts.scheme == "smtps" and tls != "tls"):
            raise ValueError("tls in the SMTP address must be none, starttls or tls; smtps:// always means tls.")
        connections = options.get("connections", "10")
        if not re.fullmatch("[1-9][0-9]{0,2}", connections):
            raise ValueError("connections in the SMTP address must be a whole number from 1 to 999.")
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if "\0" in username + password:
            raise ValueError("The user name and password in the SMTP address must not contain a NUL character.")
        ca_file = options.get("ca_file") or None
        return cls(host, port, username, password, cast("Tls", tls), int(connections), ca_file)


def _usual_tls(host: str, port: int) -> Tls:
    if port == 465:
        return "tls"
    return "none" if host in ("localhost", "::1") or host.startswith("127.") else "starttls"


class Reply(NamedTuple):
    """One answer of the server; `text` is its lines without the code, joined by line feeds."""

    code: int
    text: bytes

    @property
    def words(self) -> str:
        """The server's own words on one line, without control characters, at most 200 characters."""
        text = " ".join(self.text[:1000].decode("utf-8", "replace").split())
        if not text.isprintable():
            text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text[:200]

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300


Output = tuple[bytes, float]
"""What to write (nothing means: only read on) and how many seconds the answer may take."""
T = TypeVar("T")
Conversation = Generator[Output, Reply, T]


StepName = Literal["MAIL", "RCPT", "DATA", "body"]


class Step(NamedTuple):
    """One command of an envelope, or none where it went out with an earlier one."""

    name: StepName
    output: bytes
    recipient: str = ""


Refused = list[tuple[Step, Reply]]


class Lost(Exception):
    """The connection cannot be used any more. `unsent`: the last output did not leave this machine completely."""

    def __init__(self, kind: Literal["refused", "timeout", "banner"], reason: str, unsent: bool = False) -> None:
        self.kind = kind
        self.unsent = unsent
        super().__init__(reason)


class _Wire(asyncio.Protocol):
    """Runs one conversation at a time on one connection. Every fault ends the connection; it is opened anew."""

    transport: asyncio.Transport

    def __init__(self, timeouts: Timeouts) -> None:
        self.usable = True
        self._loop = asyncio.get_running_loop()
        self._tick = min(timeouts.command, timeouts.final)
        self._rest = b""
        self._texts: list[bytes] = []
        self._unsent = False
        self.greeting = self.begin(_greeting(timeouts.command))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._watch = self._loop.call_later(self._tick, self._look)
        if transport.get_extra_info("sslcontext") is None:  # over TLS, 0 would pause without anything waiting
            self.transport.set_write_buffer_limits(0)

    def pause_writing(self) -> None:
        self._unsent = True

    def resume_writing(self) -> None:
        self._unsent = False

    def connection_lost(self, error: Exception | None) -> None:
        self._watch.cancel()
        self.fail(Lost("refused", "the server closed the connection", self._unsent))

    def begin(self, conversation: Conversation[T]) -> asyncio.Future[T]:
        """Start a conversation; the future gets its result, what it raises, or Lost."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._result: asyncio.Future[Any] = future
        self._conversation: Conversation[Any] | None = conversation
        self._step(conversation.send, None)
        return future

    async def talk(self, conversation: Conversation[T]) -> T:
        """Have the whole conversation. Raises what it raises, or Lost."""
        if not self.usable:
            raise Lost("refused", "the connection was closed")
        try:
            return await self.begin(conversation)
        except asyncio.CancelledError:  # half a conversation cannot be taken up again
            self._conversation = None
            self.abort()
            raise

    def abort(self) -> None:
        self.usable = False
        self.transport.abort()

    def fail(self, lost: Lost) -> None:
        """End the connection and the conversation."""
        self.abort()
        if self._conversation:
            self._step(self._conversation.throw, lost)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for number, line in enumerate(lines, 1):
            self._read(line, last=number == len(lines) and not self._rest)
            if not self.usable:
                return
        if len(self._rest) > LONGEST_LINE:
            self.fail(Lost("banner", "the server's answer has a line that is too long"))

    def _read(self, line: bytes, last: bool) -> None:
        """Take in one line; `last` says that the server has said nothing after it."""
        if len(line) > LONGEST_LINE or not _ANSWER.match(line):
            return self.fail(Lost("banner", "the server's answer is not SMTP"))
        self._texts.append(line[4:])
        if line[3:4] != b"-":
            reply = Reply(int(line[:3]), b"\n".join(self._texts))
            self._texts = []
            self._answer(reply, last)
        elif len(self._texts) >= MOST_LINES:
            self.fail(Lost("banner", "the server's answer has too many lines"))
        return None

    def _answer(self, reply: Reply, last: bool) -> None:
        if self._conversation is None:
            return self.fail(Lost("banner", "the server spoke without being asked"))
        self._step(self._conversation.send, reply, last)
        if reply.code == 421:  # RFC 5321 3.8: the server is closing
            self.abort()
        return None

    def _step(self, proceed: Callable[[Any], Output], value: Reply | Lost | None, last: bool = True) -> None:
        """Move the conversation on; `last` as in `_read`: nothing may be answered before it was asked."""
        try:
            output, patience = proceed(value)
        except StopIteration as done:
            if self._end(last):
                self._result.set_result(done.value)
        except Exception as error:
            if self._end(last):
                self._result.set_exception(error)
        else:
            if output and not last:
                return self.fail(Lost("banner", "the server answered before it was asked", unsent=True))
            if output:
                self.transport.write(output)
            self._deadline = self._loop.time() + patience
        return None

    def _end(self, last: bool) -> bool:
        """The conversation is over; tells whether somebody still waits for its result."""
        self._conversation = None
        self._deadline = math.inf
        if not last:
            self.abort()
        return not self._result.done()

    def _look(self) -> None:
        """Notice a deadline that has passed. One slow timer for a connection is cheaper than one for each wait."""
        now = self._loop.time()
        if now < self._deadline:
            self._watch = self._loop.call_at(min(self._deadline, now + self._tick), self._look)
        else:
            self.fail(Lost("timeout", "the server did not answer in time", self._unsent))


# Conversations


def _greeting(wait: float) -> Conversation[None]:
    reply = yield b"", wait
    if reply.code != 220:
        raise TransportDown("banner", f"The mail server does not take mail now: {reply.code} {quoted(reply.words)}")


def _hello(name: bytes, wait: float) -> Conversation[Mapping[str, str]]:
    """What the server can do, by keyword (RFC 5321 4.1.1.1)."""
    reply = yield b"EHLO %b\r\n" % name, wait
    if not reply.good:
        raise TransportDown("banner", f"The mail server refused EHLO: {reply.code} {quoted(reply.words)}")
    features = (
        line.decode("ascii", "replace").upper().strip().partition(" ") for line in reply.text.split(b"\n")[1:]
    )
    return {keyword: parameters for keyword, _, parameters in features}


def _start_tls(features: Mapping[str, str], wait: float) -> Conversation[None]:
    if "STARTTLS" not in features:
        raise TransportDown(
            "tls", "The mail server offers no STARTTLS. Use another port, or tls=none if you trust the way."
        )
    reply = yield b"STARTTLS\r\n", wait
    if reply.code != 220:
        raise TransportDown("tls", f"The mail server refused STARTTLS: {reply.code} {quoted(reply.words)}")


def _login(features: Mapping[str, str], username: str, password: str, wait: float) -> Conversation[None]:
    """AUTH PLAIN (RFC 4616), or LOGIN where the server knows nothing better."""
    user, secret = username.encode(), password.encode()
    offered = features.get("AUTH", "").split()
    if "PLAIN" in offered:
        outputs = [b"AUTH PLAIN " + base64.b64encode(b"\0%b\0%b" % (user, secret))]
    elif "LOGIN" in offered:
        outputs = [b"AUTH LOGIN", base64.b64encode(user), base64.b64encode(secret)]
    else:
        raise TransportDown("login", "The mail server offers neither AUTH PLAIN nor AUTH LOGIN on this connection.")
    for output in outputs:
        reply = yield output + b"\r\n", wait
        if reply.code != 334:
            break
    if reply.code != 235:
        kind: Literal["login", "banner"] = "login" if reply.code >= 500 else "banner"
        words = reply.words.replace(password, "…").replace(outputs[-1].split()[-1].decode(), "…")
        raise TransportDown(kind, f"The mail server refused the login: {reply.code} {quoted(words)}")


def _delivery(steps: Sequence[Step], body: bytes, timeouts: Timeouts) -> Conversation[Receipt]:
    """One message: the envelope, then the body for those recipients that the server takes."""
    try:
        refusal, refused = yield from _envelope(steps, timeouts.command)
    except Lost as lost:
        return Receipt(Outcome.QUEUED, str(lost))
    if refusal:
        return refusal
    try:
        reply = yield body, timeouts.final
    except Lost as lost:
        return Receipt(Outcome.QUEUED if lost.unsent else Outcome.UNKNOWN, str(lost))
    if reply.good:
        told = "; ".join(f"{step.recipient}: {no.code} {no.words}" for step, no in refused)
        return Receipt(Outcome.SENT, told and f"Refused for {told}"[:1000], reply.code)
    return judge("body", reply)


def _envelope(steps: Sequence[Step], wait: float) -> Conversation[tuple[Receipt | None, Refused]]:
    """No receipt when the body may follow; else why not, with the server ready for the next message.

    With it come the recipients that were refused, though others were not.
    """
    refused: Refused = []
    asked = sum(step.name == "RCPT" for step in steps)
    over = False
    for step in steps:
        if step.output and over:
            break
        reply = yield step.output, wait
        if reply.code == 421:
            return judge(step.name, reply), []
        if reply.code // 100 != _EXPECTED[step.name] and not over:
            refused.append((step, reply))
        over = over or len(refused) == asked or any(step.name != "RCPT" for step, _ in refused)
    if not over:
        return None, refused
    with contextlib.suppress(Lost):  # DATA may have been accepted although nobody is left to get the message
        yield b".\r\n" if reply.code == 354 else b"RSET\r\n", wait
    return _refusal(refused), []


def _refusal(refused: Refused) -> Receipt:
    """Of several answers the one that lets it be tried again, if there is one; else the last, which ended it."""
    receipts = [judge(step.name, reply) for step, reply in refused]
    later = [receipt for receipt in receipts if receipt.outcome is not Outcome.FAILED]
    receipt = later[0] if later and refused[-1][0].name == "RCPT" else receipts[-1]
    alone = len(refused) == 1
    return receipt if alone else dataclasses.replace(receipt, suppress=False)


def _goodbye(wait: float) -> Conversation[None]:
    with contextlib.suppress(Lost):
        yield b"QUIT\r\n", wait


_EXPECTED: Final[Mapping[StepName, int]] = {"MAIL": 2, "RCPT": 2, "DATA": 3}
_ANSWER = re.compile(rb"[2-5]\d\d(?:[ \r-]|\Z)")
_THROTTLED = re.compile(r"throttl|too (?:many|much|fast)|slow(?:ing)? down|\brate\b|limit", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb"^Message-ID: <([\w-]{1,100})@", re.MULTILINE | re.IGNORECASE)
"""The part before the @ is the delivery's id, and plain enough for an ENVID."""
NO_SUCH_ADDRESS = re.compile(r"5\.1\.(?!7\b|8\b)\d")  # 5.1.7 and 5.1.8 speak of the sender (RFC 3463 3.2)


def judge(step: StepName, reply: Reply) -> Receipt:
    """What an answer that is not the hoped-for one means for the message.

    Raises TransportDown when the server wants a login first.
    """
    code, words = reply.code, reply.words
    if 400 <= code < 500:
        slow_down = code in (421, 452, 454) or (code in (450, 451) and bool(_THROTTLED.search(words)))
        return Receipt(Outcome.DEFERRED, words, code, slow_down)
    if step == "MAIL" and code in (530, 534, 535, 538):
        raise TransportDown("login", f"The mail server wants a login: {code} {quoted(words)}")
    if code >= 500:
        suppress = step != "MAIL" and bool(NO_SUCH_ADDRESS.match(words))
        return Receipt(Outcome.FAILED, words, code, suppress=suppress)
    outcome = Outcome.UNKNOWN if step == "body" else Outcome.QUEUED
    return Receipt(outcome, f"the server gave an answer that makes no sense here: {code}", code)


# Connections


class SmtpConnection:
    """One connection to the server; it hands over one message at a time, and can be opened again."""

    def __init__(self, settings: SmtpSettings, timeouts: Timeouts | None = None) -> None:
        self._settings = settings
        self._timeouts = timeouts or Timeouts()
        self._wire: _Wire | None = None
        self._features: Mapping[str, str] = {}

    @property
    def usable(self) -> bool:
        return self._wire is not None and self._wire.usable

    async def open(self) -> None:
        """Connect, greet, secure and log in. Raises TransportDown."""
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            await self._open()
        except Lost as lost:
            raise TransportDown(lost.kind, f"The mail server {where} cannot be used: {lost}.") from None
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or str(error)
            raise TransportDown("tls", f"TLS with the mail server {where} failed: {reason}.") from None
        except TimeoutError:
            raise TransportDown("timeout", f"The mail server {where} did not answer in time.") from None
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise TransportDown("refused", f"The mail server {where} cannot be reached: {reason}.") from None

    async def _open(self) -> None:
        settings, wait = self._settings, self._timeouts.command
        wire = await self._connect()
        try:
            await wire.greeting
            name = _own_name(wire.transport)
            self._features = await wire.talk(_hello(name, wait))
            if settings.tls == "starttls":
                await wire.talk(_start_tls(self._features, wait))
                await self._secure(wire)
                self._features = await wire.talk(_hello(name, wait))
            if settings.username:
                await wire.talk(_login(self._features, settings.username, settings.password, wait))
        except BaseException:
            wire.abort()
            raise
        self._wire = wire

    async def _connect(self) -> _Wire:
        settings, timeouts = self._settings, self._timeouts
        async with asyncio.timeout(timeouts.connect):
            _, wire = await asyncio.get_running_loop().create_connection(
                lambda: _Wire(timeouts),
                settings.host,
                settings.port,
                ssl=_tls_context(settings.ca_file) if settings.tls == "tls" else None,
                server_hostname=settings.host if settings.tls == "tls" else None,
            )
        return wire

    async def _secure(self, wire: _Wire) -> None:
        """Go on over TLS. What came before it is forgotten; a server that said too much lost the connection."""
        if not wire.usable:
            raise Lost("banner", "the server said more than its answer to STARTTLS")
        async with asyncio.timeout(self._timeouts.connect):
            transport = await asyncio.get_running_loop().start_tls(
                wire.transport, wire, _tls_context(self._settings.ca_file), server_hostname=self._settings.host
            )
        wire.transport = cast("asyncio.Transport", transport)

    async def send(self, sender: str, recipients: Sequence[str], message: bytes) -> Receipt:
        """Hand over one message (CRLF line ends, not dot-stuffed). Raises TransportDown when a login is missing.

        It is sent when the server takes it for one of the recipients; `detail` names those that it refused.
        """
        if self._wire is None:
            raise RuntimeError("open() the connection before sending")
        try:
            named = [address(recipient, "recipient") for recipient in recipients]
            steps = self._steps(address(sender, "sender"), named, message)
        except HeaderFault as fault:
            return Receipt(Outcome.FAILED, str(fault))
        try:
            receipt = await self._wire.talk(_delivery(steps, _body(message), self._timeouts))
        except Lost as lost:
            return Receipt(Outcome.QUEUED, str(lost))
        if receipt.outcome in (Outcome.UNKNOWN, Outcome.QUEUED):
            self._wire.abort()
        return receipt

    def _steps(self, sender: str, recipients: Sequence[str], message: bytes) -> Sequence[Step]:
        """MAIL, a RCPT for each recipient, and DATA. Raises HeaderFault.

        All goes out at once where the server takes that (RFC 2920): then with the first step, the others only read.
        """
        features = self._features
        mail = f"MAIL FROM:<{sender}>"
        if "SIZE" in features:
            limit = features["SIZE"]
            if limit.isdigit() and 0 < int(limit) < len(message):
                raise HeaderFault("message", f"has {len(message):,} bytes; the mail server takes {int(limit):,}")
            mail += f" SIZE={len(message)}"
        if not message.isascii() and "8BITMIME" in features:
            mail += " BODY=8BITMIME"
        if _needs_utf8((sender, *recipients), message):
            if "SMTPUTF8" not in features:
                raise HeaderFault("recipient", "or sender is outside ASCII, which the mail server does not take")
            mail += " SMTPUTF8"
        if "DSN" in features and (envelope_id := _MESSAGE_ID.search(message)):
            mail += f" RET=HDRS ENVID={envelope_id[1].decode()}"  # what comes back names it (RFC 3461)
        receivers = [Step("RCPT", f"RCPT TO:<{recipient}>\r\n".encode(), recipient) for recipient in recipients]
        steps = [Step("MAIL", f"{mail}\r\n".encode()), *receivers, Step("DATA", b"DATA\r\n")]
        if "PIPELINING" not in features:
            return steps
        together = b"".join(step.output for step in steps)
        return [step._replace(output=b"" if number else together) for number, step in enumerate(steps)]

    async def close(self) -> None:
        """Say QUIT and close; waits at most GOODBYE seconds."""
        if self._wire is None:
            return
        with contextlib.suppress(TimeoutError, Lost):
            async with asyncio.timeout(GOODBYE):
                await self._wire.talk(_goodbye(GOODBYE))
        self._wire.abort()


class Smtp:
    """The mail channel: up to `connections` connections to one server, opened when they are needed."""

    def __init__(
        self,
        settings: SmtpSettings,
        clock: Callable[[], float] = time.monotonic,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.connections = settings.connections
        self._settings = settings
        self._clock = clock
        self._timeouts = timeouts
        self._slots = asyncio.Semaphore(settings.connections)
        self._all: list[SmtpConnection] = []
        self._free: deque[tuple[SmtpConnection, float]] = deque()
        """With the time of the last use; the usable ones to the right."""

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
        """Hand over one message on a free connection, waiting for one if need be.

        Raises TransportDown when the server cannot be used at all.
        """
        async with self._slots:
            connection, used = self._free.pop() if self._free else self._another()
            try:
                receipt = await self._reopened(connection, used)
                return receipt or await connection.send(sender, recipients, payload)
            finally:
                put_back = self._free.append if connection.usable else self._free.appendleft
                put_back((connection, self._clock()))

    def _another(self) -> tuple[SmtpConnection, float]:
        connection = SmtpConnection(self._settings, self._timeouts)
        self._all.append(connection)
        return connection, self._clock()

    async def _reopened(self, connection: SmtpConnection, used: float) -> Receipt | None:
        """Open the connection where it has to be; a receipt when that fails while others still work."""
        if connection.usable and self._clock() - used < IDLE:
            return None
        await connection.close()
        try:
            await connection.open()
        except TransportDown as down:
            if not any(other.usable for other in self._all):
                raise
            return Receipt(Outcome.QUEUED, down.reason, slow_down=True)
        return None

    async def close(self) -> None:
        """Close all connections; call it when no send is under way."""
        await asyncio.gather(*(connection.close() for connection in self._all))


def _needs_utf8(addresses: Sequence[str], message: bytes) -> bool:
    """Whether an address, in the envelope or a header, is outside ASCII (RFC 6531)."""
    if not all(map(str.isascii, addresses)):
        return True
    return not message.isascii() and not message[: message.find(b"\r\n\r\n")].isascii()


def _body(message: bytes) -> bytes:
    """The message as DATA wants it: CRLF as the only line end, dots doubled, the final dot (RFC 5321 4.5.2)."""
    body = b"\r\n".join(message.splitlines()).replace(b"\r\n.", b"\r\n..")
    return (b"." if body.startswith(b".") else b"") + body + b"\r\n.\r\n"


def _own_name(transport: asyncio.Transport) -> bytes:
    """Our name for EHLO: the host's full name, else its address (RFC 5321 4.1.4)."""
    name = socket.gethostname()
    if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name):
        return name.encode()
    own: str = transport.get_extra_info("sockname")[0]
    return f"[IPv6:{own.partition('%')[0]}]".encode() if ":" in own else f"[{own}]".encode()


@functools.cache
def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise TransportDown(
            "tls", f"The file of trusted authorities cannot be read: {error.strerror or error}."
        ) from None
