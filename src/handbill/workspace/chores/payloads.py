"""What a reporting webhook is told of an activity, per channel and metric. Reference 15."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from handbill.contract.app.reporting_webhooks import METRICS
from handbill.contract.attributes import TRUTHS
from handbill.workspace import delivery_ids
from handbill.workspace.store import people
from handbill.workspace.store.attributes import plain
from handbill.workspace.store.database import Row
from handbill.workspace.ulids import ulid

Json = dict[str, Any]

_TYPES = {"sms": "twilio"}
"""How a channel is called on a delivery, where it is not by its own name."""
_CHANNELS = {_TYPES.get(channel, channel): channel for channel in METRICS}

_EMAIL = {
    "attempted": ("failure_message",),
    "failed": ("recipient", "subject", "failure_message"),
    "opened": ("recipient", "subject", "proxied", "prefetched", "synthetic"),
    "clicked": ("recipient", "subject", "href", "link_id", "machine"),
    **dict.fromkeys(("bounced", "dropped", "deferred", "undeliverable"), ("recipient", "subject", "failure_message")),
    **dict.fromkeys(
        ("drafted", "sent", "delivered", "converted", "unsubscribed", "spammed"), ("recipient", "subject")
    ),
}
_OTHERS = {
    "drafted": (),
    **dict.fromkeys(("attempted", "failed", "undeliverable"), ("failure_message",)),
    **dict.fromkeys(("sent", "delivered", "opened", "converted"), ("recipient",)),
    **dict.fromkeys(("bounced", "dropped"), ("recipient", "failure_message")),
    "clicked": ("recipient", "href", "link_id"),
    "replied": ("inbound_event_id", "to", "recipient"),
}
_IN_APP = {**_OTHERS, "opened": (), "clicked": ("tracked_response", *_OTHERS["clicked"])}
_PUSH = {
    **{
        metric: tuple("recipients" if key == "recipient" else key for key in keys) for metric, keys in _OTHERS.items()
    },
    "bounced": ("recipients",),
    "dropped": ("recipients",),
}
_KEYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {"email": _EMAIL, "in_app": _IN_APP, "push": _PUSH}
"""The keys that a metric adds to `data`."""

_FALSE = dict.fromkeys(("proxied", "prefetched", "synthetic", "machine"), False)


@dataclass(frozen=True, slots=True)
class Report:
    """One event of `activity`. `content_of` is the delivery whose content may be added."""

    activity: int
    event: Json
    content_of: int | None = None


def kinds(events: Sequence[str]) -> set[str]:
    """The types of activities that may lead to these events."""
    wanted = set(events)
    found = {
        f"{metric}_{type_}"
        for type_, channel in _CHANNELS.items()
        for metric in METRICS[channel].split()
        if f"{channel}_{metric}" in wanted
    }
    return found | {"attribute_change"} if any(event.startswith("customer_") for event in events) else found


def reports(secret: bytes, row: Row, events: Sequence[str]) -> Iterator[Report]:
    """The events that are told of an activity: one of a delivery, up to two of a change of attributes."""
    if row["kind"] == "attribute_change":
        yield from _of_customer(row, events)
    elif row["delivery"] is not None:
        yield _of_delivery(secret, row)


def _of_delivery(secret: bytes, row: Row) -> Report:
    channel = _CHANNELS[row["type"]]
    metric = row["kind"].removesuffix(f"_{row['type']}")
    values = {**_FALSE, **_kept(row), **msgspec.json.decode(row["data"] or "{}")}
    keys = _KEYS.get(channel, _OTHERS)[metric]
    data = {
        **_person(row),
        "delivery_id": delivery_ids.seal(secret, row["delivery"]),
        **_parent(row),
        **{key: values[key] for key in keys if values.get(key) is not None},
    }
    event = _event(row["timestamp"], row["activity"], channel, metric, data)
    return Report(row["activity"], event, row["delivery"] if metric == "sent" else None)


def with_content(event: Json, fields: Mapping[str, Any]) -> Json:
    """The event of a message being sent with what was sent."""
    own = {"content": fields.get("body", "")}
    if event["object_type"] == "email":
        own["headers"] = {name: [value] for name, value in (fields.get("headers") or {}).items()}
    return {**event, "data": event["data"] | own}


def _event(at: int, number: int, object_type: str, metric: str, data: Json) -> Json:
    return {
        "event_id": ulid(at, number),
        "object_type": object_type,
        "metric": metric,
        "timestamp": at,
        "data": data,
    }


def _of_customer(row: Row, events: Sequence[str]) -> Iterator[Report]:
    """Of a change of attributes: that somebody unsubscribed, subscribed again, or chose other topics."""
    changes = msgspec.json.decode(row["data"] or "{}")
    person = {**_person(row), "email_address": row["email"]}
    if "unsubscribed" in changes:
        metric = "unsubscribed" if TRUTHS.get(changes["unsubscribed"].get("to")) else "subscribed"
        if f"customer_{metric}" in events:
            yield Report(row["activity"], _event(row["timestamp"], row["activity"], "customer", metric, person))
    if "cio_subscription_preferences" in changes and "customer_subscription_preferences_changed" in events:
        content = plain(changes["cio_subscription_preferences"].get("to"))
        event = _event(
            row["timestamp"],
            row["activity"] | _SECOND,
            "customer",
            "cio_subscription_preferences_changed",
            {**person, "content": content},
        )
        yield Report(row["activity"], event)


_SECOND = 1 << 64
"""Sets a bit above every activity's number: two events of one activity have different ids."""


def _person(row: Row) -> Json:
    return {"customer_id": row["id"] or "", "identifiers": people.identifiers(row)}


def _parent(row: Row) -> Json:
    """Where the message comes from: a broadcast, a campaign, a newsletter or a transactional message."""
    if row["newsletter_id"] is not None:
        return {"newsletter_id": row["newsletter_id"], "content_id": row["content_id"]}
    if row["transactional_id"] is not None:
        return {"transactional_message_id": row["transactional_id"]}
    action = {"action_id": row["content_id"], "journey_id": _journey(row)}
    if row["campaign_id"] is not None:
        return {"campaign_id": row["campaign_id"], **action, "trigger_event_id": row["trigger_event_id"]}
    return {"broadcast_id": row["broadcast_id"], "trigger_id": row["trigger_id"], **action}


def _journey(row: Row) -> str:
    """A person's way through one trigger, or through a campaign from one event on."""
    start = row["trigger_id"] or row["campaign_id"] or 0
    return ulid(row["started"], start << 40 | row["person"])


def _kept(row: Row) -> Json:
    """What stands on the delivery."""
    devices = msgspec.json.decode(row["devices"] or "[]", type=list[Json])
    return {
        "recipient": row["recipient"] or "",
        "subject": row["subject"] or "",
        "failure_message": row["failure_message"] or "",
        "recipients": [{key: value for key, value in device.items() if value is not None} for device in devices],
    }
