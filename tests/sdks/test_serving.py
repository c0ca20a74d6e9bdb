"""Who may call `handbill serve`: the same rule before every path of it (tests/test_hosts.py)."""

import httpx2
import pytest
from tests.sdks.conftest import Served


@pytest.mark.parametrize("path", ["/mcp", "/v1/segments", "/v1/identify", "/api/v2/batch", "/openapi.json"])
def test_a_page_that_leads_a_browser_here_gets_nothing(served: Served, path: str) -> None:
    key = {"Authorization": f"Bearer {served.keys['app_key']}"}
    assert httpx2.post(f"{served.url}{path}", headers={**key, "Host": "evil.example"}).status_code == 421
    assert httpx2.post(f"{served.url}{path}", headers={**key, "Origin": "http://evil.example"}).status_code == 403


def test_a_link_of_a_mail_answers_a_form_that_says_no_origin(served: Served) -> None:
    answer = httpx2.post(f"{served.url}/unsubscribe/x", headers={"Origin": "null"})
    assert (answer.status_code, "not complete" in answer.text) == (404, True)
