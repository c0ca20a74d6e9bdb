"""What a trigger's arguments are, and what of them can be checked before the workspace is asked."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, TypedDict

from handbill.contract import audience, filters
from handbill.contract.limits import AUDIENCE_ENTRIES, REQUEST_BYTES
from handbill.errors import Fault
from handbill.tools.parameters import TRIGGER_ID, Body, Flag
from handbill.tools.tool import Arguments

PEOPLE = {
    "type": "array",
    "maxItems": AUDIENCE_ENTRIES,
    "items": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "email": {"type": "string"}, "data": {"type": "object"}},
        "additionalProperties": False,
    },
}
TEXTS = {"type": "array", "maxItems": AUDIENCE_ENTRIES, "items": {"type": "string"}}

EFFECTIVE = {
    "recipients": (),
    "ids": ("id_ignore_missing",),
    "emails": ("email_add_duplicates", "email_ignore_missing"),
    "per_user_data": audience.FLAGS,
    "data_file_url": audience.FLAGS,
}
"""Which flags mean something with which audience option (reference 3.1)."""


class TriggerBody(TypedDict, total=False):
    """The audience, exactly one of five, and what the messages are made with."""

    ids: Annotated[list[str], Body(does="Audience: customer ids.", of=TEXTS)]
    emails: Annotated[list[str], Body(does="Audience: email addresses.", of=TEXTS)]
    recipients: Annotated[
        dict[str, Any],
        Body(
            does='Audience: a filter of and, or, not, segment and attribute, e.g. {"segment": {"id": 3}}.',
            of={"type": "object"},
        ),
    ]
    per_user_data: Annotated[
        list[dict[str, Any]],
        Body(does="Audience: people by id or email, each with data of their own for the messages.", of=PEOPLE),
    ]
    data_file_url: Annotated[
        str,
        Body(
            does="Audience: an https URL of a JSON Lines file, each line an id or email with data.",
            of={"type": "string"},
        ),
    ]
    data: Annotated[
        dict[str, Any],
        Body(does="Values for the messages: {{trigger.headline}} is data.headline.", of={"type": "object"}),
    ]
    email_add_duplicates: Annotated[bool, Flag(does="Send to each person of an address that several people have.")]
    email_ignore_missing: Annotated[bool, Flag(does="Skip addresses that nobody in the workspace has.")]
    id_ignore_missing: Annotated[bool, Flag(does="Skip ids that are not in the workspace.")]


def check_audience(arguments: Arguments) -> Iterator[Fault]:
    """What is wrong with a trigger. Unlike the API, a tool wants the audience named: an omission must not send."""
    body = {name: value for name, value in arguments.items() if name != "broadcast_id"}
    faults = audience.check(body)
    if body.get("recipients") == {}:
        faults += filters.check({})
    elif not audience.named(body):
        faults.append(audience.one_of([]))
    yield from faults or _too_large(body)


def _too_large(body: Arguments) -> Iterator[Fault]:
    size = len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
    if size > REQUEST_BYTES:
        limit = f"the limit is {REQUEST_BYTES // 2**20} MB. Put the people in a file and pass data_file_url."
        yield Fault(audience.named(body)[0], f"The call is {size / 2**20:.1f} MB; {limit}")


def remarks(body: TriggerBody) -> Iterator[str]:
    """Notes on arguments that are right but do less than they seem to."""
    option = audience.named(body)[0]
    for flag in audience.FLAGS:
        if body.get(flag) and flag not in EFFECTIVE[option]:
            yield f"{flag} does nothing with {option}"
    named = [name.strip(" ").lower() if option == "emails" else name for name in _names(body, option)]
    repeated = len(named) - len(set(named))
    if repeated:
        yield f"{repeated} repeated {option if repeated > 1 else option[:-1]} merged"


def _names(body: TriggerBody, option: str) -> list[str]:
    if option == "ids":
        return body["ids"]
    return body["emails"] if option == "emails" else []


def check_trigger_id(arguments: Arguments) -> Iterator[Fault]:
    """The fault of a trigger id that names another broadcast."""
    broadcast_id, trigger_id = arguments.get("broadcast_id"), arguments.get("trigger_id", "")
    pair = TRIGGER_ID.fullmatch(trigger_id)
    if broadcast_id and pair and pair[1] and int(pair[1]) != broadcast_id:
        yield Fault("trigger_id", f"trigger_id {trigger_id} belongs to broadcast {pair[1]}, not {broadcast_id}.")


def number_of(trigger_id: str) -> int:
    """The trigger's own number in `456` or `5-37`."""
    return int(trigger_id.rpartition("-")[2])
