"""A pytest plugin for the runner of breakages: it writes down which `handbill` ran and why each test failed."""

import json
from collections.abc import Iterator

import pytest

import handbill

FILE = "witness.json"
FAILED = (AssertionError, pytest.fail.Exception)
_reasons: dict[str, str] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.excinfo:
        _reasons[item.nodeid] = reason(call.excinfo.value)
    elif call.when == "call":
        _reasons[item.nodeid] = "passed"
    return report


def reason(error: BaseException) -> str:
    """`failed` when a test found what it says untrue; else what went wrong. A group is what its first one is."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return "failed" if isinstance(error, FAILED) else f"{type(error).__name__}: {error}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    seen = {"handbill": handbill.__file__, "tests": _reasons}
    (session.config.rootpath / FILE).write_text(json.dumps(seen))
