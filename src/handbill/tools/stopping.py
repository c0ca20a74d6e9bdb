"""Stopping: whoever sees that something is wrong stops it; to let it go on takes a person."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from handbill.contract.app.triggers import Stopped
from handbill.errors import Fault, SendingRefused
from handbill.tools.answers import Answer
from handbill.tools.parameters import Id, TriggerId
from handbill.tools.tool import Arguments, Context, tool
from handbill.tools.triggering import check_trigger_id, number_of

NO_STOP = (
    "Customer.io cannot stop what it has accepted: stop the broadcast in its own pages. A person can see to it that "
    "nothing new is sent from here: `handbill sending off`."
)


class AllStopped(Answer):
    stopped: list[Stopped] = Field(description="What was under way and is not any more.")


def check_stop(arguments: Arguments) -> Iterator[Fault]:
    """What is wrong with the choice of what to stop."""
    if "trigger_id" in arguments and "broadcast_id" not in arguments:
        yield Fault("trigger_id", "trigger_id goes with broadcast_id.")
    yield from check_trigger_id(arguments)


@tool(effect="stops", toolset="broadcasts", command="stop", check=check_stop)
async def stop_sending(
    context: Context,
    broadcast_id: Annotated[
        int | None, Id(does="Stop this broadcast only; all of them and newsletters, if left out.")
    ] = None,
    trigger_id: Annotated[
        str | None, TriggerId(does="Stop this trigger of it only, such as 456 or 5-37; all of them, if left out.")
    ] = None,
) -> AllStopped:
    """Stop what is being sent: one trigger, all of a broadcast, or all broadcasts and newsletters. Anybody may.

    What is on its way to a server at this moment still arrives, nothing else of it. Only a person lets it go on, with
    `handbill resume`. Messages to one person are not stopped: a person holds them with `handbill sending off`.
    """
    if context.client.live:
        raise SendingRefused(NO_STOP)
    number = number_of(trigger_id) if trigger_id else None
    stopped = (await context.client.triggers.stop(broadcast_id, number)).stopped
    context.notes.append("A person lets it go on: `handbill resume`." if stopped else "Nothing was under way.")
    return AllStopped(stopped=stopped)
