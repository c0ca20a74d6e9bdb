"""Filters that encode, decode or hash."""

import base64
import hashlib
import hmac
import json
import math

from liquid.exceptions import FilterArgumentError

from handbill.workspace.liquid.limits import value_of_bounded_size
from handbill.workspace.liquid.values import exact, text, whole


def base64_encode(value: object) -> str:
    return base64.b64encode(text(value).encode()).decode()


def base64_decode(value: object) -> str:
    return _decoded(text(value), b"+/")


def base64_url_safe_encode(value: object) -> str:
    return base64.urlsafe_b64encode(text(value).encode()).decode()


def base64_url_safe_decode(value: object) -> str:
    return _decoded(text(value), b"-_")


def _decoded(encoded: str, alphabet: bytes) -> str:
    """Padding may be missing; bytes that are no UTF-8 become replacement characters."""
    compact = "".join(encoded.split()).rstrip("=")
    try:
        decoded = base64.b64decode(compact + "=" * (-len(compact) % 4), altchars=alphabet, validate=True)
    except ValueError as error:
        raise FilterArgumentError("The value is not base64", token=None) from error
    return decoded.decode(errors="replace")


def hex_base64(value: object) -> str:
    """A hash in hexadecimal as base64 of its bytes."""
    try:
        return base64.b64encode(bytes.fromhex(text(value))).decode()
    except ValueError as error:
        raise FilterArgumentError("The value is not hexadecimal", token=None) from error


def md5(value: object) -> str:
    return hashlib.md5(text(value).encode(), usedforsecurity=False).hexdigest()


def sha1(value: object) -> str:
    return hashlib.sha1(text(value).encode(), usedforsecurity=False).hexdigest()


def sha256(value: object) -> str:
    return hashlib.sha256(text(value).encode()).hexdigest()


def hmac_sha1(value: object, key: object) -> str:
    return hmac.new(text(key).encode(), text(value).encode(), "sha1").hexdigest()


def hmac_sha256(value: object, key: object) -> str:
    return hmac.new(text(key).encode(), text(value).encode(), "sha256").hexdigest()


def to_json(value: object, indent: object = 0) -> str:
    """Compact JSON, or indented by up to 10 spaces."""
    spaces = min(whole(indent), 10)
    if spaces > 0:
        return json.dumps(_Plain(value).value, ensure_ascii=False, indent=spaces)
    return json.dumps(_Plain(value).value, ensure_ascii=False, separators=(",", ":"))


LEAST_SIZE = 10
"""What a value that is no text counts, in characters, whatever it becomes in JSON: copying it costs as much."""


class _Plain:
    """A value with its numbers as JavaScript writes them; measured on the way, because lists may hold each other."""

    def __init__(self, value: object) -> None:
        self._size = 0
        self.value = self._plain(value)

    def _plain(self, value: object) -> object:
        self._size += len(value) if isinstance(value, str) else LEAST_SIZE
        value_of_bounded_size(self._size)
        if isinstance(value, dict):
            return {text(key): self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return list(map(self._plain, value))
        if isinstance(value, float):
            return exact(value) if math.isfinite(value) else None
        return value if isinstance(value, str | int | None) else text(value)


def from_json(value: object) -> object:
    """The value a JSON text stands for."""
    try:
        return json.loads(text(value))
    except json.JSONDecodeError as error:
        raise FilterArgumentError(f"The value is not JSON: {error.msg}", token=None) from error
