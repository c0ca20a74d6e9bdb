"""The workspace's own keys: made at the first start, kept in a file that only its owner can read."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import msgspec

from handbill.settings import Settings

_BYTES = {"app_key": 16, "site_id": 10, "track_key": 10}
_APPROVAL_BYTES = {"approval_key": 8}


@dataclass(frozen=True, slots=True)
class Keys:
    """`app_key` opens the App API (Bearer); `site_id` with `track_key` the Track API, `pipelines_key` Pipelines.

    `signing_key` signs reporting webhooks (reference 15). `approval_key` is what a person types on the approval page:
    it opens no API, is made from no other key, and no program is ever given it.
    """

    app_key: str = field(repr=False)
    site_id: str
    track_key: str = field(repr=False)
    pipelines_key: str = field(repr=False)
    signing_key: str = field(repr=False)
    approval_key: str = field(repr=False)


def load(settings: Settings) -> Keys:
    """The keys of this home; what the environment names wins over the file."""
    settings.home.mkdir(parents=True, exist_ok=True)
    kept = _kept(settings.home / "keys.json", _BYTES)
    app_key, track_key = settings.app_key or kept["app_key"], settings.track_key or kept["track_key"]
    return Keys(
        app_key,
        settings.site_id or kept["site_id"],
        track_key,
        settings.pipelines_key or _derived(track_key, b"pipelines"),
        settings.signing_key or _derived(app_key, b"webhooks"),
        _kept(settings.home / "approval-key.json", _APPROVAL_BYTES)["approval_key"],
    )


def _kept(path: Path, sizes: Mapping[str, int]) -> dict[str, str]:
    """What the file holds; random texts of so many bytes each, when there is none yet."""
    made = {name: secrets.token_hex(size) for name, size in sizes.items()}
    _create(str(path), msgspec.json.encode(made))
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


def _derived(key: str, purpose: bytes) -> str:
    """A key made from another, so that there is nothing more to keep."""
    return blake2b(key.encode(), digest_size=16, person=purpose).hexdigest()


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
