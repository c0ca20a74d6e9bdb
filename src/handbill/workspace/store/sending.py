"""How this workspace sends: sandbox until a person says live, and to how many without asking."""

from typing import Literal

import msgspec

from handbill.workspace.store.database import Transaction

Mode = Literal["off", "sandbox", "live"]


class Sending(msgspec.Struct, frozen=True):
    """`auto_send_max`: people per trigger that an agent may reach in live mode without a person."""

    mode: Mode = "sandbox"
    auto_send_max: int = 0


def get(tx: Transaction) -> Sending:
    """The rules in force."""
    kept = tx.value("workspace.get", {"key": "sending"})
    return msgspec.json.decode(kept, type=Sending) if kept else Sending()


def put(tx: Transaction, rules: Sending) -> None:
    """Change the rules; only a person's command does this."""
    tx.run("workspace.put", {"key": "sending", "value": msgspec.json.encode(rules).decode()})
