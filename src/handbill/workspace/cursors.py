"""Cursors: where a list goes on, sealed so that one works only for the list and the filters it was made for."""

import base64
import hmac
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

_MARK_BYTES = 16


def seal(secret: bytes, scope: bytes, position: Sequence[int]) -> str:
    """`position` as opaque, URL-safe text. `scope` names the list and its filters."""
    packed = msgspec.msgpack.encode(position)
    return base64.urlsafe_b64encode(_mark(secret, scope, packed) + packed).decode()


def unseal(secret: bytes, scope: bytes, text: str) -> list[int] | None:
    """The position, or None when the text was edited or made for another scope."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        return None
    mark, packed = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
    genuine = hmac.compare_digest(mark, _mark(secret, scope, packed))
    return msgspec.msgpack.decode(packed, type=list[int]) if genuine else None


def _mark(secret: bytes, scope: bytes, packed: bytes) -> bytes:
    whole = len(scope).to_bytes(4, "big") + scope + packed
    return blake2b(whole, digest_size=_MARK_BYTES, key=secret, person=b"cursor").digest()
