import asyncio
import contextlib
import gzip
import ipaddress
import logging
import random
import socket
import ssl
import tracemalloc
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial

import httpcore2
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.errors import InvalidInput
from handbill.workspace import fetch
from handbill.workspace.fetch import Limits, SafeTransport, is_public, open_url

LOOPBACK = frozenset({"127.0.0.1"})

packed = partial(gzip.compress, mtime=0)
"""Without the time, so that the names of the cases stay the same."""
PRIVATE = "data_file_url points to a private or local address; that is not allowed."
FORBIDDEN = {
    "this network": "0.0.0.0 0.1.2.3",
    "private": "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1",
    "carrier-grade NAT": "100.64.0.1 100.100.100.200 100.127.255.255",
    "loopback": "127.0.0.1 127.255.255.254",
    "link-local and metadata": "169.254.0.1 169.254.169.254 169.254.170.2 168.63.129.16 192.0.0.192",
    "special": "192.0.0.1 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7",
    "multicast and reserved": "224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255",
    "IPv6 loopback and unspecified": ":: ::1",
    "compatible": "::127.0.0.1 ::8.8.8.8",
    "mapped and translated": "::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::808:808 64:ff9b:1::a00:1",
    "Teredo": "2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "6to4": "2002:7f00:1:: 2002:a9fe:a9fe::1 2002:808:808::1",
    "IPv6 special": "100::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 4000::1 5f00::1",
    "unique local": "fc00::1 fd00:ec2::254 fd20:ce::254",
    "link and site local": "fe80::1 fe80::1%lo febf::1 fec0::1 feff::1 2606:4700::1111%lo",
    "IPv6 multicast": "ff02::1 ff0e::1",
}
PUBLIC = {
    "IPv4": "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1",
    "IPv6": "2606:4700::1111 2a00:1450::5 2001:200::1",
}
SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0X7F.1",
    "0177.1",
    "017700000001",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "0x0",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ⓛocalhost",
    r"x\@127.0.0.1",
    "files.example@127.0.0.1",
    "files.example:443@127.0.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[fe80::1%25lo]",
    "[::1%25lo]",
    "[::1%lo]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "[fd00:ec2::254]",
]


class Network:
    """Names and servers that do not exist: a name gives its answers one after the other, an address its bytes."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {"localhost": [["127.0.0.1"]], "localhost.": [["127.0.0.1"]]}
        self.servers: dict[str, list[bytes]] = {}
        self.connected: list[tuple[str, int]] = []
        self.tls: list[str | None] = []
        self.sent: list[bytes] = []

    async def getaddrinfo(self, _loop: object, host: bytes, *_args: object, **_options: object) -> list[object]:
        name = host.decode()
        if name not in self.names:
            return list(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        addresses = self.names[name].pop(0)
        return [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    async def connect_tcp(
        self, _backend: object, host: str, port: int, *_args: object
    ) -> httpcore2.AsyncNetworkStream:
        self.connected.append((host, port))
        if not self.servers.get(host):
            raise httpcore2.ConnectError("nobody there")
        return Wire(self, [self.servers[host].pop(0)])


class Wire(httpcore2.AsyncMockStream):
    def __init__(self, network: Network, answers: list[bytes]) -> None:
        super().__init__(answers)
        self._network = network

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._network.sent.append(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        assert ssl_context.check_hostname
        assert ssl_context.verify_mode == ssl.CERT_REQUIRED
        self._network.tls.append(server_hostname)
        return self


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()

    async def getaddrinfo(*args: object, **options: object) -> list[object]:
        return await network.getaddrinfo(*args, **options)  # type: ignore[arg-type]

    async def connect_tcp(*args: object) -> httpcore2.AsyncNetworkStream:
        return await network.connect_tcp(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", connect_tcp)
    return network


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    def __init__(self, port: int, requests: list[str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests = requests
        """Heads of the requests that came."""


@contextlib.asynccontextmanager
async def serving(pages: Mapping[str, bytes | Handler]) -> AsyncIterator[Server]:
    """A server on loopback; a page is a whole answer, or writes one. In the end every connection must be closed."""
    requests: list[str] = []
    connections: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            page = pages[requests[-1].split()[1]]
            if isinstance(page, bytes):
                writer.write(page)
                await writer.drain()
            else:
                await page(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        try:
            yield Server(server.sockets[0].getsockname()[1], requests)
        finally:
            await asyncio.wait_for(asyncio.gather(*filter(None, connections)), 5)


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    fields = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def redirect(location: str) -> bytes:
    return answer(status="302 Found", Location=location)


async def body_of(url: str, allowed_hosts: frozenset[str] = LOOPBACK, limits: Limits = fetch.LIMITS) -> bytes:
    async with open_url(url, allowed_hosts=allowed_hosts, limits=limits) as body:
        return b"".join([piece async for piece in body])


def fetched(
    page: bytes | Handler, limits: Limits = fetch.LIMITS, pages: Mapping[str, bytes | Handler] | None = None
) -> bytes:
    async def main() -> bytes:
        async with serving({"/": page, **(pages or {})}) as server:
            return await body_of(f"{server.url}/", limits=limits)

    return asyncio.run(main())


def refusal(url: str, allowed_hosts: frozenset[str] = frozenset()) -> str:
    """What is said about `url`: always one fault, of the field."""
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(body_of(url, allowed_hosts))
    (fault,) = caught.value.faults
    assert fault.field == "data_file_url"
    return fault.message


def failure(page: bytes | Handler, limits: Limits = fetch.LIMITS) -> str:
    """What is said about the answer `page`."""
    with pytest.raises(InvalidInput) as caught:
        fetched(page, limits)
    return str(caught.value)


# Which addresses are asked


@pytest.mark.parametrize("address", [address for row in FORBIDDEN.values() for address in row.split()])
def test_a_private_or_special_address_is_refused_without_a_connection(network: Network, address: str) -> None:
    network.names["files.example"] = [[address]]
    literal = f"[{address.replace('%', '%25')}]" if ":" in address else address
    assert refusal("https://files.example/people.jsonl") == PRIVATE
    assert refusal(f"https://{literal}/people.jsonl") in (PRIVATE, no_connection())
    assert network.connected == []


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_a_private_address_leads_to_a_connection(network: Network, host: str) -> None:
    not_a_name = "Could not fetch data_file_url: it is not a whole URL, or redirects to something that is not one."
    assert refusal(f"https://{host}/") in (PRIVATE, not_a_name, no_connection())
    assert network.connected == []


def no_connection() -> str:
    return "Could not fetch data_file_url: no connection to the server; check its name, port and certificate."


@pytest.mark.parametrize("address", [address for row in PUBLIC.values() for address in row.split()])
def test_a_public_address_is_asked_over_tls_by_the_name_in_the_url(network: Network, address: str) -> None:
    network.names["files.example"] = [[address]]
    network.servers[address] = [answer(b"hello")]
    assert asyncio.run(body_of("https://files.example/people.jsonl", frozenset())) == b"hello"
    assert network.connected == [(address, 443)]
    assert network.tls == ["files.example"]
    assert b"Host: files.example\r\n" in network.sent[0]


def test_one_private_address_among_public_ones_is_enough_to_refuse(network: Network) -> None:
    network.names["files.example"] = [["93.184.216.34", "2606:4700::1111", "10.0.0.1"]]
    assert refusal("https://files.example/") == PRIVATE
    assert network.connected == []


def test_a_name_is_resolved_once_so_that_its_second_answer_cannot_lead_elsewhere(network: Network) -> None:
    network.names["files.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    network.servers["93.184.216.34"] = [answer(b"hello")]
    assert asyncio.run(body_of("https://files.example/", frozenset())) == b"hello"
    assert network.connected == [("93.184.216.34", 443)]
    assert network.names["files.example"] == [["127.0.0.1"]]


def test_a_redirect_to_the_same_name_is_judged_by_its_new_answer(network: Network) -> None:
    network.names["files.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    network.servers["93.184.216.34"] = [redirect("https://files.example:8443/")]
    assert refusal("https://files.example/") == PRIVATE
    assert network.connected == [("93.184.216.34", 443)]


def test_the_next_address_is_tried_when_one_takes_no_connection(network: Network) -> None:
    network.names["files.example"] = [["2606:4700::1111", "93.184.216.34"]]
    network.servers["93.184.216.34"] = [answer(b"hello")]
    assert asyncio.run(body_of("https://files.example/", frozenset())) == b"hello"
    assert network.connected == [("2606:4700::1111", 443), ("93.184.216.34", 443)]


def test_a_host_the_operator_listed_may_be_private(network: Network) -> None:
    network.names["files.intranet.example"] = [["10.0.0.5"]]
    network.servers["10.0.0.5"] = [answer(b"hello")]
    allowed = frozenset({"Files.Intranet.example"})
    assert asyncio.run(body_of("https://files.intranet.example/", allowed)) == b"hello"


def test_a_listed_host_says_nothing_about_its_neighbours(network: Network) -> None:
    network.names["sub.files.example"] = [["10.0.0.5"]]
    assert refusal("https://sub.files.example/", frozenset({"files.example"})) == PRIVATE


def test_http_is_for_listed_hosts_only(network: Network) -> None:
    sentence = "data_file_url must start with https://, and so must every address it redirects to."
    assert refusal("http://files.example/", LOOPBACK) == sentence
    assert network.connected == []


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1/", "ws://127.0.0.1/"]
)
def test_another_scheme_is_refused_even_for_a_listed_host(url: str) -> None:
    assert "must start with https://" in refusal(url, LOOPBACK)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "people.jsonl",
        "https://",
        "https:///x",
        "file:///etc/passwd",
        "data:text/plain,x",
        "https://files.example:0x1/",
        "https://files.example:70000/",
        "https://files.example:-1/",
        "https://[::1/",
        "https://[v1.x]/",
        "https://a\nb/",
        "https://\ud800.example/",
        "https://" + "a" * 70_000,
    ],
)
def test_what_is_not_a_url_is_refused(url: str) -> None:
    assert "is not a whole URL" in refusal(url)


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "a..example", "nobody.example"])
def test_a_name_without_an_address_is_a_fault_not_a_crash(network: Network, host: str) -> None:
    assert refusal(f"https://{host}/") == no_connection()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    assert fetched(answer(b"hello")) == b"hello"


@given(st.integers(0, 2**32 - 1))
def test_no_ipv6_form_of_an_ipv4_address_is_public(number: int) -> None:
    low = ipaddress.IPv6Address(number)
    prefixes = ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "fe80::", "fec0::")
    forms = [ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(low)) for prefix in prefixes]
    forms.append(ipaddress.IPv6Address(0x2002 << 112 | number << 80))
    forms.append(ipaddress.IPv6Address(0x20010000 << 96 | number ^ 0xFFFFFFFF))
    assert not [form for form in forms if is_public(str(form))]


@given(st.one_of(st.ip_addresses(), st.ip_addresses(network="2000::/3")))
def test_what_is_public_is_public_for_python_too(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert address.is_global or not is_public(str(address))


# Redirects


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("https://10.0.0.1/", PRIVATE),
        ("https://169.254.169.254/latest/meta-data/", PRIVATE),
        ("https://localhost/", PRIVATE),
        ("https://2130706433/", PRIVATE),
        ("https://[::ffff:127.0.0.1]/", PRIVATE),
        # its login is told by the server that redirects, and httpcore2 writes that answer down
        pytest.param("https://files.example@10.0.0.1/", PRIVATE, marks=pytest.mark.shows_secrets),
        ("http://10.0.0.1/", "must start with https://"),
        ("//10.0.0.1/", "must start with https://"),
        ("http://localhost/", "must start with https://"),
        ("file:///etc/passwd", "redirects to something that is not one"),
        ("ftp://127.0.0.1/", "must start with https://"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "must start with https://"),
        ("https://", "redirects to something that is not one"),
        ("https://[::1/", "redirects to something that is not one"),
        ("https://127.0.0.1:99999/", "redirects to something that is not one"),
    ],
)
def test_a_redirect_is_judged_like_the_url_itself(location: str, sentence: str) -> None:
    assert sentence in failure(redirect(location))


def test_five_redirects_are_followed_and_a_sixth_is_not() -> None:
    pages = {f"/{n}": redirect(f"/{n + 1}") for n in range(1, 6)} | {"/6": answer(b"hello")}
    assert fetched(redirect("2"), pages=pages) == b"hello"
    assert failure(redirect("/")) == "Could not fetch data_file_url: it redirects more than 5 times."


def test_the_body_of_a_redirect_is_not_read() -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n")
        while True:
            writer.write(bytes(65536))
            await writer.drain()

    assert fetched(endless, pages={"/end": answer(b"hello")}) == b"hello"


# The login in the URL


def test_a_login_is_sent_and_kept_within_its_origin() -> None:
    async def main() -> list[str]:
        async with serving({"/": redirect("/end"), "/end": answer(b"hello")}) as server:
            await body_of(server.url.replace("//", "//an%40a:se%3Acret@") + "/")
            return server.requests

    for request in asyncio.run(main()):
        assert f"Authorization: Basic {b64encode(b'an@a:se:cret').decode()}\r\n" in request


def test_a_login_is_not_sent_to_where_another_origin_redirects() -> None:
    async def main() -> list[str]:
        async with (
            serving({"/": answer(b"hello")}) as second,
            serving({"/": redirect(f"{second.url}/")}) as first,
        ):
            await body_of(first.url.replace("//", "//ana:secret@") + "/")
            return second.requests

    (request,) = asyncio.run(main())
    assert "Authorization" not in request


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden"])
def test_a_login_is_never_logged_nor_shown(caplog: pytest.LogCaptureFixture, status: str) -> None:
    async def main() -> str:
        async with serving({"/?token=hush": answer(status=status)}) as server:
            try:
                return repr(await body_of(server.url.replace("//", "//ana:secret@") + "/?token=hush"))
            except InvalidInput as error:
                return str(error)

    with caplog.at_level(logging.DEBUG):
        shown = asyncio.run(main())
    assert "connect_tcp" in caplog.text
    for text in ("secret", b64encode(b"ana:secret").decode(), "hush"):
        assert text not in caplog.text + shown


# What the server answers


@pytest.mark.parametrize(
    "status", ["204 No Content", "206 Partial Content", "304 Not Modified", "403 Forbidden", "500 Oops"]
)
def test_any_status_but_200_is_a_fault_that_shows_no_body(status: str) -> None:
    body = b"" if status[0] in "23" else b"<secret>"
    page = answer(body, status=status)
    assert failure(page) == f"Could not fetch data_file_url: the server answered {status[:3]}."


def test_the_request_asks_for_an_unpacked_body() -> None:
    async def main() -> list[str]:
        async with serving({"/": answer(b"hello")}) as server:
            await body_of(f"{server.url}/")
            return server.requests

    assert "Accept-Encoding: identity\r\n" in asyncio.run(main())[0]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"", "the server broke off"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "the server broke off"),
        (answer(b"hello", Content_Length="9"), "the server broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "the server broke off"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "the server broke off"),
        (answer(b"hello", Content_Encoding="br"), "its Content-Encoding is not gzip"),
        (answer(packed(b"hello" * 99)[:-9], Content_Encoding="gzip"), "its gzip data are damaged"),
        (answer(packed(b"hello" * 99)[:-4] + b"oops"), "its gzip data are damaged"),
        (answer(packed(b"hello") + b"more"), "its gzip data are damaged"),
        (answer(b"\x1f"), "its gzip data are damaged"),
    ],
)
def test_a_broken_answer_is_a_fault(page: bytes, reason: str) -> None:
    assert failure(page) == f"Could not fetch data_file_url: {reason}."


def test_a_server_that_is_not_there_is_a_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert refusal(f"http://127.0.0.1:{port}/", LOOPBACK) == no_connection()


def test_tls_that_fails_is_a_fault() -> None:
    async def no_tls(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ready\r\n")
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(no_tls, "127.0.0.1", 0) as server:
            await body_of(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

    with pytest.raises(InvalidInput, match="certificate"):
        asyncio.run(main())


def test_a_silent_server_is_cut_by_the_read_timeout() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    assert failure(silent, Limits(read=0.05)) == "Could not fetch data_file_url: the server is too slow."


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: ", b""])
def test_a_drip_that_never_pauses_is_cut_by_the_total_timeout(head: bytes) -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"x" if head else b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0)

    assert failure(drip, Limits(total=0.1)) in (
        "Could not fetch data_file_url: the server is too slow.",
        "Could not fetch data_file_url: the server broke off.",
    )


def test_the_total_timeout_never_strikes_in_the_reader() -> None:
    async def main() -> list[bytes]:
        async with serving({"/": answer(b"hello")}) as server:
            loop = asyncio.get_running_loop()
            async with open_url(f"{server.url}/", allowed_hosts=LOOPBACK, limits=Limits(total=0.1)) as body:
                pieces = [await anext(body)]
                passed = asyncio.Event()
                loop.call_later(0.15, passed.set)
                await passed.wait()
                return pieces

    assert asyncio.run(main()) == [b"hello"]


# How much is taken


def test_an_endless_body_is_cut_at_the_limit() -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    assert failure(endless, Limits(size=2**20)) == "Could not fetch data_file_url: it is larger than 1 MB."


def test_a_body_that_announces_too_much_is_not_read() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 10737418241\r\n\r\n"
    assert failure(page) == "Could not fetch data_file_url: it is larger than 10 GB."


def test_a_gzip_bomb_costs_a_piece_of_memory_and_stops_at_the_limit() -> None:
    bomb = answer(packed(bytes(64 * 2**20)), Content_Encoding="gzip")

    sizes: list[int] = []

    async def main() -> None:
        async with (
            serving({"/": bomb}) as server,
            open_url(f"{server.url}/", allowed_hosts=LOOPBACK, limits=Limits(size=32 * 2**20)) as body,
        ):
            async for piece in body:
                sizes.append(len(piece))  # noqa: PERF401 (a list would be lost with the error)

    tracemalloc.start()
    with pytest.raises(InvalidInput, match="larger than"):
        asyncio.run(main())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(sizes) == 32 * 2**20
    assert max(sizes) == fetch.PIECE_BYTES
    assert peak < 8 * 2**20


def test_gzip_without_content_is_cut_at_the_limit_too() -> None:
    hollow = b"HTTP/1.1 200 OK\r\n\r\n" + packed(b"") * 10_000
    assert "larger than" in failure(hollow, Limits(size=100_000))


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "identity"])
@pytest.mark.parametrize("content", [b"", b"h", b"hello", random.Random(4).randbytes(3_000_000)])
def test_gzip_is_known_by_its_bytes_whatever_the_header_says(encoding: str, content: bytes) -> None:
    assert fetched(answer(packed(content), Content_Encoding=encoding)) == content
    assert fetched(answer(content, Content_Encoding=encoding)) == content


@given(st.lists(st.binary(max_size=600), min_size=1, max_size=4), st.integers(1, 40), st.integers(0, 9))
def test_gzip_members_are_undone_however_they_are_cut(members: list[bytes], step: int, padding: int) -> None:
    file = b"".join(map(packed, members)) + bytes(padding)
    unpacker = fetch.Unpacker()
    cuts = [file[start : start + step] for start in range(0, len(file), step)]
    assert b"".join(piece for cut in cuts for piece in unpacker.feed(cut)) == b"".join(members)
    unpacker.end()


@given(st.integers(0, 2 * fetch.PIECE_BYTES + 2), st.sampled_from([0, 1, 9]))
def test_gzip_pieces_may_end_anywhere(size: int, level: int) -> None:
    unpacker = fetch.Unpacker()
    file = packed(bytes(size), compresslevel=level)
    assert sum(len(piece) for piece in unpacker.feed(file)) == size
    unpacker.end()


def test_a_reader_that_stops_early_closes_the_connection() -> None:
    async def main() -> bytes:
        gone: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
            gone.set_result(await reader.read())

        async with serving({"/": endless}) as server:
            async with open_url(f"{server.url}/", allowed_hosts=LOOPBACK) as body:
                await anext(body)
            return await asyncio.wait_for(gone, 5)

    assert asyncio.run(main()) == b""


# The transport under an httpx2 client


def test_the_transport_serves_an_httpx2_client_and_raises_httpx2_errors() -> None:
    async def main() -> str:
        async with (
            serving({"/": answer(b"hello"), "/broken": b""}) as server,
            httpx2.AsyncClient(transport=SafeTransport(LOOPBACK)) as client,
        ):
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.get(f"{server.url}/broken")
            with pytest.raises(fetch.Refused):
                await client.get("https://10.0.0.1/")
            return (await client.get(f"{server.url}/")).text

    assert asyncio.run(main()) == "hello"


def test_every_error_of_httpcore2_that_is_translated_exists_in_httpx2() -> None:
    kinds: list[type[Exception]] = [httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError]
    names = [error.__name__ for kind in kinds for error in (kind, *kind.__subclasses__())]
    assert [name for name in names if not issubclass(getattr(httpx2, name), httpx2.TransportError)] == []
