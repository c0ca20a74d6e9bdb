"""The workspace's own keys: made at the first start, kept in a file that only its owner can read."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from handbill.settings import Settings


@dataclass(frozen=True, slots=True)
class Keys:
    """`app_key` opens the App API (Bearer), `site_id` with `track_key` the Track API (Basic)."""

    app_key: str = field(repr=False)
    site_id: str
    track_key: str = field(repr=False)


def load(settings: Settings) -> Keys:
    """The keys of this home; what the environment names wins over the file."""
    path = settings.home / "keys.json"
    settings.home.mkdir(parents=True, exist_ok=True)
    made = Keys(secrets.token_hex(16), secrets.token_hex(10), secrets.token_hex(10))
    _create(str(path), msgspec.json.encode(made))
    kept = msgspec.json.decode(path.read_bytes(), type=Keys)
    return Keys(
        settings.app_key or kept.app_key, settings.site_id or kept.site_id, settings.track_key or kept.track_key
    )


def _create(path: str, content: bytes) -> None:
    """Write a new file with mode 0600, whole or not at all; leave one that is there."""
    draft = f"{path}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
