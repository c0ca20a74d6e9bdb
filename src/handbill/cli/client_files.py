"""Configuration files of MCP clients: our server's entry written into them, everything else left to the letter."""

import difflib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from handbill.errors import Conflict

NAME = "handbill"
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a file says and what it shall say; `before` is None when there is no file yet."""

    path: Path
    before: str | None
    after: str

    def difference(self) -> str:
        """The lines that change, and none beside them: others may hold other servers' keys."""
        old, new = (self.before or "").splitlines(), self.after.splitlines()
        return "\n".join(difflib.unified_diff(old, new, str(self.path), str(self.path), lineterm="", n=0))

    def write(self) -> Path | None:
        """Write the file whole or not at all, and return the copy of what was there. A link stays a link."""
        path = self.path.resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        draft.touch(mode=0o600)
        draft.write_bytes(self.after.encode())
        backup = None
        if self.before is not None:
            backup = path.with_name(f"{path.name}.{path.stat().st_mtime_ns}.bak")
            shutil.copy2(path, backup)
            shutil.copymode(path, draft)
        draft.replace(path)
        return backup


def change(path: Path, table: str, entry: Entry) -> Change:
    """What must change so that `table` of the file has our server with `entry`; other keys of the server stay.

    Raises Conflict when the file cannot be read as what it is, or would not mean the same afterwards.
    """
    edit, read = (_into_toml, tomllib.loads) if path.suffix == ".toml" else (_into_json, json.loads)
    before = None
    try:
        before = path.read_bytes().decode() if path.exists() else None
        known = read(before) if before and before.strip() else {}
        ours = {**known.get(table, {}).get(NAME, {}), **entry}
        wanted = {**known, table: {**known.get(table, {}), NAME: ours}}
        after = (before or "") if wanted == known else edit(before or "", table, ours)
        if read(after) != wanted:
            raise ValueError("it is written in a way that is not safe to change")
    except (ValueError, AttributeError, TypeError, RecursionError, tomlkit.exceptions.TOMLKitError) as error:
        shown = json.dumps({table: {NAME: dict(entry)}})
        raise Conflict(
            f"{path} is left alone: {_reason(error)}. Put it right, or add the server by hand: {shown}"
        ) from None
    return Change(path, before, after)


def _reason(error: Exception) -> str:
    """Where and why it cannot be read, without a word of its text."""
    match error:
        case json.JSONDecodeError():
            return f"it is not JSON (line {error.lineno}, column {error.colno}; comments are not JSON)"
        case AttributeError() | TypeError():
            return "a value where servers are expected is no object"
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case tomllib.TOMLDecodeError():
            return "it is not TOML"
    return str(error)


def _into_toml(text: str, table: str, ours: Entry) -> str:
    document = tomlkit.parse(text)
    if table not in document:
        document[table] = tomlkit.table(is_super_table=True)
    servers: Any = document[table]
    if NAME not in servers:
        servers[NAME] = tomlkit.table()
    for key, value in ours.items():
        if servers[NAME].get(key) != value:
            servers[NAME][key] = value
    return tomlkit.dumps(document)


def _into_json(text: str, table: str, ours: Entry) -> str:
    if not text.strip():
        return json.dumps({table: {NAME: ours}}, indent=2, ensure_ascii=False) + "\n"
    root = _space(text, 0)
    for key, start, _ in _members(text, root):
        if key == table:
            return _put(text, start, NAME, ours, depth=2)
    return _put(text, root, table, {NAME: ours}, depth=1)


def _put(text: str, at: int, name: str, value: Any, depth: int) -> str:
    """The text with `name` set in the object that begins at `at`, `depth` objects deep."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    step = _step(text)
    shown = json.dumps(value, indent=step, ensure_ascii=False).replace("\n", line_end + step * depth)
    last = at + 1
    for key, start, end in _members(text, at):
        if key == name:
            return text[:start] + shown + text[end:]
        last = end
    comma, rest = ("", text[_space(text, last) :]) if last == at + 1 else (",", text[last:])
    close = line_end + step * (depth - 1) if not comma else ""
    return f'{text[:last]}{comma}{line_end}{step * depth}"{name}": {shown}{close}{rest}'


def _step(text: str) -> str:
    """What the file's lines are indented by."""
    found = re.search(r"^[ \t]+(?=\S)", text, re.MULTILINE)
    return found[0] if found else "  "


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Each member of the object that begins at `at`: its name, and where its value begins and ends."""
    decoder = json.JSONDecoder()
    at = _space(text, at + 1)
    while text[at] != "}":
        name, at = decoder.raw_decode(text, at)
        start = _space(text, _space(text, at) + 1)
        _, end = decoder.raw_decode(text, start)
        yield name, start, end
        at = _space(text, end)
        at = _space(text, at + 1) if text[at] == "," else at


def _space(text: str, at: int) -> int:
    """The first place from `at` on that is no white space."""
    while text[at] in " \t\r\n":
        at += 1
    return at
