"""The keys of live connections: in the system's keyring, else in a file that only its owner can read.

They are in no other place: not in `connections.json`, a log, an error, an answer or a process's arguments.
"""

import os
import secrets
from pathlib import Path
from typing import Literal

import msgspec
from filelock import FileLock

from handbill.errors import HandbillError

Place = Literal["keyring", "file"]
Api = Literal["app", "track", "pipelines"]

SERVICE = "handbill"
FILE = "connection-keys.json"


class Keys(msgspec.Struct, frozen=True):
    """What opens one workspace at Customer.io. An empty one is not there; `site_id` and `track` go together."""

    app: str = ""
    site_id: str = ""
    track: str = ""
    pipelines: str = ""

    def __repr__(self) -> str:
        return f"Keys({', '.join(self.apis)})"

    @property
    def apis(self) -> tuple[Api, ...]:
        """The APIs these keys open."""
        there: dict[Api, str] = {"app": self.app, "track": self.track, "pipelines": self.pipelines}
        return tuple(api for api, key in there.items() if key)


def keep(home: Path, name: str, keys: Keys) -> Place:
    """Keep the keys of the connection `name`, and say where: the file is for systems whose keyring keeps nothing."""
    text = msgspec.json.encode(keys).decode()
    if _ring_keeps(_user(home, name), text):
        _change(home, name, None)
        return "keyring"
    _change(home, name, keys)
    return "file"


def find(home: Path, name: str, place: Place) -> Keys | None:
    """The keys of `name`; None when they are gone. Raises HandbillError when their file is damaged."""
    if place == "file":
        return _read(home).get(name)
    try:
        import keyring

        text = keyring.get_password(SERVICE, _user(home, name))
        return msgspec.json.decode(text, type=Keys) if text else None
    except Exception:  # each system's keyring fails in its own ways: locked, without a bus, refused by its owner
        return None


def forget(home: Path, name: str) -> None:
    """Remove the keys of `name` wherever they are."""
    try:
        import keyring

        keyring.delete_password(SERVICE, _user(home, name))
    except Exception:  # noqa: S110 (there was none, or there is no keyring)
        pass
    _change(home, name, None)


def write_private(path: Path, content: bytes) -> None:
    """Put a file with mode 0600 in the place of `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def _ring_keeps(user: str, text: str) -> bool:
    """Whether the keyring gives back what it was given: some take everything and keep nothing."""
    try:
        import keyring  # imported where it is used: looking for the system's takes a quarter of a second

        keyring.set_password(SERVICE, user, text)
        return keyring.get_password(SERVICE, user) == text
    except Exception:
        return False


def _user(home: Path, name: str) -> str:
    return f"{name} in {home}"


def _read(home: Path) -> dict[str, Keys]:
    path = home / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Keys]) if path.exists() else {}
    except msgspec.MsgspecError:
        raise HandbillError(f"{path} is damaged. Remove it and connect again: `handbill connect`.") from None


def _change(home: Path, name: str, keys: Keys | None) -> None:
    """Put these keys of `name` in the place of those in the file, with no other process between."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / FILE
    with FileLock(home / f"{FILE}.lock"):
        others = {other: its for other, its in _read(home).items() if other != name}
        if rest := {**others, **({name: keys} if keys else {})}:
            write_private(path, msgspec.json.encode(rest))
        else:
            path.unlink(missing_ok=True)
