"""One send: checked against the workspace's policy, then made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from handbill.client import Client
from handbill.client.triggers import Accepted
from handbill.contract.app.sends import Sent
from handbill.errors import SendingRefused
from handbill.policy import Policy

Channel = Literal["email", "push", "sms", "whatsapp", "in_app", "inbox_message"]
PipelinesCall = Literal["identify", "track", "page", "screen", "batch"]


@dataclass(frozen=True, slots=True)
class Gate:
    """The only way from the tools to a send. `policy` is read anew each time, so a change holds at once."""

    client: Client
    policy: Callable[[], Awaitable[Policy]]

    async def trigger(self, broadcast_id: int, body: dict[str, Any], people: int | None) -> Accepted:
        """Trigger the broadcast, which would reach `people`; what is too large, the embedded workspace holds itself.

        Raises SendingRefused when nothing is sent at all.
        """
        await self.check(0)
        return await self.client.triggers.create(broadcast_id, body)

    async def send(self, channel: Channel, body: dict[str, Any], people: int = 1) -> Sent:
        """Send a transactional message. Raises as `check` does."""
        await self.check(people)
        send = getattr(self.client.sends, channel)
        sent: Sent = await send(body)
        return sent

    async def take_in(self, call: PipelinesCall, body: Any, people: int = 1) -> None:
        """Make a Pipelines call, which may start campaigns for `people`. Raises as `check` does."""
        await self.check(people)
        await getattr(self.client.pipelines, call)(body)

    async def check(self, people: int) -> None:
        """Raise SendingRefused when the policy does not let so many people be reached without a person."""
        policy = await self.policy()
        if policy.mode == "off":
            raise SendingRefused(
                "Sending is off in this workspace. A person can change that: `handbill sending sandbox` or "
                "`handbill sending live`. Nothing was sent."
            )
        if policy.mode == "live" and people > policy.auto_send_max:
            raise SendingRefused(
                f"This would reach {people:,} {'person' if people == 1 else 'people'}; up to "
                f"{policy.auto_send_max:,} go without a person. A person can allow it: `handbill sending live "
                f"--auto-send-max {people}`. Nothing was sent."
            )
