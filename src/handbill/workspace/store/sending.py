"""How this workspace sends: sandbox until a person says live, and to how many without asking."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from handbill.workspace.store.database import Transaction

Mode = Literal["off", "sandbox", "live"]


class Sending(msgspec.Struct, frozen=True):
    """`auto_send_max`: people per trigger that an agent may reach in live mode without a person.

    `repeat_window`: seconds in which the same trigger asked for again is the first one; 0 for never.
    """

    mode: Mode = "sandbox"
    auto_send_max: int = 0
    repeat_window: int = 600


def get(tx: Transaction) -> Sending:
    """The rules in force."""
    kept = tx.value("workspace.get", {"key": "sending"})
    return msgspec.json.decode(kept, type=Sending) if kept else Sending()


def put(tx: Transaction, rules: Sending) -> None:
    """Change the rules; only a person's command does this."""
    tx.run("workspace.put", {"key": "sending", "value": msgspec.json.encode(rules).decode()})


def transport(tx: Transaction) -> Literal["capture", "live"]:
    """How what is accepted now will be sent."""
    return "live" if get(tx).mode == "live" else "capture"


def off(tx: Transaction) -> str:
    """What to say when nothing at all is sent; empty when something is."""
    said = "Sending is off in this workspace. A person can change it: `handbill sending sandbox`."
    return said if get(tx).mode == "off" else ""


def obstacle(tx: Transaction, types: Sequence[str], lacking: Mapping[str, str]) -> str:
    """Why messages of these types cannot leave; empty when they can. `lacking`: see `ways.lacking`."""
    if transport(tx) == "capture":
        return ""
    missing = [f"there is nothing to send {type_} with. Set {lacking[type_]}." for type_ in types if type_ in lacking]
    return missing[0] if missing else ""
