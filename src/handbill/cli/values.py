"""Values of options: as they are, from a file (`@people.json`), or from standard input (`-`)."""

import sys
from pathlib import Path

from handbill.errors import InvalidInput, Unreadable, quoted


def read(name: str, text: str) -> str:
    """The text itself, what the file after an @ holds, or standard input for `-`."""
    if text == "-":
        return _decoded(name, sys.stdin.buffer.read())
    if not text.startswith("@"):
        return text
    try:
        return _decoded(name, Path(text[1:]).read_bytes())
    except OSError as error:
        raise InvalidInput.of(name, f"{name}: cannot read {quoted(text[1:])} ({error.strerror}).") from None


def _decoded(name: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is not UTF-8 text.") from None
