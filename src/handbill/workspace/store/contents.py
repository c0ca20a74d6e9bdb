"""Contents: what is written in a broadcast's actions, gathered with all that it needs to be rendered."""

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.workspace.engine.needs import Content
from handbill.workspace.store.database import Row, Transaction


def of_broadcast(
    tx: Transaction, broadcast: Mapping[str, Any], data: Mapping[str, Any], *, own_roots: bool, base_url: str
) -> list[Content]:
    """The actions of `broadcast` (its id and name) that are switched on. `data` is the trigger's."""
    snippets = {row["name"]: row["value"] for row in tx.all("ledger.snippets")}
    campaign = {"id": broadcast["id"], "name": broadcast["name"], "type": "triggered_broadcast"}
    rows = tx.all("ledger.contents", {"broadcast": broadcast["id"]})
    return [_content(row, {"campaign": campaign, "trigger": data}, snippets, own_roots, base_url) for row in rows]


def _content(
    row: Row, shared: Mapping[str, object], snippets: Mapping[str, str], own_roots: bool, base_url: str
) -> Content:
    fields = msgspec.json.decode(row["fields"], type=dict[str, str])
    message = {
        "id": row["id"],
        "name": row["name"],
        "type": f"{row['type']}_action",
        "subject": fields.get("subject", ""),
        "preheader": fields.get("preheader_text", ""),
    }
    headers = msgspec.json.decode(row["headers"], type=list[dict[str, str]])
    return Content(
        id=row["id"],
        type=row["type"],
        fields=fields | ({"layout": row["layout"]} if row["layout"] else {}),
        shared={**shared, "message": message},
        snippets=snippets,
        headers=tuple((header["name"], header["value"]) for header in headers),
        base_url=base_url,
        draft=row["sending_state"] == "draft",
        own_roots=own_roots,
    )
