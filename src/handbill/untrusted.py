"""Text that strangers wrote, made fit to be shown to a person or a model. Stored data is never altered."""

import re

TEXT = 500
"""Characters of one field of customers' text that a model is shown."""


def _tags(letters: str) -> str:
    return "".join(chr(0xE0000 + ord(letter)) for letter in letters)


_FLAGS = "|".join(f"\U0001f3f4{_tags(place)}\U000e007f" for place in ("gbeng", "gbsct", "gbwls"))
"""England, Scotland and Wales are written with tag characters; in any other flag these would carry words."""
_HIDDEN = re.compile(
    f"({_FLAGS})|"
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202f"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Characters that cannot be seen, or turn the direction of what can."""
_PICTURE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]\ufe0f?\u20e3?"
_JOINERS = re.compile(f"({_PICTURE}(?:\u200d{_PICTURE})+|[0-9#*]\ufe0f\u20e3|{_PICTURE})|[\u200c\u200d\ufe00-\ufe0f]")
"""Joiners and variation selectors stay inside an emoji only."""


def visible(text: str) -> str:
    """`text` without what cannot be seen or turns the direction of what can. Real emoji are kept."""
    if text.isascii() and text.isprintable():
        return text
    return _JOINERS.sub(_kept, _HIDDEN.sub(_kept, text))


def _kept(found: re.Match[str]) -> str:
    return found[1] or ""


def clean(text: str, longest: int = TEXT) -> str:
    """What is visible of `text`, cut at `longest` characters."""
    seen = visible(text)
    return seen if len(seen) <= longest else seen[: longest - 1] + "…"
