"""Links and the opening of a mail made such that following them is noticed: its html, rewritten (reference 16.2)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import unescape
from typing import NamedTuple

from handbill.errors import quoted

_ANCHORS = re.compile(r"""(<[aA](?=\s)(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>)""")
_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_UNTRACKED = re.compile(r"""\sclass\s*=\s*["']?[^"'>]*\buntracked\b""", re.IGNORECASE)
_LINE_ENDS = re.compile(r"[\t\r\n]")
_EMPTY = re.compile(r"[?&]([^=&]+)=(?=&|$)")

CLICKS, OPENS = "e/c", "e/o"
"""Where links and the image lead; the delivery id follows, and of a link its number."""


class LinkFault(ValueError):
    """A link that must not be sent, as a sentence."""


class _Link(NamedTuple):
    """An anchor's tag: what comes before its target, the target as a browser reads it, what comes after."""

    before: str
    target: str
    after: str
    untracked: bool
    fault: str


def liquid_links(base_url: str, delivery_id: str) -> dict[str, str]:
    """What `{% cio_link %}` puts before a link's number, and what `{% cio_link_id %}` prints until it has one."""
    return {"cio_link": f"{base_url}/{CLICKS}/{delivery_id}/", "cio_link_id": f"{delivery_id}/link"}


def follow(html: str, base_url: str, delivery_id: str, targets: dict[str, int]) -> str:
    """`html` with each link to the web leading to this workspace.

    `targets` gets the number of each target. Links with the class `untracked`, and this delivery's own, stay as they
    are. Raises LinkFault for a parameter without a value (reference 16.2).
    """
    ways = liquid_links(base_url, delivery_id)
    pieces = _ANCHORS.split(html)
    for place in range(1, len(pieces), 2):
        link = _parsed(pieces[place])
        if link is None:
            continue
        if delivery_id in link.target:
            if ways["cio_link_id"] in link.target:
                number = targets.setdefault(link.target, len(targets))
                pieces[place] = pieces[place].replace(ways["cio_link_id"], f"{delivery_id}/{number}")
        elif not link.untracked:
            if link.fault:
                raise LinkFault(link.fault)
            number = targets.setdefault(link.target, len(targets))
            pieces[place] = f"{link.before}{ways['cio_link']}{number}{link.after}"
    return "".join(pieces)


def check(targets: Iterable[str]) -> None:
    """Raises LinkFault for a target that a tracked link must not have: what `{% cio_link %}` was given."""
    for target in targets:
        if fault := _fault(target):
            raise LinkFault(fault)


def watched(html: str, base_url: str, delivery_id: str) -> str:
    """`html` with an image at its end, whose being fetched tells that the mail was opened."""
    end = max(html.rfind("</body>"), html.rfind("</BODY>"))
    end = len(html) if end < 0 else end
    return f'{html[:end]}<img src="{base_url}/{OPENS}/{delivery_id}" width="1" height="1" alt="">{html[end:]}'


@lru_cache(2048)  # what a template says to everybody comes again with every person
def _parsed(tag: str) -> _Link | None:
    """The anchor's link to the web, if it is one."""
    href = _HREF.search(tag)
    if href is None:
        return None
    start, end = href.span(href.lastindex or 0)
    target = _LINE_ENDS.sub("", unescape(tag[start:end]).strip())
    if not _WEB.match(target):
        return None
    untracked = "untracked" in tag.lower() and bool(_UNTRACKED.search(tag))  # the expression alone takes 4 µs a link
    return _Link(tag[:start], target, tag[end:], untracked, _fault(target))


def _fault(target: str) -> str:
    """What is wrong with a tracked link, if anything."""
    _, mark, query = target.partition("#")[0].partition("?")
    empty = _EMPTY.search(f"?{query}") if mark else None
    if empty is None:
        return ""
    return (
        f"body has a tracked link whose parameter {quoted(empty[1])} has no value; "
        'give it a default, or the link class="untracked"'
    )
