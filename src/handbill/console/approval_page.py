"""What the approval pages look like. Every text is escaped by `Markup.format`, whoever wrote it."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from handbill.approval import Approval
from handbill.errors import without_logins
from handbill.gate.questions import Waiting, how_many
from handbill.untrusted import visible
from handbill.workspace.approving import Place, Recipients, View
from handbill.workspace.engine.needs import Content

PATH = "/approvals"

_PAGE = Markup(
    """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Handbill</title>
<link rel="stylesheet" href="/approvals/style.css"></head><body class="approvals"><main>
<header><a href="/approvals">Handbill</a></header>
<h1>{title}</h1>
{body}</main></body></html>"""
)
_DOOR = Markup(
    """<p>What waits here is shown to the person who decides. <code>handbill keys</code> in a terminal shows the
approval code.</p>{fault}
<form method="post" action="/approvals"><input type="hidden" name="mark" value="{mark}">
<input type="hidden" name="next" value="{next}">
<label>Approval code<input type="password" name="code" autocomplete="current-password" required autofocus></label>
<button>Show</button></form>"""
)
_DECIDE = Markup(
    """<section class="decide" id="decide"><h2>Decide</h2>{fault}
<p>It is sent exactly as it is shown here: if anything of it changes, the yes is void. A yes is used once, within 15
minutes.</p>
<form method="post" action="/approvals/{number}"><input type="hidden" name="mark" value="{mark}">
<div class="row"><label>{wanted}<input type="text" name="people" inputmode="numeric" autocomplete="off"
value="{typed}"><small>To say yes, type it.</small></label>
<label>Approval code<input type="password" name="code" autocomplete="current-password" required>
<small><code>handbill keys</code> shows it.</small></label></div>
<button name="decision" value="approve">Approve and send</button>
<button name="decision" value="decline" formnovalidate>Decline</button></form></section>"""
)
_MESSAGE = Markup(
    """<section><h2>{}</h2><dl>{}</dl><iframe sandbox="" title="The message as one person will get it"
src="/approvals/{}/messages/{}"></iframe></section>"""
)
_STATES = {
    "waiting": "Waits for a person.",
    "approved": "Approved. It goes as soon as it can.",
    "used": "Approved and sent.",
    "failed": "Approved; sending it failed.",
    "unknown": "Approved; nobody can tell whether it was sent.",
    "declined": "Declined. Nothing was sent.",
    "changed": "Something changed after it was approved, so nothing was sent.",
    "expired": "Nobody decided in time. Nothing was sent.",
}


def page(title: str, *body: Markup) -> Markup:
    """The whole page, without what cannot be seen, or turns around what can."""
    return Markup(visible(_PAGE.format(title=title, body=Markup("\n").join(body))))  # noqa: S704 (it is escaped)


def door(mark: str, next_: str, fault: str = "") -> Markup:
    """Asks for the code before anything is shown."""
    return page("Approvals", _DOOR.format(mark=mark, next=next_, fault=alert(fault)))


def closed() -> Markup:
    """After too many wrong codes."""
    said = (
        "Too many wrong codes. Approvals by page are closed until Handbill is started again; a terminal still works: "
    )
    return page("Approvals are closed", Markup("<p>{}<code>handbill approve</code>.</p>").format(said))


def listing(waiting: Sequence[Approval], now: int) -> Markup:
    """What waits, the oldest first."""
    if not waiting:
        return page("Nothing waits", Markup("<p>Nothing waits for a person's yes.</p>"))
    item = Markup('<li><a href="/approvals/{}"><strong>{}</strong><span>{}</span><small>{}</small></a></li>')
    items = [item.format(each.id, title(each), each.reason, _remaining(each, now)) for each in waiting]
    return page("Waiting for a person", Markup('<ul class="queue">{}</ul>').format(Markup("\n").join(items)))


def title(approval: Approval) -> str:
    """What would be sent, to how many."""
    return _waiting(approval).title


def shown(view: View, recipients: Recipients, form: Markup, *, now: int, after: bool) -> Markup:
    """One approval, complete; `after`: this is a later page of the recipients."""
    approval = view.approval
    return page(
        f"{title(approval)}{'?' if _open(approval, now) else ''}",
        Markup('<p class="state {}">{} {}</p>').format(approval.state, _state(approval, now), _left(approval, now)),
        *([] if after else [_facts(view, now), *_messages(view)]),
        _recipients(approval, recipients),
        *([] if after else [_json("Data", approval.facts.get("data")), _json("The call", view.call)]),
        form,
    )


def decide(approval: Approval, mark: str, typed: str = "", fault: str = "") -> Markup:
    """The form: the number of people and the code."""
    wanted = _waiting(approval).wanted
    return _DECIDE.format(number=approval.id, mark=mark, wanted=wanted, typed=typed, fault=alert(fault))


def elsewhere() -> Markup:
    """Where no page decides."""
    return Markup('<p class="fault">Approving by page is switched off here: use <code>handbill approve</code>.</p>')


# Parts


def _facts(view: View, now: int) -> Markup:
    approval, facts = view.approval, view.approval.facts
    left_out = [f"{how_many(number)}: {why}" for why, number in (facts.get("left_out") or {}).items()]
    rows = [
        ("Why it waits", approval.reason),
        ("People", "unknown" if approval.people is None else f"{approval.people:,}"),
        ("Left out", left_out),
        ("Audience", facts.get("audience", "")),
        ("Goes through", facts.get("transport", "")),
        ("Where", approval.connection or "this workspace"),
        ("Asked by", f"{view.asked_via or 'a call'}, {_time(approval.created_at)}"),
        ("Goes by itself", _time(approval.until) if approval.until else ""),
        ("Expires", _time(approval.expires_at)),
    ]
    return Markup("<dl>{}</dl>").format(Markup("\n").join(_row(name, value) for name, value in rows if value))


def _row(name: str, value: str | list[str]) -> Markup:
    shown = Markup("<br>").join(map(_text, value)) if isinstance(value, list) else _text(value)
    return Markup("<dt>{}</dt><dd>{}</dd>").format(name, shown)


def _messages(view: View) -> Iterable[Markup]:
    for position, content in enumerate(view.contents):
        fields = Markup("\n").join(_row(name, value) for name, value in _said(content))
        yield _MESSAGE.format(_heading(content), fields, view.approval.id, position)
    if not view.contents:
        for message in view.approval.facts.get("messages") or [view.approval.facts]:
            named = [(name, message[name]) for name in ("channel", "from", "subject") if message.get(name)]
            yield Markup("<dl>{}</dl>").format(
                Markup("\n").join(_row(name.title(), str(value)) for name, value in named)
            )


def _heading(content: Content) -> str:
    parts = [f"Message {content.id}" if content.id else "The message", content.type.replace("_", " ")]
    parts += [f"in {content.language}"] if content.language else []
    parts += [f"test group {content.test_group}"] if content.test_group else []
    return ", ".join([*parts, *(["kept as a draft"] if content.draft else [])])


def _said(content: Content) -> list[tuple[str, str]]:
    """Its fields as they were written, but for the body, which is shown rendered."""
    rest = {name: value for name, value in content.fields.items() if name not in ("body", "layout", "plain", "amp")}
    return [(name.replace("_", " ").capitalize(), str(value)) for name, value in rest.items() if value]


def _recipients(approval: Approval, recipients: Recipients) -> Markup:
    if not recipients.people:
        said = "" if approval.people is not None else "Only the service knows who they are, when it sends."
        return Markup("<section><h2>Recipients</h2><p>{}</p></section>").format(said) if said else Markup()
    row = Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>")
    rows = [row.format(_text(each.id), _text(each.address), each.channel) for each in recipients.people]
    link = Markup('<p><a class="next" href="/approvals/{}?after={}#recipients">More recipients</a></p>')
    more = link.format(approval.id, _place(recipients.next)) if recipients.next else Markup()
    return Markup(
        '<section id="recipients"><h2>Recipients</h2><div class="wide"><table><thead><tr><th>Id</th><th>Address</th>'
        "<th>By</th></tr></thead><tbody>{}</tbody></table></div>{}</section>"
    ).format(Markup("\n").join(rows), more)


def _json(heading: str, value: Any) -> Markup:
    if not value:
        return Markup()
    return Markup("<section><h2>{}</h2><pre>{}</pre></section>").format(heading, _pretty(value))


def alert(text: str) -> Markup:
    return Markup('<p class="fault" role="alert">{}</p>').format(text) if text else Markup()


def _text(text: str) -> Markup:
    """What others wrote, kept apart from what stands around it whichever way it is written."""
    return Markup("<bdi>{}</bdi>").format(text)


# Words


def _pretty(value: Any) -> str:
    return without_logins(json.dumps(value, ensure_ascii=False, indent=2))


def _place(place: Place) -> str:
    return f"{place[0]}.{place[1]}"


def _waiting(approval: Approval) -> Waiting:
    return Waiting.of(approval.id, approval.people, approval.facts)


def _open(approval: Approval, now: int) -> bool:
    return approval.state == "waiting" and approval.expires_at > now


def _state(approval: Approval, now: int) -> str:
    return _STATES[approval.state if approval.state != "waiting" or _open(approval, now) else "expired"]


def _left(approval: Approval, now: int) -> Markup:
    link = Markup(' <a href="#decide">Decide</a>') if _open(approval, now) else ""
    return Markup("{}{}").format(_remaining(approval, now), link)


def _remaining(approval: Approval, now: int) -> str:
    if not _open(approval, now):
        return ""
    minutes = (approval.expires_at - now) // 60
    return f"{minutes // 60} h {minutes % 60} min left."


def _time(seconds: int | None) -> str:
    return f"{datetime.fromtimestamp(seconds or 0, UTC):%d %B %Y, %H:%M} UTC"
