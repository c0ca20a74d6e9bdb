"""What a workspace allows to be sent without a person. A person sets it: `handbill sending`."""

import enum
from dataclasses import dataclass


class Mode(enum.StrEnum):
    SANDBOX = "sandbox"
    """Everything goes, and nothing leaves the machine."""
    LIVE = "live"
    """Messages reach people: up to `auto_send_max` at a time."""
    OFF = "off"
    """Nothing is sent."""


@dataclass(frozen=True, slots=True)
class Policy:
    mode: Mode = Mode.SANDBOX
    auto_send_max: int = 0
    """People per trigger, in live mode."""
