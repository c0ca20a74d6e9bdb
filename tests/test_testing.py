"""The pytest plugin, as those use it who test code of their own; the guide's example runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from handbill.testing import Api, Handbill

GUIDE = Path(__file__).parents[1] / "docs" / "guides" / "testing.md"
RESTOCK = {
    "name": "Restock",
    "audience": {"attribute": {"field": "id", "operator": "exists"}},
    "messages": [{"from": "mail@shop.example", "subject": "{{trigger.headline}}", "body": "Hi {{customer.id}}"}],
}
CALLS = {
    "app": ("GET", "/v1/segments"),
    "track": ("PUT", "/api/v1/customers/u1"),
    "pipelines": ("POST", "/v1/identify"),
}


def call(handbill: Handbill, api: Api, timeout: float = 20) -> httpx2.Response:
    """One right call of this API."""
    method, path = CALLS[api]
    keys = handbill.keys
    auth = {"track": (keys.site_id, keys.track_key), "pipelines": (keys.pipelines_key, "")}.get(api)
    headers = {"Authorization": f"Bearer {keys.app_key}"} if api == "app" else {}
    body = None if api == "app" else {"userId": "u1", "email": "u1@shop.example"}
    return httpx2.request(
        method, handbill.url + path, headers=headers, auth=auth, json=body, timeout=timeout, trust_env=False
    )


def trigger(handbill: Handbill, number: int | None, turn: int = 1) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {handbill.keys.app_key}"}
    url = f"{handbill.url}/v1/campaigns/{number}/triggers"
    return httpx2.post(url, headers=headers, json={"data": {"headline": "Back", "turn": turn}}, trust_env=False)


def test_the_example_of_the_guide_passes(tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "test_shop.py").write_text(example, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_a_broadcast_is_triggered_again_once_the_clock_moved(handbill: Handbill) -> None:
    number = handbill.define({"broadcasts": [RESTOCK]})["Restock"]
    assert call(handbill, "track").status_code == 200
    assert [trigger(handbill, number, turn).status_code for turn in (1, 2)] == [200, 429]
    handbill.advance(10)
    assert trigger(handbill, number, 2).status_code == 200
    handbill.assert_sent(to="u1@shop.example", subject="Back", times=2)


@pytest.mark.parametrize("status", [429, 422, 503])
@pytest.mark.parametrize("api", CALLS)
def test_as_many_calls_as_asked_meet_a_fault_and_the_next_is_answered(
    handbill: Handbill, api: Api, status: int
) -> None:
    fault = handbill.fault(api, status, retry_after=7, times=1)
    refused, answered = call(handbill, api), call(handbill, api)
    assert (refused.status_code, answered.status_code, fault.met) == (status, 200, 1)
    assert refused.headers.get("retry-after") == ("7" if status == 429 else None)


def test_a_slow_api_lets_callers_run_into_their_timeout(handbill: Handbill) -> None:
    handbill.fault("app", seconds=60)
    assert call(handbill, "track").status_code == 200
    with pytest.raises(httpx2.ReadTimeout):
        call(handbill, "app", timeout=0.1)
    handbill.clear_faults()
    assert call(handbill, "app").status_code == 200


def test_a_failed_assertion_says_what_was_sent_instead(handbill: Handbill) -> None:
    number = handbill.define({"broadcasts": [RESTOCK]})["Restock"]
    call(handbill, "track")
    trigger(handbill, number)
    with pytest.raises(pytest.fail.Exception, match=r"found 0.*\n  email to u1@shop\.example: 'Back'"):
        handbill.assert_sent(to="ana@shop.example")


@pytest.mark.anyio
async def test_asynchronous_tests_use_it_alike(handbill: Handbill) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{handbill.url}/v1/segments")
    assert answer.status_code == 401
    handbill.assert_sent(times=0)
