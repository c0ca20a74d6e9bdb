"""Promises of docs/security.md that hold for every line of the source, and those that no other test has."""

import ast
import asyncio
import dataclasses
import functools
import random
import re
from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route
from tests.conftest import NOW
from tests.console.test_approvals import ask, browsing
from tests.test_architecture import ROOT, SOURCE

from handbill.cli import main
from handbill.connections import reach
from handbill.contract.endpoint import Auth
from handbill.errors import quoted, without_logins
from handbill.mcp.http import Guard
from handbill.opening import context_of
from handbill.tools import call
from handbill.workspace import delivery_ids
from handbill.workspace.api import auth
from handbill.workspace.app import create_app
from handbill.workspace.keys import Keys
from handbill.workspace.store import reporting_webhooks
from handbill.workspace.workspace import Workspace


@functools.cache
def trees() -> dict[str, ast.Module]:
    return {str(path.relative_to(SOURCE)): ast.parse(path.read_text()) for path in SOURCE.rglob("*.py")}


# S1: one transport for addresses that come from outside

REACHES_OUT = re.compile(
    r"(httpx2|httpcore2)\.\w*(Client|Transport|ConnectionPool|Backend)|httpx2\.(get|post|put|request|stream)"
    r"|(.*\.)?(urlopen|open_connection|create_connection|open_unix_connection)|asking\.Http|SafeTransport"
)
MAY_REACH_OUT = {
    "workspace/fetch.py": "is that transport",
    "workspace/chores/reporting_webhooks.py": "through it",
    "workspace/ways.py": "hands it over to the webhooks in messages",
    "workspace/channels/webhook.py": "through what was handed over",
    "workspace/channels/asking.py": "for the channels here",
    "workspace/channels/twilio.py": "to the provider that the operator named",
    "workspace/channels/slack.py": "likewise",
    "workspace/channels/fcm.py": "likewise",
    "workspace/channels/apns.py": "likewise",
    "workspace/channels/smtp.py": "to the mail server that the operator named",
    "client/transport.py": "to Customer.io, or to the workspace in this process",
    "connections/probe.py": "to Customer.io",
    "connections/__init__.py": "to the workspace in this process",
    "demo/reading.py": "to the workspace in this process",
}


def calls(tree: ast.Module) -> Iterator[str]:
    return (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_whatever_opens_connections_is_known_and_has_a_reason() -> None:
    """An address from outside goes through SafeTransport; a new place has to be put on the list, and looked at."""
    reaching = {name for name, tree in trees().items() if any(map(REACHES_OUT.fullmatch, calls(tree)))}
    assert reaching == MAY_REACH_OUT.keys()


# S3: logins in addresses

LOGINS = {
    "https://ann:hush@files.example/a": "https://…@files.example/a",
    "http://ann:hush%40@files.example": "http://…@files.example",
    "https://t0ken@files.example/@x?a=b@c": "https://…@files.example/@x?a=b@c",
    "https://ann:hu@sh@files.example/": "https://…@files.example/",
    "https:/ann:hush@files.example/": "https:/…@files.example/",
    "//ann:hush@files.example": "//…@files.example",
    "https://files.example/?to=ann:x@film.example": "https://files.example/?to=ann:x@film.example",
    "ann@film.example, Zoë: zoe@film.example": "ann@film.example, Zoë: zoe@film.example",
}


@pytest.mark.parametrize("text", LOGINS)
def test_a_login_in_an_address_is_quoted_nowhere(text: str) -> None:
    assert without_logins(text) == LOGINS[text]
    assert "hush" not in quoted(text + "x" * 99)
    assert "hush" not in quoted(["a", text])


SECRETIVE = "https://ann:hush-hush@files.example/people.jsonl"


@pytest.mark.anyio
async def test_the_login_of_a_data_file_is_shown_to_nobody_who_decides(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    number = await ask(workspace, request={"path": "/v1/campaigns/5/triggers", "body": {"data_file_url": SECRETIVE}})
    async with browsing(workspace) as browser:
        await browser.enter()
        shown = (await browser.get(f"/approvals/{number}")).text
    for words in (["approve"], ["approve", "--json"]):
        await asyncio.to_thread(main, [*words, "--home", str(workspace.settings.home)])
        shown += capsys.readouterr().out
    assert shown.count("files.example/people.jsonl") == 2
    assert "hush-hush" not in shown


@pytest.mark.anyio
async def test_the_login_of_an_endpoint_is_told_to_no_agent_and_in_no_fault(
    workspace: Workspace, http: httpx2.AsyncClient
) -> None:
    wanted = {"name": "x", "endpoint": SECRETIVE, "events": ["email_sent"]}
    off = {"disabled": False, "full_resolution": False, "with_content": False}
    faulty = await http.post(
        "/v1/reporting_webhooks", json={**wanted, "endpoint": "ftp://ann:another-one@files.example"}
    )
    assert "ftp://…@files.example" in faulty.text
    await workspace.database.write(reporting_webhooks.create, {**wanted, **off}, NOW)
    async with reach(workspace) as connection:
        answer = await call(context_of(connection), "CUSTOMERIO_GET_WEBHOOKS", {})
    assert [each["endpoint"] for each in answer.data()["reporting_webhooks"]] == [
        "https://…@files.example/people.jsonl"
    ]


# S5: constant time, on bytes

SECRET_NAME = re.compile(
    r"(\w+_)?(token|secret|signature|authorization|password|credentials|nonce|csrf)|(app|track|pipelines|signing)_key"
)
NOT_SECRET = {
    "device['token'] == to": "the address of a device",
    "device['token'] != to": "likewise",
    "'\\x00' in username + password": "asks for a character",
    "keyring.get_password(SERVICE, user) == text": "what was just kept, read back",
    "offset.token.value == offset.value == 'continue'": "a word of Liquid",
    "token.kind == token.value": "likewise",
}


def compared(tree: ast.Module) -> Iterator[str]:
    """Comparisons of contents in which something has the name of a secret: its length alone is no secret."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn):
            sides = [side for side in (node.left, *node.comparators) if not ast.unparse(side).startswith("len(")]
            if any(SECRET_NAME.fullmatch(name) for side in sides for name in names(side)):
                yield ast.unparse(node)


def names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
                yield name


def test_no_secret_is_compared_but_by_compare_digest() -> None:
    found = {f"{name}: {text}" for name, tree in trees().items() for text in compared(tree) if text not in NOT_SECRET}
    assert found == set()


@pytest.mark.parametrize(
    "line",
    ["token == given", "given != keys.app_key", "row['password'] == x", "csrf_token in known", "a == b.secret"],
)
def test_that_rule_finds_what_it_is_for(line: str) -> None:
    assert list(compared(ast.parse(line))) == [line]


KEYS = Keys(*(f"k3y-{number}-itself" for number in range(6)))
HEADERS = st.one_of(
    st.binary(max_size=60),
    st.builds(
        bytes.__add__, st.sampled_from([b"Bearer ", b"Basic ", b"basic", b"BASIC \xa0"]), st.binary(max_size=60)
    ),
)


@given(raw=HEADERS)
def test_no_bytes_of_a_header_break_the_check_of_a_key(raw: bytes) -> None:
    for kind in (Auth.APP, Auth.TRACK, Auth.PIPELINES):
        assert not auth.allowed(kind, raw.decode("latin-1"), KEYS)
    assert not Guard(_nothing, KEYS.app_key)._knows([raw.decode("latin-1")])


async def _nothing(*_: object) -> None:
    raise AssertionError("let through")


JUNK = b"\xff\xfe=\x80; \xc3 \xed\xa0\x80"
READ = (b"Cookie", b"Content-Type", b"Idempotency-Key", b"User-Agent", b"X-Strict-Mode", b"X-Twilio-Signature")


@pytest.mark.anyio
async def test_no_bytes_in_headers_break_any_path(workspace: Workspace) -> None:
    twilio = dataclasses.replace(workspace.settings, twilio="https://AC1:t0ken-of-twilio@api.twilio.example")
    app = create_app(dataclasses.replace(workspace, settings=twilio), limits=False)
    headers = {**dict.fromkeys(READ, JUNK), b"Authorization": f"Bearer {workspace.keys.app_key}".encode()}
    values = {"delivery_id": delivery_ids.seal(workspace.secret, 1)}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://workspace") as http:
        for route in app.routes:
            assert isinstance(route, Route)
            path = re.sub(r"{(\w+)}", lambda name: values.get(name[1], "1"), route.path)
            for method in route.methods or ():
                answer = await http.request(method, path, headers=headers, content=b"{}")
                assert answer.status_code < 500, (method, path)


# S11: tokens in links

SECRET = b"s" * 32


@pytest.mark.parametrize("kind", [delivery_ids.DELIVERY, delivery_ids.PERSON])
def test_a_token_with_any_bit_changed_is_nobodys(kind: bytes) -> None:
    token = delivery_ids.seal(SECRET, 12345, kind)
    for position in range(len(token)):
        for bit in range(8):
            changed = token[:position] + chr(ord(token[position]) ^ 1 << bit) + token[position + 1 :]
            assert delivery_ids.unseal(SECRET, changed, kind) is None


def test_ten_thousand_random_tokens_are_nobodys() -> None:
    chance = random.Random(11)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for _ in range(10_000):
        assert delivery_ids.unseal(SECRET, "".join(chance.choices(alphabet, k=32))) is None


def test_a_token_is_of_one_kind_and_one_workspace() -> None:
    token = delivery_ids.seal(SECRET, 7)
    assert delivery_ids.unseal(SECRET, token) == 7
    assert delivery_ids.unseal(SECRET, token, delivery_ids.PERSON) is None
    assert delivery_ids.unseal(b"o" * 32, token) is None


# S15: what we are made of


def test_every_locked_package_has_a_hash_and_comes_from_the_index() -> None:
    lock = (ROOT / "uv.lock").read_text()
    packages = [part for part in lock.split("[[package]]") if 'name = "handbill"' not in part][1:]
    assert len(packages) > 50
    assert [part[:60] for part in packages if 'source = { registry = "' not in part] == []
    files = re.findall(r"\{ url = [^}]+\}", lock)
    assert [file for file in files if 'hash = "sha256:' not in file] == []
