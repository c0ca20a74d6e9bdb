"""An approval as a person has to see it before they say yes: complete, and with a message as somebody will get it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from handbill.approval import Approval
from handbill.contract.app.triggers import Sample
from handbill.workspace.engine.needs import Content, Work
from handbill.workspace.ledger import draft, sample
from handbill.workspace.preview import render
from handbill.workspace.store import approvals
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.workspace import Workspace

PAGE = 100
"""Recipients at a time."""

Place = tuple[int, int]
"""How far a list of recipients was read."""
START: Place = (-1, -1)

_LISTED = ("ids", "emails", "per_user_data")
"""Where a call names people one by one."""


@dataclass(frozen=True, slots=True)
class View:
    """All that is approved; `asked_via` says what asked for it."""

    approval: Approval
    asked_via: str
    call: Mapping[str, Any] | None = None
    """A call that is made after the yes, without the people it lists."""
    contents: Sequence[Content] = ()


@dataclass(frozen=True, slots=True)
class Recipient:
    id: str
    address: str
    channel: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Recipients:
    """A page of them, and where the next one begins."""

    people: Sequence[Recipient]
    next: Place | None = None


def view(tx: Transaction, number: int, base_url: str) -> View:
    """Raises NotFound."""
    approval = approvals.get(tx, number)
    via = tx.value("approvals.asked_via", {"id": number}) or ""
    if approval.trigger_id:  # which goes with its newsletter
        row = tx.one("ledger.trigger", {"trigger": approval.trigger_id})
        return View(approval, via, contents=msgspec.json.decode(row["contents"], type=list[Content]) if row else ())
    if approval.delivery and (drafted := draft(tx, approval.delivery, base_url)):
        return View(approval, via, contents=[drafted[0]])
    body = _body(approval)
    unlisted = {name: value for name, value in body.items() if name not in (*_LISTED, "recipients", "data")}
    call = {"call": approval.endpoint, **approval.request, "body": unlisted} if approval.request else None
    return View(approval, via, call)


def recipients(tx: Transaction, approval: Approval, after: Place = START) -> Recipients:
    """Who gets it: everybody who is known by name, a page at a time. Nobody of an audience only the service knows."""
    if approval.trigger_id:
        values = {"trigger": approval.trigger_id, "content": after[0], "person": after[1], "limit": PAGE + 1}
        rows = tx.all("approvals.recipients", values)
        last = (rows[PAGE - 1]["content_id"], rows[PAGE - 1]["person"]) if len(rows) > PAGE else None
        return Recipients([_recipient(row) for row in rows[:PAGE]], last)
    if approval.delivery:
        return Recipients([_recipient(row) for row in tx.all("approvals.recipient", {"delivery": approval.delivery})])
    people = _listed(_body(approval))
    begin = after[1] + 1
    more = len(people) > begin + PAGE
    return Recipients(people[begin : begin + PAGE], (0, begin + PAGE - 1) if more else None)


async def rendered(workspace: Workspace, shown: View, position: int) -> Sample | None:
    """The message at this position of `shown.contents`, as the first to get it will; None when nobody will."""
    content = shown.contents[position]
    works = await workspace.database.read(_works, shown.approval, content, workspace)
    return next(iter(await render(workspace, content, works)), None)


def _works(tx: Transaction, approval: Approval, content: Content, workspace: Workspace) -> Sequence[Work]:
    if approval.delivery:
        drafted = draft(tx, approval.delivery, workspace.settings.base_url)
        return [drafted[1]] if drafted else []
    values = {"trigger": approval.trigger_id, "content": content.id, "person": -1, "limit": 1}
    first = [row["person"] for row in tx.all("approvals.recipients", values) if row["content_id"] == content.id]
    return sample(tx, content, approval.trigger_id or 0, first, workspace.clock.now())


def _recipient(row: Row) -> Recipient:
    return Recipient(row["id"] or "", row["email"] or "", row["type"], row["state"])


def _body(approval: Approval) -> Mapping[str, Any]:
    body = (approval.request or {}).get("body")
    return body if isinstance(body, dict) else {}


def _listed(body: Mapping[str, Any]) -> list[Recipient]:
    people = [Recipient(str(each), "") for each in body.get("ids") or ()]
    people += [Recipient("", str(each)) for each in body.get("emails") or ()]
    people += [
        Recipient(str(each.get("id", "")), str(each.get("email", ""))) for each in body.get("per_user_data") or ()
    ]
    if not people and (body.get("to") or body.get("identifiers")):
        identifiers = body.get("identifiers") or {}
        people = [Recipient(str(next(iter(identifiers.values()), "")), str(body.get("to", "")))]
    return people
