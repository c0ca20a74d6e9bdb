"""Which sends go, which do not, and that there is no way round."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from handbill.client import Client
from handbill.client.triggers import Accepted
from handbill.errors import SendingRefused
from handbill.gate.gate import Gate
from handbill.policy import Policy

pytestmark = pytest.mark.anyio


def gate(policy: Policy, sent: list[tuple[int, dict[str, Any]]]) -> Gate:
    async def create(broadcast_id: int, body: dict[str, Any]) -> Any:
        sent.append((broadcast_id, body))
        return Accepted(37)

    async def current() -> Policy:
        return policy

    return Gate(cast("Client", SimpleNamespace(triggers=SimpleNamespace(create=create))), current)


@pytest.mark.parametrize(
    ("policy", "people"),
    [
        (Policy(), 1_000_000),
        (Policy(mode="sandbox", auto_send_max=0), 1),
        (Policy(mode="live", auto_send_max=100), 100),
        (Policy(mode="live", auto_send_max=100), 0),
    ],
)
async def test_what_the_policy_allows_is_sent(policy: Policy, people: int) -> None:
    sent: list[tuple[int, dict[str, Any]]] = []
    assert await gate(policy, sent).trigger(5, {"ids": ["u1"]}, people) == Accepted(37)
    assert sent == [(5, {"ids": ["u1"]})]


@pytest.mark.parametrize(
    ("policy", "people", "sentence"),
    [
        (Policy(mode="live", auto_send_max=100), 101, "This would reach 101 people; up to 100 go without a person."),
        (Policy(mode="live"), 1, "`handbill sending live --auto-send-max 1`"),
        (Policy(mode="off", auto_send_max=100), 1, "Sending is off in this workspace."),
    ],
)
async def test_what_it_does_not_is_refused_and_nothing_is_sent(policy: Policy, people: int, sentence: str) -> None:
    sent: list[tuple[int, dict[str, Any]]] = []
    with pytest.raises(SendingRefused) as refused:
        await gate(policy, sent).trigger(5, {}, people)
    assert sentence in str(refused.value)
    assert str(refused.value).endswith("Nothing was sent.")
    assert sent == []


def test_only_the_gate_makes_calls_that_may_send() -> None:
    source = Path(__file__).parents[2] / "src" / "handbill"
    rooms = [source / room for room in ("tools", "mcp", "cli", "gate", "console")]
    files = [file for room in rooms for file in room.rglob("*.py")]
    reaching = r"triggers\.create\b|client\.sends\b|pipelines\.(identify|track|page|screen|batch)\b"
    assert [file.name for file in files if re.search(reaching, file.read_text())] == ["gate.py"]
