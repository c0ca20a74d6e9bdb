import asyncio
import base64
import contextlib
import datetime
import functools
import ipaddress
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from handbill.workspace.channels.smtp import Smtp, SmtpConnection, SmtpSettings, Timeouts
from handbill.workspace.engine.needs import Outcome, Receipt, TransportDown

Run = Callable[[Coroutine[Any, Any, None]], None]
MESSAGE = b"Subject: Tonight\r\n\r\nHello\r\n"
SHORT = Timeouts(connect=5, command=0.05, final=0.05)


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine to its end, within ten seconds."""

    def bounded(work: Coroutine[Any, Any, None]) -> None:
        request.param(asyncio.wait_for(work, 10))

    return bounded


# A mail server that does what a script says: at each step the next entry, in order; without one it is friendly.

Action = str | bytes | Callable[["Scripted"], None]
FRIENDLY = {"connect": "220 hello", "AUTH": "235 in", "DATA": "354 go on", "dot": "250 2.0.0 kept", "QUIT": "221 bye"}


class Server:
    def __init__(self, script: dict[str, list[Action]], features: str) -> None:
        self.script = {step: list(actions) for step, actions in script.items()}
        self.features = features
        self.messages: list[bytes] = []
        self.commands: list[str] = []
        self.connections: list[Scripted] = []
        self.stalled: asyncio.Queue[Scripted] = asyncio.Queue()
        self.port = 0

    def settings(self, options: str = "", login: str = "") -> SmtpSettings:
        return SmtpSettings.from_url(f"smtp://{login}127.0.0.1:{self.port}?{options}")


class Scripted(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self.server = server
        self.rest = b""
        self.in_body = False
        self.gone = asyncio.Event()

    def connection_lost(self, error: Exception | None) -> None:
        self.gone.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.server.connections.append(self)
        self.act("connect")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if self.in_body and self.server.script.get("body"):
            return self.act("body")
        while not self.transport.is_closing():
            head, end, rest = self.rest.partition(b"\r\n.\r\n" if self.in_body else b"\r\n")
            if self.in_body and self.rest.startswith(b".\r\n"):
                head, end, rest = b"", b"\r\n.\r\n", self.rest[3:]
            if not end:
                return None
            self.rest = rest
            self.take(head + end)
        return None

    def take(self, text: bytes) -> None:
        if self.in_body:
            self.in_body = False
            self.server.messages.append(text.removesuffix(b".\r\n"))
            return self.act("dot")
        command = text.decode().strip()
        self.server.commands.append(command)
        return self.act(command.split(" ")[0])

    def act(self, step: str) -> None:
        actions = self.server.script.get(step)
        action = actions.pop(0) if actions else FRIENDLY.get(step, "250 ok")
        if step == "EHLO" and action == "250 ok":
            action = (
                "\r\n".join(f"250-{word}" for word in ["scripted", *self.server.features.split(",")]) + "\r\n250 X"
            )
        if isinstance(action, str):
            self.in_body = step == "DATA" and action.startswith("354")
            self.transport.write(action.encode() + b"\r\n")
        elif isinstance(action, bytes):
            self.transport.write(action)
        else:
            action(self)


def reset(connection: Scripted) -> None:
    connection.transport.abort()


def hang_up(connection: Scripted) -> None:
    connection.transport.close()


def stall(connection: Scripted) -> None:
    connection.server.stalled.put_nowait(connection)


def drip(connection: Scripted, text: bytes = b"250-a little\r\n250 at a time\r\n") -> None:
    connection.transport.write(text[:1])
    if text[1:]:
        asyncio.get_running_loop().call_soon(drip, connection, text[1:])


def say_and_reset(text: str) -> Action:
    def action(connection: Scripted) -> None:
        connection.transport.write(text.encode() + b"\r\n")
        connection.transport.close()

    return action


@contextlib.asynccontextmanager
async def scripted(
    features: str = "PIPELINING,SIZE 1000000,8BITMIME", **script: list[Action]
) -> AsyncIterator[Server]:
    server = Server(script, features)
    listening = await asyncio.get_running_loop().create_server(lambda: Scripted(server), "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for connection in server.connections:
            connection.transport.abort()


async def send(
    channel: Smtp | SmtpConnection, recipient: str = "ann@example.org", message: bytes = MESSAGE
) -> Receipt:
    return await channel.send("Club <news@example.com>", recipient.split("; "), message)


def queued() -> Receipt:
    return Receipt(Outcome.QUEUED)


def deferred(code: int, *, slow_down: bool = False) -> Receipt:
    return Receipt(Outcome.DEFERRED, "", code, slow_down=slow_down)


def failed(code: int, *, suppress: bool = False) -> Receipt:
    return Receipt(Outcome.FAILED, "", code, suppress=suppress)


UNKNOWN = Receipt(Outcome.UNKNOWN)
SENT = Receipt(Outcome.SENT, "", 250)

AT_THIS_STEP: list[tuple[str, Action, Receipt]] = [
    ("MAIL", "451 4.3.0 later", deferred(451)),
    ("MAIL", "421 4.7.0 too busy", deferred(421, slow_down=True)),
    ("MAIL", say_and_reset("421 4.7.0 closing"), deferred(421, slow_down=True)),
    ("MAIL", "452 4.3.1 no space", deferred(452, slow_down=True)),
    ("MAIL", "550 5.1.1 who are you", failed(550)),
    ("MAIL", "553 5.1.8 bad sender", failed(553)),
    ("MAIL", "354 odd", queued()),
    ("MAIL", "hello", queued()),
    ("MAIL", "999 odd", queued()),
    ("MAIL", b"2" * 3000, queued()),
    ("MAIL", b"250-again\r\n" * 200, queued()),
    ("MAIL", hang_up, queued()),
    ("MAIL", reset, queued()),
    ("RCPT", "450 4.2.0 greylisted, come again", deferred(450)),
    ("RCPT", "450 4.2.1 mail comes in at a rate that is too high", deferred(450, slow_down=True)),
    ("RCPT", "451 4.7.1 too many messages, slow down", deferred(451, slow_down=True)),
    ("RCPT", "421 4.7.0 closing", deferred(421, slow_down=True)),
    ("RCPT", "452 4.5.3 too many recipients", deferred(452, slow_down=True)),
    ("RCPT", "454 4.7.1 throttled", deferred(454, slow_down=True)),
    ("RCPT", "550 5.1.1 no such user", failed(550, suppress=True)),
    ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 user", failed(550, suppress=True)),
    ("RCPT", "556 5.1.10 takes no mail", failed(556, suppress=True)),
    ("RCPT", "550 5.1.8 bad sender", failed(550)),
    ("RCPT", "550 5.7.1 policy", failed(550)),
    ("RCPT", "550 no such user, 5.1.1", failed(550)),
    ("RCPT", "552 5.2.2 mailbox full", failed(552)),
    ("RCPT", hang_up, queued()),
    ("RCPT", reset, queued()),
    ("DATA", "451 4.3.0 later", deferred(451)),
    ("DATA", "554 5.7.1 no", failed(554)),
    ("DATA", "250 odd", queued()),
    ("DATA", "354 go\r\n250 accepted unseen", queued()),
    ("DATA", hang_up, queued()),
    ("DATA", reset, queued()),
    ("dot", "250", SENT),
    ("dot", drip, SENT),
    ("dot", "451 4.3.0 later", deferred(451)),
    ("dot", "454 4.7.0 Throttling failure: Maximum sending rate exceeded", deferred(454, slow_down=True)),
    ("dot", "421 4.3.2 shutting down", deferred(421, slow_down=True)),
    ("dot", "552 5.3.4 too big", failed(552)),
    ("dot", "550 5.1.1 no such user", failed(550, suppress=True)),
    ("dot", "354 odd", UNKNOWN),
    ("dot", "hello", UNKNOWN),
    ("dot", hang_up, UNKNOWN),
    ("dot", reset, UNKNOWN),
]


@pytest.mark.parametrize("features", ["PIPELINING", ""], ids=["pipelined", "step by step"])
@pytest.mark.parametrize(("step", "action", "right"), AT_THIS_STEP)
def test_what_the_server_does_decides_the_receipt(
    run: Run, step: str, action: Action, right: Receipt, features: str
) -> None:
    async def scenario() -> None:
        async with scripted(features, **{step: [action]}) as server:
            channel = Smtp(server.settings())
            got = await send(channel)
            assert (got.outcome, got.slow_down, got.suppress) == (right.outcome, right.slow_down, right.suppress)
            assert got.code == right.code or right.code == 0
            server.messages.clear()
            assert (await send(channel)).outcome == Outcome.SENT
            assert server.messages == [MESSAGE]
            await channel.close()

    run(scenario())


@pytest.mark.parametrize("features", ["PIPELINING", ""], ids=["pipelined", "step by step"])
@pytest.mark.parametrize(
    ("step", "right"), [("MAIL", "queued"), ("RCPT", "queued"), ("DATA", "queued"), ("dot", "unknown")]
)
def test_a_silent_server_costs_one_connection(run: Run, step: str, right: str, features: str) -> None:
    script: dict[str, list[Action]] = {step: [stall]}

    async def scenario() -> None:
        async with scripted(features, **script) as server:
            channel = Smtp(server.settings(), timeouts=SHORT)
            assert (await send(channel)).outcome == right
            assert server.stalled.qsize() == 1
            assert (await send(channel)).outcome == Outcome.SENT
            assert len(server.connections) == 2
            await channel.close()

    run(scenario())


@pytest.mark.parametrize("action", [reset, stall, hang_up])
def test_a_body_that_was_not_written_to_its_end_was_not_sent(run: Run, action: Action) -> None:
    def stop_reading(connection: Scripted) -> None:
        connection.transport.pause_reading()
        assert not isinstance(action, str | bytes)
        action(connection)

    async def scenario() -> None:
        async with scripted("PIPELINING", body=[stop_reading]) as server:
            channel = Smtp(server.settings(), timeouts=Timeouts(command=0.5, final=0.5))
            large = b"x" * 70 + b"\r\n"
            assert (await send(channel, message=MESSAGE + large * 200_000)).outcome == Outcome.QUEUED
            await channel.close()

    run(scenario())


DOWN: list[tuple[str, Action, str]] = [
    ("connect", "554 not here", "banner"),
    ("connect", "421 too busy", "banner"),
    ("connect", "hello", "banner"),
    ("connect", b"2" * 3000, "banner"),
    ("connect", hang_up, "refused"),
    ("connect", stall, "timeout"),
    ("EHLO", "502 what", "banner"),
    ("EHLO", reset, "refused"),
    ("EHLO", b"250-X\r\n" * 200, "banner"),
    ("AUTH", "535 5.7.8 wrong", "login"),
    ("AUTH", "454 4.7.0 try later", "banner"),
    ("AUTH", "334 more", "banner"),
    ("AUTH", hang_up, "refused"),
]


@pytest.mark.parametrize(("step", "action", "kind"), DOWN)
def test_a_server_that_cannot_be_used_blames_no_recipient(run: Run, step: str, action: Action, kind: str) -> None:
    async def scenario() -> None:
        async with scripted("AUTH PLAIN", **{step: [action]}) as server:
            channel = Smtp(server.settings(login="club:s3cret%40@"), timeouts=SHORT if action is stall else None)
            with pytest.raises(TransportDown) as down:
                await send(channel)
            assert down.value.kind == kind
            assert (await send(channel)).outcome == Outcome.SENT
            await channel.close()

    run(scenario())


def test_a_refused_login_is_told_to_every_sender(run: Run) -> None:
    async def scenario() -> None:
        async with scripted("AUTH PLAIN", AUTH=["535 5.7.8 wrong"] * 5) as server:
            channel = Smtp(server.settings("connections=5", login="club:s3cret@"))
            ends = await asyncio.gather(*(send(channel) for _ in range(5)), return_exceptions=True)
            assert [type(end) for end in ends] == [TransportDown] * 5

    run(scenario())


def test_a_refused_connection_is_told_as_such(run: Run) -> None:
    async def scenario() -> None:
        async with scripted() as server:
            settings = server.settings()
        with pytest.raises(TransportDown) as down:
            await send(Smtp(settings))
        assert down.value.kind == "refused"

    run(scenario())


def test_a_login_asked_for_at_mail_blames_no_recipient(run: Run) -> None:
    async def scenario() -> None:
        async with scripted(MAIL=["530 5.7.0 Authentication required"]) as server:
            channel = Smtp(server.settings())
            with pytest.raises(TransportDown) as down:
                await send(channel)
            assert down.value.kind == "login"
            await channel.close()

    run(scenario())


def test_the_password_is_in_no_error_even_if_the_server_repeats_it(run: Run) -> None:
    sent = base64.b64encode(b"\0club\0s3cret").decode()

    async def scenario() -> None:
        async with scripted("AUTH PLAIN", AUTH=[f"535 no: s3cret AUTH PLAIN {sent}"]) as server:
            channel = Smtp(server.settings(login="club:s3cret@"))
            with pytest.raises(TransportDown) as down:
                await send(channel)
            assert "s3cret" not in str(down.value)
            assert sent not in str(down.value)
            assert f"AUTH PLAIN {sent}" in server.commands

    run(scenario())


def test_login_is_used_where_plain_is_not_offered(run: Run) -> None:
    async def scenario() -> None:
        async with scripted("AUTH CRAM-MD5 LOGIN", AUTH=["334 VXNlcm5hbWU6"]) as server:
            server.script[base64.b64encode(b"club").decode()] = ["334 UGFzc3dvcmQ6"]
            server.script[base64.b64encode(b"s3cret").decode()] = ["235 in"]
            channel = Smtp(server.settings(login="club:s3cret@"))
            assert (await send(channel)).outcome == Outcome.SENT
            await channel.close()

    run(scenario())


def test_without_a_known_way_to_log_in_nothing_is_sent(run: Run) -> None:
    async def scenario() -> None:
        async with scripted("AUTH CRAM-MD5") as server:
            with pytest.raises(TransportDown, match="neither AUTH PLAIN nor AUTH LOGIN"):
                await send(Smtp(server.settings(login="club:s3cret@")))

    run(scenario())


STARTTLS_CASES: list[tuple[str, dict[str, list[Action]]]] = [
    ("PIPELINING", {}),
    ("STARTTLS", {"STARTTLS": ["454 not now"]}),
    ("STARTTLS", {"STARTTLS": [b"220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n"]}),
    ("STARTTLS", {"STARTTLS": [b"220 go\r\n250 half a li"]}),
    ("STARTTLS", {"STARTTLS": ["220 go\r\nhello, this is not TLS"]}),
]


@pytest.mark.parametrize(("features", "script"), STARTTLS_CASES)
def test_nothing_is_said_in_the_clear_when_tls_is_asked_for(
    run: Run, features: str, script: dict[str, list[Action]]
) -> None:
    async def scenario() -> None:
        async with scripted(features, **script) as server:
            with pytest.raises(TransportDown):
                await send(Smtp(server.settings("tls=starttls", login="club:s3cret@")))
            assert [command.split(" ")[0] for command in server.commands] in (["EHLO"], ["EHLO", "STARTTLS"])

    run(scenario())


@pytest.mark.parametrize(
    ("message", "arrives"),
    [
        (b".x: y\r\n\r\n", b"..x: y\r\n\r\n"),
        (b"x: y\r\n\r\n.", b"x: y\r\n\r\n..\r\n"),
        (b"x: y\r\n\r\n.\r\n..\r\n.x\r\n", b"x: y\r\n\r\n..\r\n...\r\n..x\r\n"),
        (b"x: y\r\n\r\na\n.\nb", b"x: y\r\n\r\na\r\n..\r\nb\r\n"),
        (
            b"x: y\r\n\r\na\n.\r\nMAIL FROM:<eve@example.net>",
            b"x: y\r\n\r\na\r\n..\r\nMAIL FROM:<eve@example.net>\r\n",
        ),
        (b"x: y\r\n\r\na\r.\r\nb", b"x: y\r\n\r\na\r\n..\r\nb\r\n"),
        (b"x: y\r\n\r\na\r\n.\rb", b"x: y\r\n\r\na\r\n..\r\nb\r\n"),
        (b"x: y\r\n\r\na\r\r\n.\r\r\nb", b"x: y\r\n\r\na\r\n\r\n..\r\n\r\nb\r\n"),
        (b"x: y\r\n\r\na\r\n\r\n", b"x: y\r\n\r\na\r\n\r\n"),
        (b"x: y\r\n\r\n", b"x: y\r\n\r\n"),
    ],
)
def test_a_body_is_one_message_whatever_is_in_it(run: Run, message: bytes, arrives: bytes) -> None:
    async def scenario() -> None:
        async with scripted() as server:
            channel = Smtp(server.settings())
            assert (await send(channel, message=message)).outcome == Outcome.SENT
            await channel.close()
            assert server.messages == [arrives]

    run(scenario())


@pytest.mark.parametrize(
    "recipient", ["ann@example.org>\r\nRCPT TO:<eve@example.net", "ann@example.org, eve@example.net", "ann", ""]
)
def test_an_envelope_holds_one_address_or_nothing_is_said(run: Run, recipient: str) -> None:
    async def scenario() -> None:
        async with scripted() as server:
            channel = Smtp(server.settings())
            assert (await send(channel, recipient)).outcome == Outcome.FAILED
            await channel.close()
            assert [command.split(" ")[0] for command in server.commands] == ["EHLO", "QUIT"]

    run(scenario())


SEVERAL: list[tuple[list[Action], Outcome, str, int]] = [
    (["250 ok", "250 ok", "250 ok"], Outcome.SENT, "", 1),
    (["250 ok", "550 5.1.1 who", "250 ok"], Outcome.SENT, "Refused for bob@example.org: 550 5.1.1 who", 1),
    (["450 4.2.0 later", "250 ok", "550 no"], Outcome.SENT, "ann@example.org: 450 4.2.0 later; cy@example.org", 1),
    (["550 5.1.1 no", "550 5.1.1 no", "550 5.1.1 never"], Outcome.FAILED, "never", 0),
    (["550 5.1.1 no", "450 4.2.0 later", "550 5.1.1 no"], Outcome.DEFERRED, "later", 0),
]


@pytest.mark.parametrize("features", ["PIPELINING", ""], ids=["pipelined", "step by step"])
@pytest.mark.parametrize(("answers", "outcome", "detail", "messages"), SEVERAL)
def test_one_message_goes_to_those_recipients_that_the_server_takes(
    run: Run, features: str, answers: list[Action], outcome: Outcome, detail: str, messages: int
) -> None:
    async def scenario() -> None:
        async with scripted(features, RCPT=answers) as server:
            channel = Smtp(server.settings())
            receipt = await send(channel, "ann@example.org; bob@example.org; cy@example.org")
            assert (receipt.outcome, receipt.suppress) == (outcome, False)
            assert detail in receipt.detail
            assert bool(receipt.detail) is bool(detail)
            assert server.messages.count(MESSAGE) == messages
            assert (await send(channel)).outcome == Outcome.SENT
            assert len(server.connections) == 1
            await channel.close()

    run(scenario())


def test_a_server_that_writes_back_is_told_the_deliverys_id(run: Run) -> None:
    async def scenario() -> None:
        async with scripted("DSN") as server:
            channel = Smtp(server.settings())
            for head in (b"Message-ID: <AAA-_b@film.example>", b"Message-ID: <a+b@film.example>", b"X: y"):
                await send(channel, message=b"Subject: x\r\n" + head + b"\r\n\r\nHi\r\n")
            await channel.close()
            assert [command for command in server.commands if command.startswith("MAIL")] == [
                "MAIL FROM:<news@example.com> RET=HDRS ENVID=AAA-_b",
                "MAIL FROM:<news@example.com>",
                "MAIL FROM:<news@example.com>",
            ]

    run(scenario())


def test_the_envelope_uses_what_the_server_offers(run: Run) -> None:
    utf8 = "Subject: Zoë\r\n\r\nHi\r\n".encode()

    async def scenario() -> None:
        async with scripted("SIZE 1000000,8BITMIME,SMTPUTF8") as server:
            channel = Smtp(server.settings())
            await send(channel)
            await send(channel, message=b"Subject: x\r\n\r\n\xc3\xab\r\n")
            await send(channel, message=utf8)
            await send(channel, "jörg@bücher.example")
            await channel.close()
            assert [command for command in server.commands if command.startswith("MAIL")] == [
                f"MAIL FROM:<news@example.com> SIZE={len(MESSAGE)}",
                "MAIL FROM:<news@example.com> SIZE=18 BODY=8BITMIME",
                f"MAIL FROM:<news@example.com> SIZE={len(utf8)} BODY=8BITMIME SMTPUTF8",
                f"MAIL FROM:<news@example.com> SIZE={len(MESSAGE)} SMTPUTF8",
            ]
            assert "RCPT TO:<jörg@xn--bcher-kva.example>" in server.commands

    run(scenario())


@pytest.mark.parametrize(
    ("recipient", "message", "reason"),
    [("jörg@example.org", MESSAGE, "outside ASCII"), ("ann@example.org", MESSAGE * 100, "takes 1,000")],
)
def test_what_the_server_cannot_take_fails_with_the_reason(
    run: Run, recipient: str, message: bytes, reason: str
) -> None:
    async def scenario() -> None:
        async with scripted("SIZE 1000") as server:
            channel = Smtp(server.settings())
            receipt = await send(channel, recipient, message)
            assert receipt.outcome == Outcome.FAILED
            assert reason in receipt.detail
            assert not receipt.suppress
            await channel.close()

    run(scenario())


def test_the_servers_words_come_clean_and_short(run: Run) -> None:
    async def scenario() -> None:
        async with scripted(RCPT=["550-5.7.1 no\x1b[31m\r\n550 5.7.1 \u202eway " + "x" * 300]) as server:
            channel = Smtp(server.settings())
            receipt = await send(channel)
            assert receipt.detail.startswith("5.7.1 no [31m 5.7.1 way xxx")
            assert len(receipt.detail) == 200
            await channel.close()

    run(scenario())


def test_many_senders_share_the_connections(run: Run) -> None:
    async def scenario() -> None:
        async with scripted() as server:
            channel = Smtp(server.settings("connections=3"))
            receipts = await asyncio.gather(*(send(channel, f"p{n}@example.org") for n in range(50)))
            assert {receipt.outcome for receipt in receipts} == {Outcome.SENT}
            assert len(server.messages) == 50
            assert len(server.connections) == channel.connections == 3
            await channel.close()
            assert server.commands.count("QUIT") == 3

    run(scenario())


def test_a_stalled_connection_does_not_hold_up_the_others(run: Run) -> None:
    async def scenario() -> None:
        async with scripted(dot=[stall]) as server:
            channel = Smtp(server.settings("connections=2"))
            slow = asyncio.create_task(send(channel, "slow@example.org"))
            stalled = await server.stalled.get()
            for number in range(20):
                assert (await send(channel, f"p{number}@example.org")).outcome == Outcome.SENT
            assert not slow.done()
            stalled.transport.write(b"250 at last\r\n")
            assert (await slow).outcome == Outcome.SENT
            await channel.close()

    run(scenario())


def test_a_connection_too_many_does_not_stop_the_ones_that_work(run: Run) -> None:
    async def scenario() -> None:
        async with scripted(connect=["220 hello", "421 one is enough"], dot=[stall]) as server:
            channel = Smtp(server.settings("connections=2"))
            first = asyncio.create_task(send(channel))
            stalled = await server.stalled.get()
            second = await send(channel)
            assert (second.outcome, second.slow_down) == (Outcome.QUEUED, True)
            assert "one is enough" in second.detail
            stalled.transport.write(b"250 ok\r\n")
            assert (await first).outcome == Outcome.SENT
            await channel.close()

    run(scenario())


def test_an_idle_connection_is_opened_anew(run: Run) -> None:
    async def scenario() -> None:
        async with scripted() as server:
            time = [0.0]
            channel = Smtp(server.settings(), clock=lambda: time[0])
            for seconds, connections in ((0.0, 1), (59.0, 1), (119.5, 2)):
                time[0] = seconds
                assert (await send(channel)).outcome == Outcome.SENT
                assert len(server.connections) == connections
            await channel.close()

    run(scenario())


def test_a_server_that_hung_up_between_two_messages_costs_none(run: Run) -> None:
    async def scenario() -> None:
        async with scripted() as server:
            channel = Smtp(server.settings())
            await send(channel)
            server.connections[0].transport.write(b"421 4.4.2 idle too long\r\n")
            await server.connections[0].gone.wait()
            assert (await send(channel)).outcome == Outcome.SENT
            assert len(server.messages) == 2
            await channel.close()

    run(scenario())


def test_an_answer_too_many_is_not_taken_for_the_next_messages_answer(run: Run) -> None:
    async def scenario() -> None:
        async with scripted(dot=["250 ok\r\n250 ok\r\n250 ok"]) as server:
            channel = Smtp(server.settings())
            assert (await send(channel)).outcome == Outcome.SENT
            assert (await send(channel)).outcome == Outcome.SENT
            assert len(server.messages) == 2
            assert len(server.connections) == 2
            await channel.close()

    run(scenario())


def test_a_cancelled_send_leaves_nothing_behind(run: Run) -> None:
    async def scenario() -> None:
        async with scripted(dot=[stall]) as server:
            channel = Smtp(server.settings("connections=1"))
            cancelled = asyncio.create_task(send(channel))
            await server.stalled.get()
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            assert (await send(channel)).outcome == Outcome.SENT
            await channel.close()

    run(scenario())


# Against a mail server others wrote


class Kept:
    """An aiosmtpd handler that keeps the envelopes."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 kept"


def authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
) -> AuthResult:
    return AuthResult(success=login == LoginPassword(b"club", b"s3cret/@"), handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    encoding = serialization.Encoding.PEM
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(encoding))
    return path


@contextlib.asynccontextmanager
async def real_server(certificate: Path, *, implicit: bool = False) -> AsyncIterator[tuple[Kept, int]]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    kept = Kept()

    def protocol() -> SMTP:
        return SMTP(
            kept,
            hostname="mail.example",
            enable_SMTPUTF8=True,
            tls_context=None if implicit else context,
            require_starttls=not implicit,
            auth_required=True,
            auth_require_tls=not implicit,
            authenticator=authenticate,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if implicit else None)
    try:
        yield kept, server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_goes_out_over_tls_with_a_login(run: Run, certificate: Path, scheme: str) -> None:
    async def scenario() -> None:
        async with real_server(certificate, implicit=scheme == "smtps") as (kept, port):
            tls = "tls" if scheme == "smtps" else "starttls"
            login = "club:s3cret%2F%40"
            url = f"{scheme}://{login}@127.0.0.1:{port}?tls={tls}&ca_file={certificate}&connections=2"
            channel = Smtp(SmtpSettings.from_url(url))
            receipts = await asyncio.gather(*(send(channel, f"jörg{n}@bücher.example") for n in range(6)))
            await channel.close()
            assert {receipt.outcome for receipt in receipts} == {Outcome.SENT}
            assert [envelope.mail_from for envelope in kept.envelopes] == ["news@example.com"] * 6
            people = {tuple(envelope.rcpt_tos) for envelope in kept.envelopes}
            assert people == {(f"jörg{n}@xn--bcher-kva.example",) for n in range(6)}
            assert {envelope.content for envelope in kept.envelopes} == {MESSAGE}

    run(scenario())


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(
    ("scheme", "host", "options", "kind"),
    [
        ("smtp", "club:s3cret%2F%40@127.0.0.1", "tls=starttls", "tls"),
        ("smtps", "club:s3cret%2F%40@127.0.0.1", "", "tls"),
        ("smtp", "club:s3cret%2F%40@localhost", "tls=starttls&ca_file={ca}", "tls"),
        ("smtp", "club:s3cret%2F%40@127.0.0.1", "tls=tls&ca_file={ca}", "tls"),
        ("smtp", "club:s3cret%2F%40@127.0.0.1", "tls=starttls&ca_file=/nowhere.pem", "tls"),
        ("smtp", "club:wrong@127.0.0.1", "tls=starttls&ca_file={ca}", "login"),
        ("smtp", "127.0.0.1", "tls=starttls&ca_file={ca}", "login"),
        ("smtp", "club:s3cret%2F%40@127.0.0.1", "tls=none", "login"),
    ],
    ids=[
        "unknown CA",
        "unknown CA, TLS",
        "other name",
        "no TLS there",
        "no CA file",
        "wrong password",
        "none",
        "plain",
    ],
)
def test_a_fault_of_tls_or_login_blames_no_recipient(
    run: Run, certificate: Path, scheme: str, host: str, options: str, kind: str
) -> None:
    async def scenario() -> None:
        async with real_server(certificate, implicit=scheme == "smtps") as (kept, port):
            url = f"{scheme}://{host}:{port}?{options.format(ca=certificate)}"
            channel = Smtp(SmtpSettings.from_url(url))
            with pytest.raises(TransportDown) as down:
                await send(channel)
            await channel.close()
            assert down.value.kind == kind
            assert kept.envelopes == []

    run(scenario())


def test_the_benchmarks_sink_logs_what_it_accepts_before_it_says_so(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "accepted"
    script = Path(__file__).parents[3] / "benchmarks" / "sink.py"

    async def scenario() -> None:
        sink = await asyncio.create_subprocess_exec(
            sys.executable, script, "--port", "0", "--log", log, stdout=asyncio.subprocess.PIPE
        )
        assert sink.stdout is not None
        channel = Smtp(SmtpSettings("127.0.0.1", int(await sink.stdout.readline()), tls="none", connections=4))
        for first in (0, 10):
            people = [f"p{number}@example.org" for number in range(first, first + 10)]
            messages = [f"Message-ID: <{person}>\r\n\r\n.{person}\r\n".encode() for person in people]
            await asyncio.gather(*map(functools.partial(send, channel), people, messages))
            assert sorted(log.read_text().split("\n")[first:-1]) == sorted(
                f"{person} <{person}>" for person in people
            )
        await channel.close()
        sink.terminate()
        assert await sink.wait() == 0

    run(scenario())


# The address of the server

GOOD_URLS = {
    "smtp://mail.example": SmtpSettings("mail.example", 587),
    "smtp://mail.example:25": SmtpSettings("mail.example", 25),
    "smtp://mail.example:465": SmtpSettings("mail.example", 465, tls="tls"),
    "smtps://mail.example": SmtpSettings("mail.example", 465, tls="tls"),
    "smtps://mail.example:2465/": SmtpSettings("mail.example", 2465, tls="tls"),
    "smtp://localhost:1025": SmtpSettings("localhost", 1025, tls="none"),
    "smtp://[::1]:1025": SmtpSettings("::1", 1025, tls="none"),
    "smtp://127.0.0.1:1025?tls=starttls": SmtpSettings("127.0.0.1", 1025, tls="starttls"),
    "smtp://mail.example?tls=none&connections=20": SmtpSettings("mail.example", 587, tls="none", connections=20),
    "smtp://a%40b:p%2Fw%3A@mail.example": SmtpSettings("mail.example", 587, "a@b", "p/w:"),
    "smtp://mail.example?ca_file=/etc/ca.pem": SmtpSettings("mail.example", 587, ca_file="/etc/ca.pem"),
}


@pytest.mark.parametrize("url", GOOD_URLS)
def test_an_address_says_where_and_how(url: str) -> None:
    assert SmtpSettings.from_url(url) == GOOD_URLS[url]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://u:s3cret@mail.example",
        "smtp://",
        "smtp://u:s3cret",
        "smtp://u:s3cret/x@mail.example",
        "smtp://u:s3cret#x@mail.example",
        "smtp://u:s3cret@mail.example:99999",
        "smtp://u:s3cret@[::1",
        "smtp://u:s3cret@mail.example/path",
        "smtp://u:s3cret@mail.example?tls=yes",
        "smtps://u:s3cret@mail.example?tls=none",
        "smtp://u:s3cret@mail.example?connections=0",
        "smtp://u:s3cret@mail.example?connections=1.5",
        "smtp://u:s3cret@mail.example?conections=5",
        "smtp://u:s3cret%00@mail.example",
    ],
)
def test_a_wrong_address_is_explained_without_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP address") as caught:
        SmtpSettings.from_url(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_settings_do_not_show_the_password() -> None:
    assert "s3cret" not in repr(SmtpSettings.from_url("smtp://u:s3cret@mail.example"))
