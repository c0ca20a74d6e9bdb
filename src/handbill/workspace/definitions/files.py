"""Definition files: YAML, with long texts inline or in a file beside; read with every fault named."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from handbill.contract.definitions import KINDS, TEXT_KEY, Definition, Message
from handbill.errors import Fault, quoted

FILED = ("body", "body_plain", "body_amp", "custom_payload", "value")
"""Keys whose text may stand in a file beside: `body_file: restock.html`."""


@dataclass(frozen=True, slots=True)
class Read:
    """A definition and the file it stands in, relative to the folder."""

    file: str
    definition: Definition


class _Loader(yaml.SafeLoader):
    """YAML without its surprises: the second of two equal keys does not win, and 2022-08-23 stays the text it is."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key, (mark, _) in zip(keys, node.value, strict=True):
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(
                None, None, f"{quoted(str(key))} stands here twice", mark.start_mark
            )
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(folder: Path) -> tuple[list[Read], list[Fault]]:
    """Every definition in `folder`, and everything wrong with the files; the faults' fields are file names."""
    found: list[Read] = []
    faults: list[Fault] = []
    for kind in KINDS:
        for path in sorted((folder / kind.kind).glob("*")):
            try:
                found += [Read(str(path.relative_to(folder)), each) for each in _definitions(kind, path)]
            except _Faulty as faulty:
                faults += [Fault(str(path.relative_to(folder)), message) for message in faulty.messages]
    return found, faults


class _Faulty(Exception):
    def __init__(self, *messages: str) -> None:
        self.messages = messages


def _definitions(kind: type[Definition], path: Path) -> Iterator[Definition]:
    if path.suffix in (".yaml", ".yml"):
        yield _checked(kind, _with_texts(_yaml(path), path.parent))
    elif kind in TEXT_KEY and path.is_file():
        yield _checked(kind, {"name": path.stem, TEXT_KEY[kind]: _text(path)})


def _yaml(path: Path) -> Any:
    try:
        return yaml.load(_text(path), _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _Faulty(f"line {line}: {error.problem}.") from None
    except yaml.YAMLError as error:
        raise _Faulty(f"is not YAML: {error}.") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _Faulty("is not UTF-8 text.") from None
    except OSError as error:
        raise _Faulty(f"cannot be read: {error.strerror}.") from None


def _with_texts(data: Any, folder: Path) -> Any:
    """`data` with the files that its `…_file` keys name read in, on the top and in messages."""
    if not isinstance(data, dict):
        return data
    given = {key: _filed(key, value, data, folder) for key, value in data.items()}
    given = {str(key).removesuffix("_file") if _is_filed(key) else key: value for key, value in given.items()}
    if isinstance(given.get("messages"), list):
        given["messages"] = [_with_texts(message, folder) for message in given["messages"]]
    return given


def _is_filed(key: object) -> bool:
    return isinstance(key, str) and key.endswith("_file") and key.removesuffix("_file") in FILED


def _filed(key: object, value: Any, data: Mapping[Any, Any], folder: Path) -> Any:
    if not _is_filed(key):
        return value
    name = str(key).removesuffix("_file")
    if name in data:
        raise _Faulty(f"has both {name} and {key}; give one.")
    path = (folder / str(value)).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise _Faulty(f"{key} must name a file beside this one; got {quoted(value)}.")
    if not path.is_file():
        raise _Faulty(f"{key} names {quoted(value)}, which is not there.")
    return _text(path)


def _checked(kind: type[Definition], data: Any) -> Definition:
    if not isinstance(data, dict):
        raise _Faulty("must hold `name: …` and more; it is empty or a list.")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise _Faulty(*(_sentence(kind, fault) for fault in error.errors(include_url=False))) from None


def _sentence(kind: type[Definition], error: Mapping[str, Any]) -> str:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    if error["type"] == "extra_forbidden":
        known = _keys(Message if "messages" in error["loc"][:-1] else kind)
        near = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
        return f"{field} is not known. {hint}"
    if error["type"] == "missing":
        return f"{field} is required."
    expected = error.get("ctx", {}).get("expected")
    said = f"must be {expected}" if expected else error["msg"].replace("Input should", "should")
    return f"{field} {said}; got {quoted(error['input'])}."


def _keys(model: Any) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
