"""Who may call `handbill serve`: the same rule before every path of it (tests/test_hosts.py)."""

import re
from pathlib import Path

import httpx2
import pytest
from tests.canary import needles
from tests.sdks.conftest import SECRETS, Served


@pytest.mark.parametrize("path", ["/mcp", "/v1/segments", "/v1/identify", "/api/v2/batch", "/openapi.json"])
def test_a_page_that_leads_a_browser_here_gets_nothing(served: Served, path: str) -> None:
    key = {"Authorization": f"Bearer {served.keys['app_key']}"}
    assert httpx2.post(f"{served.url}{path}", headers={**key, "Host": "evil.example"}).status_code == 421
    assert httpx2.post(f"{served.url}{path}", headers={**key, "Origin": "http://evil.example"}).status_code == 403


def test_a_link_of_a_mail_answers_a_form_that_says_no_origin(served: Served) -> None:
    answer = httpx2.post(f"{served.url}/unsubscribe/x", headers={"Origin": "null"})
    assert (answer.status_code, "not complete" in answer.text) == (404, True)


def test_no_secret_is_in_what_the_server_logs_nor_in_its_arguments(served: Served) -> None:
    """Promise S3, for a whole process: every logger at DEBUG, calls that work and calls that are refused."""
    for key in (served.keys["app_key"], "wrong"):
        for path in ("/v1/segments", "/v1/broadcasts/99/triggers", "/mcp", "/nowhere", "/v1/send/email"):
            httpx2.post(f"{served.url}{path}", headers={"Authorization": f"Bearer {key}"}, content=b"{")
    said = served.log.read_text() + Path(f"/proc/{served.pid}/cmdline").read_text()
    assert "DEBUG:" in said
    secrets = re.findall("the-[a-z-]+", " ".join(SECRETS.values()))
    assert len(secrets) == len(SECRETS)
    assert [needle for secret in secrets for needle, _ in needles(secret) if needle in said] == []
