"""The client against servers that misbehave: what is tried again, what never, and which error comes out."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.client import Client, OutcomeUnknown
from handbill.client.transport import Pace, Server, Transport, Waits, bearer
from handbill.contract.app.messages import MessagesQuery
from handbill.contract.app.segments import LIST
from handbill.errors import HandbillError, RateLimited, Unavailable

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
BODIES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "tags"]), inner),
)

pytestmark = pytest.mark.anyio

Answer = httpx2.Response | Exception


class Script(httpx2.MockTransport):
    """Gives the answers one after another, and the last for ever; keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__(self._answer)
        self._answers = list(answers)
        self.asked: list[httpx2.Request] = []

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def status(code: int, headers: dict[str, str] | None = None) -> httpx2.Response:
    return httpx2.Response(code, headers=headers, json={"errors": [{"detail": "no", "status": str(code)}]})


def done() -> httpx2.Response:
    return httpx2.Response(200, json={"segments": []})


async def send(script: Script, method: str = "GET", waits: list[float] | None = None) -> bytes:
    async def sleep(seconds: float) -> None:
        if waits is not None:
            waits.append(round(seconds, 1))

    transport = Transport(Server("https://api.customer.io", bearer("key")), script, Waits(sleep=sleep))
    endpoint = replace(LIST, method=method)
    try:
        return (await transport.send(endpoint, endpoint.path, {}, {} if method == "POST" else None)).content
    finally:
        await transport.close()


FAULTS: list[Callable[[], Answer]] = [
    lambda: httpx2.ConnectError("refused"),
    lambda: httpx2.ReadTimeout("slow"),
    lambda: httpx2.RemoteProtocolError("cut"),
    lambda: status(500),
    lambda: status(502),
    lambda: status(503),
    lambda: status(429, {"Retry-After": "1"}),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_read_is_tried_again_after_a_passing_fault(fault: Callable[[], Answer]) -> None:
    script = Script(fault(), fault(), fault(), done())
    assert await send(script) == b'{"segments":[]}'
    assert len(script.asked) == 4


@pytest.mark.parametrize("fault", FAULTS)
async def test_four_tries_are_enough(fault: Callable[[], Answer]) -> None:
    script = Script(fault())
    with pytest.raises((Unavailable, RateLimited)):
        await send(script)
    assert len(script.asked) == 4


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_that_changes_anything_is_ever_tried_twice(fault: Callable[[], Answer], method: str) -> None:
    script = Script(fault())
    with pytest.raises(HandbillError):
        await send(script, method)
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("answer", "unknown"),
    [
        (httpx2.ConnectError("refused"), False),
        (httpx2.ConnectTimeout("slow"), False),
        (httpx2.ReadTimeout("slow"), True),
        (httpx2.WriteError("cut"), True),
        (httpx2.RemoteProtocolError("cut"), True),
        (status(500), True),
        (status(502), True),
        (status(504), True),
        (status(503), False),
        (status(422), False),
        (status(429), False),
    ],
)
async def test_a_lost_answer_to_a_post_is_told_apart_from_a_refusal(answer: Answer, unknown: bool) -> None:
    with pytest.raises(HandbillError) as caught:
        await send(Script(answer), "POST")
    assert isinstance(caught.value, OutcomeUnknown) == unknown


async def test_the_wait_is_the_one_the_server_names() -> None:
    waits: list[float] = []
    await send(Script(status(429, {"Retry-After": "7"}), done()), waits=waits)
    assert waits == [7]


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}, {"Retry-After": "soon"}])
async def test_a_days_quota_is_not_waited_for(headers: dict[str, str]) -> None:
    script = Script(status(429, headers))
    with pytest.raises(RateLimited):
        await send(script)
    assert len(script.asked) == 1


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 422])
async def test_a_refusal_is_not_argued_with(code: int) -> None:
    script = Script(status(code))
    with pytest.raises(HandbillError):
        await send(script)
    assert len(script.asked) == 1


async def test_calls_leave_one_interval_apart() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(round(seconds, 3))

    pace = Pace(0.1, sleep, lambda: 1000.0)
    for _ in range(4):
        await pace.turn()
    assert waits == [0.1, 0.2, 0.3]


async def test_the_key_and_the_name_travel_in_headers() -> None:
    script = Script(done())
    await send(script)
    assert script.asked[0].headers["authorization"] == "Bearer key"
    assert script.asked[0].headers["user-agent"].startswith("handbill/")


async def test_empty_filters_are_not_sent() -> None:
    script = Script(httpx2.Response(200, json={"messages": [], "next": ""}))
    async with Client("https://api.customer.io", "key", script) as client:
        await client.messages.list(MessagesQuery(metric="opened"))
    assert dict(script.asked[0].url.params) == {
        "limit": "50",
        "metric": "opened",
        "drafts": "false",
        "get_tracked_responses": "false",
    }


NO_ANSWERS = [
    b"<html>Welcome</html>",
    b"",
    b'{"segments": 5}',
    b"[]",
    b"\xff",
    b"null",
    b'{"segments": [{"id":',
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", NO_ANSWERS)
async def test_an_answer_that_is_not_the_apis_is_an_error_and_not_a_crash(content: bytes) -> None:
    async with Client("https://api.customer.io", "key", Script(httpx2.Response(200, content=content))) as client:
        with pytest.raises(HandbillError, match=r"The answer to segments\.list is not what the API promises"):
            await client.segments.list()


async def test_a_null_in_place_of_a_list_or_a_text_is_one_that_was_left_out() -> None:
    listed = {"id": 5, "deduplicate_id": "5:1", "name": "Restock", "created": 1, "updated": 1, "active": True}
    broadcasts = [{**listed, "state": "running", "actions": None, "tags": None, "first_started": None}] * 2
    script = Script(httpx2.Response(200, json={"broadcasts": broadcasts}))
    async with Client("https://api.customer.io", "key", script) as client:
        found = (await client.broadcasts.list()).broadcasts
    assert [(each.actions, each.tags, each.first_started) for each in found] == [([], [], None)] * 2


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["segments", "next"]), BODIES) | BODIES)
def test_no_good_answer_makes_it_crash(body: object) -> None:
    async def read() -> None:
        async with Client("https://api.customer.io", "key", Script(httpx2.Response(200, json=body))) as client:
            await client.segments.list()

    with suppress(HandbillError):
        asyncio.run(read())


@pytest.mark.parametrize("kind", ["segment", "event", "date", "relationship", "object", "webhook", "form"])
async def test_campaigns_of_every_kind_are_read(kind: str) -> None:
    campaign = {"id": 1, "deduplicate_id": "1:1", "name": "C", "type": kind, "created": 1, "updated": 1}
    answer = {"campaigns": [{**campaign, "active": True, "state": "running", "actions": []}]}
    async with Client("https://api.customer.io", "key", Script(httpx2.Response(200, json=answer))) as client:
        assert [each.type for each in (await client.campaigns.list()).campaigns] == [kind]


async def test_what_is_no_series_of_numbers_is_passed_over() -> None:
    answer = {"metric": {"series": {"sent": [1, 2], "opened": None, "language_variants": {"7": {"sent": [1, 2]}}}}}
    async with Client("https://api.customer.io", "key", Script(httpx2.Response(200, json=answer))) as client:
        assert (await client.broadcasts.metrics(5)).metric.series == {"sent": [1, 2]}


async def test_the_end_of_a_triggers_errors_may_be_written_as_text() -> None:
    script = Script(httpx2.Response(200, json={"errors": None, "next": ""}))
    async with Client("https://api.customer.io", "key", script) as client:
        errors = await client.triggers.errors(5, 1)
    assert (errors.errors, errors.next) == ([], 0)
