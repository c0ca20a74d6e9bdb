"""One send: planned, checked against the workspace's policy, then made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from handbill.client import Client
from handbill.errors import SendingRefused
from handbill.gate.policy import Mode, Policy


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be sent; `people` is how many would get it."""

    broadcast_id: int
    body: dict[str, Any]
    people: int


@dataclass(frozen=True, slots=True)
class Gate:
    """The only way from the tools to a send. `policy` is read anew each time, so a change holds at once."""

    client: Client
    policy: Callable[[], Awaitable[Policy]]

    async def trigger(self, plan: Plan) -> int:
        """Trigger the broadcast and return the trigger's id. Raises SendingRefused when the policy says no."""
        await self.check(plan)
        return (await self.client.triggers.create(plan.broadcast_id, plan.body)).id

    async def check(self, plan: Plan) -> None:
        """Raise SendingRefused when the workspace's policy does not let `plan` go without a person."""
        policy = await self.policy()
        if policy.mode is Mode.OFF:
            raise SendingRefused(
                "Sending is off in this workspace. A person can change that: `handbill sending sandbox` or "
                "`handbill sending live`. Nothing was sent."
            )
        if policy.mode is Mode.LIVE and plan.people > policy.auto_send_max:
            raise SendingRefused(
                f"This would reach {plan.people:,} people; up to {policy.auto_send_max:,} go without a person. A "
                f"person can allow it: `handbill sending live --auto-send-max {plan.people}`. Nothing was sent."
            )
