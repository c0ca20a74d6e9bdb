"""Track: people blocked, and what became of deliveries reported."""

from typing import Annotated, Literal

from handbill.contract.track import PUSH_METRICS
from handbill.tools.answers import Answer
from handbill.tools.parameters import Choice, Flag, Text, Timestamp
from handbill.tools.tool import Context, tool

DELIVERY = "dgTbAQUBAAGUq1Zk3vXw0o7cJt5yRmQ9sHc="
DeliveryId = Annotated[
    str, Text(does="The delivery: the `id` of a message, as a list gave it.", example=DELIVERY, longest=200)
]


class Suppressed(Answer):
    identifier: str


class Reported(Answer):
    delivery_id: str


@tool(effect="changes", toolset="track", command="person suppress")
async def customer_io_suppress_person(
    context: Context,
    identifier: Annotated[
        str, Text(does="The person's id, email address, or cio_id with `cio_` before it.", example="u1")
    ],
) -> Suppressed:
    """Delete a person, and keep the identifiers from ever being added again. The person cannot be restored."""
    await context.client.track.suppress(identifier)
    return Suppressed(identifier=identifier)


@tool(effect="changes", toolset="track", command="messages report-push")
async def report_push_events(
    context: Context,
    delivery_id: DeliveryId,
    event: Annotated[
        Literal["opened", "converted", "delivered"], Choice(does="What happened to it.", options=PUSH_METRICS)
    ],
    device_id: Annotated[str | None, Text(does="The device's token.", example="c8a1f0", longest=1000)] = None,
    timestamp: Annotated[int | None, Timestamp(does="When, in Unix seconds; now, if left out.")] = None,
) -> Reported:
    """Report what became of a push: an app tells what its device saw. It is counted in the metrics."""
    said = {"delivery_id": delivery_id, "event": event, "device_id": device_id, "timestamp": timestamp}
    await context.client.track.push_event({name: value for name, value in said.items() if value is not None})
    return Reported(delivery_id=delivery_id)


@tool(effect="changes", toolset="track", command="messages unsubscribe")
async def unsubscribe_delivery(
    context: Context,
    delivery_id: DeliveryId,
    unsubscribe: Annotated[bool, Flag(does="true, which is what this does.", default=True)] = True,
) -> Reported:
    """Unsubscribe the person a message went to, as the link in it does. Counted as unsubscribed through it."""
    if unsubscribe:
        await context.client.track.unsubscribe(delivery_id)
    else:
        context.notes.append("unsubscribe is false: nothing was done.")
    return Reported(delivery_id=delivery_id)
