"""Idempotency keys: which request each came with, and how it was answered (reliability 1.1, Stripe's rules)."""

from dataclasses import dataclass

from handbill.errors import Conflict, InvalidInput
from handbill.workspace.store.database import Row, Transaction

HEADER = "Idempotency-Key"
KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Keyed:
    """One call that came with a key. `request` is a digest of all it asks for, `now` its time in Unix seconds."""

    key: str
    request: bytes
    call: str
    now: int


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    media_type: str | None
    body: bytes


def find(tx: Transaction, keyed: Keyed) -> Answer | None:
    """How a call with this key was answered; None when none has written anything yet.

    Raises InvalidInput when that was another request, Conflict when it has no answer yet.
    """
    row = _row(tx, keyed)
    if row is None:
        return None
    if row["request"] != keyed.request:
        raise InvalidInput.of(HEADER, f"This {HEADER} came with another request before; use a new one for this.")
    if row["status"] is None:
        raise Conflict(
            f"Another call with this {HEADER} is being worked on, or was cut off by a stop after it had written. "
            "Repeat this one in a moment; if it is still told this, look what was written before using a new key."
        )
    return Answer(row["status"], row["media_type"], row["body"])


def claim(tx: Transaction, keyed: Keyed) -> None:
    """Take the key, in the transaction of what the call writes. Raises as `find` does, and Conflict when taken."""
    row = _row(tx, keyed)
    if row and row["call"] == keyed.call:
        return
    if find(tx, keyed):
        raise Conflict(f"Another call with this {HEADER} was answered just now. Repeat this one for its answer.")
    tx.run("idempotency.forget", {"expired": keyed.now - KEPT_SECONDS})
    tx.run(
        "idempotency.claim",
        {"key": keyed.key, "request": keyed.request, "call": keyed.call, "now": keyed.now},
    )


def answer(tx: Transaction, keyed: Keyed, given: Answer) -> None:
    """Keep the answer of a call; one that wrote nothing holds no key, and nothing is kept."""
    values = {"status": given.status, "media_type": given.media_type, "body": given.body}
    tx.run("idempotency.answer", {"key": keyed.key, "call": keyed.call, **values})


def _row(tx: Transaction, keyed: Keyed) -> Row | None:
    return tx.one("idempotency.get", {"key": keyed.key, "expired": keyed.now - KEPT_SECONDS})
