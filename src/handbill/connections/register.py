"""The gate's register, in the database of the local workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from handbill.approval import Approval, Asked, Begun, State
from handbill.policy import Judge, Policy
from handbill.workspace import delivery_ids
from handbill.workspace.store import approvals, audit, calls
from handbill.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class WorkspaceRegister:
    """Of the connection of this name; `''` is the workspace itself. Each method is as gate/register.py says."""

    workspace: Workspace
    connection: str = ""

    def now(self) -> int:
        return self.workspace.clock.now()

    async def policy(self) -> Policy:
        return await self.workspace.policy(self.connection)

    async def begin(self, asked: Asked, judge: Judge, *, repeats: bool) -> Begun | None:
        own, time = structs.replace(asked, connection=self.connection), self.workspace.clock.time()
        return await self.workspace.database.write(calls.begin, own, judge, time, repeats=repeats)

    async def get(self, number: int) -> Approval:
        return await self.workspace.database.read(approvals.get, number)

    async def of_message(self, delivery_id: str) -> Approval | None:
        delivery = delivery_ids.unseal(self.workspace.secret, delivery_id)
        return await self.workspace.database.read(approvals.of_delivery, delivery) if delivery else None

    async def recent(self) -> list[Approval]:
        return await self.workspace.database.read(approvals.recent, self.connection)

    async def approve(self, number: int, people: int, via: str) -> Approval:
        approval = await self.workspace.database.write(approvals.approve, number, people, via, self.now())
        self.workspace.bell.set()
        return approval

    async def decline(self, number: int, via: str) -> Approval:
        approval = await self.workspace.database.write(approvals.decline, number, via, self.now())
        self.workspace.bell.set()
        return approval

    async def use(self, number: int, parts: Mapping[str, str]) -> list[str]:
        return await self.workspace.database.write(calls.use, number, parts, self.workspace.clock.time())

    async def finish(self, number: int, state: State, outcome: Mapping[str, Any]) -> Approval:
        return await self.workspace.database.write(calls.finish, number, state, outcome, self.now())

    async def record(self, action: str, facts: Mapping[str, Any]) -> None:
        entry = audit.Entry(self.connection, action, "tool", {**facts})
        await self.workspace.database.write(audit.record, entry, self.now())
