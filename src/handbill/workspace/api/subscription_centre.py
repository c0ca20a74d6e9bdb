"""The subscription centre, where `{% manage_subscription_preferences_url %}` leads: people choose, or leave."""

import html
from collections.abc import Sequence
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from handbill.errors import HandbillError
from handbill.workspace import delivery_ids
from handbill.workspace.api import body
from handbill.workspace.api.page import incomplete, page
from handbill.workspace.api.subscriptions import HEADING
from handbill.workspace.store import ledger, people, subscriptions
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.subscriptions import Subscription
from handbill.workspace.workspace import Workspace

_BOX = '<label><input type="checkbox" name="{name}" value="{value}"{checked}><span>{text}{small}</span></label>'


def route(workspace: Workspace) -> Route:
    """`/subscriptions/{token}`: GET shows, POST saves. The token is a delivery's id, or a person's."""

    async def centre(request: Request) -> Response:
        delivery, person = _named(workspace.secret, request.path_params["token"])
        if delivery is not None:
            person = await workspace.database.read(ledger.person, delivery)
        state = None if person is None else await workspace.database.read(_state, person)
        if state is None or person is None:
            return incomplete()
        if request.method != "POST":
            return page(HEADING.title, HEADING.subtitle, _form(*state))
        try:
            form = parse_qs((await body.read(request)).decode("latin-1"))
        except HandbillError:
            return page("That was too much", "Please go back and try again.", status=400)
        topics = {each.topic for each in state[0] if str(each.topic) in form.get("topic", [])}
        now = workspace.clock.now()
        await workspace.database.write(subscriptions.save, person, topics, "everything" in form, now, delivery)
        return _saved(await workspace.database.read(_state, person))

    return Route("/subscriptions/{token}", centre, methods=["GET", "POST"], name="subscriptions")


def _named(secret: bytes, token: str) -> tuple[int | None, int | None]:
    """The delivery or the person that a token names."""
    delivery = delivery_ids.unseal(secret, token)
    return delivery, None if delivery is not None else delivery_ids.unseal(secret, token, delivery_ids.PERSON)


def _state(tx: Transaction, person: int) -> tuple[list[Subscription], bool] | None:
    """What a person chose, and whether they left altogether; None when they are not here any more."""
    row = people.get(tx, person)
    return None if row is None else (subscriptions.of_person(tx, row), bool(row["unsubscribed"]))


def _form(topics: Sequence[Subscription], unsubscribed: bool) -> str:
    boxes = [_box("topic", str(each.topic), each.subscribed, each.name, each.description) for each in topics]
    boxes.append(_box("everything", "1", unsubscribed, "Unsubscribe from everything", "No more messages at all."))
    return f'<form method="post">{"".join(boxes)}<button>Save</button></form>'


def _box(name: str, value: str, checked: bool, text: str, small: str) -> str:
    return _BOX.format(
        name=name,
        value=value,
        checked=" checked" if checked else "",
        text=html.escape(text),
        small=f"<small>{html.escape(small)}</small>" if small else "",
    )


def _saved(state: tuple[list[Subscription], bool] | None) -> HTMLResponse:
    if state is None:
        return incomplete()
    topics, unsubscribed = state
    names = [each.name for each in topics if each.subscribed]
    if unsubscribed:
        return page("You are unsubscribed", "You will get no more messages from this sender.")
    if topics and not names:
        return page("Saved", "You are subscribed to no topic any more.")
    return page("Saved", f"You are subscribed to {', '.join(names)}." if names else "You are subscribed.")
