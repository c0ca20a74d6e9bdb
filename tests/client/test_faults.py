"""The client over real sockets, against a server that breaks off anywhere: what arrives once, and what is told."""

import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from socket import getaddrinfo
from typing import Any

import pytest
from tests.client import fault_server as faults
from tests.client.fault_server import FaultServer, Reply, fault_server, limited, ok, redirect, refused, zipped

from handbill.client import REGIONS, Client, Hosts, OutcomeUnknown, Waits, WrongRegion, telling
from handbill.errors import HandbillError, InvalidInput, NotFound, RateLimited, Unauthorized, Unavailable

pytestmark = pytest.mark.anyio

TRIGGER = "POST /v1/campaigns/5/triggers"
SEGMENTS = "GET /v1/segments"
EMPTY = ok({"segments": []})
DRIP = Reply(drip=0.02)


def _patience(reply: Reply) -> float:
    """Seconds to wait for an answer: few where none comes."""
    return 0.04 if reply.silent or reply.drip else 5


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


class Rest:
    """Waits that are only written down."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(round(seconds, 1))


def played(server: FaultServer, rest: Rest | None = None, *, patience: float = 5, **keys: str) -> Client:
    """A live workspace, which this server plays."""
    waits = Waits(connect=5, silence=patience, whole=2 * patience, sleep=rest or Rest())
    return Client.at(Hosts(server.url, server.url, server.url), "app-secret", None, waits=waits, **keys)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (faults.RESET, OutcomeUnknown),
        (faults.UNREAD, OutcomeUnknown),
        (replace(ok({"id": 3}), cut=40), OutcomeUnknown),
        (replace(ok({"id": 3}), cut=-2), OutcomeUnknown),
        (faults.SILENT, OutcomeUnknown),
        (DRIP, OutcomeUnknown),
        (faults.BROKEN, OutcomeUnknown),
        (faults.GATEWAY, OutcomeUnknown),
        (refused(503, "overloaded"), OutcomeUnknown),
        (Reply(body=b"<html>Welcome</html>"), OutcomeUnknown),
        (Reply(body=b""), OutcomeUnknown),
        (ok({"id": "many"}), OutcomeUnknown),
        (zipped({"id": 3}, cut=15), OutcomeUnknown),
        (limited(7), RateLimited),
        (limited(None), RateLimited),
        (refused(422, "wrong"), InvalidInput),
        (faults.NO_SUCH_PAGE, NotFound),
        (faults.UNAUTHORIZED, Unauthorized),
        (redirect("https://api-eu.customer.io/v1/campaigns/5/triggers"), WrongRegion),
        (redirect("http://elsewhere.example/"), HandbillError),
    ],
)
async def test_a_trigger_is_written_once_whatever_becomes_of_the_answer(
    reply: Reply, error: type[HandbillError]
) -> None:
    with fault_server() as server:
        server.on(TRIGGER, reply)
        async with played(server, patience=_patience(reply)) as client:
            with pytest.raises(error) as caught:
                await client.triggers.create(5, {"ids": ["u1"]})
    assert type(caught.value) is error
    assert (server.made(TRIGGER), server.connections) == (0 if reply is faults.UNREAD else 1, 1)


WRITES: dict[str, Callable[[Client], Awaitable[Any]]] = {
    "POST /v1/send/email": lambda client: client.sends.email({}),
    "POST /v1/batch": lambda client: client.pipelines.batch([]),
    "POST /api/v1/customers/u1/suppress": lambda client: client.track.suppress("u1"),
    "POST /v1/newsletters/3/send": lambda client: client.newsletters.send(3),
    "PUT /v1/snippets": lambda client: client.snippets.put("imprint", "Shop"),
    "DELETE /v1/segments/3": lambda client: client.segments.delete(3),
}


@pytest.mark.parametrize("line", WRITES)
async def test_no_other_write_is_repeated_either(line: str) -> None:
    for reply in (faults.RESET, faults.GATEWAY, limited(1)):
        with fault_server() as server:
            server.on(line, reply)
            async with played(server, site_id="s", track_key="k", pipelines_key="p") as client:
                with pytest.raises(RateLimited if reply.status == 429 else OutcomeUnknown):
                    await WRITES[line](client)
        assert (server.made(line), server.connections) == (1, 1)


async def test_what_is_not_there_is_named_although_customerio_does_not(server: FaultServer) -> None:
    server.on("GET /v1/segments/99", refused(404, "not found (reference 01KAPT4C7D8E9F0G1H2J3K4M5N)"))
    async with played(server) as client:
        with pytest.raises(NotFound, match=r"nothing with segment_id 99 \(not found \(reference 01K"):
            await client.segments.get(99)
        with pytest.raises(NotFound, match=r"nothing with broadcast_id 5 and trigger_id 7 \(404 Not Found"):
            await client.triggers.get(5, 7)


async def test_a_kept_connection_that_was_closed_meanwhile_costs_no_send(server: FaultServer) -> None:
    server.on(SEGMENTS, replace(EMPTY, close=True))
    server.on(TRIGGER, ok({"id": 3}))
    async with played(server) as client:
        await client.segments.list()
        server.hung_up()
        assert (await client.triggers.create(5, {})).id == 3
    assert (server.made(TRIGGER), server.connections) == (1, 2)


@pytest.mark.parametrize(
    "fault",
    [
        faults.RESET,
        faults.UNREAD,
        replace(EMPTY, cut=30),
        faults.SILENT,
        DRIP,
        faults.BROKEN,
        faults.GATEWAY,
        Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
)
async def test_a_read_is_tried_again_with_growing_pauses(server: FaultServer, fault: Reply) -> None:
    server.on(SEGMENTS, fault, fault, EMPTY)
    rest = Rest()
    async with played(server, rest, patience=_patience(fault)) as client:
        assert (await client.segments.list()).segments == []
    assert [seconds for seconds in rest.seconds if seconds >= 0.5][:2] == [0.5, 1.0]


async def test_a_search_is_a_read_although_it_is_posted(server: FaultServer) -> None:
    server.on("POST /v1/customers", faults.GATEWAY, ok({"identifiers": [], "ids": []}))
    async with played(server) as client:
        assert (await client.customers.search({"segment": {"id": 1}})).ids == []
    assert server.made("POST /v1/customers") == 2


async def test_four_tries_are_all(server: FaultServer) -> None:
    server.on(SEGMENTS, faults.RESET)
    async with played(server) as client:
        with pytest.raises(Unavailable, match="does not answer: the connection broke off"):
            await client.segments.list()
    assert server.made(SEGMENTS) == 4


async def test_a_named_wait_is_kept_whether_it_is_seconds_or_a_date(server: FaultServer) -> None:
    later = formatdate(time.time() + 9, usegmt=True)
    server.on(SEGMENTS, limited(7), limited(later), EMPTY)
    rest = Rest()
    async with played(server, rest) as client:
        await client.segments.list()
    seven, nine = [seconds for seconds in rest.seconds if seconds >= 0.5]
    assert (seven, 7 < nine <= 9) == (7, True)


async def test_after_a_refusal_the_next_call_waits_instead_of_being_refused(server: FaultServer) -> None:
    server.on(TRIGGER, limited(9), ok({"id": 3}))
    rest = Rest()
    async with played(server, rest) as client:
        said = r"127.*: rate limited to 10 requests per 1s\. Nothing was done; call again in 9 s"
        with pytest.raises(RateLimited, match=said):
            await client.triggers.create(5, {})
        assert (await client.triggers.create(5, {})).id == 3
    assert rest.seconds == [pytest.approx(10, abs=1)]


async def test_a_days_quota_is_told_and_not_waited_for(server: FaultServer) -> None:
    server.on("GET /v1/messages/abc/archived_message", limited(None))
    rest = Rest()
    async with played(server, rest) as client:
        with pytest.raises(RateLimited, match="used up"):
            await client.messages.archived("abc")
    assert rest.seconds == []


async def test_compressed_answers_are_read(server: FaultServer) -> None:
    server.on(SEGMENTS, zipped({"segments": []}))
    async with played(server) as client:
        assert (await client.segments.list()).segments == []
    assert "gzip" in server.requests[0].headers["accept-encoding"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1", "it refuses connections"),
        ("http://nobody.invalid", "there is no host of this name"),
        ("https://{host}", "no safe connection can be made"),
    ],
)
async def test_what_never_left_says_so(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, url: str, why: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _known_only)
    hosts = Hosts(url.format(host=server.host), server.url, server.url)
    async with Client.at(hosts, "key", waits=Waits(connect=1, silence=1)) as client:
        with pytest.raises(Unavailable, match=rf"cannot be reached: {why}.*Nothing was sent") as caught:
            await client.triggers.create(5, {})
    assert type(caught.value) is Unavailable
    assert server.requests == []


def _known_only(host: object, port: object, *more: Any, **named: Any) -> Any:
    """No name is looked up outside this machine."""
    if "invalid" in str(host):
        raise socket.gaierror(-2, "Name or service not known")
    return getaddrinfo(str(host), str(port), *more, **named)


async def test_the_key_goes_to_its_own_host_alone(server: FaultServer) -> None:
    with fault_server() as other:
        server.on("*", redirect(f"{other.url}/v1/segments", 301))
        async with played(server) as client:
            with pytest.raises(HandbillError, match=r"sends calls on to 127\.0\.0\.1, and the key is not sent"):
                await client.segments.list()
    assert (server.made(SEGMENTS), other.connections) == (1, 0)


async def test_a_track_host_of_the_wrong_region_is_told_by_its_name(server: FaultServer) -> None:
    server.on("*", redirect("https://track-eu.customer.io/api/v1/customers/u1/suppress"))
    async with played(server, site_id="s", track_key="k") as client:
        with pytest.raises(WrongRegion, match="Connect it with region EU") as caught:
            await client.track.suppress("u1")
    assert caught.value.region == "eu"


@pytest.mark.parametrize("reply", [faults.UNAUTHORIZED, faults.SEND_UNAUTHORIZED, faults.TRACK_UNAUTHORIZED])
async def test_a_wrong_key_is_told_without_the_key(server: FaultServer, reply: Reply) -> None:
    server.on("*", reply)
    async with played(server, site_id="s", track_key="track-secret") as client:
        for call in (client.segments.list(), client.sends.email({}), client.track.suppress("u1")):
            with pytest.raises(Unauthorized, match=r"127\.0\.0\.1 does not take the key.*handbill connect") as caught:
                await call
            assert "secret" not in str(caught.value)


async def test_each_api_is_opened_by_its_own_key(server: FaultServer) -> None:
    server.on("*", ok({"segments": []}))
    async with played(server, site_id="site", track_key="secret", pipelines_key="pipe") as client:
        await client.segments.list()
        await client.track.suppress("u1")
        await client.pipelines.track({"userId": "u1", "event": "e"})
    sent = [each.headers["authorization"] for each in server.requests]
    assert sent == ["Bearer app-secret", "Basic c2l0ZTpzZWNyZXQ=", "Basic cGlwZTo="]


async def test_what_is_open_needs_no_track_key_and_the_rest_says_which_key_is_missing(server: FaultServer) -> None:
    server.on("*", ok({}))
    async with played(server) as client:
        await client.track.unsubscribe("abc")
        for call in (client.track.suppress("u1"), client.pipelines.track({})):
            with pytest.raises(Unauthorized, match=r"needs a key of the (track|pipelines) API"):
                await call
    assert [each.headers.get("authorization") for each in server.requests] == [None]


@pytest.mark.parametrize("key", ["naïve", "two words", "line\nbreak"])
def test_a_key_that_cannot_be_one_is_refused_before_it_travels(key: str) -> None:
    with pytest.raises(InvalidInput, match="app_key must be an App API key") as caught:
        Client.at(REGIONS["us"], key)
    assert key not in str(caught.value)


async def test_each_limit_is_kept_for_itself_and_triggers_for_each_broadcast(server: FaultServer) -> None:
    server.on("*", ok({"id": 3, "segments": [], "delivery_id": "a", "queued_at": 1}))
    rest = Rest()
    async with played(server, rest) as client:
        await client.triggers.create(5, {})
        await client.triggers.create(6, {})
        await client.segments.list()
        await client.sends.email({})
        assert rest.seconds == []
        await client.triggers.create(5, {})
        await client.segments.list()
    assert rest.seconds == [pytest.approx(10, abs=0.5), pytest.approx(0.1, abs=0.1)]


async def test_who_listens_hears_of_a_wait_before_it_and_of_short_ones_nothing(server: FaultServer) -> None:
    server.on(SEGMENTS, limited(7), EMPTY)  # the second call waits a tenth of a second for its turn, and seven
    heard: list[str] = []

    async def listen(sentence: str) -> None:
        heard.append(sentence)

    async with played(server) as client:
        with telling(listen):
            await client.segments.list()
    assert heard == ["waiting 7 s until 127.0.0.1 may be called again"]


def test_the_played_page_is_as_long_as_the_one_that_was_seen() -> None:
    assert len(faults.NO_SUCH_PAGE.body) == 3817
