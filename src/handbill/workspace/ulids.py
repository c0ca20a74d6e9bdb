"""ULIDs: how activities and events are named outside (reference 9, 15): they sort by time, and hold their number."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26


def ulid(seconds: int, number: int) -> str:
    """The ULID of the thing with this number that happened at `seconds`, Unix."""
    bits = (max(seconds, 0) * 1000 << 80) | number
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in reversed(range(_LENGTH)))
