"""An independent look at what a broadcast did: it reads the mail server's log and the ledger only."""

import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` and `doubled` are addresses; `flagged` those the ledger says may have got it twice."""

    lost: set[str]
    doubled: set[str]
    flagged: set[str]
    strangers: set[str]
    copies: int
    """Messages beyond the first for the same address."""

    def __str__(self) -> str:
        return (
            f"lost {len(self.lost)}, doubled {len(self.doubled)} ({self.copies} copies), "
            f"flagged {len(self.flagged)}, doubled but not flagged {len(self.doubled - self.flagged)}"
        )


def of_mail(log: Path, database: Path, expected: set[str]) -> Verdict:
    """What the mail server accepted, against who should have got it."""
    accepted = Counter(line.split()[0].lower() for line in log.read_text().splitlines())
    return _verdict(accepted, database, expected)


def of_capture(database: Path, expected: set[str]) -> Verdict:
    """What is kept in the workspace, against who should have got it."""
    with sqlite3.connect(database) as connection:
        query = "SELECT recipient FROM archives JOIN deliveries USING (delivery)"
        kept = Counter(row[0].lower() for row in connection.execute(query))
    return _verdict(kept, database, expected)


def _verdict(got: Counter[str], database: Path, expected: set[str]) -> Verdict:
    with sqlite3.connect(database) as connection:
        query = "SELECT email_key FROM deliveries JOIN people USING (person) WHERE resent > 0"
        flagged = {row[0] for row in connection.execute(query)}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return Verdict(
        lost=expected - got.keys(),
        doubled={address for address, count in got.items() if count > 1},
        flagged=flagged,
        strangers=got.keys() - expected,
        copies=sum(count - 1 for count in got.values()),
    )
