"""Customer.io's four error envelopes, and what is not one of them, as errors of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.client.failures import failure
from handbill.errors import (
    Conflict,
    Fault,
    HandbillError,
    InvalidInput,
    NotFound,
    RateLimited,
    SendingRefused,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unreadable,
)


def a(detail: str, **more: Any) -> dict[str, Any]:
    return {"errors": [{"detail": detail, "status": "0", **more}]}


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, a("bad request (reference 01K)"), InvalidInput, "bad request (reference 01K)"),
        (400, a("The body is not JSON.", code="unreadable"), Unreadable, "The body is not JSON."),
        (401, a("unauthorized"), Unauthorized, None),
        (401, {"meta": {"error": "Unauthorized request"}}, Unauthorized, None),
        (403, a("not enabled"), Unauthorized, "not enabled"),
        (403, a("held", code="sending_refused"), SendingRefused, "held"),
        (404, a("not found (reference 01K)"), NotFound, "not found (reference 01K)"),
        (404, "<html>Page not found</html>", NotFound, "404 Not Found"),
        (409, a("in use"), Conflict, "in use"),
        (413, {"meta": {"error": "Total attachment size exceeds the limit"}}, TooLarge, None),
        (422, a("too large", code="too_large"), TooLarge, "too large"),
        (422, {"errors": [{"reason": "required", "field": "name", "message": "missing"}]}, InvalidInput, "missing"),
        (400, {"meta": {"errors": ["one", "two"]}}, InvalidInput, "one two"),
        (
            429,
            a("rate limited to 100 requests per day"),
            RateLimited,
            "rate limited to 100 requests per day. No time to wait is named, so what one day allows is used up.",
        ),
        (400, {"errors": [{"detail": "no", "status": 400, "meta": {"line": 3}}]}, InvalidInput, "no"),
        (403, {"meta": {"error": "held", "code": "sending_refused"}}, SendingRefused, "held"),
        (500, "", Unavailable, "500 Internal Server Error"),
        (503, a("The disk is full.", code="unavailable"), Unavailable, "The disk is full."),
        (418, a("tea"), HandbillError, "tea"),
    ],
)
def test_every_envelope_becomes_the_error_it_means(
    status: int, body: Any, kind: type[HandbillError], message: str | None
) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    error = failure(status, content.encode(), None)
    assert type(error) is kind
    assert message is None or str(error) == message


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"field": "ids[3]", "source": {"pointer": "/ids/3"}}, "ids[3]"),
        ({"source": {"pointer": "/data/attributes/per_user_data"}}, "per_user_data"),
        ({"source": None}, "request"),
        ({}, "request"),
    ],
)
def test_a_fault_names_the_field_where_the_answer_does(entry: dict[str, Any], field: str) -> None:
    error = failure(422, json.dumps(a("wrong", **entry)).encode(), None)
    assert isinstance(error, InvalidInput)
    assert list(error.faults) == [Fault(field, "wrong")]


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), (None, None), ("soon", None), ("-1", None)])
def test_the_wait_is_whole_seconds_or_unknown(header: str | None, seconds: int | None) -> None:
    error = failure(429, b"{}", header)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


def test_a_servers_words_are_shown_without_what_cannot_be_seen() -> None:
    words = "no\u202e\u200b\x1b[31m" + "!" * 1000
    error = failure(404, json.dumps(a(words)).encode(), None)
    assert str(error) == ("no[31m" + "!" * 1000)[:500]


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
KEYS = st.sampled_from(
    ["errors", "meta", "error", "detail", "status", "code", "source", "pointer", "field", "message"]
)
BODIES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@given(st.sampled_from([400, 403, 404, 409, 413, 422, 429, 500, 599]), BODIES)
def test_no_answer_makes_it_crash(status: int, body: object) -> None:
    assert isinstance(failure(status, json.dumps(body).encode(), None), HandbillError)
