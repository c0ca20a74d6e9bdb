"""How much a template may ask for (reliability: one bomb must not hurt its neighbours)."""

from dataclasses import dataclass

from liquid.exceptions import ResourceLimitError

VALUE_SIZE = 1_000_000
"""Longest text, in characters, or list, in items, that a filter may make. Not a setting: it bounds what every
filter, loop and variable holds, whatever limits a dialect was given."""


@dataclass(frozen=True)
class Limits:
    """The bounds of one dialect; exceeding one is a `LiquidFault` that names it."""

    source: int = 256 * 1024
    """Longest template text, in bytes of UTF-8, because parsing costs more than rendering."""

    output: int = 1_000_000
    """Longest rendered text, in characters; mail clients cut messages off far below this."""

    loop_turns: int = 10_000
    """Turns of all loops together in one rendering; a loop counts its whole list when it begins."""

    nesting: int = 30
    """Deepest nesting of blocks in a template, and of snippets within snippets."""


class LimitReachedError(ResourceLimitError):
    """A rendering asked for more than a limit allows."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; make the template do less", token=None)


def value_of_bounded_size(size: int) -> None:
    """Refuse a value of `size` characters or items before, or right after, it is made."""
    if size > VALUE_SIZE:
        raise LimitReachedError(f"A value is larger than {VALUE_SIZE:,} characters or items")
