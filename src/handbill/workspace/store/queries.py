"""Named queries: every `sql/<resource>.sql` holds statements headed by `-- name: <query>`.

A statement may hold `/*part*/` marks, which are replaced by SQL that Python composed from other named pieces
(a segment's conditions, the filters of a list). Values are never put into the text: they are bound.
"""

import re
from functools import cache
from importlib.resources import files

_HEAD = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_PART = re.compile(r"/\*(\w+)\*/")


@cache
def load() -> dict[str, str]:
    """Every statement by `<resource>.<query>`."""
    statements = {}
    for file in files("handbill.workspace.store").joinpath("sql").iterdir():
        resource = file.name.removesuffix(".sql")
        _, *pieces = _HEAD.split(file.read_text(encoding="utf-8"))
        for name, text in zip(pieces[::2], pieces[1::2], strict=True):
            statements[f"{resource}.{name}"] = text.strip()
    return statements


def statement(name: str, parts: dict[str, str]) -> str:
    """The statement called `name` with its marks filled in; a mark without a part is an error (KeyError)."""
    text = load()[name]
    return _PART.sub(lambda mark: parts[mark[1]], text) if "/*" in text else text
