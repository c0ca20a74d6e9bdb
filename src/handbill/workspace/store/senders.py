"""Sender identities: who messages are from, and whom they are answered to. Reference 10.

They are found in what is written: whoever writes a content calls `note`.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from handbill.contract.limits import BIGGEST_ID
from handbill.errors import InvalidInput, NotFound
from handbill.workspace.channels.mime import HeaderFault, mailbox
from handbill.workspace.store.database import Row, Transaction

_ORDERS = {"asc": {"beyond": ">", "way": "ASC"}, "desc": {"beyond": "<", "way": "DESC"}}
_BEFORE_ALL = {"asc": 0, "desc": BIGGEST_ID}


def note(tx: Transaction, content_id: int, now: int) -> None:
    """Link a content, just written, to the identities in its `from` and `reply_to`; new ones are made."""
    row = tx.one("senders.content", {"id": content_id})
    assert row
    fields = msgspec.json.decode(row["fields"])
    kind = "phone" if row["type"] in ("twilio", "whatsapp") else "email"
    found = {f"{field}_id": _identity(tx, kind, fields.get(field, ""), now) for field in ("from", "reply_to")}
    tx.run("senders.link", {"id": content_id, **found})


def _identity(tx: Transaction, kind: str, text: str, now: int) -> int | None:
    """The identity that `text` names; None for no address, as in Liquid, which names one only when it is rendered."""
    try:
        name, address = mailbox(text, "from") if kind == "email" else ("", text.strip())
    except HeaderFault:
        return None
    if not address or "{{" in text or "{%" in text:
        return None
    return int(tx.value("senders.put", {"template_type": kind, "name": name, "address": address, "now": now}))


def page(tx: Transaction, sort: Literal["asc", "desc"], hidden: bool, after: int | None, limit: int) -> list[Row]:
    """Up to `limit` identities in the order they were made, from the one behind `after`; `hidden`: these too."""
    values = {"after": _BEFORE_ALL[sort] if after is None else after, "hidden": hidden, "limit": limit}
    return tx.all("senders.page", values, **_ORDERS[sort])


def get(tx: Transaction, sender_id: int) -> Row:
    """One identity. Raises NotFound."""
    row = tx.one("senders.get", {"id": sender_id})
    if row is None:
        raise NotFound(f"There is no sender identity {sender_id}.")
    return row


def named(tx: Transaction, field: str, sender_id: int) -> str:
    """How the identity is written whose number stands in `field`. Raises InvalidInput for an unknown one."""
    try:
        return written(get(tx, sender_id))
    except NotFound as error:
        raise InvalidInput.of(field, f"{field}: {error}") from None


def written(row: Mapping[str, Any] | Row) -> str:
    """An identity as it stands in a message: `Film Club <news@film.example>`."""
    return f"{row['name']} <{row['address']}>" if row["name"] else str(row["address"])


def used_by(tx: Transaction, sender_id: int) -> dict[str, list[int]]:
    """The ids of campaigns (broadcasts are, too) and newsletters that write from it or are answered to it.

    Raises NotFound.
    """
    get(tx, sender_id)
    users: dict[str, list[int]] = {"campaigns": [], "sent_newsletters": [], "draft_newsletters": []}
    for row in tx.all("senders.used_by", {"id": sender_id}):
        users[row["kind"]].append(row["id"])
    return users
