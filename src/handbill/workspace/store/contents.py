"""Contents: what is written in a broadcast, newsletter, campaign or template, with all that rendering it needs."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from handbill.workspace.engine.needs import Content
from handbill.workspace.store import newsletters, triggers
from handbill.workspace.store.database import Row, Transaction

Parent = Literal["broadcast_id", "newsletter_id", "campaign_id", "transactional_id"]

CAMPAIGN_TYPES: Mapping[Parent, str] = {
    "broadcast_id": "triggered_broadcast",
    "newsletter_id": "newsletter",
    "campaign_id": "behavioral",
    "transactional_id": "transactional_message",
}
"""`campaign.type` in Liquid (reference 16.3)."""


def of_parent(
    tx: Transaction,
    parent: Parent,
    row: Mapping[str, Any],
    roots: Mapping[str, Any],
    *,
    own_roots: bool,
    base_url: str,
) -> list[Content]:
    """What is on of a parent (its id, name and topic_id), with translations. `roots` are everybody's, in Liquid."""
    rows = tx.all("contents.of_parent", {"parent": row["id"]}, parent=parent)
    shared, texts = {**_shared(tx, parent, row), **roots}, snippets(tx)
    return [_content(each, shared, texts, own_roots=own_roots, base_url=base_url) for each in rows]


def of_trigger(tx: Transaction, trigger: Row, base_url: str) -> list[Content]:
    """What is on, as it is now, of the broadcast or newsletter that was triggered."""
    if trigger["newsletter_id"]:
        row = dict(newsletters.get(tx, trigger["newsletter_id"]))
        return of_parent(tx, "newsletter_id", row, {}, own_roots=False, base_url=base_url)
    row, own = dict(triggers.broadcast(tx, trigger["broadcast_id"])), bool(trigger["own_data"])
    data = {"trigger": msgspec.json.decode(trigger["data"], type=dict[str, object])}
    return of_parent(tx, "broadcast_id", row, data, own_roots=own, base_url=base_url)


def snippets(tx: Transaction) -> dict[str, str]:
    """Every snippet's text by its name."""
    return {row["name"]: row["value"] for row in tx.all("ledger.snippets")}


def of_send(tx: Transaction, send: Mapping[str, Any], base_url: str) -> Content:
    """The content of a message to one person; what the call says itself (`send["content"]`, JSON) comes first."""
    row = tx.one("contents.get", {"id": send["content_id"]}) or _unwritten(send)
    parent = {"id": row["parent"], "name": row["parent_name"], "topic_id": row["topic_id"]}
    given = msgspec.json.decode(send["content"], type=dict[str, str])
    headers = _pairs(given.pop("headers", "[]"))
    shared = _shared(tx, row["kind"], parent, to_unsubscribed=bool(send["send_to_unsubscribed"]))
    content = _content(row, shared, snippets(tx), own_roots=True, base_url=base_url)
    return msgspec.structs.replace(
        content,
        fields={**content.fields, **given},
        headers=(*content.headers, *headers),
        objects=content.objects or _may_ask_for_objects(send["content"]),
        tracked=content.tracked if send["tracked"] is None else bool(send["tracked"]),
        retained=bool(send["retained"]),
    )


def _unwritten(send: Mapping[str, Any]) -> dict[str, Any]:
    """A row for a message that has no template: the call says all of it."""
    none = dict.fromkeys(
        ("parent", "topic_id", "settings", "layout", "layout_id", "layout_name", "translation_of", "test_group_id")
    )
    own = {"id": 0, "name": "", "kind": "transactional_id", "parent_name": "", "type": send["type"], "language": ""}
    return {**none, **own, "sending_state": "automatic", "fields": "{}", "headers": "[]", "tracked": 1}


def _shared(
    tx: Transaction, parent: Parent, row: Mapping[str, Any], *, to_unsubscribed: bool = False
) -> dict[str, Any]:
    """`campaign`, and what `message` has from its parent: the topic, whose name is empty where there is none."""
    topic = tx.one("subscriptions.topic", {"id": row["topic_id"]})
    ids = {"subscription_topic_ids": [topic["id"]] if topic else []}
    told = {"subscription_topic": {"name": topic["name"] if topic else ""}, "send_to_unsubs": to_unsubscribed}
    return {
        "campaign": {"id": row["id"], "name": row["name"], "type": CAMPAIGN_TYPES[parent], **ids},
        "message": {**told, **ids},
    }


def _content(
    row: Row | Mapping[str, Any],
    shared: Mapping[str, Any],
    texts: Mapping[str, str],
    *,
    own_roots: bool,
    base_url: str,
) -> Content:
    """`texts` are the snippets."""
    fields = msgspec.json.decode(row["fields"], type=dict[str, str])
    layout = {"layout": {"id": row["layout_id"], "name": row["layout_name"]}} if row["layout"] else {}
    message = {
        "id": row["id"],
        "name": row["name"],
        "type": f"{row['type']}_action",
        "subject": fields.get("subject", ""),
        "preheader": fields.get("preheader_text", ""),
        **shared["message"],
    }
    return Content(
        id=row["id"],
        type=row["type"],
        fields=fields | ({"layout": row["layout"]} if row["layout"] else {}),
        shared={**shared, "message": message, **layout},
        snippets=texts,
        headers=_pairs(row["headers"]),
        base_url=base_url,
        draft=row["sending_state"] == "draft",
        own_roots=own_roots,
        objects=_may_ask_for_objects(row["fields"], row["headers"], row["layout"] or "", *texts.values()),
        tracked=bool(row["tracked"]),
        **_tracking(row["settings"]),
        language=row["language"],
        translation_of=row["translation_of"] or 0,
        test_group=row["test_group_id"] or 0,
    )


def _may_ask_for_objects(*texts: str) -> bool:
    """Whether Liquid may use the root `objects`; what `render_liquid` will render is not known beforehand."""
    return any("objects" in text or "render_liquid" in text for text in texts)


def _tracking(settings: str | None) -> dict[str, bool]:
    """What a transactional message says about links and openings."""
    given = msgspec.json.decode(settings or "{}")
    return {name: bool(given.get(name, True)) for name in ("link_tracking", "open_tracking")}


def _pairs(headers: str) -> tuple[tuple[str, str], ...]:
    decoded = msgspec.json.decode(headers, type=list[dict[str, str]])
    return tuple((header["name"], header["value"]) for header in decoded)
