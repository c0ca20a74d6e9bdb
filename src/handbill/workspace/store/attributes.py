"""Attributes as they are kept: a JSON object, and beside it the time of each one's last change (reference 12)."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from handbill.contract.attributes import ONE_CHOICE, PREFERENCES, TRUTHS, preferences

Changes = dict[str, dict[str, Any]]
"""`{name: {"from", "to"}}`, as activities tell it; null is what was or is not there."""


def merge(kept: dict[str, Any], times: dict[str, int], given: Mapping[str, Any], at: int) -> Changes:
    """Change `kept` and `times` by `given`: newer values win, null and "" remove (reference 19.17)."""
    changes: Changes = {}
    for name, value in given.items():
        new, old = None if value == "" else value, kept.get(name)
        if times.get(name, 0) > at or (new == old and text(new) == text(old)):
            continue
        changes[name], times[name] = {"from": old, "to": new}, at
        if new is None:
            kept.pop(name, None)
        else:
            kept[name] = new
    return changes


def with_preferences(kept: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`given` with its subscription preferences in one shape; one named alone joins those that are kept."""
    alone = [name for name in given if name.startswith(ONE_CHOICE)]
    if not alone and not given.get(PREFERENCES):
        return given
    chosen = preferences(given.get(PREFERENCES) or kept.get(PREFERENCES)) or {}
    for name in alone:
        section, choice = name.removeprefix(f"{PREFERENCES}.").split(".", 1)
        chosen.setdefault(section, {}).pop(choice, None)
        if given[name] not in (None, ""):
            chosen[section][choice] = TRUTHS[given[name]]
    return _without(given, alone) | {PREFERENCES: chosen}


def _without(given: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def text(value: object) -> str:
    """`value` as JSON."""
    return msgspec.json.encode(value).decode()


def plain(value: object) -> str:
    """`value` as it is shown and compared: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else text(value)
