"""The workspace's definitions as files, in the form that `apply` reads."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from handbill.contract.definitions import PERSON, TEXT_KEY, Definition, Message, Segment, Written, translated
from handbill.errors import InvalidInput
from handbill.workspace.store import definitions as store
from handbill.workspace.workspace import Workspace

SHORT = 120
"""A message's text longer than this, or of several lines, gets a file of its own."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,100}")


async def export(workspace: Workspace, folder: Path) -> list[Path]:
    """Write every definition into `folder`; the files, relative to it. Those of the same names are replaced."""
    existing = await workspace.database.read(store.read)
    files: dict[Path, str] = {}
    for definition in (each for kind in existing.values() for each in kind):
        files.update(_files(definition, files))
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInput.of("folder", f"{folder} cannot be written: {error.strerror}.") from None
    return list(files)


def _files(definition: Definition, taken: Collection[Path]) -> Iterator[tuple[Path, str]]:
    text = TEXT_KEY.get(type(definition))
    if text and _PLAIN.fullmatch(definition.name):
        yield Path(definition.kind, f"{definition.name}.html"), getattr(definition, text)
        return
    stem = _stem(definition, taken)
    given = _said(definition)
    messages = given.get("messages", [])
    for position, message in enumerate(messages):
        own = stem if len(messages) == 1 else stem.with_name(f"{stem.name}-{position + 1}")
        messages[position], beside = _beside(message, own)
        yield from beside
    yield stem.with_name(f"{stem.name}.yaml"), yaml.safe_dump(given, allow_unicode=True, sort_keys=False, width=110)


def _beside(message: Mapping[str, Any], stem: Path) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    """The message with its long texts replaced by the names of files, and these files."""
    files = [
        (key, Path(f"{stem}{suffix}"))
        for key, suffix in (("body", ".html"), ("body_plain", ".txt"), ("body_amp", ".amp.html"))
        if len(message.get(key, "")) > SHORT or "\n" in message.get(key, "")
    ]
    paths = dict(files)
    told = {
        (f"{key}_file" if key in paths else key): paths[key].name if key in paths else value
        for key, value in message.items()
    }
    return told, [(path, message[key]) for key, path in files]


def _said(definition: Definition) -> dict[str, Any]:
    """What a file has to say: what is not the default."""
    given = definition.model_dump(by_alias=True, exclude_defaults=True)
    if isinstance(definition, Segment) and definition.manual:
        given["manual"] = True
    if isinstance(definition, Written):
        given["messages"] = [_message(message) for message in given.get("messages", [])]
        for position, base in enumerate(translated((each.language, each.test_group) for each in definition.messages)):
            if base is not None:
                given["messages"][position] = _different(definition.messages[position], definition.messages[base])
    return given


def _different(translation: Message, base: Message) -> dict[str, Any]:
    """What a translation says that the message before it does not."""
    before = base.model_dump(by_alias=True)
    return {name: value for name, value in translation.model_dump(by_alias=True).items() if value != before[name]}


def _message(given: dict[str, Any]) -> dict[str, Any]:
    said = {"type": "email", **given}
    if said.get("recipient") == PERSON:
        del said["recipient"]
    return said


def _stem(definition: Definition, taken: Collection[Path]) -> Path:
    """The file's name without its ending: the definition's name, as plain letters, unique in its folder."""
    ascii_name = unicodedata.normalize("NFKD", definition.name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:60] or definition.kind
    folder = Path(definition.kind)
    names = [plain, f"{plain}-{definition.id}", *(f"{plain}-{number}" for number in range(2, 10_000))]
    return next(folder / name for name in names if folder / f"{name}.yaml" not in taken)
