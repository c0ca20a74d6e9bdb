"""The gate before every call that may reach people: sized, decided, reserved, made once, and settled.

The embedded workspace gates itself, whichever way a call comes in, so that calls to it are made as they are. Before
Customer.io the staircase is `send`: size → begin → make → settle; what must wait is kept as the request itself, and a
person's yes (`approve`) makes it, when nothing has changed since.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from msgspec import structs

from handbill.approval import Approval, Asked, Begun, in_words
from handbill.client import Client, OutcomeUnknown
from handbill.errors import Conflict, HandbillError, RateLimited, SendingRefused, Unavailable
from handbill.gate.call import Call, Kind, Sized
from handbill.gate.pipelines import Pipelines
from handbill.gate.questions import Waiting
from handbill.gate.register import Register
from handbill.gate.sends import Sends
from handbill.gate.triggers import Triggers
from handbill.policy import GO, Decision, Policy, decide

Channel = Literal["email", "push", "sms", "whatsapp", "in_app", "inbox_message"]
PipelinesCall = Literal["identify", "track", "page", "screen", "group", "alias", "batch"]
Sleep = Callable[[float], Awaitable[None]]
Tell = Callable[[str], Awaitable[None]]
"""Is told in a sentence that a call waits for its turn, before it does."""

LOOKS = (1, 3, 6)
"""Seconds before each look for what a call may have made whose answer was lost."""
POLL = 0.25
UNDER_WAY = 120
"""Seconds after which a call that somebody else makes is given up: no call takes as long."""

NOT_FOUND = "The answer was lost, and there is nothing new: not found, safe to repeat. Nothing was sent."
OFF = (
    "Sending is off in this workspace. A person can change that: `handbill sending sandbox` or "
    "`handbill sending live`. Nothing was sent."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call. Without an `answer` it was not made: it waits, or a person declined it."""

    answer: Mapping[str, Any] | None
    approval: Approval | None = None
    repeated: bool = False
    notes: Sequence[str] = ()

    @property
    def held(self) -> bool:
        """It waits for a person, or a person declined it: here as a message that was written, elsewhere as a call."""
        return self.approval is not None and self.approval.state in ("waiting", "declined")


@dataclass(frozen=True, slots=True)
class Gate:
    """The only way from the tools to a send. Rules are read anew each time, so that a change holds at once."""

    client: Client
    register: Register
    sleep: Sleep = asyncio.sleep

    async def policy(self) -> Policy:
        """What may be sent without a person, as it is at this moment."""
        return await self.register.policy()

    async def check(self) -> None:
        """Raise SendingRefused when nothing is sent at all."""
        if (await self.policy()).mode == "off":
            raise SendingRefused(OFF)

    async def trigger(self, broadcast_id: int, body: Mapping[str, Any], tell: Tell | None = None) -> Outcome:
        """Trigger the broadcast. Raises as `send` does."""
        return await self.send(Call("triggers.create", body, {"broadcast_id": broadcast_id}), tell)

    async def message(self, channel: Channel, body: Mapping[str, Any]) -> Outcome:
        """Send a transactional message. Raises as `send` does."""
        return await self.send(Call(f"sends.{channel}", body))

    async def take_in(self, call: PipelinesCall, body: Any) -> Outcome:
        """Make a Pipelines call, which may start campaigns. Raises as `send` does."""
        return await self.send(Call(f"pipelines.{call}", body))

    async def send(self, call: Call, tell: Tell | None = None) -> Outcome:
        """Make the call, or let it wait for a person, or find it made before.

        Raises SendingRefused; RateLimited when it is not its turn, unless there is somebody to `tell`; OutcomeUnknown
        when nobody can tell whether it was carried out; and whatever the service answers.
        """
        rules, kind = await self.policy(), self._kind(call)
        if not self.client.live:
            return await self._passed(kind, call)
        if rules.mode != "sandbox" and (refusal := _refusal(rules)):
            raise await self._refused(call, refusal)
        sized = await kind.size(call, rules)
        if rules.mode == "sandbox":
            raise await self._only_checked(kind, sized)
        return await self._begun(kind, call, sized, tell)

    async def _passed(self, kind: Kind, call: Call) -> Outcome:
        """A call to a workspace that gates itself, answered as it answers."""
        await self.check()
        answer = await kind.make(call)
        waits = await self.register.of_message(answer["delivery_id"]) if "delivery_id" in answer else None
        return Outcome(answer, waits, repeated=bool(answer.pop("repeated", False)))

    # What a person says

    async def approve(self, number: int, people: int, via: str) -> Outcome:
        """A person's yes, with the number they typed; a call to Customer.io is made now.

        Raises NotFound, Conflict (no longer open, or something changed), InvalidInput, and as `send` does;
        SendingRefused where the rules do not take a yes given `via` this.
        """
        ways = (await self.policy()).approve_via
        if via not in ways:
            raise SendingRefused(f"Here a yes is given by {' or '.join(ways)} only (approve_via). Nothing was sent.")
        approval = await self.register.approve(number, people, via)
        return await self._carry_out(approval) if self.client.live else Outcome(None, approval)

    async def decline(self, number: int, via: str) -> Outcome:
        """A person's no. Raises NotFound and Conflict."""
        return Outcome(None, await self.register.decline(number, via))

    # Deciding

    async def _begun(self, kind: Kind, call: Call, sized: Sized, tell: Tell | None) -> Outcome:
        """Let it go, or wait; only what waits is looked at whole."""

        async def begin() -> Begun | None:
            return await self.register.begin(asked, partial(_judged, sized=sized), repeats=kind.repeats)

        asked = Asked(
            endpoint=call.endpoint,
            reason="",
            people=sized.people,
            request={"path": sized.call.path, "body": sized.call.body},
            call=call.digest,
            facts=kind.about(call),
        )
        begun = await self._in_turn(begin, tell)
        if not begun:
            details = await kind.details(sized)
            asked = structs.replace(asked, facts={**details.facts}, parts={**details.parts})
            begun = await self._in_turn(begin, tell)
        assert begun
        if begun.go:
            return _outcome(await self._make(kind, begun.approval.id, sized.call), sized.notes)
        return await self._found(begun.approval, begun.repeated, sized.notes)

    async def _in_turn(self, begin: Callable[[], Awaitable[Any]], tell: Tell | None) -> Any:
        """Begin when it is the broadcast's turn: whoever follows the call waits, everybody else is told how long."""
        while True:
            try:
                return await begin()
            except RateLimited as error:
                if not tell or error.retry_after is None:
                    raise
                await tell(f"waiting {error.retry_after} s for the broadcast's turn")
                await self.sleep(error.retry_after)

    async def _found(self, approval: Approval, repeated: bool = False, notes: Sequence[str] = ()) -> Outcome:
        """What became of a call that came before, or waits: its answer, when somebody else is just making it."""
        if approval.state == "approved":
            return await self._carry_out(approval)
        while approval.state == "used" and approval.outcome is None:
            if self.register.now() > (approval.decided_at or 0) + UNDER_WAY:
                raise await self._cannot_tell(_kept(approval), approval.id, "it was begun, and never ended")
            await self.sleep(POLL)
            approval = await self.register.get(approval.id)
        error = (approval.outcome or {}).get("error", "")
        if approval.state == "unknown":
            raise OutcomeUnknown(error)
        if approval.state == "failed":
            raise Conflict(f"The same call was made just now, and came to nothing: {error}")
        return _outcome(approval, notes, repeated)

    async def _carry_out(self, approval: Approval) -> Outcome:
        """Make the call that a person allowed, if everything is still as they saw it."""
        rules = await self.policy()
        if refusal := _refusal(rules):
            raise SendingRefused(refusal)
        call = _kept(approval)
        kind = self._kind(call)
        sized = await kind.size(call, rules)
        details = await kind.details(sized)
        try:
            changed = await self._in_turn(lambda: self.register.use(approval.id, details.parts), _silent)
        except Conflict:
            return await self._found(await self.register.get(approval.id), repeated=True)
        if changed:
            raise Conflict(
                f"Approval {approval.id} is void. Changed since it was asked for: {in_words(changed)}. Nothing was "
                "sent. The same call again asks anew."
            )
        return _outcome(await self._make(kind, approval.id, sized.call), sized.notes)

    # Making

    async def _make(self, kind: Kind, number: int, call: Call) -> Approval:
        """Make a reserved call to its end, even when nobody waits for it any more."""
        return await asyncio.shield(asyncio.ensure_future(self._make_once(kind, number, call)))

    async def _make_once(self, kind: Kind, number: int, call: Call) -> Approval:
        mark = None
        try:
            mark = await kind.mark(call)
            began = self.register.now()
            try:
                answer = await kind.make(call)
            except (OutcomeUnknown, RateLimited) as error:
                return await self._settled(kind, number, call, (mark, began), error)
        except OutcomeUnknown:
            raise
        except HandbillError as error:
            await self.register.finish(number, "failed", {"error": str(error)})
            raise
        return await self.register.finish(number, "used", answer)

    async def _settled(
        self, kind: Kind, number: int, call: Call, before: tuple[Any, int], error: HandbillError
    ) -> Approval:
        """What became of a call whose answer was lost, from what is there now and was not before (R16).

        Raises Unavailable, or what was answered, when nothing is there; OutcomeUnknown when nobody can tell.
        """
        if isinstance(error, RateLimited) and not kind.sure:
            raise error
        made = None
        for seconds in LOOKS:
            await self.sleep(seconds)
            made = await kind.made(call, *before)
            if made:
                break
        if made and len(made) == 1:
            note = f"The answer was lost; it was found as {kind.found(call, made[0])}."
            return await self.register.finish(number, "used", {**made[0], "note": note})
        if made == [] and kind.sure:
            raise error if isinstance(error, RateLimited) else Unavailable(NOT_FOUND)
        raise await self._cannot_tell(call, number, f"{len(made)} are new there" if made else "nothing says so")

    async def _cannot_tell(self, call: Call, number: int, why: str) -> OutcomeUnknown:
        """The error for a call of which nobody can tell; it is not made again by itself."""
        where = self._kind(call).look(call)
        said = f"Nobody can tell whether this was carried out: {why}. Look with {where} before you call again."
        await self.register.finish(number, "unknown", {"error": said})
        return OutcomeUnknown(said)

    # Refusing

    async def _refused(self, call: Call, reason: str) -> SendingRefused:
        await self.register.record(
            "refused", {"endpoint": call.endpoint, "reason": reason, **self._kind(call).about(call)}
        )
        return SendingRefused(reason)

    async def _only_checked(self, kind: Kind, sized: Sized) -> SendingRefused:
        """What sandbox means where there is none: all is looked at, and nothing is sent."""
        what = Waiting.of(0, sized.people, (await kind.details(sized)).facts).title
        return await self._refused(
            sized.call,
            f"Checked, and nothing was sent: this connection is in sandbox mode. Live, it would {what[0].lower()}"
            f"{what[1:]}. A person can change that: `handbill sending live`.",
        )

    def _kind(self, call: Call) -> Kind:
        kinds: Mapping[str, type[Kind]] = {"triggers": Triggers, "sends": Sends, "pipelines": Pipelines}
        return kinds[call.endpoint.partition(".")[0]](self.client)


def _judged(rules: Policy, reached: int, now: int, sized: Sized) -> Decision:
    """The decision about a call to Customer.io, where nothing is known of all people there are."""
    if refusal := _refusal(rules):
        return Decision("refuse", refusal)
    if sized.people == 0:  # an event that no campaign waits for, a draft
        return GO
    decision = decide(rules, people=sized.people, everyone=None, reached=reached, now=now)
    return Decision("hold", sized.waits) if decision.outcome == "go" and sized.waits else decision


def _refusal(rules: Policy) -> str:
    if rules.mode == "off":
        return OFF
    if rules.readonly:
        return "This connection is read-only. A person can change that. Nothing was sent."
    return "This connection is in sandbox mode. Nothing was sent." if rules.mode == "sandbox" else ""


def _kept(approval: Approval) -> Call:
    """The call that waits; of one that does not any more, what is known of it."""
    request = approval.request or {"path": approval.facts, "body": None}
    return Call(approval.endpoint, request["body"], request["path"])


def _outcome(approval: Approval, notes: Sequence[str], repeated: bool = False) -> Outcome:
    answer = dict(approval.outcome or {})
    said = [answer.pop("note")] if "note" in answer else []
    made = approval.state == "used"
    return Outcome(answer if made else None, approval, repeated, [*notes, *said])


async def _silent(_: str) -> None:
    """Whoever said yes waits for the broadcast's turn."""
