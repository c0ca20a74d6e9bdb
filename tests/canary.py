"""No secret in anything that Handbill says during any test (promise S3): a test that makes it tell one fails.

What is secret is known from the records that hold secrets, as tests make them. What is said is heard at its exits:
every logger at DEBUG, standard output and error, answers over HTTP, answers of tools, messages of errors, the audit
log, files that are sent. When a test is over, the one is searched for in the other: plain, percent-encoded, in hex
and in base64.
"""

import base64
import functools
import inspect
import logging
import subprocess
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx2
import pytest
from starlette.responses import FileResponse, Response

from handbill.connections import keys as connection_keys
from handbill.connections.keys import Keys as ConnectionKeys
from handbill.errors import HandbillError
from handbill.settings import Settings
from handbill.tools.tool import Tool, as_text
from handbill.workspace import fetch
from handbill.workspace.channels.apns import ApnsSettings
from handbill.workspace.channels.asking import Provider
from handbill.workspace.channels.fcm import FcmSettings, ServiceAccount
from handbill.workspace.channels.smtp import SmtpSettings
from handbill.workspace.keys import Keys
from handbill.workspace.store import audit
from handbill.workspace.workspace import Workspace

SHORTEST = 8
"""Characters; what is shorter is found by accident."""


@dataclass
class Canary:
    """What is secret in the test that runs, and what was said in it: each with its name or place."""

    secrets: dict[str, str] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)

    def hide(self, named: Mapping[str, str]) -> None:
        self.secrets |= {secret: name for name, secret in named.items() if len(secret) >= SHORTEST}

    def hear(self, place: str, *texts: str | bytes) -> None:
        self.said += [(place, text if isinstance(text, str) else text.decode("utf-8", "replace")) for text in texts]

    def leaks(self) -> list[str]:
        """Which secret was said where."""
        everything = "\n".join(text for _, text in self.said)
        return [
            f"{name} {form}is in {place}"
            for secret, name in self.secrets.items()
            for needle, form in needles(secret)
            if needle in everything
            for place in sorted({place for place, text in self.said if needle in text})
        ]

    def clear(self) -> None:
        self.secrets.clear()
        self.said.clear()


@functools.lru_cache(1000)
def needles(secret: str) -> list[tuple[str, str]]:
    """What a secret looks like. In base64 that depends on how many bytes stand before it."""
    found = {quote(secret, safe=""): "percent-encoded ", secret.encode().hex(): "in hex "}
    for before in range(3):
        raw = bytes(before) + secret.encode()
        inside = base64.b64encode(raw[: len(raw) // 3 * 3]).decode()[4 if before else 0 :]
        found |= dict.fromkeys((inside, inside.translate(str.maketrans("+/", "-_"))), "in base64 ")
    return list((found | {secret: ""}).items())


CANARY = Canary()

# What is secret


def secrets_of(record: Any) -> dict[str, str]:
    """The secrets in a record, by name."""
    match record:
        case Keys():
            return {each.name: getattr(record, each.name) for each in fields(Keys) if each.name != "site_id"}
        case ConnectionKeys(app=app, track=track, pipelines=pipelines):
            return {"a connection's app key": app, "its track key": track, "its pipelines key": pipelines}
        case Workspace(secret=secret):
            return {"the workspace's secret": secret.hex()}
        case Settings():
            return {f"the password in {name}": _password(getattr(record, name)) for name in ("smtp", "twilio")}
        case SmtpSettings(password=password):
            return {"the SMTP password": password}
        case Provider(url=url, password=password):
            return {"a provider's password": password, "a provider's path": urlsplit(url).path}
        case ApnsSettings(key=key) | FcmSettings(account=ServiceAccount(private_key=key)):
            return {f"line {number} of a private key": line for number, line in enumerate(key.split("\n")[1:-2])}
    raise TypeError(record)


RECORDS = (Keys, Workspace, Settings, SmtpSettings, Provider, ApnsSettings, FcmSettings)


def credentials(header: str) -> dict[str, str]:
    """What any request is made with: a Track key is the password of its site id, a Pipelines key the user."""
    kind, _, given = header.partition(" ")
    try:
        login = base64.b64decode(given + "==").decode() if kind.lower() == "basic" else ""
    except ValueError:
        login = ""
    user, _, password = login.partition(":")
    return {"the key of a request": given, "the password of a request": password or user}


def _password(address: str | None) -> str:
    try:
        return unquote(urlsplit(address or "").password or "")
    except ValueError:
        return ""


# What is said


class Ear(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if "async_customerio" not in record.pathname:  # somebody else's client, which writes its own headers down
            CANARY.hear(f"the log of {record.name}", self.format(record))


EAR = Ear()


def listen() -> None:
    """Note every secret, and what goes out at every exit."""
    for record in RECORDS:
        _after(record, "__init__", lambda _, made, *__, **___: CANARY.hide(secrets_of(made)))
    _after(
        httpx2.Request,
        "__init__",
        lambda _, sent, *__, **___: CANARY.hide(credentials(sent.headers.get("Authorization", ""))),
    )
    _after(connection_keys, "keep", lambda _, home, name, kept: CANARY.hide(secrets_of(kept)))
    _after(fetch, "whole_url", lambda url, *_: CANARY.hide({"the login of a URL": _password(str(url))}))
    _after(Response, "__init__", lambda _, answer, *__, **___: CANARY.hear("an answer over HTTP", answer.body))
    _after(FileResponse, "__init__", lambda _, __, path, **___: CANARY.hear("a file", Path(path).read_bytes()))
    _after(HandbillError, "__init__", lambda _, error, *__: CANARY.hear("an error", str(error)))
    _after(Tool, "call", lambda answer, *_: CANARY.hear("a tool's answer", as_text(answer)))
    _after(audit, "record", lambda _, __, entry, ___: CANARY.hear("the audit log", repr(entry)))
    _after(pytest.CaptureFixture, "readouterr", lambda read, _: CANARY.hear("what is printed", *read))
    _after(
        subprocess.Popen, "communicate", lambda read, *_, **__: CANARY.hear("what is printed", *filter(None, read))
    )


def _after(owner: Any, name: str, then: Callable[..., None]) -> None:
    """Let `then` see what the function answers, and its arguments, each time it is called."""
    function = getattr(owner, name)

    @functools.wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        answer = function(*given, **named)
        then(answer, *given, **named)
        return answer

    @functools.wraps(function)
    async def awaited(*given: Any, **named: Any) -> Any:
        answer = await function(*given, **named)
        then(answer, *given, **named)
        return answer

    setattr(owner, name, awaited if inspect.iscoroutinefunction(function) else called)


# When a test is over


def pytest_configure() -> None:
    listen()
    _log_everything()


def _log_everything() -> None:
    """Whatever a command that ran in this process has made of the logging."""
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger().handlers = [EAR]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "teardown":
        CANARY.hear("what is printed", *(text for title, text in report.sections if "log" not in title))
        if not item.get_closest_marker("shows_secrets") and (leaks := CANARY.leaks()):
            report.outcome, report.longrepr = "failed", "A secret was told:\n" + "\n".join(leaks)
        CANARY.clear()
        _log_everything()
    return report
