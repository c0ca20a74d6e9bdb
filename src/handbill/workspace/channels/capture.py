"""Capture: the channel that keeps every message and sends none. The ledger's own transaction is the delivery."""

from collections.abc import Sequence

from handbill.workspace.engine.needs import Receipt


class Capture:
    """A message handed here stays in the workspace, exactly once, whatever happens to the process."""

    connections = 0

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
        raise NotImplementedError("a captured message is recorded, never sent")

    async def close(self) -> None:
        pass
