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
    """`failed` when a test found what it says untrue; else what went wrong first.

    What a test finds untrue ends its task group, and what runs there may fail for that.
    """
    errors = [*_leaves(error)]
    return (
        "failed" if any(isinstance(each, FAILED) for each in errors) else f"{type(errors[0]).__name__}: {errors[0]}"
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def pytest_sessionfinish(session: pytest.Session) -> None:
    seen = {"handbill": handbill.__file__, "tests": _reasons}
    (session.config.rootpath / FILE).write_text(json.dumps(seen))
