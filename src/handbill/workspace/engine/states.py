"""The life of a delivery: which state may follow which. `docs/delivery-states.md` draws this table.

queued ──► sending ──► sent
  ▲           ├──────► failed
  ├───────────┼── deferred    (the server said later)
  └───────────┴── unknown     (no answer after the last byte, or the process died)
"""

MOVES: dict[str, frozenset[str]] = {
    "queued": frozenset({"sending", "sent", "failed", "skipped"}),
    "sending": frozenset({"sent", "failed", "deferred", "unknown", "queued"}),
    "deferred": frozenset({"queued", "skipped"}),
    "unknown": frozenset({"queued", "sent", "failed"}),
    "drafted": frozenset({"queued", "deferred", "skipped"}),
    "sent": frozenset(),
    "failed": frozenset(),
    "skipped": frozenset(),
}

OPEN = ("queued", "sending", "deferred", "unknown")
"""A trigger with a delivery in one of these is not finished."""


def legal(before: str, after: str) -> bool:
    """Whether a delivery may go from `before` to `after`."""
    return after in MOVES[before]
