"""Delivery ids: a delivery's internal number, sealed so that nobody can guess or change one; a person's likewise."""

import base64
import hmac
from hashlib import blake2b

DELIVERY, PERSON = b"delivery", b"person"
"""What a sealed number is of: one kind is never taken for the other."""


def seal(secret: bytes, number: int, kind: bytes = DELIVERY) -> str:
    """The id that is shown: 32 URL-safe characters, 128 bits of them a keyed checksum."""
    raw = number.to_bytes(8, "big")
    return base64.urlsafe_b64encode(_mark(secret, raw, kind) + raw).decode()


def unseal(secret: bytes, text: str, kind: bytes = DELIVERY) -> int | None:
    """The number inside an id, or None when it is not one of ours."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        return None
    mark, number = raw[:16], raw[16:]
    genuine = len(number) == 8 and hmac.compare_digest(mark, _mark(secret, number, kind))
    return int.from_bytes(number, "big") if genuine else None


def _mark(secret: bytes, number: bytes, kind: bytes) -> bytes:
    return blake2b(number, digest_size=16, key=secret, person=kind).digest()
