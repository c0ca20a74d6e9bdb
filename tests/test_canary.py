"""The canary sings: a secret that is told at any exit, in any form, fails the test and is named with its place."""

import base64
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from starlette.responses import FileResponse, PlainTextResponse
from tests import canary
from tests.canary import CANARY, secrets_of

from handbill.client.transport import basic, bearer
from handbill.connections import keys as connection_keys
from handbill.errors import InvalidInput
from handbill.settings import Settings
from handbill.workspace import keys
from handbill.workspace.channels.asking import Provider
from handbill.workspace.channels.smtp import SmtpSettings
from handbill.workspace.fetch import whole_url

SECRET = "hush/5ecret+wörd"
LOG = logging.getLogger("handbill.test")


def sung() -> list[str]:
    """What was told; it is forgotten, so that this test does not fail of it."""
    leaks = CANARY.leaks()
    CANARY.clear()
    return leaks


def _raise(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        LOG.exception("failed")


def _file(text: str, folder: Path) -> None:
    (folder / "export.csv").write_text(text)
    FileResponse(folder / "export.csv")


EXITS: dict[str, tuple[Callable[[str, Path], Any], str]] = {
    "a log": (lambda text, _: LOG.debug("key %s", text), "the log of handbill.test"),
    "a log of somebody else's": (lambda text, _: logging.getLogger("httpcore2").debug(text), "the log of httpcore2"),
    "a traceback": (lambda text, _: _raise(text), "the log of handbill.test"),
    "an error": (lambda text, _: InvalidInput.of("key", text), "an error"),
    "an answer": (lambda text, _: PlainTextResponse(text), "an answer over HTTP"),
    "a file": (_file, "a file"),
    "a program": (
        lambda text, _: subprocess.run([sys.executable, "-Sc", f"print({text!a})"], capture_output=True, check=True),
        "what is printed",
    ),
}


@pytest.mark.parametrize("exit_", EXITS)
def test_a_secret_is_heard_at_every_exit(exit_: str, tmp_path: Path) -> None:
    tell, place = EXITS[exit_]
    CANARY.hide({"the key": "5ecret-w0rd"})
    tell("it is 5ecret-w0rd.", tmp_path)
    assert sung() == [f"the key is in {place}"]


def test_a_secret_is_heard_when_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    CANARY.hide({"the key": SECRET})
    sys.stderr.write(SECRET)
    capsys.readouterr()
    assert sung() == ["the key is in what is printed"]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("percent-encoded", quote(SECRET, safe="")),
        ("in hex", SECRET.encode().hex()),
        *(("in base64", base64.b64encode(f"{'x' * before}:{SECRET}".encode()).decode()) for before in range(3)),
        *(
            ("in base64", base64.urlsafe_b64encode(f"{'x' * before}{SECRET}!".encode()).decode())
            for before in range(3)
        ),
    ],
)
def test_a_secret_is_heard_in_every_form(form: str, told: str) -> None:
    CANARY.hide({"the key": SECRET})
    CANARY.hear("here", told)
    assert set(sung()) == {f"the key {form} is in here"}


@pytest.mark.usefixtures("memory")
def test_every_place_of_a_secret_is_known(tmp_path: Path) -> None:
    provider = Provider.of("https://AC1:twilio-t0ken@api.twilio.example/services/T0/B0/x", "")
    settings = Settings.load({"HANDBILL_SMTP": "smtp://u:smtp-pa%73s@mail.example"}, tmp_path)
    made = keys.load(settings)
    for authorization in (bearer("live-app-key"), basic("site", "live-track-key"), basic("live-pipelines-key")):
        httpx2.Request("GET", "https://api.example", headers={"Authorization": authorization})
    SmtpSettings.from_url("smtp://u:other-smtp-pass@mail.example")
    connection_keys.keep(
        tmp_path, "acme", connection_keys.Keys("kept-app-key", "site", "kept-track-key", "kept-pipelines")
    )
    whole_url("https://u:file-pass%21@files.example/people.jsonl")
    known = set(CANARY.secrets)
    own = set(secrets_of(made).values())
    assert {made.app_key, made.track_key, made.pipelines_key, made.signing_key} < own
    assert own | {provider.password, "/services/T0/B0/x", "smtp-pass", "other-smtp-pass", "file-pass!"} <= known
    assert {"kept-app-key", "kept-track-key", "kept-pipelines"} <= known
    assert {"live-app-key", "live-track-key", "live-pipelines-key"} <= known


def test_a_test_that_tells_a_secret_fails_when_it_is_over(request: pytest.FixtureRequest) -> None:
    CANARY.hide({"the key": SECRET})
    CANARY.hear("the log of handbill", SECRET)
    report = pytest.TestReport("id", ("", 0, ""), {}, "passed", None, "teardown")
    hook = canary.pytest_runtest_makereport(request.node)
    next(hook)
    with pytest.raises(StopIteration):
        hook.send(report)
    assert report.failed
    assert report.longrepr == "A secret was told:\nthe key is in the log of handbill"
