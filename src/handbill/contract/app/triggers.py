"""Triggers: sending a broadcast to an audience, and the record of each time. Reference 3."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from handbill.contract.endpoint import Endpoint, Model
from handbill.contract.limits import ERRORS_DEFAULT, TRIGGER

AUDIENCES = ("recipients", "ids", "emails", "per_user_data", "data_file_url")
"""The audience options; none of them means the broadcast's own, saved audience."""


class TriggerRequest(Model):
    """The body of a trigger. It is checked by `audience.check`, which names every fault at once."""

    recipients: Any = None
    ids: Any = None
    emails: Any = None
    per_user_data: Any = None
    data_file_url: Any = None
    data: Any = None
    email_add_duplicates: Any = False
    email_ignore_missing: Any = False
    id_ignore_missing: Any = False


class Triggered(Model):
    id: int


class Trigger(Model):
    """One time a broadcast was triggered; `processed_at` is empty until everything is settled."""

    id: int
    broadcast_id: int
    created_at: int
    processed_at: int | None = None


class Triggers(Model):
    triggers: list[Trigger]


class ErrorsQuery(Model):
    start: int = 0
    limit: int = ERRORS_DEFAULT


class TriggerErrors(Model):
    """Sentences such as `line 4: …`; `next` is an offset, 0 at the end (reference 3.6)."""

    errors: list[str]
    next: Annotated[int, BeforeValidator(lambda value: value or 0)] = 0


TriggerState = Literal["accepted", "preparing", "held", "sending", "stopped", "finished", "failed"]


class Counts(Model):
    """Deliveries of one trigger by state."""

    queued: int = 0
    sending: int = 0
    sent: int = 0
    deferred: int = 0
    failed: int = 0
    skipped: int = 0
    drafted: int = 0
    unknown: int = 0
    resent: int = Field(0, description="Of those sent: how many were sent again after a crash, so may be doubled.")


class Standing(Model):
    """How far a trigger is, as far as it is told; `note` says why it waits or failed, or what is not told.

    One that is held waits for a person's yes: `reason` says why, `approval` is its number and `expires_at` (Unix
    seconds) the end of the waiting.
    """

    id: int
    broadcast_id: int
    state: TriggerState
    recipients: int | None = None
    counts: Counts | None = None
    note: str = ""
    reason: str = ""
    approval: int | None = None
    expires_at: int | None = None


class Progress(Standing):
    """How far a trigger of ours is, and for whom."""

    recipients: int
    counts: Counts
    data: dict[str, Any] = Field({}, description="What Liquid sees as `trigger`, the same for everybody.")
    audience: dict[str, Any] | None = Field(
        None, description="The filter it was for, its own or the broadcast's; empty when people were named."
    )


class LeftOut(Model):
    """Why people of the audience will not get the message, and how many."""

    reason: str
    count: int


class Sample(Model):
    """One message as one person would get it; `fault` says why it could not be made."""

    identifiers: dict[str, str | None]
    type: str = "email"
    sender: str = ""
    recipient: str = ""
    subject: str = ""
    body: str = ""
    text: str = Field("", description="The body without its markup, as a plain mail program shows it.")
    fault: str = ""


class MissingAttribute(Model):
    """A variable of the template that `people` of the audience do not have."""

    path: str
    people: int


class Preview(Model):
    """What a trigger would do. Nothing is sent or recorded."""

    broadcast_id: int
    people: int | None = Field(description="How many people would get it; empty when that is not told.")
    people_in_workspace: int | None
    left_out: list[LeftOut]
    samples: list[Sample]
    faults: list[str] = Field(description="Why the trigger would be refused or the template fail.")
    missing_attributes: list[MissingAttribute]
    note: str = Field("", description="What is not told.")


class Stopped(Model):
    """A trigger that was under way and is not any more: of a broadcast or of a newsletter."""

    id: int
    broadcast_id: int | None = None
    newsletter_id: int | None = None


class AllStopped(Model):
    stopped: list[Stopped]


class PreviewQuery(Model):
    samples: int = 3


TRIGGER_BROADCAST = Endpoint(
    name="triggers.create",
    method="POST",
    path="/v1/campaigns/{broadcast_id}/triggers",
    does="Trigger a broadcast",
    source="3.1",
    body=TriggerRequest,
    answer=Triggered,
    unfit=422,
    rate=TRIGGER,
)
LIST = Endpoint(
    name="triggers.list",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/triggers",
    does="A broadcast's triggers",
    source="3.4",
    answer=Triggers,
)
GET = Endpoint(
    name="triggers.get",
    method="GET",
    path="/v1/campaigns/{broadcast_id}/triggers/{trigger_id}",
    does="One trigger",
    source="3.5",
    answer=Trigger,
)
GET_UNDER_BROADCASTS = Endpoint(
    name="triggers.get_under_broadcasts",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/triggers/{trigger_id}",
    does="One trigger, by its other path",
    source="3.5",
    answer=Trigger,
)
ERRORS = Endpoint(
    name="triggers.errors",
    method="GET",
    path="/v1/campaigns/{broadcast_id}/triggers/{trigger_id}/errors",
    does="What was wrong with a trigger's audience",
    source="3.6",
    query=ErrorsQuery,
    answer=TriggerErrors,
)
PROGRESS = Endpoint(
    name="triggers.progress",
    method="GET",
    path="/v1/broadcasts/{broadcast_id}/triggers/{trigger_id}/progress",
    does="How far a trigger is, by state of delivery",
    source="handbill",
    answer=Progress,
)
PREVIEW = Endpoint(
    name="triggers.preview",
    method="POST",
    path="/v1/broadcasts/{broadcast_id}/preview",
    does="What a trigger would do: how many people, who is left out, samples",
    source="handbill",
    harmless=True,
    query=PreviewQuery,
    body=TriggerRequest,
    answer=Preview,
    unfit=422,
)
STOP = Endpoint(
    name="triggers.stop",
    method="POST",
    path="/v1/broadcasts/{broadcast_id}/triggers/{trigger_id}/stop",
    does="Stop a trigger; only a person's command lets it go on",
    source="handbill",
    answer=AllStopped,
    harmless=True,
)
STOP_BROADCAST = Endpoint(
    name="triggers.stop_broadcast",
    method="POST",
    path="/v1/broadcasts/{broadcast_id}/stop",
    does="Stop all triggers of a broadcast",
    source="handbill",
    answer=AllStopped,
    harmless=True,
)
STOP_EVERYTHING = Endpoint(
    name="triggers.stop_everything",
    method="POST",
    path="/v1/sending/stop",
    does="Stop all triggers and newsletters that are under way",
    source="handbill",
    answer=AllStopped,
    harmless=True,
)
