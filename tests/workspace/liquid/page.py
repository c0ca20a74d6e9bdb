"""The page `docs/reference/liquid.md`: every tag, filter and variable, and where we differ from liquidjs 10.

`make docs` writes it, from the tables of cases beside this file, so that what it says is what is tested.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

HEAD = """# Liquid

Made by `make docs` from the cases in `tests/workspace/liquid`. This is Customer.io's Latest engine, which behaves as
liquidjs 10. A variable that is missing under a root that is there fails the message, unless `default` follows or a
test stands before it; a root that is not there prints nothing. Any syntax error fails the message.
"""

TAGS = {
    "#": "a comment of one line, or in `liquid` the rest of a line",
    "assign": "names a value",
    "break": "leaves a loop",
    "capture": "names what is printed inside it",
    "case": "every `when` that matches is printed, `else` when none does",
    "cio_link": "the address that counts a click and leads to `url:`; with `track:false` the address itself",
    "cio_link_id": "the number of the link it stands in, for deep links",
    "comment": "prints nothing",
    "continue": "goes on with the next turn of a loop",
    "countdown": "refused when it is written: there is no picture server",
    "cycle": "its values in turn",
    "decrement": "counts down from -1",
    "echo": "prints a value, as `{{ }}` does",
    "for": "a loop over a list, an object's pairs or a range, with `limit`, `offset`, `reversed` and `else`",
    "generate_uuid": "a fresh random UUID",
    "if": "with `elsif` and `else`; 0 and an empty text are true",
    "increment": "counts up from 0",
    "liquid": "a tag on each line",
    "manage_subscription_preferences_url": "the person's subscription centre",
    "random": "a whole number from 0 up to, not including, its argument",
    "raw": "prints Liquid as it is written",
    "render_liquid": "renders Liquid that stands in a value",
    "subscription_topic_name": "the name of the message's topic; topics have one name, whatever `lang` says",
    "tablerow": "a loop that makes rows of a table",
    "tracking_consent_url": "nothing: there is no consent page",
    "unless": "the opposite of `if`",
    "unsubscribe": "a ready-made link to unsubscribe",
    "unsubscribe_url": "where the person unsubscribes with one click",
    "view_in_browser_url": "the message as a page",
}

VARIABLES = {
    "customer.<attribute>": "the person's attributes; `id`, `email`, `cio_id` and `unsubscribed` are always there",
    "trigger.<key>": "a broadcast's `data` and the person's own, a transactional message's `message_data`",
    "event.<key>, event_name, event_id, event_timestamp": "of the event that started a campaign",
    "objects.<plural>[n].<attribute>": "a person's objects, also `.relationship.<attribute>`; newest first, 0 to 9",
    "journey.<attribute>": "in campaigns; nothing sets any yet",
    'snippets.<name>, snippets["odd name"]': "rendered where it is used; one that holds JSON can be looped over",
    "campaign.id, .name, .type, .subscription_topic_ids": "of the broadcast, newsletter, campaign or template",
    "message.id, .name, .type, .subject, .preheader, .send_to_unsubs": "of the message itself",
    "message.journey_id": "in campaigns",
    "message.subscription_topic_ids, .subscription_topic.name": "of its topic",
    "delivery_id": "`unsent` in previews",
    "layout.id, layout.name": "of the layout around the message, where there is one",
    "content": "in layouts: the place of the body",
    "editor": "nothing: messages are not written in an editor here",
}


def page() -> str:
    """The whole page, in Markdown."""
    cases, filters = (json.loads((HERE / f"{name}.json").read_text()) for name in ("cases", "filters"))
    tags = [f"| `{name}` | {does} |" for name, does in TAGS.items()]
    variables = [f"| `{name}` | {what} |" for name, what in VARIABLES.items()]
    parts = [
        ("Tags", ["| Tag | Prints |", "|---|---|", *tags]),
        ("Variables", ["| Variable | Is |", "|---|---|", *variables]),
        ("Filters", list(_filters(filters))),
        ("Where it differs from liquidjs", list(_differences(cases["cases"], filters["filters"]))),
    ]
    return "\n".join([HEAD, *("\n".join([f"## {title}", "", *lines, ""]) for title, lines in parts)])


def _filters(table: Mapping[str, Any]) -> Iterator[str]:
    yield "Beside these there is `random`: an item of a list, or a whole number below the value."
    yield ""
    yield "| Filter | Given | Makes | |"
    yield "|---|---|---|---|"
    for entry in table["filters"]:
        outcome = entry["outputs"][entry["shown"]]
        given = _code(json.dumps(table["values"][entry["shown"]], ensure_ascii=False))
        made = f"fault: {outcome['fault']}" if isinstance(outcome, dict) else _code(outcome)
        yield f"| {_code(entry['filter'])} | {given} | {made} | {'not in liquidjs' if entry.get('own') else ''} |"


def _differences(cases: Iterable[Mapping[str, Any]], filters: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for case in cases:
        if "differs" in case:
            reasons.setdefault(case["differs"], []).append(case["template"])
    for entry in filters:
        for reason, kinds in entry.get("differs", {}).items():
            reasons.setdefault(reason, []).append(f"{entry['filter']} ({', '.join(kinds)})")
    yield "| Here | Seen in |"
    yield "|---|---|"
    for reason, places in reasons.items():
        yield f"| {reason} | {', '.join(map(_code, places))} |"


def _code(text: str) -> str:
    """Text as code in a table's cell."""
    cell = text.replace("\n", "⏎").replace("|", "\\|")
    return f"`{cell}`" if "`" not in cell else f"`` {cell} ``"


if __name__ == "__main__":
    sys.stdout.write(page())
